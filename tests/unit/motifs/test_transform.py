import numpy as np
import pytest

from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.information import information
from seqnet.motifs.matrix import MotifInfo, Pfm, Ppm, Pssm, to_ppm, to_pssm
from seqnet.motifs.transform import reverse_complemented, trimmed

COUNTS = np.array([[5.0, 5, 5, 5], [20, 0, 0, 0], [5, 5, 6, 4], [0, 0, 0, 20], [6, 5, 4, 5]])


def forms():
    pfm = Pfm(MotifInfo("m", "alt", 20.0, "1e-9", "http://x", 3.5), COUNTS)
    return [pfm, to_ppm(pfm), to_pssm(pfm)]


@pytest.mark.parametrize("motif", forms(), ids=lambda motif: type(motif).__name__)
def test_the_reverse_complement_twice_is_the_motif(motif):
    once = reverse_complemented(motif)
    assert type(once) is type(motif)
    assert once.info == motif.info
    name = {Pfm: "counts", Ppm: "probabilities", Pssm: "scores"}[type(motif)]
    matrix, turned = getattr(motif, name), getattr(once, name)
    for i, row in enumerate(matrix):
        assert turned[len(matrix) - 1 - i].tolist() == row[[3, 2, 1, 0]].tolist()  # T G C A
    assert (getattr(reverse_complemented(once), name) == matrix).all()


def test_scores_turn_with_the_probabilities_they_were_made_from():
    turned = reverse_complemented(to_pssm(Pfm(MotifInfo("m"), COUNTS)))
    again = to_pssm(turned.ppm, UNIFORM)
    assert turned.scores == pytest.approx(again.scores)


def test_scores_against_an_asymmetric_background_cannot_turn():
    pssm = to_pssm(Pfm(MotifInfo("m"), COUNTS), Background(np.array([0.4, 0.1, 0.2, 0.3])))
    with pytest.raises(ValueError, match="differs between the strands"):
        reverse_complemented(pssm)


@pytest.mark.parametrize("motif", forms(), ids=lambda motif: type(motif).__name__)
def test_trimming_cuts_flanks_and_keeps_the_middle(motif):
    cut = trimmed(motif, 0.5)
    assert cut.width == 3
    assert (to_ppm(cut).probabilities == to_ppm(motif).probabilities[1:4]).all()


def test_trimming_corrects_for_small_samples():
    pfm = Pfm(MotifInfo("m"), COUNTS / 5)  # four sites: a sure column holds 2 - .676 bits
    bits = information(to_ppm(pfm).probabilities, 4.0)[1]
    assert trimmed(pfm, bits).width == 3
    with pytest.raises(ValueError, match="no position of m holds"):
        trimmed(pfm, bits + 1e-9)
