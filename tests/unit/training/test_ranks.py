"""Two processes against one: the same rows, the same gradients, the same metrics."""

import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.layers import Shape, build_network
from seqnet.training.config import Examples, FitConfig, Hooks
from seqnet.training.distributed import ALONE, Placement, join, leave, placement
from seqnet.training.fit import fit, set_seed
from tests.conftest import ROOT

CPU = torch.device("cpu")
LAYERS = [
    {"layer": "conv", "filters": 6, "width": 5},
    {"layer": "activation", "name": "relu"},
    {"layer": "global_pool", "kind": "max"},
]


class Recorded(SequenceInputs):
    """Inputs that remember which rows were asked for, with strand."""

    def __init__(self, codes):
        super().__init__(codes)
        object.__setattr__(self, "asked", [])

    def batch(self, rows, device, flip=None, shift=None):
        self.asked.extend(rows.tolist())
        return super().batch(rows, device, flip, shift)


def examples(n, seed):
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 4, (n, 20)).astype(np.uint8)
    targets = (codes[:, :2] > 1).astype(np.float32)
    targets[generator.random(n) < 0.3, 1] = np.nan  # so that processes know different numbers of targets
    return Examples(Recorded(codes), targets)


def run(ranks):
    """Train; return weights, rows asked for, and the history."""
    set_seed(0)
    network = build_network(LAYERS, Shape(4, 20), 2)
    train = examples(101, 1)
    config = FitConfig(
        epochs=2, batch_size=32, learning_rate=0.01, strands="forward", optimiser="sgd", schedule="constant"
    )
    saved = []
    result = fit(
        network, train, examples(51, 2), config, device=CPU, tasks=("A", "B"), ranks=ranks,
        hooks=Hooks(save=saved.append),
    )  # fmt: skip
    weights = np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])
    figures = [[row.train_loss, row.valid_loss, *row.metrics.values()] for row in result.history]
    return weights, np.array(train.inputs.asked), np.array(figures), len(saved)


def main(rank, port, out):
    """What each process runs."""
    ranks = join(Placement(int(rank), 2, int(rank), "127.0.0.1", int(port)), CPU)
    weights, rows, figures, saved = run(ranks)
    np.savez(out, weights=weights, rows=rows, figures=figures, saved=saved)
    leave(ranks)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.unit.training.test_ranks import main; main(*sys.argv[1:])"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(rank), str(port), str(folder / f"{rank}.npz")])
        for rank in (0, 1)
    ]
    assert [process.wait() for process in processes] == [0, 0]
    return [np.load(folder / f"{rank}.npz") for rank in (0, 1)]


def test_two_processes_read_each_row_once_an_epoch(two):
    shares = [set(found["rows"].tolist()) for found in two]
    lengths = [len(found["rows"]) for found in two]
    assert sum(lengths) == 2 * 101
    halves = [found["rows"][: len(found["rows"]) // 2] for found in two]
    assert shares[0] | shares[1] == set(range(101))
    assert abs(len(halves[0]) - len(halves[1])) <= 4


def test_two_processes_learn_what_one_learns(two):
    weights, rows, figures, _ = run(ALONE)
    for found in two:
        assert found["weights"] == pytest.approx(weights, rel=1e-4, abs=1e-6)
        assert found["figures"] == pytest.approx(figures, rel=1e-5)
    assert sorted(np.concatenate([found["rows"] for found in two]).tolist()) == sorted(rows.tolist())
    assert two[0]["weights"].tobytes() == two[1]["weights"].tobytes()


def test_the_first_process_alone_saves(two):
    assert [int(found["saved"]) for found in two] == [1, 0]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Placement()),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, Placement()),  # a batch script, outside srun
        (
            {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "a", "MASTER_PORT": "5"},
            Placement(1, 4, 1, "a", 5),
        ),
        (
            {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "4", "SLURM_LOCALID": "1", "SLURM_JOB_ID": "7",
             "SLURM_STEP_ID": "2", "SLURM_LAUNCH_NODE_IPADDR": "10.0.0.1"},
            Placement(3, 4, 1, "10.0.0.1", 20009),
        ),
    ],
)  # fmt: skip
def test_torchrun_and_srun_say_who_is_who(environment, expected):
    assert placement(environment) == expected
