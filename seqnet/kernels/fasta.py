"""FASTA bytes to base codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.kernels import _dispatch

if TYPE_CHECKING:
    from seqnet.aliases import Codes

SKIP = 0xFE
"""Table entry of a byte that is left out (line ends, blanks)."""
INVALID = 0xFF
"""Table entry of a byte that may not occur."""


def encode(data: bytes | memoryview, table: bytes, out: Codes) -> tuple[int, int]:
    """Translate bytes through a table, leaving out skipped ones, up to the first invalid one.

    Parameters
    ----------
    data
        n bytes of sequence text.
    table
        256 entries: the code of each byte, or `SKIP`, or `INVALID`.
    out
        uint8 (at least n,): receives the codes; what lies beyond the written ones is undefined.

    Returns
    -------
    written, consumed
        How many codes were written and how many bytes were used; ``consumed < n`` means that
        ``data[consumed]`` is invalid.

    Raises
    ------
    ValueError
        If the table has not 256 entries or `out` is too short.
    """
    compiled = _dispatch.compiled()
    if compiled is None:
        return encode_numpy(data, table, out)
    written, consumed = compiled.encode(data, table, out)
    return written, consumed


def encode_numpy(data: bytes | memoryview, table: bytes, out: Codes) -> tuple[int, int]:
    """Do what `encode` does without the compiled kernel."""
    if len(table) != 256:
        raise ValueError("table must hold 256 bytes")
    if len(out) < len(data):
        raise ValueError("out must be at least as long as data")
    mapped = np.frombuffer(bytes(data).translate(table), dtype=np.uint8)
    invalid = np.flatnonzero(mapped == INVALID)
    consumed = int(invalid[0]) if len(invalid) else len(mapped)
    codes = mapped[:consumed][mapped[:consumed] != SKIP]
    out[: len(codes)] = codes
    return len(codes), consumed
