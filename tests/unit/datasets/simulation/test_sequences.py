import numpy as np
import pytest

from seqnet.datasets.simulation.grammars import Copies
from seqnet.datasets.simulation.letters import conditional_tables, draw_background, gc_background
from seqnet.datasets.simulation.sequences import ClassPlan, letters_of_sites, simulate, site_score
from seqnet.genome.alphabet import decode, encode_text
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Ppm, to_pssm

TABLES = conditional_tables(gc_background(0.4))


def word(text):
    """A motif that is one word."""
    return Ppm(MotifInfo(text), np.eye(4)[encode_text(text)])


def made(positives=8, negatives=5, seed=0, motifs=("AACCTG", "GATTACA")):
    return simulate(
        ClassPlan(positives, Copies(2, 3)),
        ClassPlan(negatives, Copies(0, 0)),
        [word(text) for text in motifs],
        TABLES,
        60,
        np.random.default_rng(seed),
    )


def test_positives_come_first_and_are_labelled():
    found = made()
    assert found.names[0] == "pos_0001"
    assert found.names[7:9] == ["pos_0008", "neg_0001"]
    assert found.targets[:, 0].tolist() == [1] * 8 + [0] * 5
    assert found.codes.shape == (13, 60)
    assert found.sites.sequence.max() == 7
    assert set(found.sites.sequence.tolist()) == set(range(8))


def test_numbers_of_names_have_one_length():
    assert made(12_345, 0).names[0] == "pos_00001"
    assert made(0, 3).names == ["neg_0001", "neg_0002", "neg_0003"]


def test_sequences_hold_the_sites_and_background_between():
    found = made()
    plain = [decode(row) for row in found.codes]
    pairs = str.maketrans("ACGT", "TGCA")
    for sequence, motif, start, strand in zip(*(c.tolist() for c in found.sites), strict=True):
        text = ("AACCTG", "GATTACA")[motif]
        expected = text if strand > 0 else text.translate(pairs)[::-1]
        assert plain[sequence][start : start + len(text)] == expected
    letters = letters_of_sites(found.codes, found.sites, [6, 7])
    assert {decode(own) for own in letters} == {"AACCTG", "GATTACA"}
    # elsewhere stands what the background alone would have
    generator = np.random.default_rng(0)
    for grammar, count in ((Copies(2, 3), 8), (Copies(0, 0), 5)):
        grammar.plan(count, 60, np.array([6, 7]), generator)
    background = draw_background(TABLES, 13, 60, generator)
    covered = np.zeros((13, 60), dtype=bool)
    for sequence, motif, start, _ in zip(*(c.tolist() for c in found.sites), strict=True):
        covered[sequence, start : start + (6, 7)[motif]] = True
    np.testing.assert_array_equal(found.codes[~covered], background[~covered])
    assert (found.codes != background).any()


def test_the_seed_decides():
    np.testing.assert_array_equal(made(seed=3).codes, made(seed=3).codes)
    assert (made(seed=3).codes != made(seed=4).codes).any()


def test_a_site_s_score_is_the_sum_of_its_letters():
    ppm = Ppm(MotifInfo("m"), np.array([[0.5, 0.25, 0.25, 0], [0.125, 0.5, 0.125, 0.25]]))
    pssm = to_pssm(ppm, UNIFORM, "0")
    assert site_score(encode_text("AC"), pssm) == pytest.approx(2.0)
    assert site_score(encode_text("GT"), pssm) == pytest.approx(0.0)
    assert site_score(encode_text("TT"), pssm) == -np.inf
