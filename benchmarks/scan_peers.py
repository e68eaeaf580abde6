"""What `scan_cli.sh` runs: simulated sequence, other tools' scans from FASTA to BED, and the clock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _measure import children_seconds

from seqnet.formats.motifs.any_format import read_motifs
from seqnet.motifs.matrix import Pfm, to_pssm
from seqnet.motifs.scan import Scanner, make_scanner

MOTIFS = "example_data/motifs.jaspar"
P_VALUE = 1e-4
CONTIG = 10_000_000
PIECE = 1_000_000
LINE = 50


def simulate(bases: str, path: str) -> None:
    """Write random bases in contigs."""
    generator = np.random.default_rng(1)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with Path(path).open("wb") as stream:
        for place in range(0, int(bases), PIECE):
            if place % CONTIG == 0:
                stream.write(b">chr%d\n" % (place // CONTIG + 1))
            rows = letters[generator.integers(0, 4, (PIECE // LINE, LINE), dtype=np.uint8)]
            stream.write(np.pad(rows, ((0, 0), (0, 1)), constant_values=ord("\n")).tobytes())


def clock(name: str, output: str, *command: str) -> None:
    """Run a command, its output to a file, and print its CPU seconds and the lines it wrote."""
    before = children_seconds()
    with Path(output).open("wb") as stream:
        subprocess.run(command, stdout=stream, stderr=subprocess.DEVNULL, check=True)
    seconds = children_seconds() - before
    with Path(output).open("rb") as stream:
        lines = sum(not line.startswith(b"#") for line in stream)
    print(f"  {name:<12}{seconds:>9.3f} s{lines:>10} lines")


def ctcf() -> Scanner:
    """Return the motif, with our threshold."""
    (motif,) = (m for m in read_motifs(MOTIFS).motifs if "CTCF" in m.info.name + m.info.alt_name)
    if not isinstance(motif, Pfm):
        raise SystemExit(f"{MOTIFS}: CTCF is no count matrix")
    return make_scanner(to_pssm(motif), p_value=P_VALUE)


def records(path: str) -> Iterator[tuple[str, str]]:
    """Yield the names and sequences of a FASTA file, read the quick way."""
    for record in Path(path).read_text().split(">")[1:]:
        name, _, body = record.partition("\n")
        yield name, body.replace("\n", "")


def write(name: str, width: int, strand: str, hits: Iterator[tuple[int, float]]) -> None:
    """Print BED6 lines."""
    sys.stdout.write(
        "".join(f"{name}\t{start}\t{start + width}\tCTCF\t{score:.6f}\t{strand}\n" for start, score in hits)
    )


def moods(path: str) -> None:
    """Scan by MOODS."""
    import MOODS.scan

    scanner = ctcf()
    plus = scanner.pssm.scores.T
    search = MOODS.scan.Scanner(7)
    matrices = [plus.tolist(), plus[::-1, ::-1].tolist()]
    search.set_motifs(matrices, [0.25] * 4, list(scanner.thresholds))
    for name, text in records(path):
        for strand, found in zip("+-", search.scan(text), strict=True):
            write(name, scanner.pssm.width, strand, ((hit.pos, hit.score) for hit in found))


def lightmotif(path: str) -> None:
    """Scan by lightmotif."""
    import lightmotif as peer

    scanner = ctcf()
    columns = dict(zip("ACGT", scanner.pssm.scores.T.tolist(), strict=True))
    plus = peer.ScoringMatrix(columns)
    for name, text in records(path):
        striped = peer.stripe(text)
        for strand, matrix in (("+", plus), ("-", plus.reverse_complement())):
            found = peer.scan(matrix, striped, threshold=scanner.thresholds[0])
            write(name, scanner.pssm.width, strand, ((hit.position, hit.score) for hit in found))


if __name__ == "__main__":
    {"simulate": simulate, "time": clock, "MOODS": moods, "lightmotif": lightmotif}[sys.argv[1]](
        *sys.argv[2:]
    )
