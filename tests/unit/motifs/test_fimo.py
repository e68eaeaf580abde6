"""FIMO's arithmetic, against its formulas written out and its dynamic programming."""

from math import floor, log2

import numpy as np
import pytest

from seqnet.motifs.background import Background
from seqnet.motifs.matrix import FIMO_RULE, MotifInfo, Pfm, Ppm, fimo_pssm
from seqnet.motifs.scan import make_scanner


def test_a_case_worked_by_hand():
    # p = .5 .25 .25 0 and 0 0 0 1 of 10 sites, uniform background, pseudocount .1:
    # f = (10 p + .025) / 10.1 = .497525 .25 .25 .00247525 and three times .00247525, .99257426
    # l = log2(4 f)            = .992837 0 0 -6.658211              and -6.658211, 1.989246
    # offset = -7, scale = floor(1000 / 8.989246) = 111
    # I = floor((l + 7) 111 + .5) = 887 777 777 38                  and 38, 998
    ppm = Ppm(MotifInfo("m", nsites=10.0), np.array([[0.5, 0.25, 0.25, 0], [0, 0, 0, 1]]))
    pssm = fimo_pssm(ppm, Background(np.full(4, 0.25)))
    whole = [[887, 777, 777, 38], [38, 38, 38, 998]]
    assert np.rint((pssm.scores + 7) * 111).tolist() == whole
    assert pssm.scores == pytest.approx(np.array(whole) / 111 - 7)
    assert pssm.pseudocount == FIMO_RULE


def test_the_background_is_averaged_over_the_strands():
    pfm = Pfm(MotifInfo("m"), np.array([[3.0, 1, 0, 6]]))
    skewed = fimo_pssm(pfm, Background(np.array([0.4, 0.3, 0.1, 0.2])))
    assert skewed.background.frequencies == pytest.approx([0.3, 0.2, 0.2, 0.3])
    assert (skewed.scores == fimo_pssm(pfm, Background(np.array([0.3, 0.2, 0.2, 0.3]))).scores).all()


def by_dynamic_programming(pfm, frequencies):
    """FIMO's own way: a table of w * 1000 + 1 bins; returns p by whole-number sum, scale, offset."""
    nsites = pfm.counts.sum(axis=1)[0]
    logs = [
        [log2((c / nsites * nsites + 0.1 * b) / (nsites + 0.1) / b) for c, b in zip(row, frequencies, strict=True)]
        for row in pfm.counts
    ]  # fmt: skip
    flat = [value for row in logs for value in row]
    offset = floor(min(flat))
    scale = floor(1000 / (max(flat) - offset))
    table = np.zeros(1000 * len(logs) + 1)
    table[0] = 1
    for row in logs:
        grown = np.zeros_like(table)
        for value, b in zip(row, frequencies, strict=True):
            shift = floor((value - offset) * scale + 0.5)
            grown[shift:] += table[: len(table) - shift] * b
        table = grown
    return np.cumsum(table[::-1])[::-1], scale, offset


@pytest.mark.parametrize("seed", range(4))
def test_p_values_equal_the_table_of_whole_numbers(seed):
    random = np.random.default_rng(seed)
    width = int(random.integers(4, 13))
    counts = random.multinomial(25, random.dirichlet(np.full(4, 0.5)), size=width).astype(float)
    frequencies = np.array([0.3, 0.2, 0.2, 0.3])
    tail, scale, offset = by_dynamic_programming(Pfm(MotifInfo("m"), counts), frequencies)
    pssm = fimo_pssm(Pfm(MotifInfo("m"), counts), Background(frequencies))
    scanner = make_scanner(pssm, p_value=0.5)
    windows = random.integers(0, 4, size=(500, width))
    scores = np.array([sum(pssm.scores[i, x] for i, x in enumerate(window)) for window in windows])
    sums = np.rint((scores - width * offset) * scale).astype(int)
    assert np.abs(sums / scale + width * offset - scores).max() < 1e-9
    high = scores >= scanner.thresholds[0]
    assert high.any()
    assert scanner.distributions[0].p_value(scores[high]) == pytest.approx(tail[sums[high]], rel=1e-9)
    assert scanner.bound == 0


def test_a_zero_background_is_refused():
    with pytest.raises(ValueError, match="background frequency is zero"):
        fimo_pssm(Pfm(MotifInfo("m"), np.ones((2, 4))), Background(np.array([0.5, 0, 0, 0.5])))
