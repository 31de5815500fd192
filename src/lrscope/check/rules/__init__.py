"""All static rules, by code; written by hand, a test holds it complete."""

from __future__ import annotations

from lrscope.check.rules import (
    before_optimizer,
    built_after_load,
    collapsed,
    cosine_climbs,
    epoch_argument,
    erased,
    floor,
    gamma_zero,
    lr_attribute,
    milestones,
    never_stepped,
    plateau_metric,
    reading,
    string_rate,
    swapped,
    unknown_key,
    zero_warmup,
)

STATIC_RULES = (
    never_stepped.RULE,
    before_optimizer.RULE,
    cosine_climbs.RULE,
    swapped.RULE,
    milestones.RULE,
    built_after_load.RULE,
    erased.RULE,
    collapsed.RULE,
    floor.RULE,
    unknown_key.RULE,
    string_rate.RULE,
    lr_attribute.RULE,
    plateau_metric.RULE,
    zero_warmup.RULE,
    reading.RULE,
    epoch_argument.RULE,
    gamma_zero.RULE,
)
