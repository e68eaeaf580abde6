"""FASTA bytes to base codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqnet.kernels import _dispatch

if TYPE_CHECKING:
    from seqnet.aliases import Codes, Ints

SKIP = 0xFE
"""Table entry of a byte that is left out (line ends, blanks)."""
INVALID = 0xFF
"""Table entry of a byte that may not occur."""
LONGEST_HEADER = 1 << 20
"""Bytes of a header, at most."""
RECORDS_AT_ONCE = 1 << 14
"""Records that `encode_records` makes in one call, at most."""


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
        256 entries: the code of each byte, or `SKIP`, or `INVALID`. A line feed has no code: lines are
        counted where bytes are skipped.
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
    _check_sizes(data, table, out)
    text = bytes(data)
    mapped = np.frombuffer(text.translate(table), dtype=np.uint8)
    invalid = np.flatnonzero(mapped == INVALID)
    consumed = int(invalid[0]) if len(invalid) else len(mapped)
    codes = mapped[:consumed][mapped[:consumed] != SKIP]
    out[: len(codes)] = codes
    return Encoded(len(codes), consumed, text.count(b"\n", 0, consumed))


def _check_sizes(data: bytes | memoryview, table: bytes, out: Codes) -> None:
    """Raise ValueError unless the table is whole and the codes have room."""
    if len(table) != 256:
        raise ValueError("table must hold 256 bytes")
    if len(out) < len(data):
        raise ValueError("out must be at least as long as data")


class EncodedRecords(NamedTuple):
    """Whole records."""

    names: list[str]
    """The first word of each header; bytes that are not UTF-8 are surrogates."""
    ends: Ints
    """int64 (records,): where the codes of each one end; they follow each other."""
    consumed: int
    """Bytes used."""
    lines: int
    """Line feeds among the bytes used."""


def encode_records(data: bytes | memoryview, table: bytes, out: Codes) -> EncodedRecords:
    """Translate the whole records that FASTA text begins with, many short ones in one go.

    A record is whole where the header of another follows. One whose header has no name or is longer than
    `LONGEST_HEADER`, or which has an invalid byte, ends them as an unfinished one does, and so do
    `RECORDS_AT_ONCE`: the caller goes on there.

    Parameters
    ----------
    data
        n bytes.
    table
        256 entries, as of `encode`.
    out
        uint8 (at least n,): receives the codes; the rest of its first n is undefined.

    Raises
    ------
    ValueError
        If the table has not 256 entries or `out` is too short.
    """
    return encode_records_with(_dispatch.description(), data, table, out)


def encode_records_with(kind: str, data: bytes | memoryview, table: bytes, out: Codes) -> EncodedRecords:
    """Do what `encode_records` does, with a kind of kernels out of `_dispatch.available`."""
    compiled = None if kind == "numpy" else _dispatch.compiled()
    if compiled is None:
        return encode_records_numpy(data, table, out)
    ends, names = np.empty(RECORDS_AT_ONCE, np.int64), np.empty(len(data), np.uint8)
    count, consumed, lines, named = compiled.encode_records(kind, data, table, out, ends, names)
    text = names[: max(0, named - 1)].tobytes().decode("utf-8", "surrogateescape")
    return EncodedRecords(text.split("\n") if count else [], ends[:count], consumed, lines)


def encode_records_numpy(data: bytes | memoryview, table: bytes, out: Codes) -> EncodedRecords:
    """Do what `encode_records` does without the compiled kernel."""
    _check_sizes(data, table, out)
    text = bytes(data)
    names: list[str] = []
    ends: list[int] = []
    consumed = written = lines = 0
    while len(names) < RECORDS_AT_ONCE and text.startswith(b">", consumed):
        feed = text.find(b"\n", consumed)
        following = text.find(b"\n>", feed) + 1
        words = text[consumed + 1 : feed].split(None, 1)
        if feed < 0 or not following or not words or feed - consumed - 1 > LONGEST_HEADER:
            break
        body = text[feed + 1 : following]
        codes = encode_numpy(body, table, out[written:])
        if codes.consumed < len(body):
            break
        names.append(words[0].decode("utf-8", "surrogateescape"))
        written += codes.written
        ends.append(written)
        lines += codes.lines + 1
        consumed = following
    return EncodedRecords(names, np.array(ends, np.int64), consumed, lines)
