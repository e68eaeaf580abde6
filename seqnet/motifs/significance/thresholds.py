"""What a score means: its p-value, its position between the extremes, how often chance gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqnet.kernels.ties import TIE
from seqnet.motifs.matrix import Pssm
from seqnet.motifs.scan import Scanner

P_VALUES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


class ThresholdRow(NamedTuple):
    """The threshold of a motif at a p-value."""

    motif: str
    strand: str
    """``.`` where both strands are scanned and have the same."""
    p_value: float
    """The requested p-value."""
    score: float | None
    """Lowest score, bits, whose p-value is at most that; None where no score reaches it."""
    score_p_value: float | None
    """The p-value at that score."""
    relative_score: float | None
    """(score - lowest) / (highest - lowest); None where the lowest is minus infinity."""
    hits_per_mb: float | None
    """Expected in a megabase of background, on the strand or strands of the row."""


def threshold_rows(scanner: Scanner, p_values: Sequence[float] = P_VALUES) -> list[ThresholdRow]:
    """Tabulate a motif's thresholds, a row per strand where they differ.

    Parameters
    ----------
    scanner
        Made for the smallest score or largest p-value of interest.
    """
    plus, minus = scanner.distributions
    strands = [("+", plus, 1), ("-", minus, 1)]
    if scanner.strands != "both":
        strands = strands[:1] if scanner.strands == "forward" else strands[1:]
    elif plus is minus:
        strands = [(".", plus, 2)]
    low, high = score_range(scanner.pssm)
    rows = []
    for p_value in p_values:
        for strand, tail, copies in strands:
            name = scanner.pssm.info.name
            score = tail.threshold(p_value)
            if score == np.inf:
                rows.append(ThresholdRow(name, strand, p_value, None, None, None, None))
                continue
            attained = float(tail.p_value(np.array([score]))[0])
            relative = (score - low) / (high - low) if np.isfinite(low) and high > low else None
            rows.append(
                ThresholdRow(name, strand, p_value, score, attained, relative, copies * attained * 1e6)
            )
    return rows


def score_range(pssm: Pssm) -> tuple[float, float]:
    """Return the lowest and the highest score of any window, bits."""
    return float(pssm.scores.min(axis=1).sum()), float(pssm.scores.max(axis=1).sum())


def relative_threshold(pssm: Pssm, share: float) -> float:
    """Return the score at `share` of the way from the lowest to the highest, bits.

    Lower by `TIE`, so that rounding excludes no score at the threshold.

    Raises
    ------
    ValueError
        If the lowest score is minus infinity.
    """
    low, high = score_range(pssm)
    if not np.isfinite(low):
        raise ValueError("has scores of -inf, so relative scores are undefined; use a pseudocount or --score")
    return low + share * (high - low) - TIE
