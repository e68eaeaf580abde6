"""The middle of sequences: all that a term reads of them where sites lie at the centre of peaks."""

from __future__ import annotations

import numpy as np

from seqnet.aliases import Codes, Json


def middle_start(width: int, span: int | None) -> int:
    """Return where the middle `span` of so many bases begins; 0 where all are read (None)."""
    return 0 if span is None else (width - span) // 2


def middle(codes: Codes, span: int | None) -> Codes:
    """Return the middle `span` bases of sequences, uint8 (n, L); all of them where it is None.

    L and the span are both even or both odd, so that the two strands have the same middle.
    """
    start = middle_start(codes.shape[1], span)
    return np.ascontiguousarray(codes[:, start : codes.shape[1] - start])


def stored_span(span: int | None) -> Json:
    """Return what a model's header holds of a term's span: nothing where all bases are read."""
    return {} if span is None else {"span": span}
