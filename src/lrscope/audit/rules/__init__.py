"""All rules, by code; written by hand, a test holds it complete."""

from __future__ import annotations

from lrscope.audit.rules.cadence import (
    accelerate_plateau,
    accelerate_times_processes,
    batch_cadence,
    before_sharding,
    both,
    epoch_cadence,
    idle_optimizer,
    ignores_accumulation,
    in_validation,
    microbatch,
    never_stepped,
    sawtooth_warmup,
    twice,
    with_validation_only,
)
from lrscope.audit.rules.horizon import (
    cosine_climbs,
    fractional_milestones,
    from_sample_counts,
    longer,
    onecycle_overrun,
    shorter,
    warmup_longer,
)
from lrscope.audit.rules.order import (
    all_skipped,
    amp_skip,
    before_optimizer,
    first_at_zero,
    first_update_misses,
)

RULES = (
    never_stepped.RULE,
    epoch_cadence.RULE,
    batch_cadence.RULE,
    both.RULE,
    twice.RULE,
    microbatch.RULE,
    ignores_accumulation.RULE,
    accelerate_times_processes.RULE,
    accelerate_plateau.RULE,
    before_sharding.RULE,
    in_validation.RULE,
    with_validation_only.RULE,
    idle_optimizer.RULE,
    sawtooth_warmup.RULE,
    before_optimizer.RULE,
    amp_skip.RULE,
    all_skipped.RULE,
    first_update_misses.RULE,
    first_at_zero.RULE,
    longer.RULE,
    shorter.RULE,
    cosine_climbs.RULE,
    onecycle_overrun.RULE,
    from_sample_counts.RULE,
    warmup_longer.RULE,
    fractional_milestones.RULE,
)
