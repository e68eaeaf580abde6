"""FASTA bytes to base codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.kernels import _dispatch

if TYPE_CHECKING:
    from seqnet.aliases import Codes

SKIP = 0xFE
"""Table entry of a byte that is left out (line ends, blanks)."""
INVALID = 0xFF
"""Table entry of a byte that may not occur."""


class Encoded(NamedTuple):
    """What `encode` did."""

    written: int
    """Codes written."""
    consumed: int
    """Bytes used: all of them, or up to the first invalid one."""
    lines: int
    """Line feeds among the bytes used."""


def encode(data: bytes | memoryview, table: bytes, out: Codes) -> Encoded:
    """Translate bytes through a table, leaving out skipped ones, up to the first invalid one.

    Parameters
    ----------
    data
        n bytes of sequence text.
    table
        256 entries: the code of each byte, or `SKIP`, or `INVALID`.
    out
        uint8 (at least n,): receives the codes; what its first n hold beyond the written ones is
        undefined.

    Raises
    ------
    ValueError
        If the table has not 256 entries or `out` is too short.
    """
    return encode_with(_dispatch.description(), data, table, out)


def encode_with(kind: str, data: bytes | memoryview, table: bytes, out: Codes) -> Encoded:
    """Do what `encode` does, with a kind of kernels out of `_dispatch.available`."""
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        return encode_numpy(data, table, out)
    return Encoded(*compiled.encode(kind, data, table, out))


def encode_numpy(data: bytes | memoryview, table: bytes, out: Codes) -> Encoded:
    """Do what `encode` does without the compiled kernel."""
    if len(table) != 256:
        raise ValueError("table must hold 256 bytes")
    if len(out) < len(data):
        raise ValueError("out must be at least as long as data")
    text = bytes(data)
    mapped = np.frombuffer(text.translate(table), dtype=np.uint8)
    invalid = np.flatnonzero(mapped == INVALID)
    consumed = int(invalid[0]) if len(invalid) else len(mapped)
    codes = mapped[:consumed][mapped[:consumed] != SKIP]
    out[: len(codes)] = codes
    return Encoded(len(codes), consumed, text.count(b"\n", 0, consumed))
