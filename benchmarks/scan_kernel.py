"""Hits of motifs in a sequence held in memory, both strands, p = 1e-4, on one thread.

One motif (CTCF), then every vertebrate motif of JASPAR. The sequence is 7.4 Mbp of human chromosome 20
where ``SEQNET_DATA`` names a folder that has it, random bases otherwise. Preparing stays outside the
clock on all sides: thresholds, seqnet's codes, lightmotif's striped sequence and MOODS's motifs. All
use seqnet's thresholds. The numbers of hits are printed too: MOODS's are equal to ours, while
lightmotif, which scores in float32, lists more for some motifs.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from _measure import function_seconds, medians
from pvalues import P_VALUE, jaspar_vertebrates

from seqnet.aliases import Codes
from seqnet.genome.alphabet import encode_text
from seqnet.kernels import _dispatch
from seqnet.kernels.screen import find, prepare_for
from seqnet.motifs.matrix import reverse_complement_matrix, to_pssm
from seqnet.motifs.scan import Scanner, make_scanner

ONE_MOTIF = "MA0139"
LENGTH = 10_000_000
"""Bases of the random sequence."""
SLOW = ("numpy", "c")
"""Kinds that are not timed on all motifs."""

Counts = Callable[[], int]
"""Scans once and returns the number of hits."""


def sequence() -> str:
    """Return the real sequence, or random bases."""
    path = Path(os.environ.get("SEQNET_DATA", ""), "hg19_chr20_7Mb", "hg19.chr20_1-7391880.fa.gz")
    if path.is_file():
        with gzip.open(path, "rt") as lines:
            return "".join(line.strip() for line in lines if not line.startswith(">")).upper()
    bases = np.frombuffer(b"ACGT", dtype=np.uint8)
    return bases[np.random.default_rng(0).integers(0, 4, LENGTH)].tobytes().decode()


def seqnet_hits(kind: str, scanners: Sequence[Scanner], codes: Codes) -> Counts:
    """Return the scan by one kind of our kernels."""
    thresholds = np.array([scanner.thresholds for scanner in scanners])
    screen = prepare_for(kind, [scanner.pssm.scores for scanner in scanners], thresholds)
    return lambda: len(find(screen, codes, len(codes)).start)


def lightmotif_hits(scanners: Sequence[Scanner], text: str) -> Counts | None:
    """Return lightmotif's scan, where it is installed."""
    try:
        import lightmotif
    except ImportError:
        return None
    striped = lightmotif.stripe(text)
    columns = [dict(zip("ACGT", scanner.pssm.scores.T.tolist(), strict=True)) for scanner in scanners]
    plus = [lightmotif.ScoringMatrix(values) for values in columns]
    both = [(matrix, matrix.reverse_complement()) for matrix in plus]

    def scan() -> int:
        return sum(
            1
            for matrices, scanner in zip(both, scanners, strict=True)
            for matrix, threshold in zip(matrices, scanner.thresholds, strict=True)
            for _ in lightmotif.scan(matrix, striped, threshold=threshold)
        )

    return scan


def moods_hits(scanners: Sequence[Scanner], text: str) -> Counts | None:
    """Return MOODS's scan, where it is installed."""
    try:
        import MOODS.scan
    except ImportError:
        return None
    plus = [scanner.pssm.scores for scanner in scanners]
    matrices = [scores.T.tolist() for scores in [*plus, *map(reverse_complement_matrix, plus)]]
    thresholds = [scanner.thresholds[strand] for strand in (0, 1) for scanner in scanners]
    scanner = MOODS.scan.Scanner(7)
    scanner.set_motifs(matrices, [0.25] * 4, thresholds)
    return lambda: sum(map(len, scanner.scan(text)))


def turn_seconds(way: Counts, calls: int) -> float:
    """Return the CPU seconds of one call, over several."""
    return function_seconds(lambda: [way() for _ in range(calls)]) / calls


def compare(scanners: Sequence[Scanner], text: str, kinds: Sequence[str], rounds: int, calls: int) -> None:
    """Time all ways to scan for the same motifs and print a table."""
    codes = encode_text(text)
    ways: dict[str, Counts | None] = {f"seqnet {kind}": seqnet_hits(kind, scanners, codes) for kind in kinds}
    ways |= {"lightmotif": lightmotif_hits(scanners, text), "MOODS": moods_hits(scanners, text)}
    there = {name: way for name, way in ways.items() if way is not None}
    counts = {name: way() for name, way in there.items()}
    timed = {name: partial(turn_seconds, way, calls) for name, way in there.items()}
    found = medians(timed, rounds)
    ours = found[f"seqnet {kinds[0]}"]
    print(f"\n{len(scanners)} motifs, {len(text) / 1e6:.1f} Mbp, both strands, p = {P_VALUE:g}")
    print(f"  {'':<20}{'s':>10}{'x ours':>10}{'Mbp motif/s':>14}{'hits':>12}")
    for name, seconds in found.items():
        rate = len(scanners) * len(text) / 1e6 / seconds
        print(f"  {name:<20}{seconds:>10.4f}{seconds / ours:>10.2f}{rate:>14.0f}{counts[name]:>12}")


def main() -> None:
    """Time one motif, then all."""
    text = sequence()
    scanners = [make_scanner(to_pssm(motif), p_value=P_VALUE) for motif in jaspar_vertebrates()]
    kinds = _dispatch.available()[::-1]
    one = [scanner for scanner in scanners if scanner.pssm.info.name.startswith(ONE_MOTIF)]
    compare(one[:1], text, kinds, rounds=9, calls=10)
    compare(scanners, text, [kind for kind in kinds if kind not in SLOW] or kinds[:1], rounds=3, calls=1)


if __name__ == "__main__":
    main()
