"""Tasks whose targets are numbers."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Bools, Floats
from seqnet.kernels.ties import rank_keys
from seqnet.metrics.binary import known_rows
from seqnet.metrics.ranking import last_of_runs
from seqnet.metrics.registry import ASINH


class RegressionSample:
    """One task's rows, to be evaluated under any weights.

    Parameters
    ----------
    targets
        (n,): numbers, NaN where unknown.
    predictions
        (n,) in the targets' unit.
    peaks
        bool (n,): rows that lie in peaks; None where that is not known.
    counts
        Whether targets are counts: adds the Poisson deviance.
    asinh
        Whether to evaluate the asinh of both as well, which is useful for tracks: adds ``asinh_*``.

    Raises
    ------
    ValueError
        If a prediction is missing or infinite, or a count is negative.
    """

    def __init__(
        self,
        task: str,
        targets: Floats,
        predictions: Floats,
        peaks: Bools | None,
        *,
        counts: bool = False,
        asinh: bool = False,
    ) -> None:
        self.known = known_rows(task, targets, predictions)
        self.truth = targets[self.known].astype(np.float64)
        self.scores = predictions[self.known].astype(np.float64)
        self._peaks = None if peaks is None else peaks[self.known]
        self._counts = counts
        self._asinh = (np.arcsinh(self.truth), np.arcsinh(self.scores)) if asinh else None
        if np.isinf(self.scores).any():
            raise ValueError(f"{task} has infinite predictions")
        if counts and (self.truth < 0).any():
            raise ValueError(f"{task} has negative targets; counts are 0 or more")
        self._ranks = _Ranks(self.truth), _Ranks(self.scores)
        inside = np.flatnonzero(self._peaks) if self._peaks is not None else None
        self._inside = inside
        if inside is not None:
            self._peak_ranks = _Ranks(self.truth[inside]), _Ranks(self.scores[inside])

    def values(self, weights: Floats | None = None) -> dict[str, float | None]:
        """Return every metric by name; `weights` are how often each known row counts, float64 (n,).

        Those in peaks are there where peaks are known, those of the asinh scale where they were requested.
        """
        weights = np.ones(len(self.truth)) if weights is None else weights
        figures: dict[str, float | None] = {"n": float(weights.sum())}
        figures.update(_agreement(self.truth, self.scores, self._ranks, weights))
        if self._asinh is not None:
            scaled = _agreement(*self._asinh, self._ranks, weights)
            figures.update({f"{ASINH}{name}": value for name, value in scaled.items() if name != "spearman"})
        if self._inside is not None:
            inside = self._inside
            peak = _agreement(self.truth[inside], self.scores[inside], self._peak_ranks, weights[inside])
            figures["peak_n"] = float(weights[inside].sum())
            figures.update({f"peak_{name}": value for name, value in peak.items()})
        if self._counts:
            figures["poisson_deviance"] = _poisson_deviance(self.truth, self.scores, weights)
        return figures


class _Ranks:
    """The order of some values, for ranks under any weights."""

    def __init__(self, values: Floats) -> None:
        keys = rank_keys(values)
        self._order = np.argsort(keys)
        ordered = keys[self._order]
        self._ends = ends = last_of_runs(ordered)
        sizes = np.diff(ends, prepend=-1)
        self._group = np.empty(len(values), dtype=np.int64)
        self._group[self._order] = np.repeat(np.arange(len(ends)), sizes)

    def ranks(self, weights: Floats) -> Floats:
        """Return the mean rank of each value, ties shared, were each row there `weight` times."""
        upto = np.cumsum(weights[self._order])[self._ends]
        middle: Floats = upto - np.diff(upto, prepend=0.0) / 2
        return middle[self._group]


def _agreement(
    truth: Floats, scores: Floats, ranks: tuple[_Ranks, _Ranks], weights: Floats
) -> dict[str, float | None]:
    """Return the correlations, the variance explained and the squared error."""
    n = float(weights.sum())
    if n == 0:
        return {"pearson": None, "spearman": None, "r2": None, "mse": None}
    with np.errstate(over="ignore"):
        squared = float(np.dot((truth - scores) ** 2, weights)) / n
    return {
        "pearson": correlation(truth, scores, weights),
        "spearman": correlation(ranks[0].ranks(weights), ranks[1].ranks(weights), weights),
        "r2": explained(truth, scores, weights),
        "mse": squared if np.isfinite(squared) else None,
    }


def _varies(values: Floats, weights: Floats) -> bool:
    """Return whether the values that count are not all one."""
    used = values[weights > 0]
    return bool(len(used) and (used != used[0]).any())


def explained(truth: Floats, scores: Floats, weights: Floats) -> float | None:
    """Return the share of the variance of weighted rows that scores explain; None where there is none."""
    if not _varies(truth, weights):
        return None
    centred = truth - np.dot(truth, weights) / weights.sum()
    unit = np.abs(centred[weights > 0]).max()  # squares neither over- nor underflow
    errors = (truth - scores) / unit
    share = 1 - np.dot(errors * errors, weights) / np.dot((centred / unit) ** 2, weights)
    return float(share) if np.isfinite(share) else None


def correlation(a: Floats, b: Floats, weights: Floats) -> float | None:
    """Return Pearson's correlation of weighted rows; None where one side is constant."""
    if not (_varies(a, weights) and _varies(b, weights)):
        return None
    n = weights.sum()
    a, b = a - np.dot(a, weights) / n, b - np.dot(b, weights) / n
    a, b = a / np.abs(a).max(), b / np.abs(b).max()  # squares neither over- nor underflow
    spread = np.sqrt(np.dot(a * a, weights) * np.dot(b * b, weights))
    return float(np.clip(np.dot(a * b, weights) / spread, -1, 1))


def _poisson_deviance(truth: Floats, scores: Floats, weights: Floats) -> float | None:
    """Return the mean of 2 (t log(t / p) - t + p); None where a prediction is not above 0."""
    if not len(truth) or (scores <= 0).any():
        return None
    logs = np.zeros_like(truth)
    np.log(truth / scores, out=logs, where=truth > 0)
    deviance = 2 * (truth * logs - truth + scores)
    return float(np.dot(deviance, weights) / weights.sum())
