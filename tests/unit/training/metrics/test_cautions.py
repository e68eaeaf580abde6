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


@pytest.mark.parametrize(
    ("better", "compared", "said"),
    [
        (
            [("A", 0.6, 0.8), ("B", 0.7, 0.71)],
            9,
            "pwm is better in 2 of 9 tasks, most in A (auROC .80, predic",
        ),
        ([], 9, None),
        ([("A", 0.6, 0.8)], 1, None),  # said of the mean already
    ],
)
def test_tasks_in_which_a_baseline_is_better_are_counted(judged, better, compared, said):
    found = cautions(judged, Circumstances(better_baselines={"pwm": (better, compared)}))
    assert [said in text for text in found if "is better in" in text] == ([True] if said else [])
