"""bedGraph, written."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.formats._open import to_bytes
from seqnet.formats.numbers import format_singles

_ROWS = 1 << 16


def write_bedgraph_runs(
    stream: BinaryIO, contig: str, starts: Ints, ends: Ints, values: NDArray[np.float32]
) -> None:
    """Write a line for each interval: (n,) each; values must be finite."""
    for first in range(0, len(values), _ROWS):
        part = slice(first, first + _ROWS)
        texts = format_singles(values[part, None])
        rows = zip(starts[part].tolist(), ends[part].tolist(), texts, strict=True)
        stream.write(to_bytes("".join(f"{contig}\t{s}\t{e}\t{text}\n" for s, e, (text,) in rows)))
