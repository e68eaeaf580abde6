"""Metrics that depend on the order of the scores alone, all from one sort.

Every function takes counts of positives and negatives at or above each distinct score, so ties need
no care, and rows may carry whole-number weights: a resample of the rows is the same rows with other
weights, and needs no second sort. Scores are equal where `seqnet.kernels.ties.rank_keys` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.kernels.ties import rank_keys


class Curve(NamedTuple):
    """Positives and negatives called at each threshold."""

    thresholds: Floats
    """float64 (m,): the distinct scores, highest first, of equal ones the lowest; a row is called when it
    reaches one."""
    true: Floats
    """float64 (m,): positives called, by weight."""
    false: Floats
    """float64 (m,): negatives called, by weight."""

    @property
    def has_both_classes(self) -> bool:
        """Whether there are positives and negatives; without both, a ranking cannot be evaluated."""
        return bool(len(self.true) and self.true[-1] > 0 and self.false[-1] > 0)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows by descending score.

    Parameters
    ----------
    order
        int64 (n,): the row at each rank.
    truth
        bool (n,): whether the row at each rank is a positive.
    ends
        int64 (m,): the last rank of each distinct score.
    thresholds
        float64 (m,): the distinct scores, of equal ones the lowest.
    """

    order: Ints
    truth: Bools
    ends: Ints
    thresholds: Floats

    def curve(self, weights: Floats | None = None) -> Curve:
        """Count what is called at each distinct score; weights are float64 (n,) in the rows' order."""
        if weights is None:
            true = np.cumsum(self.truth)[self.ends].astype(np.float64)
            return Curve(self.thresholds, true, self.ends + 1.0 - true)
        weighted = weights[self.order]
        true = np.cumsum(np.where(self.truth, weighted, 0.0))[self.ends]
        return Curve(self.thresholds, true, np.cumsum(weighted)[self.ends] - true)


def rank(truth: Bools, scores: Floats) -> Ranked:
    """Sort rows by score; `truth` bool (n,), `scores` float64 (n,) without NaN."""
    keys = rank_keys(scores)
    order = np.argsort(-keys).astype(np.int64)
    ends = last_of_runs(keys[order])
    begins = np.append(0, ends + 1)[:-1]
    thresholds = np.minimum.reduceat(scores[order], begins) if len(ends) else scores
    return Ranked(order, truth[order], ends, thresholds)


def last_of_runs(ordered: Floats) -> Ints:
    """Return the last place of each run of equal values, int64 (m,)."""
    if not len(ordered):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)).astype(np.int64)


def auroc(curve: Curve) -> float | None:
    """Return the chance that a positive scores above a negative, ties counting half.

    None without both classes. The trapezoid rule over the ROC curve, as scikit-learn's
    ``roc_auc_score``.
    """
    if not curve.has_both_classes:
        return None
    gained = np.diff(curve.true, prepend=0.0)
    area = np.dot(np.diff(curve.false, prepend=0.0), curve.true - gained / 2)
    return float(area / (curve.true[-1] * curve.false[-1]))


def precision(curve: Curve) -> Floats:
    """Return the share of positives among what is called at each threshold; 1 where nothing is."""
    called = curve.true + curve.false
    return np.divide(curve.true, called, out=np.ones_like(called), where=called > 0)


def auprc(curve: Curve) -> float | None:
    """Return the average precision: precision at each score, weighted by the recall gained there.

    None without both classes. As scikit-learn's ``average_precision_score``: no interpolation,
    which would be too hopeful (Davis & Goadrich 2006).
    """
    if not curve.has_both_classes:
        return None
    gained = np.diff(curve.true, prepend=0.0)
    return float(np.dot(gained, precision(curve)) / curve.true[-1])


def recall_at_fdr(curve: Curve, fdr: float) -> float | None:
    """Return the highest share of positives called while at most `fdr` of the calls are false.

    0 where no threshold keeps to it; None without both classes.
    """
    if not curve.has_both_classes:
        return None
    called = curve.true + curve.false
    kept = curve.true[curve.false <= fdr * called * (1 + 1e-12)]
    return float(kept.max() / curve.true[-1]) if len(kept) else 0.0


class Calls(NamedTuple):
    """The four cells of a decision, by weight."""

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float


def calls(curve: Curve, threshold: float) -> Calls:
    """Return what calling every score of at least `threshold` gives."""
    keys = rank_keys(np.append(curve.thresholds, threshold))
    reached = int(np.searchsorted(-keys[:-1], -keys[-1], side="right"))
    true, false = (float(curve.true[reached - 1]), float(curve.false[reached - 1])) if reached else (0.0, 0.0)
    every_true, every_false = (curve.true[-1], curve.false[-1]) if len(curve.true) else (0.0, 0.0)
    return Calls(true, false, float(every_true) - true, float(every_false) - false)


def f1(cells: Calls) -> float | None:
    """Return the harmonic mean of precision and recall; None without positives, true or called."""
    either = 2 * cells.true_positives + cells.false_positives + cells.false_negatives
    return 2 * cells.true_positives / either if either > 0 else None


def mcc(cells: Calls) -> float | None:
    """Return Matthews's correlation of calls and truth; None where one of them is constant."""
    tp, fp, fn, tn = cells
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / sqrt(product) if product > 0 else None


def choose_threshold(targets: Floats, scores: Floats) -> float | None:
    """Return the score at and above which calling gives the highest F1; of equals the highest.

    Meant for validation rows, so that the test rows' F1 and MCC are honest.

    Parameters
    ----------
    targets
        (n,): 0, 1, or NaN where unknown.
    scores
        (n,): higher means more likely 1.

    Returns
    -------
    threshold
        None without both classes among the known rows.
    """
    known = ~np.isnan(targets)
    curve = rank(targets[known] == 1, np.asarray(scores, dtype=np.float64)[known]).curve()
    if not curve.has_both_classes:
        return None
    quality = 2 * curve.true / (curve.true + curve.false + curve.true[-1])
    return float(curve.thresholds[int(np.argmax(quality))])
