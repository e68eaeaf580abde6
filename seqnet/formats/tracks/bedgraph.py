"""bedGraph, written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats.files.numbers import format_singles
from seqnet.formats.files.opening import to_bytes

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

    def add_contigs(
        self, contigs: Sequence[str], sizes: Ints, starts: Ints, ends: Ints, values: NDArray[np.float32]
    ) -> None:
        """Write a line for each interval.

        Parameters
        ----------
        contigs, sizes
            Names, and how many of the intervals lie on each: (k,).
        starts, ends, values
            (n,) each, contig after contig; values must be finite.
        """
        names = chain.from_iterable(map(repeat, contigs, sizes.tolist()))
        for first in range(0, len(values), _ROWS):
            part = slice(first, first + _ROWS)
            texts = format_singles(values[part, None])
            rows = zip(starts[part].tolist(), ends[part].tolist(), texts, names, strict=False)  # names go on
            lines = "".join(f"{name}\t{s}\t{e}\t{text}\n" for s, e, (text,), name in rows)
            self._stream.write(self._head + to_bytes(lines))
            self._head = b""
