from itertools import product
from math import inf, log, log2

import numpy as np
import pytest

from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.information import letter_heights
from seqnet.motifs.matrix import MotifInfo, Pfm, Ppm, Pssm, to_ppm, to_pssm

# GGATAA CGATAA CGATAT GGATAT, column by column
COUNTS = np.array([[0.0, 2, 2, 0], [0, 0, 4, 0], [4, 0, 0, 0], [0, 0, 0, 4], [4, 0, 0, 0], [2, 0, 0, 2]])
LECTURE = Pfm(MotifInfo("lecture"), COUNTS)
SCORES = Pssm(MotifInfo("scores"), np.array([[1.0, -1, -inf, 0.25]]), UNIFORM)


def entropy_of(letters):
    shares = [letters.count(base) / len(letters) for base in set(letters)]
    return -sum(share * log2(share) for share in shares)


def correction_of_four_sites():
    samples = list(product("ACGT", repeat=4))
    return 2 - sum(map(entropy_of, samples)) / len(samples)


def test_information_of_the_lecture_s_sites_by_hand():
    one_letter = 2 - correction_of_four_sites()
    two_letters = (one_letter - 1) / 2
    assert letter_heights(LECTURE, "information").tolist() == [
        pytest.approx(row)
        for row in (
            [0, two_letters, two_letters, 0],
            [0, 0, one_letter, 0],
            [one_letter, 0, 0, 0],
            [0, 0, 0, one_letter],
            [one_letter, 0, 0, 0],
            [two_letters, 0, 0, two_letters],
        )
    ]


@pytest.mark.parametrize(("method", "correction"), [("none", 0), ("approx", 3 / (2 * log(2) * 4))])
def test_the_small_sample_correction_can_be_chosen(method, correction):
    heights = letter_heights(LECTURE, "information", method)
    assert heights[1].tolist() == pytest.approx([0, 0, 2 - correction, 0])
    assert heights[0].tolist() == pytest.approx([0, (1 - correction) / 2, (1 - correction) / 2, 0])


def test_no_letter_is_below_zero_where_the_correction_exceeds_the_information():
    flat = Pfm(MotifInfo("flat"), np.array([[1.0, 1, 1, 1], [4, 0, 0, 0]]))
    heights = letter_heights(flat, "information")
    assert heights[0].tolist() == [0, 0, 0, 0]
    assert heights[1, 0] > 0


def test_twenty_sites_where_the_motif_does_not_say():
    probabilities = to_ppm(LECTURE).probabilities
    heights = letter_heights(Ppm(MotifInfo("p"), probabilities), "information", "approx")
    assert heights[1].tolist() == pytest.approx([0, 0, 2 - 3 / (2 * log(2) * 20), 0])
    heights = letter_heights(Ppm(MotifInfo("p", nsites=5), probabilities), "information", "approx")
    assert heights[1].tolist() == pytest.approx([0, 0, 2 - 3 / (2 * log(2) * 5), 0])


def test_probabilities_are_those_before_pseudocounts():
    expected = (COUNTS / 4).tolist()
    assert letter_heights(LECTURE, "probability").tolist() == expected
    assert letter_heights(to_ppm(LECTURE), "probability").tolist() == expected
    assert letter_heights(to_pssm(LECTURE), "probability").tolist() == expected


def test_log_odds_are_the_scores():
    skewed = Background(np.array([0.5, 0.25, 0.125, 0.125]))
    heights = letter_heights(to_pssm(LECTURE, skewed, "none"), "log-odds")
    assert heights[0].tolist() == [-inf, 1, 2, -inf]
    assert heights[2].tolist() == [1, -inf, -inf, -inf]
    assert letter_heights(SCORES, "log-odds").tolist() == [[1, -1, -inf, 0.25]]


@pytest.mark.parametrize("motif", [LECTURE, to_ppm(LECTURE)])
def test_only_scores_have_a_log_odds_logo(motif):
    with pytest.raises(ValueError, match="lecture holds no scores"):
        letter_heights(motif, "log-odds")


@pytest.mark.parametrize("kind", ["information", "probability"])
def test_scores_alone_have_no_other_logo(kind):
    with pytest.raises(ValueError, match="scores without the probabilities"):
        letter_heights(SCORES, kind)
