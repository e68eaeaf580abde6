"""Hits as lines of text, from columns to bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.kernels import _dispatch

FIXED_LIMIT = 2.0**43
"""Size from which on the compiled kernel writes no score."""
GENERAL_LIMIT = 1e5
"""Size from which on it writes no p-value."""

_LETTERS = b"ACGT" + b"N" * 252
_COMPLEMENTS = b"TGCA" + b"N" * 252


class Texts(NamedTuple):
    """Texts, one behind the other."""

    joined: bytes
    ends: Ints
    """int64 (k,): where each ends."""


class Labels(NamedTuple):
    """What lines say about k motifs."""

    names: Texts
    alternates: Texts
    widths: Ints
    """int64 (k,), bases."""


class HitColumns(NamedTuple):
    """What lines say about n hits."""

    start: Ints
    """int64 (n,): index of the first base in the codes."""
    motif: NDArray[np.int32]
    """int32 (n,): index into the labels."""
    strand: NDArray[np.int8]
    """int8 (n,): negative for the minus strand."""
    level: Ints
    """int64 (n,): the score column."""
    score: Floats
    """float64 (n,), bits."""
    p_value: Floats
    """float64 (n,)."""


_TYPES = (np.int64, np.int32, np.int8, np.int64, np.float64, np.float64)


def make_labels(names: Iterable[bytes], alternates: Iterable[bytes], widths: Sequence[int]) -> Labels:
    """Put together what lines say about motifs."""
    return Labels(_texts(names), _texts(alternates), np.array(widths, dtype=np.int64))


def _texts(texts: Iterable[bytes]) -> Texts:
    """Join texts."""
    held = list(texts)
    return Texts(b"".join(held), np.cumsum([len(text) for text in held], dtype=np.int64))


def hit_lines(sequence: bytes, shift: int, codes: Codes, hits: HitColumns, labels: Labels) -> bytes:
    """Write hits as BED6+5 lines.

    Each is: sequence, start, end, motif, level, strand, score as ``%.6f``, p-value as ``%.6g``, ``.``,
    the word under the hit as its strand reads, the motif's alternate name. Numbers are exactly
    rounded, half to even, as Python writes them.

    Parameters
    ----------
    sequence
        The sequence's name.
    shift
        From places in `codes` to places in the sequence.
    codes
        uint8 (m,): A C G T as 0 1 2 3; anything else is written as N.

    Raises
    ------
    ValueError
        If a hit is of no known motif or does not lie within the codes.
    """
    columns = HitColumns._make(np.ascontiguousarray(c, dtype=t) for c, t in zip(hits, _TYPES, strict=True))
    compiled = _dispatch.compiled()
    if compiled is None or not _writable(columns):
        return hit_lines_python(sequence, shift, codes, columns, labels)
    return compiled.hit_lines(
        sequence,
        shift,
        np.ascontiguousarray(codes),
        *columns,
        *labels.names,
        *labels.alternates,
        labels.widths,
    )


def _writable(hits: HitColumns) -> bool:
    """Return whether the compiled kernel writes such numbers."""
    sizes = ((hits.score, FIXED_LIMIT), (hits.p_value, GENERAL_LIMIT))
    return all(bool((np.abs(values) < limit).all()) for values, limit in sizes)


def hit_lines_python(sequence: bytes, shift: int, codes: Codes, hits: HitColumns, labels: Labels) -> bytes:
    """Do what `hit_lines` does without the compiled kernel, for numbers of any size."""
    _require_inside(len(codes), hits, labels.widths)
    held = codes.tobytes()
    names, alternates = _split(labels.names), _split(labels.alternates)
    widths = labels.widths.tolist()
    lines = []
    for start, motif, strand, level, score, p_value in zip(*(c.tolist() for c in hits), strict=True):
        end = start + widths[motif]
        word = held[start:end]
        word = word[::-1].translate(_COMPLEMENTS) if strand < 0 else word.translate(_LETTERS)
        lines.append(
            b"%b\t%d\t%d\t%b\t%d\t%b\t%.6f\t%.6g\t.\t%b\t%b\n"
            % (
                sequence, start + shift, end + shift, names[motif], level, b"-" if strand < 0 else b"+",
                score, p_value, word, alternates[motif],
            )
        )  # fmt: skip
    return b"".join(lines)


def _require_inside(length: int, hits: HitColumns, widths: Ints) -> None:
    """Raise unless every hit is of a known motif and lies within so many codes."""
    motif = hits.motif
    known = (motif >= 0) & (motif < len(widths))
    if not known.all() or ((hits.start < 0) | (hits.start + widths[motif] > length)).any():
        raise ValueError("hits must be of known motifs and lie within the codes")


def _split(texts: Texts) -> list[bytes]:
    """Return the texts one by one."""
    ends = texts.ends.tolist()
    return [texts.joined[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []
