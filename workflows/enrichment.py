"""How much denser motif hits are near peaks than near shuffled positions.

Usage: enrichment.py HITS.bed PEAKS.bed GENOME.fa [WINDOW [SHUFFLES]]

Prints, tab-separated: peaks, the share of peaks with a hit within WINDOW bases of their centre
(default 50), the same share for as many random positions (mean over SHUFFLES draws, default 100),
and the ratio of the two.
"""

from __future__ import annotations

import sys

import numpy as np

from seqnet.formats.files.opening import open_output
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.results.metrics import write_table
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.intervals import Intervals, around, count_overlaps, make_intervals
from seqnet.genome.regions import centers


def share_with_hit(windows: Intervals, hits: Intervals) -> float:
    """Return the share of windows that a hit lies over."""
    return float((count_overlaps(windows, hits) > 0).mean())


def shuffled(lengths: dict[str, int], count: int, width: int, generator: np.random.Generator) -> Intervals:
    """Draw windows uniformly over the genome."""
    names, sizes = list(lengths), np.array([length - width for length in lengths.values()])
    contig = generator.choice(len(names), count, p=sizes / sizes.sum())
    start = np.floor(generator.random(count) * sizes[contig]).astype(np.int64)
    return make_intervals([names[i] for i in contig], start, start + width)


def main(hits_path: str, peaks_path: str, genome_path: str, window: int = 50, shuffles: int = 100) -> None:
    """Measure and print."""
    peaks = read_bed(peaks_path)
    hits = read_bed(hits_path).intervals
    lengths = read_genome(genome_path).lengths
    width = 2 * window + 1
    observed = share_with_hit(around(peaks.intervals, centers(peaks), width), hits)
    generator = np.random.default_rng(0)
    draws = [share_with_hit(shuffled(lengths, len(peaks), width, generator), hits) for _ in range(shuffles)]
    expected = float(np.mean(draws))
    row = (len(peaks), observed, expected, observed / expected if expected else None)
    with open_output("-") as stream:
        write_table(stream, ("peaks", "with_hit", "shuffled_with_hit", "enrichment"), [row], {})


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:6]))
