"""BAM, read as a stream: no library and no index touch it.

Layout: SAM/BAM specification, section 4. CRAM and SAM are turned into BAM by a child process
(`alignment_worker`), where the library may crash without harm.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.opening import STANDARD
from seqnet.formats.files.sandbox import child_command, converting, path_in_child
from seqnet.genome.signals.alignments import Alignments
from seqnet.parallel import ordered_map

_MAGIC = b"BAM\1"
_GZIP = b"\x1f\x8b\x08\x04"
CRAM = b"CRAM"
_SAM = re.compile(rb"@(?:HD|SQ|RG|PG|CO)\t")
_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block with which a whole file ends."""
_BLOCK_HEAD = 12
_CHUNK = 1 << 22
"""Decompressed bytes that are looked at together."""
_SNIFFED = 1 << 12
_LONGEST_RECORD = 1 << 28
_LONGEST_NAME = 1 << 10

_RECORD = np.dtype([
    ("size", "<i4"), ("contig", "<i4"), ("start", "<i4"), ("name_bytes", "u1"), ("quality", "u1"),
    ("bin", "<u2"), ("operations", "<u2"), ("flag", "<u2"), ("bases", "<i4"), ("mate_contig", "<i4"),
    ("mate_start", "<i4"), ("template", "<i4"),
])  # fmt: skip
_FIXED = _RECORD.itemsize
_MATCHES = np.isin(np.arange(16), [0, 7, 8])  # M = X
_ON_REFERENCE = np.isin(np.arange(16), [0, 2, 3, 7, 8])  # and D N
_KNOWN_OPERATIONS = 9
_PLACEHOLDER = (4, 3)  # soft clip and skip: the operations are elsewhere, being more than 65535


@dataclass(frozen=True)
class BamFile:
    """An open BAM file: its contigs and its reads.

    Parameters
    ----------
    lengths
        Length of each contig, in the order of the file.
    is_sorted
        Whether reads are sorted by place according to the header.
    batches
        The reads, once.
    """

    lengths: dict[str, int]
    is_sorted: bool
    batches: Iterator[Alignments]


@contextmanager
def open_bam(
    stream: io.BufferedReader,
    path: str,
    *,
    reference: str | None = None,
    with_names: bool = False,
    threads: int = 1,
) -> Iterator[BamFile]:
    """Read a BAM, CRAM or SAM file from its beginning to its end.

    Parameters
    ----------
    stream
        The file's bytes as they are (`seqnet.formats.files.opening.open_raw`).
    path
        Its name; ``-`` is standard input.
    reference
        FASTA of the genome; CRAM needs it.
    with_names
        Whether the names of reads are wanted.

    Raises
    ------
    FormatError
        If it is none of them, damaged or cut off; also while reading.
    """
    kind = alignment_kind(stream.peek(_SNIFFED))
    if kind in ("CRAM", "SAM"):
        with _as_bam(stream, path, kind, reference) as source:
            yield _opened(_Bytes(source, path), with_names)
    else:
        yield _opened(_Bytes(_decompressed(stream, path, threads), path), with_names)


def alignment_kind(start: bytes) -> Literal["BAM", "CRAM", "SAM"] | None:
    """Return what kind of alignments a file begins with, not decompressed; None for anything else.

    SAM is known by its header, without which its reads have no contigs.
    """
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, 4)
        except zlib.error:
            return None
    if start.startswith(CRAM):
        return "CRAM"
    if start.startswith(_MAGIC):
        return "BAM"
    return "SAM" if _SAM.match(start) else None


# ---- bytes -----------------------------------------------------------------------------------


def _decompressed(stream: BinaryIO, path: str, threads: int) -> Iterator[bytes]:
    """Yield the data of BGZF blocks."""
    blocks = _blocks(stream, path)
    return ordered_map(partial(_inflate, path=path), blocks, threads)


def _blocks(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the compressed blocks of a BGZF file."""
    block = b""
    while head := stream.read(_BLOCK_HEAD):
        if len(head) < _BLOCK_HEAD or not head.startswith(_GZIP):
            raise FormatError(path, "is not made of whole BGZF blocks, as BAM is")
        extra = stream.read(int.from_bytes(head[10:12], "little"))
        if extra[:4] != b"BC\2\0" or len(extra) != 6:
            raise FormatError(path, "is not made of BGZF blocks, as BAM is")
        rest = int.from_bytes(extra[4:], "little") + 1 - len(head) - len(extra)
        data = stream.read(rest) if rest > 0 else b""
        if len(data) != rest:
            raise FormatError(path, "ends in the middle of its compressed data")
        block = head + extra + data
        yield block
    if not block:
        raise FormatError(path, "is empty; expected BAM or CRAM")
    if block != _END:
        raise FormatError(path, "has no end-of-file block: it was cut off")


def _inflate(block: bytes, path: str) -> bytes:
    """Decompress a block; its checksum is looked at."""
    try:
        return zlib.decompress(block, zlib.MAX_WBITS | 16)
    except zlib.error as error:
        raise FormatError(path, f"damaged compressed file: {error}") from error


@contextmanager
def _as_bam(
    stream: BinaryIO, path: str, kind: Literal["CRAM", "SAM"], reference: str | None
) -> Iterator[Iterator[bytes]]:
    """Run the child that turns CRAM or SAM into BAM that is not compressed."""
    if kind == "CRAM":
        if reference is None:
            raise FormatError(path, "is CRAM; give the genome's FASTA with --genome")
        with Path(reference).open("rb"):  # a missing file is the system's error, not the library's
            pass
    piped = path == STANDARD or not Path(path).is_file()
    needed = [cast("str", reference)] if kind == "CRAM" else []
    command = child_command(
        "seqnet.formats.reads.alignment_worker", STANDARD if piped else path_in_child(path), *needed
    )
    with converting(command, stream if piped else None, path, "", f"the {kind} library") as bam:
        yield _decompressed(io.BufferedReader(bam), path, 1)


class _Bytes:
    """The data of a BAM file, taken piece by piece."""

    def __init__(self, parts: Iterator[bytes], path: str) -> None:
        self._parts = parts
        self._rest = b""
        self.path = path

    def take(self, count: int, what: str) -> bytes:
        """Return exactly so many bytes."""
        parts, have = [self._rest], len(self._rest)
        while have < count:
            part = next(self._parts, None)
            if part is None:
                raise FormatError(self.path, f"ends in the middle of {what}")
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self._rest = data[count:]
        return data[:count]

    def number(self, what: str, most: int) -> int:
        """Return a count of up to `most`."""
        value: int = struct.unpack("<i", self.take(4, what))[0]
        if not 0 <= value <= most:
            raise FormatError(self.path, f"the BAM header gives {value} for {what}")
        return value

    def chunks(self) -> Iterator[bytes]:
        """Yield what is left in large pieces."""
        parts, have = [self._rest], len(self._rest)
        for part in self._parts:
            parts.append(part)
            have += len(part)
            if have >= _CHUNK:
                yield b"".join(parts)
                parts, have = [], 0
        yield b"".join(parts)


# ---- records ---------------------------------------------------------------------------------


def _opened(data: _Bytes, with_names: bool) -> BamFile:
    """Read the header."""
    if data.take(4, "its first bytes") != _MAGIC:
        raise FormatError(data.path, "is neither BAM nor CRAM")
    text = data.take(data.number("the length of its text", _LONGEST_RECORD), "its header")
    lengths: dict[str, int] = {}
    for _ in range(data.number("the number of contigs", _LONGEST_RECORD)):
        size = data.number("the length of a contig's name", _LONGEST_NAME)
        name = data.take(size, "its header").rstrip(b"\0").decode("utf-8", "surrogateescape")
        if not name or name in lengths:
            raise FormatError(data.path, f"the BAM header names contig {shorten(name)} twice or not at all")
        lengths[name] = data.number(f"the length of {name}", np.iinfo(np.int32).max)
    if not lengths:
        raise FormatError(data.path, "has no contigs; its reads are not aligned")
    is_sorted = b"SO:coordinate" in text.split(b"\n", 1)[0].split(b"\t")
    return BamFile(lengths, is_sorted, _batches(data, lengths, with_names))


def _batches(data: _Bytes, lengths: dict[str, int], with_names: bool) -> Iterator[Alignments]:
    """Yield the reads of large pieces of the file."""
    rest, number = b"", 0
    limits = np.array([*lengths.values(), 0], dtype=np.int64)  # -1 is the last
    for chunk in data.chunks():
        buffer = rest + chunk
        offsets, past = _record_offsets(buffer, number, data.path)
        if offsets:
            parser = _Parser(buffer, np.array(offsets), number, data.path)
            yield parser.alignments(tuple(lengths), limits, with_names)
        rest, number = buffer[past:], number + len(offsets)
    if rest:
        raise FormatError(data.path, f"ends in the middle of read {number + 1}")


def _record_offsets(buffer: bytes, number: int, path: str) -> tuple[list[int], int]:
    """Return where the whole records of a buffer begin, and where the last one ends."""
    offsets: list[int] = []
    at, end = 0, len(buffer)
    unpack = struct.Struct("<i").unpack_from
    while at + 4 <= end:
        size = unpack(buffer, at)[0]
        if not _FIXED - 4 <= size <= _LONGEST_RECORD:
            raise FormatError(path, f"read {number + len(offsets) + 1} is said to have {size} bytes")
        if at + 4 + size > end:
            break
        offsets.append(at)
        at += 4 + size
    return offsets, at


class _Parser:
    """The records of a buffer, by columns."""

    def __init__(self, buffer: bytes, offsets: Ints, number: int, path: str) -> None:
        self._bytes = np.frombuffer(buffer, dtype=np.uint8)
        self._buffer = buffer
        self._offsets = offsets
        self._number = number
        self._path = path
        rows = self._bytes[offsets[:, None] + np.arange(_FIXED)]
        self._rows: NDArray[Any] = np.ascontiguousarray(rows).view(_RECORD)[:, 0]

    def alignments(self, contigs: tuple[str, ...], limits: Ints, with_names: bool) -> Alignments:
        """Return the records; `limits` are the lengths of the contigs, and 0 for none."""
        rows = self._rows
        columns = {name: rows[name].astype(np.int64) for name in ("start", "flag", "quality", "template")}
        contig = rows["contig"]
        self._refuse((contig < -1) | (contig >= len(contigs)), "has a contig that the header lacks")
        self._refuse_lengths()
        codes, lengths, record = self._operations()
        self._refuse_rows(record[codes >= _KNOWN_OPERATIONS], "has a CIGAR with unknown operations")
        self._refuse_placeholders(codes, record)
        reach = np.where(_ON_REFERENCE[codes], lengths, 0)
        until = np.cumsum(reach)
        first = np.searchsorted(record, np.arange(len(rows)))
        before = np.concatenate([[0], until])[first]
        spans = np.bincount(record, weights=reach, minlength=len(rows)).astype(np.int64)
        end = columns["start"] + spans
        placed = (columns["flag"] & 4 == 0) & (contig >= 0)
        outside = placed & ((columns["start"] < 0) | (columns["start"] >= limits[contig]))
        self._refuse(outside, "starts outside its contig")
        matched = _MATCHES[codes] & (lengths > 0)
        block_end = columns["start"][record] + until - before[record]
        return Alignments(
            contigs, contig.astype(np.int32), columns["start"], end, columns["flag"], columns["quality"],
            columns["template"], record[matched], (block_end - reach)[matched], block_end[matched],
            self._names() if with_names else None,
        )  # fmt: skip

    def _refuse_lengths(self) -> None:
        """Make sure that the parts of each record fit into it."""
        rows = self._rows
        bases = rows["bases"].astype(np.int64)
        needed = rows["name_bytes"] + 4 * rows["operations"].astype(np.int64) + (bases + 1) // 2 + bases
        wrong = (bases < 0) | (rows["name_bytes"] == 0) | (needed + _FIXED - 4 > rows["size"])
        self._refuse(wrong, "has parts that do not fit into it")

    def _operations(self) -> tuple[Ints, Ints, Ints]:
        """Return code, length and record of every CIGAR operation: int64 (m,) each."""
        counts = self._rows["operations"].astype(np.int64)
        record = np.repeat(np.arange(len(counts)), counts)
        place = self._offsets + _FIXED + self._rows["name_bytes"]
        within = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = place[record] + 4 * within
        packed = np.ascontiguousarray(self._bytes[at[:, None] + np.arange(4)]).view("<u4")[:, 0]
        return (packed & 15).astype(np.int64), (packed >> 4).astype(np.int64), record

    def _refuse_placeholders(self, codes: Ints, record: Ints) -> None:
        """Refuse records with too many operations for the field that holds them."""
        two = np.flatnonzero(self._rows["operations"] == 2)
        first = np.searchsorted(record, two)
        pairs = codes[first[:, None] + np.arange(2)] if len(two) else np.empty((0, 2))
        wrong = two[(pairs == _PLACEHOLDER).all(axis=1)]
        self._refuse_rows(wrong, "has a CIGAR of more than 65535 operations, which are not read")

    def _names(self) -> list[bytes]:
        """Return the names of the reads."""
        starts = (self._offsets + _FIXED).tolist()
        sizes: Sequence[int] = self._rows["name_bytes"].tolist()
        return [self._buffer[at : at + size - 1] for at, size in zip(starts, sizes, strict=True)]

    def _refuse(self, wrong: NDArray[np.bool_], what: str) -> None:
        """Raise an error at the first read that is wrong."""
        self._refuse_rows(np.flatnonzero(wrong), what)

    def _refuse_rows(self, rows: Ints, what: str) -> None:
        """Raise an error at the first of some reads."""
        if len(rows):
            raise FormatError(self._path, f"read {self._number + int(rows[0]) + 1} {what}")
