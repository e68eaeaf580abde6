"""Hits of motifs in a sequence held in memory, both strands, p = 1e-4, on one thread.

One motif (CTCF) in each of several sequences, real ones where ``SEQNET_DATA`` names a folder that has
them, and a simulated one; then every vertebrate motif of JASPAR in the first. Preparing stays outside
the clock on all sides: thresholds, seqnet's codes, lightmotif's striped sequence, MOODS's motifs and
memelite's one-hot matrix and compilation. All but memelite, which makes its own, use seqnet's
thresholds. The numbers of hits are printed too: MOODS's are equal to ours, while lightmotif, which
scores in float32, lists more for some motifs.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")  # before memelite is imported

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from _measure import function_seconds, medians
from pvalues import P_VALUE, jaspar_vertebrates

from seqnet.aliases import Codes
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.genome.alphabet import decode, encode_text
from seqnet.kernels import _dispatch
from seqnet.kernels.screen import find, prepare_for
from seqnet.motifs.matrix import reverse_complement_matrix, to_pfm, to_pssm, with_pseudocounts
from seqnet.motifs.scan import Scanner, make_scanner

ONE_MOTIF = "MA0139"
REAL = {
    "human chr20, 7.4 Mbp": "hg19_chr20_7Mb/hg19.chr20_1-7391880.fa.gz",
    "yeast": "yeast_R64/sacCer3.fa.gz",
    "E. coli": "small_genomes/GCF_000005845.2_ASM584v2_genomic.fna.gz",
    "C. elegans, 1 %": "small_genomes/C.elegans.fa.gz",
    "D. melanogaster, 1 %": "small_genomes/D.melanogaster.fa.gz",
}
"""Files under ``SEQNET_DATA``."""
LENGTH, ORDER, CHAINS = 50_000_000, 6, 10_000
"""Bases and order of the simulated sequence, and chains it is made of."""
SLOW = ("numpy", "c")
"""Kinds that are not timed on all motifs."""

Counts = Callable[[], int]
"""Scans once and returns the number of hits."""


def sequences() -> Iterator[tuple[str, str]]:
    """Yield name and bases of real sequences, where there are any, and of a simulated one."""
    folder = os.environ.get("SEQNET_DATA", "")
    for name, place in REAL.items():
        path = Path(folder, place)
        if folder and path.is_file():
            yield name, "N".join(decode(codes) for _, codes in read_sequences(str(path)))
    yield f"order {ORDER}, simulated", simulated(LENGTH)


def simulated(length: int) -> str:
    """Return bases of a seeded Markov chain of order 6: many chains side by side, joined."""
    random = np.random.default_rng(0)
    cumulative = random.dirichlet(np.full(4, 3.0), size=4**ORDER).cumsum(axis=1)
    state = random.integers(0, 4**ORDER, CHAINS)
    bases = np.empty((length // CHAINS, CHAINS), dtype=np.uint8)
    for row in bases:
        row[:] = np.minimum((random.random(CHAINS)[:, None] > cumulative[state]).sum(axis=1), 3)
        state = (4 * state + row) % 4**ORDER
    return np.frombuffer(b"ACGT", dtype=np.uint8)[bases.T].tobytes().decode()


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


def memelite_hits(scanners: Sequence[Scanner], codes: Codes) -> Counts | None:
    """Return memelite's scan, where it is installed and the motif is one: it takes long."""
    if len(scanners) > 1:
        return None
    try:
        from memelite import fimo
    except ImportError:
        return None
    ppm = scanners[0].pssm.ppm
    assert ppm is not None
    motifs = {"motif": with_pseudocounts(to_pfm(ppm)).probabilities.T.copy()}
    one_hot = np.ascontiguousarray((codes == np.arange(4)[:, None])[None].astype(np.int8))
    return lambda: int(np.sum(fimo(motifs, one_hot, threshold=P_VALUE, return_counts=True)))


def turn_seconds(way: Counts, calls: int) -> float:
    """Return the CPU seconds of one call, over several."""
    return function_seconds(lambda: [way() for _ in range(calls)]) / calls


def compare(
    scanners: Sequence[Scanner], name: str, text: str, kinds: Sequence[str], rounds: int, calls: int
) -> None:
    """Time all ways to scan for the same motifs and print a table."""
    codes = encode_text(text)
    ways: dict[str, Counts | None] = {f"seqnet {kind}": seqnet_hits(kind, scanners, codes) for kind in kinds}
    ways |= {"lightmotif": lightmotif_hits(scanners, text), "MOODS": moods_hits(scanners, text)}
    ways |= {"memelite": memelite_hits(scanners, codes)}
    there = {way: scan for way, scan in ways.items() if scan is not None}
    counts = {way: scan() for way, scan in there.items()}
    timed = {way: partial(turn_seconds, scan, calls) for way, scan in there.items()}
    found = medians(timed, rounds)
    ours = found[f"seqnet {kinds[0]}"]
    print(f"\n{len(scanners)} motifs, {name}: {len(text) / 1e6:.1f} Mbp, both strands, p = {P_VALUE:g}")
    print(f"  {'':<20}{'s':>10}{'x ours':>10}{'Mbp motif/s':>14}{'hits':>12}")
    for way, seconds in found.items():
        rate = len(scanners) * len(text) / 1e6 / seconds
        print(f"  {way:<20}{seconds:>10.4f}{seconds / ours:>10.2f}{rate:>14.0f}{counts[way]:>12}")


def main() -> None:
    """Time one motif on every sequence, then all motifs on the first."""
    scanners = [make_scanner(to_pssm(motif), p_value=P_VALUE) for motif in jaspar_vertebrates()]
    kinds = _dispatch.available()[::-1]
    quick = [kind for kind in kinds if kind not in SLOW] or kinds[:1]
    one = [scanner for scanner in scanners if scanner.pssm.info.name.startswith(ONE_MOTIF)][:1]
    first = None
    for name, text in sequences():
        compare(one, name, text, quick if first else kinds, rounds=5, calls=3)
        first = first or (name, text)
    assert first is not None
    compare(scanners, *first, quick, rounds=3, calls=1)


if __name__ == "__main__":
    main()
