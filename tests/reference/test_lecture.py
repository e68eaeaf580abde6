"""Numbers of CS273B lecture 3 (Kundaje and Zou 2017) and of published tables."""

import numpy as np
import pytest

from seqnet.genome.alphabet import encode_text
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pfm, Pssm, to_ppm, to_pssm
from seqnet.motifs.scan import make_scanner, window_scores
from seqnet.motifs.sites import count_sites

SITES = ("GGATAA", "CGATAA", "CGATAT", "GGATAT")


def test_the_lecture_s_pwm_to_the_digit():
    letters = np.array([list(site.encode()) for site in SITES], dtype=np.uint8)
    ppm = to_ppm(count_sites(letters, MotifInfo("lecture")).pfm)
    assert ppm.probabilities.T.tolist() == [
        [0, 0, 1, 0, 1, 0.5],
        [0.5, 0, 0, 0, 0, 0],
        [0.5, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0.5],
    ]


# printed on the slide; it cannot be derived from the four sites, so only its scores are tested
PRINTED = np.array(
    [
        [-5.7, -3.2, 3.7, -3.2, 3.7, 0.6],
        [0.5, -3.2, -3.2, -3.2, -3.2, -5.7],
        [0.5, 3.7, -3.2, -3.2, -3.2, -5.7],
        [-5.7, -3.2, -3.2, 3.7, -3.2, 0.5],
    ]
).T


def test_the_window_scores_of_the_printed_pssm():
    codes = encode_text("GCATTACCGATAA")
    scores = window_scores(codes, PRINTED)
    assert scores[-1] == pytest.approx(15.9)  # CGATAA
    assert np.maximum(scores, 0).tolist().count(0.0) == len(scores) - (scores > 0).sum()
    scanner = make_scanner(Pssm(MotifInfo("lecture"), PRINTED, UNIFORM), score=15.85)
    assert scanner.distributions[0].p_value(np.array([15.85]))[0] == pytest.approx(2 / 4**6)  # C or G first


# JASPAR MA0048 (NHLH1) as scored in the MEME documentation is not printed to enough digits; the
# SRF example of Biopython's test-suite is: SRF.pfm, pseudocount 0.25 per letter, uniform background
SRF = np.array(
    [
        [2, 9, 0, 1, 32, 3, 46, 1, 43, 15, 2, 2],
        [1, 33, 45, 45, 1, 1, 0, 0, 0, 1, 0, 1],
        [39, 2, 1, 0, 0, 0, 0, 0, 0, 0, 44, 43],
        [4, 2, 0, 0, 13, 42, 0, 45, 3, 30, 0, 0],
    ],
    dtype=float,
).T


def test_the_srf_example_of_biopython():
    pssm = to_pssm(Pfm(MotifInfo("SRF"), SRF), UNIFORM, "1")
    scores = window_scores(encode_text("ACGTGTGCGTAGTGCGT"), pssm.scores)
    expected = [-29.18363571, -38.3365097, -29.17756271, -38.04542542, -20.3014183, -25.18009186]
    assert scores.tolist() == pytest.approx(expected, abs=5e-6)
    assert np.isnan(window_scores(encode_text("ACGTGNGCGTAGTGCGT"), pssm.scores)).all()


def test_scores_equal_biopython_s():
    motifs = pytest.importorskip("Bio.motifs")
    motif = motifs.Motif(counts={b: SRF[:, i].tolist() for i, b in enumerate("ACGT")}, alphabet="ACGT")
    theirs = motif.counts.normalize(pseudocounts=0.25).log_odds()
    ours = to_pssm(Pfm(MotifInfo("SRF"), SRF), UNIFORM, "1").scores
    assert ours.T.tolist() == [pytest.approx(theirs[base], rel=1e-12) for base in "ACGT"]
