"""Sequences of any kind of file as FASTA text: 2bit, GenBank and EMBL are turned into it as they are read.

Biopython reads them, in a child process, so that what its C code does to a damaged file is an error.
Layouts: UCSC's 2bit (https://genome.ucsc.edu/FAQ/FAQformat.html#format7), and the feature tables of INSDC.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from seqnet.formats.files.opening import BUFFER, open_input
from seqnet.formats.files.sandbox import child_command, converting, named_file

RecordKind: TypeAlias = Literal["twobit", "genbank", "embl"]
"""The rows of `seqnet.formats.FORMATS` that are turned into FASTA, which Biopython calls the same."""
CALLED: dict[RecordKind, str] = {"twobit": "2bit", "genbank": "GenBank", "embl": "EMBL"}
"""What users call each kind."""
_TWOBIT = (b"\x43\x27\x41\x1a", b"\x1a\x41\x27\x43")
_GENBANK, _EMBL = re.compile(rb"\s*LOCUS {7}\S"), re.compile(rb"\s*ID {3}\S+;")
_START = 1 << 10


def is_twobit(start: bytes) -> bool:
    """Return whether a file begins as 2bit, in either byte order."""
    return start.startswith(_TWOBIT)


def is_genbank(start: bytes) -> bool:
    """Return whether a file begins with GenBank's first line."""
    return _GENBANK.match(start) is not None


def is_embl(start: bytes) -> bool:
    """Return whether a file begins with EMBL's first line."""
    return _EMBL.match(start) is not None


def record_kind(start: bytes) -> RecordKind | None:
    """Return the kind of file that begins so, decompressed; None for FASTA and all else."""
    kinds: dict[RecordKind, Callable[[bytes], bool]] = {
        "twobit": is_twobit, "genbank": is_genbank, "embl": is_embl,
    }  # fmt: skip
    return next((kind for kind, sniffer in kinds.items() if sniffer(start)), None)


@contextmanager
def open_sequences(path: str) -> Iterator[io.BufferedReader]:
    """Open a file of sequences, or ``-``, as FASTA; of any other kind as `open_input` does.

    Raises
    ------
    FormatError
        While reading, if a 2bit, GenBank or EMBL file is damaged.
    """
    with open_input(path) as stream:
        kind = record_kind(stream.peek(_START)[:_START])
        if kind is None:
            yield stream
            return
        copied = kind == "twobit" and _is_compressed(path)  # which the library reads as it is
        with named_file(stream, path, copied=copied) as name, _as_fasta(name, path, kind) as fasta:
            yield io.BufferedReader(fasta, BUFFER)


@contextmanager
def _as_fasta(name: str, path: str, kind: RecordKind) -> Iterator[io.RawIOBase]:
    """Run the child that turns a file into FASTA."""
    command = child_command("seqnet.formats.sequences.record_worker", kind, name)
    with converting(command, None, path, f"is no readable {CALLED[kind]} file: ", "Biopython") as fasta:
        yield fasta


def _is_compressed(path: str) -> bool:
    """Return whether a 2bit file, where it is a file, is compressed as a whole."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as stream:
        return not stream.read(4).startswith(_TWOBIT)
