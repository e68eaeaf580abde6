"""Warnings about where the rows and the tiles judged come from."""

import numpy as np
import pytest

from seqnet.training.metrics.cautions import Circumstances, cautions
from seqnet.training.metrics.judging import Question, judge


@pytest.fixture(scope="module")
def judged():
    truth = (np.arange(200) % 4 == 0).astype(float)[:, None]
    return judge(("T",), truth, np.linspace(0, 1, 200)[:, None], Question("binary"))


@pytest.mark.parametrize(
    ("trained", "rows", "tiles", "said"),
    [
        (["chr1"], ["chr2"], [], []),
        (["chr1"], ["chr2"], ["chr2"], []),
        (["chr1", "chr3"], ["chr2"], ["chr1", "chr2", "chr3"], ["genome-wide figures are of chr1, chr3 too"]),
        (["chr1"], ["chr1"], ["chr1"], ["training rows lie on chr1 too"]),
        ([], ["chr2"], ["chr1"], []),
    ],
)
def test_places_that_were_trained_on(judged, trained, rows, tiles, said):
    around = Circumstances(trained_contigs=trained, judged_contigs=rows, tiled_contigs=tiles)
    found = [text for text in cautions(judged, around) if "chr" in text]
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


@pytest.mark.parametrize(("tiles", "words"), [(["c"], "stand beside"), ([], "--tiles with --peaks gives")])
def test_sampled_negatives_point_to_the_genome_wide_figures(judged, tiles, words):
    around = Circumstances(negatives={"neg_gc": 7}, tiled_contigs=tiles)
    assert any("7 neg_gc" in text and words in text for text in cautions(judged, around))
