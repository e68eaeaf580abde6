"""How much of the sequences' middle a term reads: its own ridge regressions decide by the validation rows.

In windows around the summits of peaks, the sites that matter lie at the centre, and terms do not know where
in a sequence a word or a site is: what they count farther out is noise. Where sites lie anywhere, as in
reporter assays, terms read everything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seqnet.linear.shared import known_means
from seqnet.reporting import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seqnet.aliases import Floats
    from seqnet.pipeline.training.terms.kmer_fit import TermRows

    RidgeOutputs = Callable[[TermRows, TermRows], Floats]
    """What a ridge regression that is fitted to training rows makes of validation rows, float64 (n, T)."""

_ROWS, _BASES = 2_000, 600_000
"""Of a split's rows, drawn at random, by which a span is decided: no more than either."""
_LEAST = 40
"""Bases of the shortest span that is tried."""
_WORSE = 2
"""No shorter spans are tried after so many that are worse than the best."""
_STANDARD_ERRORS = 3.0
"""By so many an error is clearly larger: with two, spans were often too narrow for the sum of the parts."""


def spans(width: int) -> Iterator[int]:
    """Yield the spans to try, the whole sequence first, each about 0.7 of the one before.

    Examples
    --------
    >>> list(spans(200))
    [200, 140, 98, 68, 48]
    """
    span = width
    while span >= _LEAST or span == width:
        yield span
        span = int(span / math.sqrt(2))
        span -= (width - span) % 2  # as many bases on either side


def decided_span(outputs: RidgeOutputs, what: str, train: TermRows, valid: TermRows, seed: int) -> int | None:
    """Return how many bases in the middle a term had better read, and say so; None for all.

    Of spans whose squared errors on the validation rows are not clearly larger than the lowest, by three
    standard errors of the difference, the widest is taken: where rows say little, terms read everything.

    Parameters
    ----------
    outputs
        Fits the term's features of some training rows.
    what
        The features' name.
    """
    width = train.codes.shape[1]
    train, valid = (rows.drawn(seed, min(_ROWS, max(1, _BASES // width))) for rows in (train, valid))
    errors: dict[int, Floats] = {}
    for span in spans(width):
        found = outputs(train.middle(span), valid.middle(span))
        errors[span] = _squared_errors(found, valid.targets, known_means(train.targets))
        means = [float(own.mean()) for own in errors.values()]
        if len(means) > _WORSE and min(means) < min(means[-_WORSE:]):
            break
    best = min(errors.values(), key=np.mean)
    chosen = next((span for span, own in errors.items() if not _clearly_larger(own, best)), width)
    if chosen == width:
        return None
    left = f"{errors[chosen].mean():.3f} of the variance on the validation rows, {means[0]:.3f} in all bases"
    note(f"{what} are read in the middle {chosen} of {width} bases: there they leave {left}")
    return chosen


def _squared_errors(outputs: Floats, targets: Floats, means: Floats) -> Floats:
    """Return the squared errors of rows, means over tasks in units of those of the training means, (n,)."""
    known = ~np.isnan(targets)
    base = np.where(known, targets - means, 0.0)
    scale = np.square(base).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    counts = known & (scale > 0)
    relative = np.where(counts, np.square(np.where(counts, targets - outputs, 0.0)), 0.0)
    some = counts.any(axis=1)
    errors: Floats = (relative / np.where(scale > 0, scale, 1.0))[some].sum(axis=1) / counts[some].sum(axis=1)
    return errors if len(errors) else np.zeros(1)


def _clearly_larger(errors: Floats, best: Floats) -> bool:
    """Return whether errors of the same rows are larger than the lowest in the mean, chance apart."""
    apart = errors - best
    return float(apart.mean()) > _STANDARD_ERRORS * float(apart.std()) / math.sqrt(len(apart))
