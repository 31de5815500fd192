"""Schedulers that are stepped more or less often than their length counts."""

OVER_EARLY = (
    "schedule-shorter-than-run",
    "cosine-past-T_max-climbs-back",
    "onecycle-overrun-crash",
)
"""Rules whose findings follow from a schedule that is gone through too fast."""

OVER_LATE = ("schedule-longer-than-run", "warmup-longer-than-run")
"""Rules whose findings follow from one that is gone through too slowly."""
