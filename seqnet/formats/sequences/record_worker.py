"""The process that reads sequences of other kinds for seqnet and writes them as FASTA.

``python -m seqnet.formats.sequences.record_worker KIND PATH``; KIND is one of Biopython's. The library has
parts in C, which may bring its process down on damaged files; the other side sees how it ended.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from Bio import SeqIO
from Bio.Seq import UndefinedSequenceError

from seqnet.formats.files.opening import open_input

_END = "//"
_PIECE = 1 << 20
"""Bases written at a time, a multiple of the four of a byte."""


@contextmanager
def _source(kind: str, path: str) -> Iterator[BinaryIO | _Lines]:
    """Open a file as the library wants it: as text, or a 2bit file as itself."""
    if kind == "twobit":
        with Path(path).open("rb") as stream:
            yield stream
        return
    with open_input(path) as stream:
        lines = _Lines(io.TextIOWrapper(stream, encoding="utf-8", errors="replace"))
        yield lines
        if lines.last != _END:
            raise ValueError(f"ends in the middle of a record; expected {_END} at the end")


class _Lines(io.TextIOBase):
    """The lines of a text, the last that is not blank remembered: the library misses that one is cut off."""

    def __init__(self, text: io.TextIOBase) -> None:
        super().__init__()
        self._text = text
        self.last = ""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        line = self._text.readline(-1 if size is None else size)
        self.last = line.strip() or self.last
        return line

    def read(self, size: int | None = -1, /) -> str:
        return self._text.read(size)


def _write_fasta(kind: str, path: str) -> None:
    """Write the records of a file to standard output, soft masking kept."""
    warnings.filterwarnings("error", "Expected sequence length")
    output = sys.stdout.buffer
    with _source(kind, path) as source:
        for record in SeqIO.parse(source, kind):  # type: ignore[no-untyped-call]
            output.write(f">{record.id}\n".encode())
            for start in range(0, len(record.seq), _PIECE):
                output.write(bytes(record.seq[start : start + _PIECE]) + b"\n")
    output.flush()


def convert_records(kind: str, path: str) -> int:
    """Convert; say in one line what went wrong."""
    try:
        _write_fasta(kind, path)
    except UndefinedSequenceError:
        sys.stderr.write("a record has no sequence; download the file with its sequences\n")
        return 1
    except Exception as error:  # the library raises whatever its parsers stumble over
        sys.stderr.write(f"{' '.join(str(error).split()) or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(convert_records(*sys.argv[1:]))
