"""FASTA: a stream of encoded blocks, whole records, genomes; and writing."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator
from typing import BinaryIO, cast

import numpy as np

from seqnet.aliases import Codes
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.lines import with_line_feeds
from seqnet.formats.files.opening import BOM, chunks_as_they_come, to_bytes
from seqnet.formats.files.sniff import expecting
from seqnet.formats.sequences.records import open_sequences
from seqnet.genome.alphabet import SoftMask, decode, encoding_table
from seqnet.genome.sequence import (
    EncodedSequence,
    Genome,
    SequenceBlock,
    SequenceRun,
    genome_from,
    join_runs,
)
from seqnet.kernels.fasta import LONGEST_HEADER, RECORDS_AT_ONCE, encode, encode_records

BLOCK = 1 << 20


def read_blocks(
    path: str, *, soft_mask: SoftMask = "ignore", unique: bool = True, block: int = BLOCK
) -> Iterator[SequenceBlock]:
    """Stream a FASTA file as blocks of codes, in bounded memory whatever a record's length.

    Any line width and line end (LF, CRLF, CR), blank lines and lower case are accepted; compression is
    recognised, and 2bit, GenBank and EMBL are read as FASTA (`seqnet.formats.sequences.records`).

    Parameters
    ----------
    path
        File, or ``-``.
    soft_mask
        What lower case means.
    unique
        Whether two records of one name are an error.
    block
        Bytes read at a time, at most.

    Raises
    ------
    FormatError
        With the line, at anything that is not FASTA.
    """
    for run in read_runs(path, soft_mask=soft_mask, unique=unique, block=block):
        yield from run.blocks()


def read_runs(
    path: str, *, soft_mask: SoftMask = "ignore", unique: bool = True, block: int = BLOCK
) -> Iterator[SequenceRun]:
    """Stream a FASTA file many short records at a time; parameters and errors as of `read_blocks`."""
    with expecting(path, "sequences"), open_sequences(path) as stream:
        parser = _Parser(path, soft_mask, unique)
        first = True
        for chunk in with_line_feeds(chunks_as_they_come(stream, block)):
            yield from parser.feed(chunk.removeprefix(BOM) if first else chunk)
            first = False
        yield from parser.finish()


class _Parser:
    """The state of a FASTA file between two chunks."""

    def __init__(self, path: str, soft_mask: SoftMask, unique: bool) -> None:
        self._path = path
        self._table = encoding_table(soft_mask)
        self._names: set[str] | None = set() if unique else None
        self._line = 1
        self._at_line_start = True
        self._header: bytes | None = None  # the header being read, where one is
        self._name: str | None = None  # the record being read, where one is
        self._offset = 0
        self._pending: Codes | None = None  # held back until it is known whether more follows

    def feed(self, chunk: bytes) -> Iterator[SequenceRun]:
        """Parse the next bytes of the file."""
        position = 0
        room = np.empty(len(chunk), dtype=np.uint8)  # for the codes of every record in the chunk
        whole = True  # whether whole records may follow
        while position < len(chunk):
            if self._header is not None:
                position = self._feed_header(chunk, position)
            elif self._at_line_start and chunk[position] == ord(">"):
                yield from self._close()
                if whole:
                    position, whole = yield from self._feed_records(chunk, position, room)
                    continue
                self._header = b""
                position += 1
            elif self._name is None:
                position = self._feed_blanks(chunk, position)
            else:
                position = yield from self._feed_body(chunk, position, room)

    def finish(self) -> Iterator[SequenceRun]:
        """Close the last record."""
        if self._header is not None:
            self._open(self._header)
        yield from self._close()

    def _feed_records(
        self, chunk: bytes, start: int, room: Codes
    ) -> Generator[SequenceRun, None, tuple[int, bool]]:
        """Read whole records from a header on; return where they end, and whether more may follow.

        What follows else is read piece by piece, as are names that are not unique, to find their line.
        """
        names, ends, used, lines = encode_records(memoryview(chunk)[start:], self._table, room[start:])
        if self._names is not None and names:
            if len(set(names)) < len(names) or not self._names.isdisjoint(names):
                return start, False
            self._names.update(names)
        self._line += lines
        if names:
            yield SequenceRun(names, 0, room[start : start + int(ends[-1])], ends, last=True)
        return start + used, len(names) == RECORDS_AT_ONCE

    def _feed_header(self, chunk: bytes, position: int) -> int:
        """Read on in a header line; return where it ends."""
        end = chunk.find(b"\n", position)
        stop = len(chunk) if end < 0 else end
        self._header = (self._header or b"") + chunk[position:stop]
        if len(self._header) > LONGEST_HEADER:
            raise FormatError(self._path, "header longer than 1 MiB", self._line)
        if end < 0:
            return stop
        self._open(self._header)
        self._header = None
        self._line += 1
        self._at_line_start = True
        return end + 1

    def _open(self, header: bytes) -> None:
        """Begin the record that a header names."""
        words = header.split(None, 1)
        if not words:
            raise FormatError(self._path, "header without a name; expected '>name'", self._line)
        self._name = words[0].decode("utf-8", "surrogateescape")
        self._offset = 0
        if self._names is not None:
            if self._name in self._names:
                message = f"a second sequence named {shorten(self._name)}; names must be unique"
                raise FormatError(self._path, message, self._line)
            self._names.add(self._name)

    def _close(self) -> Iterator[SequenceRun]:
        """End the record being read, where one is."""
        if self._name is not None:
            codes = np.empty(0, dtype=np.uint8) if self._pending is None else self._pending
            yield self._stretch(codes, last=True)
        self._name = self._pending = None

    def _stretch(self, codes: Codes, last: bool) -> SequenceRun:
        """Return a stretch of the record being read."""
        ends = np.array([len(codes)], np.int64)
        return SequenceRun([cast("str", self._name)], self._offset, codes, ends, last)

    def _feed_blanks(self, chunk: bytes, position: int) -> int:
        """Read on in front of the first header, where all is blank; return where the header begins."""
        following = chunk.find(b"\n>", position)
        end = len(chunk) if following < 0 else following + 1
        self._require_blank(chunk[position:end])
        self._line += chunk.count(b"\n", position, end)
        self._at_line_start = chunk[end - 1] == ord("\n")
        return end

    def _feed_body(self, chunk: bytes, start: int, room: Codes) -> Generator[SequenceRun, None, int]:
        """Encode sequence lines up to the next header; return where that begins."""
        written, used, lines = encode(memoryview(chunk)[start:], self._table, room[start:])
        end = start + used
        self._line += lines
        if used:
            self._at_line_start = chunk[end - 1] == ord("\n")
        if end < len(chunk) and not (self._at_line_start and chunk[end] == ord(">")):
            self._reject(chunk[end])
        if written:
            if self._pending is not None:
                yield self._stretch(self._pending, last=False)
                self._offset += len(self._pending)
            self._pending = room[start : start + written]
        return end

    def _require_blank(self, body: bytes) -> None:
        """Raise unless the text before the first header is blank."""
        text = body.lstrip()
        if text:
            line = self._line + body[: len(body) - len(text)].count(b"\n")
            start = text.split(b"\n", 1)[0][:20].decode("ascii", "replace").strip()
            raise FormatError(self._path, f"expected a FASTA header '>name', found {start!r}", line)

    def _reject(self, byte: int) -> None:
        """Raise for a byte in the line being read."""
        letter = chr(byte)
        reason = "is not a nucleotide letter"
        if letter.islower() and letter.upper() in "ACGTURYSWKMBDHVN":
            reason = "is lower case, which --soft-mask error refuses"
        raise FormatError(self._path, f"{letter!r} {reason}", self._line)


def read_sequences(
    path: str, *, soft_mask: SoftMask = "ignore", unique: bool = True
) -> Iterator[EncodedSequence]:
    """Read whole records one by one; parameters as in `read_blocks`."""
    return join_runs(read_runs(path, soft_mask=soft_mask, unique=unique))


def read_genome(path: str, *, soft_mask: SoftMask = "ignore") -> Genome:
    """Read a whole FASTA file into memory, one byte per base."""
    return genome_from(read_sequences(path, soft_mask=soft_mask), path)


def write_fasta(
    stream: BinaryIO | io.BufferedIOBase, records: Iterable[EncodedSequence], width: int = 60
) -> None:
    """Write records with lines of `width` bases."""
    for name, codes in records:
        text = decode(codes)
        lines = [text[i : i + width] for i in range(0, len(text), width)]
        stream.write(to_bytes("\n".join([f">{name}", *lines]) + "\n"))
