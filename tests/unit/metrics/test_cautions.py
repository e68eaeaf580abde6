"""Warnings about where the rows and the tiles judged come from."""

import numpy as np
import pytest

from seqnet.metrics.evaluate import Question, evaluate_tasks
from seqnet.metrics.warnings import Circumstances, cautions


@pytest.fixture(scope="module")
def judged():
    truth = (np.arange(200) % 4 == 0).astype(float)[:, None]
    return evaluate_tasks(("T",), truth, np.linspace(0, 1, 200)[:, None], Question("binary"))


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
    around = Circumstances(trained_contigs=trained, evaluated_contigs=rows, tiled_contigs=tiles)
    found = [text for text in cautions(judged, around) if "chr" in text]
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"apart": True}, []),
        ({"apart": True, "tiles_apart": True}, []),
        (
            {"trained_rows": 3, "rows": 40},
            ["3 of 40 evaluated rows lie in stretches that the model was trained on"],
        ),
        (
            {"trained_rows": 3, "rows": 40, "split": "."},
            ["are too good; --split test leaves them out"],
        ),
        (
            {"trained_rows": 3, "rows": 40, "split": "all"},
            ["rows that were trained on are among those evaluated"],
        ),
    ],
)
def test_stretches_that_are_held_out_have_no_neighbours(judged, known, said):
    around = Circumstances(trained_contigs=["c"], evaluated_contigs=["c"], tiled_contigs=["c"], **known)
    found = [text for text in cautions(judged, around) if "trained on" in text or "training rows" in text]
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


def test_tiles_that_touch_no_training_row_are_not_warned_about(judged):
    around = Circumstances(
        trained_contigs=["a"], evaluated_contigs=["b"], tiled_contigs=["a"], tiles_apart=True
    )
    assert not any("genome-wide figures are of" in text for text in cautions(judged, around))


@pytest.mark.parametrize(
    ("tiles", "words"), [(["c"], "see the genome-wide"), ([], "--tiles with --peaks gives")]
)
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
