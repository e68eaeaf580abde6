"""Hits of patterns lie where the genome has them, whichever strand the rows are read from."""

import numpy as np
import pytest

from seqnet.genome.alphabet import encode_text, reverse_complement
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions
from seqnet.motifs.matrix import MotifInfo, Pfm
from seqnet.pipeline.discovery.hits import pattern_hits
from seqnet.pipeline.explanation.results import Attribution

WORD = encode_text("CACGTGAC")
MOTIF = Pfm(MotifInfo("p", nsites=100.0), 100 * np.eye(4)[WORD])


def attribution_of(genome, starts, strands, stranded, width=30):
    """Attributions of windows of a genome: each base has the number of its place as the row is read."""
    n = len(starts)
    ends = [start + width for start in starts]
    regions = make_regions(make_intervals(["c"] * n, starts, ends, strands))
    codes = np.stack([genome[start : start + width] for start in starts])
    for row, strand in enumerate(strands):
        if stranded and strand < 0:
            codes[row] = reverse_complement(codes[row])
    observed = np.tile(np.arange(width, dtype=np.float32), (n, 1))
    unknown = np.full(n, np.nan)
    return Attribution(
        "ism", "t", regions.names, codes, np.zeros((n, 4, width), np.float32), observed, unknown, unknown,
        unknown, np.arange(n), np.zeros(n, np.int64), 0, None, regions, stranded,
    )  # fmt: skip


@pytest.mark.parametrize("stranded", [False, True])
def test_rows_read_backward_give_hits_of_the_other_strand(stranded):
    genome = encode_text("A" * 100).copy()
    genome[40:48] = WORD
    genome[70:78] = reverse_complement(WORD)
    hits = pattern_hits([(attribution_of(genome, [30, 60], [-1, 1], stranded), [MOTIF])])
    assert hits.start.tolist() == [40, 70]
    assert hits.end.tolist() == [48, 78]
    assert hits.strand.tolist() == ["+", "-"]
    # read forward the first lies at 10 to 17 of its row; read backward at 12 to 19
    first = sum(range(12, 20)) if stranded else sum(range(10, 18))
    assert hits.attribution.tolist() == [first, sum(range(10, 18))]


def test_no_hit_reaches_from_one_row_into_the_next_and_none_is_reported_twice():
    genome = encode_text("A" * 100).copy()
    genome[26:34] = WORD
    across = pattern_hits([(attribution_of(genome, [0, 30], [1, 1], False), [MOTIF])])
    assert not len(across)
    twice = pattern_hits([(attribution_of(genome, [5, 10, 14], [1, 1, 1], False), [MOTIF])])
    assert twice.start.tolist() == [26]
    assert twice.attribution.tolist() == [sum(range(12, 20))]  # of the row at 14, whose centre is nearest


def test_no_patterns_give_no_hits():
    assert not len(pattern_hits([]))
