"""Background distributions of bases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Codes, Floats

NORMALISED = 1e-9
"""Sums this close to 1 are left alone, so that reading what was written changes no digit."""


@dataclass(frozen=True, eq=False)
class Background:
    """Base frequencies under which windows are judged.

    Parameters
    ----------
    frequencies
        float64 (4,), A C G T, normalised to sum to 1.
    source
        Where they come from, for the record.
    """

    frequencies: Floats
    source: str = "uniform"

    def __post_init__(self) -> None:
        """Normalise and freeze."""
        values = np.array(self.frequencies, dtype=np.float64)
        if values.shape != (4,) or not np.isfinite(values).all() or (values < 0).any():
            raise ValueError("a background is four frequencies >= 0, A C G T")
        if not values.sum() > 0:
            raise ValueError("the background frequencies sum to zero")
        if abs(values.sum() - 1) > NORMALISED:
            values /= values.sum()
        values.flags.writeable = False
        object.__setattr__(self, "frequencies", values)

    @property
    def complement(self) -> Floats:
        """Frequencies as the other strand has them, float64 (4,)."""
        return self.frequencies[::-1]

    @property
    def symmetric(self) -> bool:
        """Whether both strands have the same frequencies."""
        return bool(np.array_equal(self.frequencies, self.complement))


UNIFORM = Background(np.full(4, 0.25))


def count_bases(blocks: Iterable[Codes]) -> Floats:
    """Count A C G T over blocks of codes, float64 (4,); ambiguous bases do not count."""
    counts = np.zeros(4)
    for codes in blocks:
        counts += np.bincount(codes, minlength=5)[:4]
    return counts


def counted_background(counts: Floats, source: str, *, symmetric: bool) -> Background:
    """Turn base counts (4,) into a background, averaged over both strands if `symmetric`.

    Raises
    ------
    ValueError
        If a base never occurs.
    """
    if not (counts > 0).all():
        base = "ACGT"[int(np.flatnonzero(counts <= 0)[0])]
        raise ValueError(f"the base {base} never occurs, so it has no background frequency")
    return Background(counts + counts[::-1] if symmetric else counts, source)
