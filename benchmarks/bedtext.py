"""Hits as BED6+5 lines, from columns to bytes, on one thread.

Simulated hits of 50 motifs: scores and p-values as a scan's, nearly all of them different. f-strings
write the same bytes (checked); pandas writes the same columns with its own shortest numbers, the
matched words given to it as strings beforehand, which ours takes from the codes inside the clock.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from _measure import function_seconds, medians

from seqnet.aliases import Codes
from seqnet.genome.alphabet import decode, reverse_complement
from seqnet.kernels.text import HitColumns, hit_lines, hit_lines_python, make_labels

LINES = 200_000
MOTIFS = 50
LENGTH = 1 << 20
ROUNDS = 5
PIECE = 1 << 14
"""Lines that `seqnet scan` makes at a time."""

NAMES = [f"MA{number:04d}.1" for number in range(MOTIFS)]
ALTERNATES = [f"TF{number}" for number in range(MOTIFS)]


def simulated(generator: np.random.Generator) -> tuple[Codes, list[int], HitColumns]:
    """Return codes, the motifs' widths, and hits in order."""
    codes = generator.integers(0, 4, LENGTH, dtype=np.uint8)
    widths = generator.integers(6, 20, MOTIFS)
    p_value = 10 ** generator.uniform(-9, -4, LINES)
    hits = HitColumns(
        np.sort(generator.integers(0, LENGTH - 20, LINES)),
        generator.integers(0, MOTIFS, LINES, dtype=np.int32),
        generator.choice(np.array([1, -1], dtype=np.int8), LINES),
        np.rint(-100 * np.log10(p_value)).astype(np.int64),
        generator.uniform(5, 25, LINES),
        p_value,
    )
    return codes, widths.tolist(), hits


def words(codes: Codes, widths: list[int], hits: HitColumns) -> list[str]:
    """Return the word under each hit as its strand reads."""
    found = []
    for start, motif, strand in zip(hits.start, hits.motif, hits.strand, strict=True):
        word = codes[start : start + widths[motif]]
        found.append(decode(reverse_complement(word) if strand < 0 else word))
    return found


def f_strings(widths: list[int], hits: HitColumns, matched: list[str]) -> bytes:
    """Return the lines by Python's own formatting, words given."""
    columns = zip(*(column.tolist() for column in hits), matched, strict=True)
    return "".join(
        f"chr1\t{start}\t{start + widths[motif]}\t{NAMES[motif]}\t{level}\t{'-' if strand < 0 else '+'}\t"
        f"{score:.6f}\t{p_value:.6g}\t.\t{word}\t{ALTERNATES[motif]}\n"
        for start, motif, strand, level, score, p_value, word in columns
    ).encode()


def with_pandas(widths: list[int], hits: HitColumns, matched: list[str]) -> dict[str, Callable[[], object]]:
    """Return ``to_csv`` with shortest and with six-digit numbers, where pandas is installed."""
    try:
        import pandas as pd
    except ImportError:
        return {}
    table = pd.DataFrame(
        {
            "chrom": "chr1", "start": hits.start, "end": hits.start + np.array(widths)[hits.motif],
            "name": np.array(NAMES)[hits.motif], "level": hits.level,
            "strand": np.where(hits.strand < 0, "-", "+"), "score": hits.score, "p": hits.p_value,
            "q": ".", "word": matched, "alternate": np.array(ALTERNATES)[hits.motif],
        }
    )  # fmt: skip

    def write(number: str | None) -> None:
        table.to_csv(io.StringIO(), sep="\t", header=False, index=False, float_format=number)

    return {"pandas.to_csv": lambda: write(None), "pandas.to_csv, %.6g": lambda: write("%.6g")}


def main() -> None:
    """Time all of them."""
    codes, widths, hits = simulated(np.random.default_rng(0))
    labels = make_labels([n.encode() for n in NAMES], [n.encode() for n in ALTERNATES], widths)
    matched = words(codes, widths, hits)

    def ours() -> bytes:
        pieces = (HitColumns._make(c[i : i + PIECE] for c in hits) for i in range(0, LINES, PIECE))
        return b"".join(hit_lines(b"chr1", 0, codes, piece, labels) for piece in pieces)

    if ours() != f_strings(widths, hits, matched):
        raise SystemExit("the lines differ from those of f-strings")
    ways: dict[str, Callable[[], object]] = {
        "seqnet": ours,
        "seqnet without its kernel": lambda: hit_lines_python(b"chr1", 0, codes, hits, labels),
        "f-strings": lambda: f_strings(widths, hits, matched),
        **with_pandas(widths, hits, matched),
    }
    timed = {name: (lambda way=way: function_seconds(way)) for name, way in ways.items()}
    found = medians(timed, ROUNDS)
    print(f"\n{LINES} lines of hits (CPU seconds)")
    for name, seconds in found.items():
        rate = LINES / seconds / 1e6
        print(f"  {name:<28}{seconds:>9.4f}{rate:>9.3f} M lines/s{seconds / found['seqnet']:>9.1f}x")


if __name__ == "__main__":
    main()
