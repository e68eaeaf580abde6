"""What a method of attribution returns for some sequences and one task."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Floats, Ints

Singles = NDArray[np.float32]
EPSILON = float(np.finfo(np.float32).eps)


class Contributions(NamedTuple):
    """Attributions of b sequences to one output."""

    hypothetical: Singles
    """float32 (b, 4, L): what each possible base would contribute."""
    observed: Singles
    """float32 (b, L): what the observed base contributes."""
    signals: Singles | None = None
    """float32 (b, S, L): what the signal tracks contribute, where the model reads some."""
    reference: Floats | None = None
    """float64 (b,): the mean output of the references, where the method has some."""
    completeness: Floats | None = None
    """float64 (b,): |sum of attributions - (output - reference)| relative to the sum of |attributions|."""


class Shares(NamedTuple):
    """Attributions of one sequence to one output, or to a part of it, means over references."""

    hypothetical: Floats
    """float64 (4, L): what each possible base would contribute."""
    observed: Floats
    """float64 (L,): what the observed base contributes."""


def observed_shares(codes: Codes, shares: Floats) -> Shares:
    """Return shares (L,) as those of the observed bases, where nothing is known of others."""
    return Shares((np.arange(4)[:, None] == codes) * shares, shares)


def observed_of(hypothetical: Singles, codes: Codes) -> Singles:
    """Return the hypothetical attributions (b, 4, L) of the observed bases, 0 at ambiguous ones: (b, L)."""
    index = np.minimum(codes, 3).astype(np.int64)[:, None]
    observed: Singles = np.take_along_axis(hypothetical, index, 1)[:, 0]
    return np.where(codes < 4, observed, np.float32(0))


def inside_rows(codes: Codes) -> Bools:
    """Return which positions lie between the first and last base of sequences, bool (b, L)."""
    known = codes < 4
    begun = np.logical_or.accumulate(known, axis=1)
    not_ended = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    inside: Bools = begun & not_ended
    return inside


def completeness(total: Floats, size: Floats, output: Floats, reference: Floats) -> Floats:
    """Return how far attributions are from adding up, relative to their absolute sum: float64 (b,).

    What four roundings of the outputs explain counts as 0 where attributions are as small as that.

    Parameters
    ----------
    total, size
        float64 (b,): the sum of attributions, and of their absolute values.
    output, reference
        float64 (b,): the output, and the mean output of the references.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # infinite outputs are refused later
        gap = np.abs(total - (output - reference))
        rounding = 4 * EPSILON * (np.abs(output) + np.abs(reference))
        gap = np.where((gap <= rounding) & (size <= 1e3 * rounding), 0.0, gap)
        relative: Floats = np.where(gap == 0, 0.0, gap / size)
    return relative


def centred_effects(effects: Floats, inside: Bools) -> Singles:
    """Return hypothetical attributions of the effects of substitutions, which are 0 at padding.

    Parameters
    ----------
    effects
        float64 (b, L, 4): the output with each base in place, less the output.
    inside
        bool (b, L).

    Returns
    -------
    float32 (b, 4, L): the mean over the four bases subtracted.
    """
    centred = effects - effects.mean(axis=2, keepdims=True)
    return np.where(inside[:, :, None], centred, 0.0).transpose(0, 2, 1).astype(np.float32)


def rows_wanted(wanted: Bools) -> list[tuple[int, Ints]]:
    """Return the tasks that any row is wanted for, with those rows; `wanted` is bool (b, T)."""
    return [
        (task, np.flatnonzero(wanted[:, task])) for task in range(wanted.shape[1]) if wanted[:, task].any()
    ]
