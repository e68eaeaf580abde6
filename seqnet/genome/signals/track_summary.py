"""What the values of a track look like: kept with a model, compared with what it is given later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqnet.aliases import Json, Reals

QUANTILES = (0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)
_LOOKED_AT = 1 << 20
"""Values that quantiles are taken from; smallest, largest and mean are those of all."""
_FEWEST = 1000
"""Sizes of fewer values are not compared: a region or two may lie anywhere."""
_APART = 2.0
"""Tracks differ where all figures do by more than this factor."""


class TrackSummary(NamedTuple):
    """The values of a track as they are in its file."""

    mean: float
    quantiles: tuple[tuple[float, float], ...]
    """Shares (`QUANTILES`) and the values that so much of the track does not exceed."""
    whole: bool
    """Whether all values are whole numbers."""
    size: int
    """Number of values."""

    def at(self, share: float) -> float:
        """Return a quantile."""
        return dict(self.quantiles)[share]

    def stored(self) -> Json:
        """Return it as JSON holds it."""
        return {**self._asdict(), "quantiles": [list(pair) for pair in self.quantiles]}

    @staticmethod
    def restored(entry: Json | None) -> TrackSummary | None:
        """Return what `stored` gave; None where a model does not have it."""
        if entry is None:
            return None
        pairs = tuple((float(share), float(value)) for share, value in entry["quantiles"])
        whole = {share for share, _ in pairs} >= set(QUANTILES)
        if not whole:
            return None
        return TrackSummary(float(entry["mean"]), pairs, bool(entry["whole"]), int(entry["size"]))


def summarise_track(values: Reals) -> TrackSummary | None:
    """Return what values look like, NaN left out; None where there are none."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    some = values[:: max(1, len(values) // _LOOKED_AT)].astype(np.float64)
    quantiles = np.quantile(some, QUANTILES)
    quantiles[0], quantiles[-1] = values.min(), values.max()
    mean = float(values.mean(dtype=np.float64))
    pairs = tuple(zip(QUANTILES, quantiles.tolist(), strict=True))
    return TrackSummary(mean, pairs, bool((some == np.round(some)).all()), len(values))


def describe_change(trained: TrackSummary, now: TrackSummary) -> str:
    """Return in words how a track differs from the one in training; empty where it may be alike.

    Regions of other kinds differ too: only what a change of units or of normalisation does is said, such
    as signs, fractions among whole numbers, or all figures larger (or smaller) by more than a factor of 2.
    """
    lowest, highest = trained.at(0.0), trained.at(1.0)
    if lowest >= 0 > now.at(0.0):
        return f"has negative values, down to {now.at(0.0):.3g}; in training there were none"
    if trained.at(0.1) < 0 <= now.at(0.0):
        return f"has no negative values; in training a tenth of them were below {trained.at(0.1):.3g}"
    if trained.whole and highest > 1 and not now.whole:
        return "has fractions; in training all values were whole numbers"
    if now.whole and now.at(1.0) > 1 and not trained.whole:
        return "has whole numbers only; in training there were fractions"
    return _describe_size(trained, now)


def _describe_size(trained: TrackSummary, now: TrackSummary) -> str:
    """Return in words how the size of the values differs; empty where it may be alike."""
    lowest = trained.at(0.0)
    if now.size < _FEWEST:
        return ""
    if now.at(0.0) == now.at(1.0) == 0 < trained.at(0.9):
        return f"is 0 everywhere; in training its mean was {trained.mean:.3g}"
    shares = (0.9, 0.99)
    pairs = [(trained.at(share), now.at(share)) for share in shares] + [(trained.at(0.999), now.at(1.0))]
    if lowest >= 0:
        pairs.insert(0, (trained.mean, now.mean))
    factor = _common_factor(pairs)
    if not factor:
        return ""
    size = "larger" if factor > 1 else "smaller"
    return (
        f"has values about {max(factor, 1 / factor):.2g} times {size} than in training "
        f"(mean {now.mean:.3g}, in training {trained.mean:.3g})"
    )


def _common_factor(pairs: list[tuple[float, float]]) -> float:
    """Return the first factor, where the second of all pairs differs in one direction; 0 for none."""
    known = [(one, two) for one, two in pairs if one > 0 or two > 0]
    if not known or any(two < 0 or one < 0 for one, two in known):
        return 0.0
    larger = all(two > _APART * one for one, two in known)
    smaller = all(_APART * two < one for one, two in known)
    first = next((two / one for one, two in known if one > 0 and two > 0), 0.0)
    return first if larger or smaller else 0.0
