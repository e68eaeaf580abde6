"""States of runs whose values or arrays are not what a run wrote."""

import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.header.types import FieldError
from seqnet.networks.layers import Shape, build_network
from seqnet.training.config import Examples, FitConfig, Hooks
from seqnet.training.fit import fit
from seqnet.training.snapshot import Snapshot

CPU = torch.device("cpu")


def run(rate=2e-3, resume=None, targets=1.0, epochs=2, batch=8, **hooks):
    generator = np.random.default_rng(0)
    network = build_network([{"layer": "flatten"}], Shape(4, 6), 1)

    def examples(n):
        codes = generator.integers(0, 4, (n, 6)).astype(np.uint8)
        return Examples(
            SequenceInputs(codes), (targets * generator.integers(0, 2, (n, 1))).astype(np.float32)
        )

    config = FitConfig(
        epochs=epochs, batch_size=batch, ema=0.5, learning_rate=rate, optimiser="sgd", schedule="constant",
        task_type="regression", loss="mse",
    )  # fmt: skip
    return fit(
        network,
        examples(16),
        examples(16),
        config,
        device=CPU,
        tasks=("A",),
        hooks=Hooks(**hooks),
        resume=resume,
    )


@pytest.fixture(scope="module")
def saved():
    kept = []
    run(save=kept.append)
    return kept[-1]


def test_a_snapshot_that_a_run_wrote_is_sound(saved):
    saved.check()
    assert run(resume=saved).best_epoch == saved.values["best_epoch"]


@pytest.mark.parametrize("name", ["epoch", "batch", "step", "rate", "finished", "loss_sum", "loss_rows",
                                  "best_epoch", "best_score", "history"])  # fmt: skip
def test_values_of_wrong_types_are_named(saved, name):
    for value in ("x", {}, [None], float("nan"), "1"):
        with pytest.raises(FieldError, match=f"values.{name}"):
            Snapshot({**saved.values, name: value}, saved.arrays).check()
    with pytest.raises(FieldError, match=rf"values\.{name} is missing"):
        Snapshot({key: value for key, value in saved.values.items() if key != name}, saved.arrays).check()


def test_rows_of_the_history_of_wrong_types_are_named(saved):
    (first, *_) = saved.values["history"]
    for name in first:
        with pytest.raises(FieldError, match=rf"values\.history\.0\.{name}"):
            Snapshot({**saved.values, "history": [{**first, name: "x"}]}, saved.arrays).check()


@pytest.mark.parametrize("part", ["network", "best", "averaged", "random"])
def test_arrays_of_another_run_are_one_line(saved, part):
    missing = {name: array for name, array in saved.arrays.items() if not name.startswith(f"{part}/")}
    cut = {
        name: array[..., :1] if name.startswith(f"{part}/") else array for name, array in saved.arrays.items()
    }
    for arrays in (missing, cut):
        with pytest.raises(SeqnetError, match="the checkpoint's arrays are not those of this run: "):
            run(resume=Snapshot(saved.values, arrays))


def test_a_loss_that_is_no_number_names_its_epoch_and_batch():
    with pytest.raises(
        SeqnetError, match=r"training loss is \S+ at epoch 1, batch 2; try a lower --learning-rate"
    ):
        run(rate=1e30, targets=1e10)
    with pytest.raises(
        SeqnetError, match=r"validation loss is \S+ at epoch 1, batch 1; try a lower --learning-rate"
    ):
        run(rate=1e30, targets=1e10, batch=16)
