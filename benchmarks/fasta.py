"""50 Mbp of FASTA in lines of 60 to codes of one byte a base, plain and as BGZF, on one thread.

seqnet is timed twice: as blocks, as it scans, and as whole records in memory. pyfaidx and pysam have
their index beforehand and return each record as text, timed by itself; what turns the text into codes
fastest, `bytes.translate`, comes on top. seqnet reads gzip with isal where it is installed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from _measure import function_seconds, medians, print_table

from seqnet.formats.sequences.fasta import read_blocks, read_genome
from seqnet.genome.alphabet import encoding_table
from seqnet.kernels import _dispatch

CONTIGS = 5
CONTIG = 10_000_020
"""Bases; whole lines."""
WIDTH = 60
ROUNDS = 7


def simulate(path: Path) -> None:
    """Write the sequences."""
    rng = np.random.default_rng(1)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as stream:
        for contig in range(CONTIGS):
            lines = np.full((CONTIG // WIDTH, WIDTH + 1), ord("\n"), dtype=np.uint8)
            lines[:, :WIDTH] = letters[rng.integers(0, 4, (len(lines), WIDTH))]
            stream.write(b">contig%d\n" % contig)
            stream.write(lines.tobytes())


def with_seqnet_blocks(path: str) -> None:
    """Stream blocks of codes."""
    for _ in read_blocks(path):
        pass


def texts_of_pyfaidx(path: str) -> Iterator[str]:
    """Yield each record's letters."""
    import pyfaidx

    with pyfaidx.Fasta(path, as_raw=True) as records:
        for name in records.keys():  # noqa: SIM118 - a Fasta is no mapping
            yield records[name][:]


def texts_of_pysam(path: str) -> Iterator[str]:
    """Yield each record's letters."""
    import pysam

    with pysam.FastaFile(path) as records:
        for name in records.references:
            yield records.fetch(name)


def read_texts(texts: Callable[[str], Iterator[str]], path: str) -> None:
    """Read the letters alone."""
    for _ in texts(path):
        pass


def read_codes(texts: Callable[[str], Iterator[str]], path: str) -> None:
    """Read letters and turn them into codes."""
    table = encoding_table()
    for text in texts(path):
        np.frombuffer(text.encode().translate(table), dtype=np.uint8)


def measure(path: str, what: str) -> None:
    """Time every way on one file."""
    ways: dict[str, Callable[[], object]] = {
        "seqnet, blocks": partial(with_seqnet_blocks, path),
        "seqnet, whole records": partial(read_genome, path),
        "pysam": partial(read_codes, texts_of_pysam, path),
        "pyfaidx": partial(read_codes, texts_of_pyfaidx, path),
        "pysam, letters alone": partial(read_texts, texts_of_pysam, path),
        "pyfaidx, letters alone": partial(read_texts, texts_of_pyfaidx, path),
    }
    found = medians({name: partial(function_seconds, way) for name, way in ways.items()}, ROUNDS)
    title = f"{CONTIGS * CONTIG / 1e6:.0f} Mbp, {what}, kernels {_dispatch.description()}"
    print_table(title, found, "seqnet, blocks")


def main() -> None:
    """Time all of them on both files."""
    import pysam

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "genome.fa")
        simulate(plain)
        compressed = f"{plain}.gz"
        pysam.tabix_compress(str(plain), compressed)
        for path in (str(plain), compressed):
            pysam.faidx(path)
        measure(str(plain), "plain FASTA")
        measure(compressed, "BGZF")


if __name__ == "__main__":
    main()
