"""Resumed trainings; each is judged against its earlier segment."""

CONSEQUENCES = (
    "applied-differs-from-plan",
    "cosine-past-T_max-climbs-back",
    "first-update-at-lr-zero",
    "horizon-recomputed-on-resume",
    "resume-off-by-one",
    "schedule-longer-than-run",
    "schedule-shorter-than-run",
    "sequential-init-wrong-lr",
    "warmup-longer-than-run",
    "warmup-misses-first-update",
    "warmup-replayed",
)
"""Rules whose findings follow from a schedule that was not restored."""
