"""Trend: which way a metric went, and which way it was meant to go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGHER = re.compile(
    r"acc|f1|fbeta|auc|auroc|iou|dice|bleu|rouge|chrf|recall|precision|psnr|ssim|"
    r"ndcg|mrr|spearman|pearson|kappa|mcc|reward|correct|hit_?rate|(?<![a-z])m?ap\d*"
    r"(?![a-z])",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"loss|err(?!a)|rmse|mse|mae|nll|ppl|perplex|(?<![a-z])(wer|cer|eer|fid|ce|bce)"
    r"(?![a-z])|cost|crit|dist|entropy|elbo|energy",
    re.IGNORECASE,
)


def better_by_name(written: str | None) -> str | None:
    """Return "max" or "min" by what an expression is called; None if it is unclear.

    >>> better_by_name("val_acc"), better_by_name("running_loss / n")
    ('max', 'min')
    >>> better_by_name("1 - accuracy"), better_by_name("metric")
    (None, None)
    """
    if written is None or re.search(r"(^|[^\w.)\]])-|1(\.0?)?\s*-|neg", written):
        return None  # a sign may have been turned
    higher, lower = _HIGHER.search(written), _LOWER.search(written)
    if (higher is None) == (lower is None):
        return None
    return "max" if higher else "min"


def rank_correlation(values: NDArray[np.float64]) -> float:
    """Return Spearman's correlation of values with their order; 0 if they are equal."""
    if values.size < 3 or not np.ptp(values):
        return 0.0
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts + 1) / 2)[places]  # ties share their rank
    return float(np.corrcoef(ranks, np.arange(values.size))[0, 1])


def settles_upward(values: NDArray[np.float64]) -> bool:
    """Say whether values rise from the start on, fastest in the beginning.

    This is what an accuracy does. A loss that becomes worse falls first, or rises ever
    faster.
    """
    if values.size < 6 or not np.isfinite(values).all():
        return False
    fifth = max(1, values.size // 5)
    middle = (values.size - fifth) // 2
    start, end = values[:fifth].mean(), values[-fifth:].mean()
    half = values[middle : middle + fifth].mean()
    lowest = int(values.argmin())
    return bool(
        rank_correlation(values) > 0.6
        and lowest <= max(1, values.size // 16)
        and end > start
        and half - start >= end - half
    )
