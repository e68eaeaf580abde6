from math import log2, sqrt

import numpy as np
import pytest

from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import (
    MotifInfo,
    Pfm,
    Ppm,
    Pssm,
    reverse_complement_matrix,
    to_pfm,
    to_ppm,
    to_pssm,
    with_pseudocounts,
)
from seqnet.motifs.pseudocounts import PSEUDOCOUNTS, total_pseudocount

COUNTS = np.array([[8.0, 0, 2, 0], [1, 1, 1, 7]])
PFM = Pfm(MotifInfo("m"), COUNTS)
SKEWED = Background(np.array([0.4, 0.1, 0.2, 0.3]))


def test_probabilities_are_counts_over_their_column_total():
    assert to_ppm(PFM).probabilities.tolist() == [[0.8, 0, 0.2, 0], [0.1, 0.1, 0.1, 0.7]]
    assert to_ppm(PFM).info.nsites == 10


@pytest.mark.parametrize(
    ("rule", "total"),
    [
        ("none", 0),
        ("fimo", 0.1),
        ("tfbstools", 0.8),
        ("rsat", 1),
        ("sqrt", sqrt(10)),
        ("moods", 0.01),
        ("2.5", 2.5),
    ],
)
def test_each_pseudocount_preset_is_its_formula(rule, total):
    assert total_pseudocount(rule, 10) == total
    found = with_pseudocounts(PFM, rule, SKEWED).probabilities
    for i, row in enumerate(COUNTS):
        for a, b in enumerate([0.4, 0.1, 0.2, 0.3]):
            assert found[i, a] == pytest.approx((row[a] + total * b) / (10 + total), abs=1e-15)
    uniform = with_pseudocounts(PFM, rule, SKEWED, "uniform").probabilities
    assert uniform[0, 1] == pytest.approx(total * 0.25 / (10 + total), abs=1e-15)


def test_every_preset_is_tested():
    assert set(PSEUDOCOUNTS) == {"none", "fimo", "tfbstools", "rsat", "sqrt", "moods"}


@pytest.mark.parametrize("rule", ["-1", "much", "nan", "inf"])
def test_other_rules_are_refused(rule):
    with pytest.raises(ValueError, match="is no pseudocount"):
        total_pseudocount(rule, 10)


def test_scores_are_log_odds_in_bits():
    pssm = to_pssm(PFM, SKEWED, "none")
    assert pssm.scores[0, 0] == log2(0.8 / 0.4)
    assert pssm.scores[1, 3] == log2(0.7 / 0.3)
    assert np.isneginf(pssm.scores[0, [1, 3]]).all()
    assert pssm.background is SKEWED
    assert pssm.pseudocount == "none"
    assert to_ppm(pssm).probabilities.tolist() == to_ppm(PFM).probabilities.tolist()


def test_a_ppm_gives_back_counts_by_its_number_of_sites():
    ppm = Ppm(MotifInfo("m", nsites=40), np.array([[0.5, 0.25, 0.25, 0]]))
    assert to_pfm(ppm).counts.tolist() == [[20, 10, 10, 0]]
    assert to_pfm(Ppm(MotifInfo("m"), ppm.probabilities)).nsites == 20  # unstated


def test_columns_without_counts_are_refused():
    empty = Pfm(MotifInfo("m"), np.array([[1.0, 0, 0, 0], [0, 0, 0, 0]]))
    with pytest.raises(ValueError, match="column 2 of m holds no counts"):
        to_ppm(empty)
    with pytest.raises(ValueError, match="column 2 of m holds no counts and no pseudocount"):
        with_pseudocounts(empty, "none")


def test_scores_without_probabilities_cannot_be_changed():
    with pytest.raises(ValueError, match="scores without the probabilities"):
        to_pssm(Pssm(MotifInfo("m"), np.zeros((2, 4)), UNIFORM))


def test_matrices_are_read_only_and_have_four_columns():
    with pytest.raises(ValueError, match="read-only"):
        PFM.counts[0, 0] = 1
    for shape in ((2, 3), (0, 4), (4,)):
        with pytest.raises(ValueError, match=r"shape \(width, 4\)"):
            Pfm(MotifInfo("m"), np.zeros(shape))


def test_the_other_strand_of_a_matrix():
    assert reverse_complement_matrix(COUNTS).tolist() == [[7, 1, 1, 1], [0, 2, 0, 8]]


def test_backgrounds_are_normalised_and_checked():
    assert Background(np.array([2.0, 1, 1, 4])).frequencies.tolist() == [0.25, 0.125, 0.125, 0.5]
    assert not SKEWED.symmetric
    assert UNIFORM.symmetric
    assert SKEWED.complement.tolist() == [0.3, 0.2, 0.1, 0.4]
    for bad in ([1.0, 1, 1], [1.0, -1, 1, 1], [0.0, 0, 0, 0], [np.nan, 1, 1, 1]):
        with pytest.raises(ValueError, match="background"):
            Background(np.array(bad))
    with pytest.raises(ValueError, match="background frequency is zero"):
        to_pssm(PFM, Background(np.array([0.5, 0.5, 0, 0])))
