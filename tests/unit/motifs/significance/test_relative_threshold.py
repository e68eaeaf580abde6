import numpy as np
import pytest

from seqnet.genome.alphabet import encode_text
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.scan import window_scores
from seqnet.motifs.significance.thresholds import relative_threshold


def test_the_ends_are_the_lowest_and_the_highest_score():
    scores = np.random.default_rng(3).normal(0, 2, (40, 4))
    pssm = Pssm(MotifInfo("m"), scores, UNIFORM)
    for letters, share in ((scores.argmax(axis=1), 1.0), (scores.argmin(axis=1), 0.0)):
        (attained,) = window_scores(letters.astype(np.uint8), scores)
        threshold = relative_threshold(pssm, share)
        assert threshold <= attained  # summed in another order, it is still reached
        assert threshold == pytest.approx(attained, abs=1e-8)


def test_half_way_is_half_way():
    pssm = Pssm(MotifInfo("m"), np.array([[1.0, 0, 0, -3], [2.0, 0, 0, 0]]), UNIFORM)
    assert relative_threshold(pssm, 0.5) == pytest.approx(0.0, abs=1e-8)
    assert window_scores(encode_text("TA"), pssm.scores)[0] == -1.0


def test_it_is_undefined_with_minus_infinity():
    pssm = Pssm(MotifInfo("m"), np.array([[1.0, 0, 0, -np.inf]]), UNIFORM)
    with pytest.raises(ValueError, match=r"scores of -inf, so relative scores are undefined"):
        relative_threshold(pssm, 0.5)
