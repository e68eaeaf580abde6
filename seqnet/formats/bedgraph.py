"""bedGraph, written."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats._open import to_bytes
from seqnet.formats.numbers import format_singles

_ROWS = 1 << 16


class BedGraphWriter:
    """Writes intervals and their values to a stream.

    Parameters
    ----------
    head
        Written before the first interval; nothing is written before there is one.
    """

    def __init__(self, stream: BinaryIO, head: bytes = b"") -> None:
        self._stream = stream
        self._head = head

    def add_runs(self, contig: str, starts: Ints, ends: Ints, values: NDArray[np.float32]) -> None:
        """Write a line for each interval: (n,) each; values must be finite."""
        for first in range(0, len(values), _ROWS):
            part = slice(first, first + _ROWS)
            texts = format_singles(values[part, None])
            rows = zip(starts[part].tolist(), ends[part].tolist(), texts, strict=True)
            lines = "".join(f"{contig}\t{s}\t{e}\t{text}\n" for s, e, (text,) in rows)
            self._stream.write(self._head + to_bytes(lines))
            self._head = b""
