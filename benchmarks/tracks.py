"""Scores of every window of a sequence, both strands, and summaries of many short sequences; one thread.

seqnet's float64 track is the definition to the bit and its float32 track is that, correctly rounded.
lightmotif adds in float32; Biopython's scores are float32 too. Both score one strand at a time, so they
run once for the motif and once for its reverse complement, without the time to take the higher one. The
sequence is read in (encoded, striped) beforehand for all. Biopython scores a part of the sequence, its
time multiplied. No peer has the summaries (best window, hits, sum of hits), so numpy's own is beside.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from _measure import function_seconds, medians, print_table

from seqnet.aliases import Codes, Floats, Ints
from seqnet.kernels.windows import summarise, summarise_numpy, track, track_numpy

BASES = 4_000_000
PART = 20
"""Biopython and numpy take this part of the work."""
WIDTHS = (8, 15, 21)
SEQUENCES, LENGTH, MOTIFS = 20_000, 200, 20
THRESHOLD = 12.0
ROUNDS = 7


def random_motif(generator: np.random.Generator, width: int) -> Floats:
    """Return log odds in bits of a random motif against uniform bases."""
    return np.log2(4 * generator.dirichlet(np.full(4, 0.3), width) + 1e-3)


def lightmotif_track(text: str, scores: Floats) -> Callable[[], object] | None:
    """Return lightmotif's way, where it is installed."""
    try:
        import lightmotif
    except ImportError:
        return None
    plus = lightmotif.ScoringMatrix(dict(zip("ACGT", scores.T.tolist(), strict=True)))
    minus, striped = plus.reverse_complement(), lightmotif.stripe(text)
    return lambda: (plus.calculate(striped), minus.calculate(striped))


def biopython_track(text: str, scores: Floats) -> Callable[[], object]:
    """Return Biopython's way."""
    from Bio.motifs.matrix import PositionSpecificScoringMatrix

    plus = PositionSpecificScoringMatrix("ACGT", dict(zip("ACGT", scores.T.tolist(), strict=True)))
    minus = plus.reverse_complement()
    return lambda: (plus.calculate(text), minus.calculate(text))


def compare_tracks(codes: Codes, scores: Floats) -> None:
    """Time the tracks of one motif."""
    text = np.frombuffer(b"ACGT", dtype=np.uint8)[codes].tobytes().decode()
    ways = {
        "seqnet float32": lambda: track(codes, scores, "max", np.float32),
        "seqnet float64": lambda: track(codes, scores),
        "lightmotif": lightmotif_track(text, scores),
    }
    parts = {
        "seqnet float64, numpy": lambda: track_numpy(codes[: BASES // PART], scores),
        "Biopython": biopython_track(text[: BASES // PART], scores),
    }
    timed = {name: (lambda way=way: function_seconds(way)) for name, way in ways.items() if way is not None}
    timed |= {name: (lambda way=way: PART * function_seconds(way)) for name, way in parts.items()}
    found = medians(timed, ROUNDS)
    print_table(f"track of {BASES / 1e6:g} Mbp, both strands, width {len(scores)}", found, "seqnet float32")
    print("  " + ", ".join(f"{name}: {BASES / seconds / 1e6:.1f} Mbp/s" for name, seconds in found.items()))


def compare_summaries(codes: Codes, offsets: Ints, motifs: list[Floats]) -> None:
    """Time the summaries of all sequences for some motifs."""
    levels = np.full(2, THRESHOLD)

    def ours() -> None:
        for scores in motifs:
            summarise(codes, offsets, scores, levels)

    timed = {
        "seqnet": lambda: function_seconds(ours),
        "seqnet, numpy": lambda: (
            MOTIFS * function_seconds(lambda: summarise_numpy(codes, offsets, motifs[0], levels))
        ),
    }
    found = medians(timed, ROUNDS)
    print_table(f"{MOTIFS} motifs x {SEQUENCES} x {LENGTH} bp, best window and hits", found, "seqnet")
    print(f"  {MOTIFS * SEQUENCES * LENGTH / found['seqnet'] / 1e6:.0f} Mbp x motif per second")


def main() -> None:
    """Time all of them."""
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, BASES).astype(np.uint8)
    for width in WIDTHS:
        compare_tracks(codes, random_motif(generator, width))
    motifs = [random_motif(generator, int(width)) for width in generator.integers(6, 22, MOTIFS)]
    offsets = np.arange(SEQUENCES + 1, dtype=np.int64) * LENGTH
    compare_summaries(codes[: SEQUENCES * LENGTH], offsets, motifs)


if __name__ == "__main__":
    main()
