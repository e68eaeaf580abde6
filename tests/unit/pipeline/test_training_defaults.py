"""How training is set up where options leave it open: steps, averages and what decides the best epoch."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import seqnet
from seqnet.pipeline.training.defaults import (
    default_batch,
    default_ema,
    default_epochs,
    default_monitor,
    default_mutation,
    has_few_examples,
)
from seqnet.pipeline.training.fitting import labelled_config
from seqnet.pipeline.training.request import TrainCnnRequest


@pytest.mark.parametrize("rows", [10, 300, 1_500, 7_000, 19_999, 20_000, 25_000, 400_000])
def test_small_sets_get_small_batches_and_enough_steps(rows):
    batch = default_batch(rows)
    assert batch == (32 if rows < 20_000 else 128)
    epochs = default_epochs(rows, batch)
    steps = epochs * -(-rows // batch)
    assert 12 <= epochs <= 50
    assert epochs == 50 or steps >= 1_900


def test_a_batch_of_all_rows_is_one_step():
    assert default_epochs(300, 0) == 50


@pytest.mark.parametrize("steps", [1, 6, 600, 60_000])
def test_the_average_covers_a_sixth_of_the_steps(steps):
    decay = default_ema(steps)
    assert 0 <= decay < 1
    assert 1 / (1 - decay) == pytest.approx(max(1, steps / 6))  # the mean age of what is averaged


@pytest.mark.parametrize(
    ("rows", "task_type", "averaged"),
    [(19_999, "binary", True), (20_000, "binary", False), (20_000, "regression", True)],
)
def test_weights_of_small_sets_and_of_regressions_are_averaged(rows, task_type, averaged):
    parts = {"train": np.arange(rows), "valid": np.arange(0)}
    data = SimpleNamespace(rows=parts.get, task_type=task_type, targets=np.ones((rows, 1)))
    config = labelled_config(
        TrainCnnRequest(positives="p.fa", negatives="shuffle"),
        data,
        jitter=0,
        strands="both",
        device=torch.device("cpu"),
    )
    assert (config.ema > 0) == averaged
    asked = labelled_config(
        TrainCnnRequest(positives="p.fa", negatives="shuffle", ema=0.5),
        data,
        jitter=0,
        strands="both",
        device=torch.device("cpu"),
    )
    assert asked.ema == 0.5


def targets(share, n=200, tasks=3):
    found = np.zeros((n, tasks))
    found[: int(share * n)] = 1
    return found


def test_auprc_decides_where_positives_are_rare():
    assert default_monitor("binary", targets(0.05), targets(0.05)) == "auprc"
    assert default_monitor("binary", targets(0.3), targets(0.05)) == "loss"
    assert default_monitor("regression", targets(0.05), targets(0.05)) == "loss"


def test_unknown_targets_do_not_count_as_negatives():
    train = targets(0.05)
    train[:50][train[:50] == 0] = np.nan
    assert default_monitor("binary", train, targets(0.05)) == "auprc"
    train[50:] = np.nan
    assert default_monitor("binary", train, targets(0.05)) == "loss"  # positives alone
    assert default_monitor("binary", np.full((5, 2), np.nan), targets(0.05)) == "loss"


def test_the_loss_decides_where_validation_rows_hold_no_positive():
    assert default_monitor("binary", targets(0.05), targets(0.0)) == "loss"


@pytest.mark.parametrize(
    ("task_type", "positives", "expected"),
    [("binary", [499, 100, 5_000], True), ("binary", [500, 5_000], False), ("binary", [499], True),
     ("regression", [2_000], False), ("regression", [1_999], True)],
)  # fmt: skip
def test_examples_are_few_in_the_median_of_tasks(task_type, positives, expected):
    """Positives of binary tasks, a quarter of the known rows of regressions; unknown targets do not count."""
    targets = np.zeros((6_000, len(positives)))
    for task, count in enumerate(positives):
        targets[:count, task] = 1
        if task_type == "regression":
            targets[count:, task] = np.nan
    assert has_few_examples(task_type, targets) == expected


@pytest.mark.parametrize(
    ("rows", "share"), [(1, 0.05), (2_000, 0.05), (8_000, 0.0125), (10_000, 0.01), (10_001, 0.0)]
)
def test_fewer_bases_are_replaced_with_more_rows_and_none_for_other_tasks(rows, share):
    assert default_mutation("binary", rows) == pytest.approx(share)
    assert default_mutation("regression", rows) == default_mutation("multiclass", rows) == 0


@pytest.mark.parametrize(
    ("options", "share"), [({}, 0.05), ({"mutate": 0.0}, 0.0), ({"preset": "lecture"}, 0.0),
                           ({"preset": "lecture", "mutate": 0.3}, 0.3)],
)  # fmt: skip
def test_bases_are_replaced_by_default_with_the_default_preset_alone(example_data, options, share):
    trained = seqnet.train_cnn(
        positives=str(example_data / "sites.fa"), negatives="shuffle", epochs=1, kmer_term=False,
        denovo_motifs=False, threads=1, **options,
    )  # fmt: skip
    assert trained.model.header["options"]["mutate"] == share
