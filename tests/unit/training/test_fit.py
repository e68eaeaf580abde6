import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.inference.batched import BATCH, predict_logits, sigmoid
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.fast.blocked_conv import LearntBlocks, best_cut
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.losses import bce
from seqnet.networks.presets import PRESETS
from seqnet.training.config import Examples, FitConfig, Hooks, StopRequest
from seqnet.training.fit import StoppedError, fit, set_seed

CPU = torch.device("cpu")
LAYERS = [
    {"layer": "conv", "filters": 8, "width": 5},
    {"layer": "activation", "name": "relu"},
    {"layer": "global_pool", "kind": "max"},
]


def examples(n, seed, word=(0, 1, 2, 3, 3, 1)):
    """Half of the random sequences hold a word; the second task is known for some rows only."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 4, (n, 30)).astype(np.uint8)
    positive = generator.random(n) < 0.5
    codes[positive, 10 : 10 + len(word)] = word
    targets = np.stack([positive, ~positive], axis=1).astype(np.float32)
    targets[generator.random(n) < 0.3, 1] = np.nan
    return Examples(SequenceInputs(codes), targets)


def trained(config, device=CPU, layers=LAYERS, **hooks):
    set_seed(config.seed)
    network = build_network(layers, Shape(4, 30), 2)
    rows = []
    resume = hooks.pop("resume", None)
    result = fit(
        network, examples(400, 1), examples(200, 2), config, device=device, tasks=("A", "B"),
        hooks=Hooks(log=rows.append, **hooks), resume=resume,
    )  # fmt: skip
    return network, result, rows


def weights_of(network):
    return b"".join(t.numpy().tobytes() for t in network.state_dict().values())


def test_a_network_learns_a_word_and_keeps_its_best_epoch(device):
    network, result, rows = trained(FitConfig(epochs=12, batch_size=32, learning_rate=0.02), device)
    assert rows == result.history
    losses = [row.valid_loss for row in rows]
    assert result.best_epoch == 1 + int(np.argmin(losses))
    assert rows[result.best_epoch - 1].metrics["auroc"] > 0.95
    valid = examples(200, 2)
    logits = predict_logits(network, valid.inputs, device=device, strands="both")
    assert float(bce(torch.from_numpy(logits), torch.from_numpy(valid.targets))) == pytest.approx(
        min(losses), rel=1e-5
    )


def test_equal_seeds_give_equal_bytes_and_others_do_not():
    weights = []
    for seed in (3, 3, 4):
        network, _, _ = trained(FitConfig(epochs=2, seed=seed))
        weights.append(weights_of(network))
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


def test_training_stops_when_validation_no_longer_improves():
    _, result, rows = trained(FitConfig(epochs=40, batch_size=32, learning_rate=0.05, patience=2))
    assert len(rows) < 40
    assert len(rows) == result.best_epoch + 2


def test_a_loss_that_is_no_number_names_epoch_and_batch():
    with pytest.raises(SeqnetError, match=r"training loss is (nan|inf) at epoch 1, batch \d+"):
        trained(FitConfig(epochs=3, batch_size=16, learning_rate=1e30))


def test_predictions_do_not_depend_on_the_other_rows_or_on_threads():
    set_seed(0)
    network = build_network(PRESETS["default"].layers, Shape(4, 30), 2)
    codes = examples(BATCH + 5, 5).inputs.codes
    whole = predict_logits(network, SequenceInputs(codes), device=CPU, strands="both")
    alone = predict_logits(network, SequenceInputs(codes[-3:]), device=CPU, strands="both")
    assert whole[-3:].tobytes() == alone.tobytes()
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            again = predict_logits(network, SequenceInputs(codes), device=CPU, strands="both")
            assert again.tobytes() == whole.tobytes()
    finally:
        torch.set_num_threads(before)


def test_both_strand_predictions_are_symmetric():
    set_seed(1)
    network = build_network(LAYERS, Shape(4, 30), 2)
    inputs = examples(10, 6).inputs
    from seqnet.genome.alphabet import reverse_complement

    other = SequenceInputs(reverse_complement(inputs.codes))
    first = predict_logits(network, inputs, device=CPU, strands="both")
    assert first == pytest.approx(predict_logits(network, other, device=CPU, strands="both"), abs=1e-6)


def test_probabilities_of_extreme_logits():
    assert sigmoid(np.array([[-200.0, 0.0, 200.0]], dtype=np.float32)).tolist() == [[0.0, 0.5, 1.0]]


STOCHASTIC = [
    {"layer": "conv", "filters": 8, "width": 5},
    {"layer": "batch_norm"},
    {"layer": "activation", "name": "relu"},
    {"layer": "dropout", "rate": 0.2},
    {"layer": "global_pool", "kind": "max"},
]


class Keeper:
    """Saves after some steps and stops after one."""

    def __init__(self, stop):
        self.stop, self.last = stop, None

    def stop_request(self, step):
        return StopRequest(save=step % 5 == 0, stop=85 * (step == self.stop))

    def save(self, snapshot):
        self.last = snapshot


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ema": 0.9, "clip": 1.0, "max_norm": 2.0, "mutate": 0.1},
        {"optimiser": "rmsprop", "schedule": "plateau", "decay_epochs": 1, "balance": True},
        {"optimiser": "nesterov", "schedule": "cosine", "warmup": 7, "class_weights": True},
        {"optimiser": "adagrad", "precision": "bf16"},
        {"optimiser": "adadelta", "monitor": "auroc", "patience": 2},
    ],
    ids=str,
)
def test_a_run_stopped_anywhere_goes_on_to_the_same_bytes(options):
    config = FitConfig(epochs=4, batch_size=32, **options)
    network, result, rows = trained(config, layers=STOCHASTIC)
    for stop in (1, 13, 26, 40):  # first step, end of an epoch, middle, near the end
        keeper = Keeper(stop)
        with pytest.raises(StoppedError, match=r"stopped in epoch \d after batch \d+ of 13") as stopped:
            trained(config, layers=STOCHASTIC, stop_request=keeper.stop_request, save=keeper.save)
        assert stopped.value.exit_code == 85
        torch.manual_seed(12345)  # what another process would have
        again, resumed, later = trained(config, layers=STOCHASTIC, resume=keeper.last)
        assert weights_of(again) == weights_of(network)
        assert resumed == result
        assert later == rows[len(rows) - len(later) :]


def test_wide_convolutions_are_learnt_in_blocks_and_to_the_same_bytes(monkeypatch):
    layers = parse_layers("conv 64x5, relu, conv 64x15, relu, global_pool max")
    assert best_cut(15, 64, 64, 64, 30) is not None
    config = FitConfig(epochs=3, batch_size=64)
    network, _, rows = trained(config, layers=layers)
    assert isinstance(network[2], LearntBlocks)
    keeper = Keeper(9)
    with pytest.raises(StoppedError):
        trained(config, layers=layers, stop_request=keeper.stop_request, save=keeper.save)
    again, _, _ = trained(config, layers=layers, resume=keeper.last)
    assert weights_of(again) == weights_of(network)
    monkeypatch.setattr("seqnet.training.fit.learn_in_blocks", lambda _: None)
    uncut, _, plain = trained(config, layers=layers)
    assert [row.valid_loss for row in rows] == pytest.approx([row.valid_loss for row in plain], rel=1e-4)
    assert weights_of(uncut) != weights_of(network)  # in their last digits


def test_other_arithmetic_takes_no_blocks():
    network, _, _ = trained(FitConfig(epochs=1, precision="bf16"), layers=parse_layers("conv 64x15"))
    assert type(network[0]) is torch.nn.Conv2d


def test_a_finished_run_resumed_gives_its_result_without_a_step():
    config = FitConfig(epochs=2)
    keeper = Keeper(None)
    network, result, _ = trained(config, save=keeper.save)
    again, resumed, rows = trained(config, resume=keeper.last, progress=pytest.fail)
    assert (weights_of(again), resumed, rows) == (weights_of(network), result, [])


def test_weights_that_are_no_numbers_are_never_saved():
    keeper = Keeper(None)
    with pytest.raises(SeqnetError, match="training loss is"):
        trained(
            FitConfig(epochs=3, batch_size=16, learning_rate=1e30, optimiser="sgd", schedule="constant"),
            stop_request=lambda _step: StopRequest(save=True), save=keeper.save,
        )  # fmt: skip
    assert keeper.last is None or all(np.isfinite(a).all() for a in keeper.last.part("network").values())


def test_full_batch_is_one_step_an_epoch():
    keeper = Keeper(None)
    trained(FitConfig(epochs=3, batch_size=0), save=keeper.save)
    assert keeper.last.values["step"] == 3


def test_one_row_left_over_joins_the_last_batch():
    sizes = []
    trained(FitConfig(epochs=1, batch_size=133), progress=sizes.append)
    assert sizes == [133, 133, 134]


def test_max_norm_holds_for_every_filter():
    network, _, _ = trained(FitConfig(epochs=3, max_norm=0.3))
    filters = [p for p in network.parameters() if p.ndim > 1]
    assert max(float(p.detach().flatten(1).norm(dim=1).max()) for p in filters) <= 0.3 + 1e-6


def test_the_average_of_weights_follows_its_formula():
    configs = [FitConfig(epochs=1, batch_size=0, ema=ema, schedule="constant") for ema in (0.0, 0.5)]
    plain, averaged = (trained(config)[0] for config in configs)
    set_seed(0)
    start = build_network(LAYERS, Shape(4, 30), 2)
    decay = min(0.5, 2 / 11)
    for first, last, mean in zip(*(n.parameters() for n in (start, plain, averaged)), strict=True):
        expected = decay * first + (1 - decay) * last
        assert mean.detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-7)


def test_replaced_bases_change_what_is_learnt_and_no_validation():
    config = FitConfig(epochs=1, batch_size=1_000, learning_rate=0.0)
    plain, mutated = (trained(replace(config, mutate=share))[1].history[0] for share in (0.0, 0.5))
    assert mutated.train_loss != plain.train_loss
    assert mutated.valid_loss == pytest.approx(plain.valid_loss, rel=0.05)
    learnt = [weights_of(trained(FitConfig(epochs=1, mutate=share))[0]) for share in (0.0, 0.5, 0.5)]
    assert learnt[0] != learnt[1] == learnt[2]


def test_fresh_examples_are_drawn_for_each_epoch():
    asked = []

    def resample(epoch):
        asked.append(epoch)
        return examples(400, 10 + epoch)

    config = FitConfig(epochs=3)
    network, _, _ = trained(config, resample=resample)
    assert asked == [1, 2, 3]
    keeper = Keeper(6)
    with pytest.raises(StoppedError):
        trained(config, stop_request=keeper.stop_request, save=keeper.save, resample=resample)
    again, _, _ = trained(config, resume=keeper.last, resample=resample)
    assert weights_of(again) == weights_of(network)
    assert asked[3:] == [1, 2, 2, 3]


def test_an_undefined_metric_that_decides_is_an_error():
    one_class = examples(50, 3)._replace(targets=np.ones((50, 2), np.float32))
    network = build_network(LAYERS, Shape(4, 30), 2)
    with pytest.raises(SeqnetError, match="auroc is undefined on the validation rows"):
        fit(network, examples(50, 1), one_class, FitConfig(monitor="auroc"), device=CPU, tasks=("A", "B"))


@pytest.mark.parametrize("task_type", ["regression", "counts", "multiclass"])
def test_other_tasks_learn_and_are_judged(task_type):
    def other(n, seed):
        inputs, targets, _ = examples(n, seed)
        targets = np.nan_to_num(targets, nan=0.0)
        return Examples(inputs, np.stack([targets[:, 0], 1 - targets[:, 0]], axis=1))

    loss, metric = {
        "regression": ("mse", "r2"),
        "counts": ("poisson", "pearson"),
        "multiclass": ("cross_entropy", "accuracy"),
    }[task_type]
    config = FitConfig(
        epochs=15, batch_size=32, learning_rate=0.02, task_type=task_type, loss=loss, monitor=metric
    )
    set_seed(0)
    network = build_network(LAYERS, Shape(4, 30), 2)
    result = fit(network, other(400, 1), other(200, 2), config, device=CPU, tasks=("A", "B"))
    assert result.history[result.best_epoch - 1].metrics[metric] > 0.8


class Hungry(torch.nn.Module):
    def __init__(self, error):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.zeros(1))
        self.error = error

    def forward(self, _x):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_want_of_memory_suggests_a_smaller_batch(error):
    with pytest.raises(SeqnetError, match=r"out of memory on cpu with batches of 50; try --batch-size 25"):
        fit(Hungry(error), examples(50, 1), examples(50, 2), FitConfig(), device=CPU, tasks=("A", "B"))


def test_other_errors_are_passed_on():
    with pytest.raises(RuntimeError, match="shapes"):
        fit(
            Hungry(RuntimeError("shapes")),
            examples(50, 1),
            examples(50, 2),
            FitConfig(),
            device=CPU,
            tasks=("A", "B"),
        )


def test_rows_weigh_as_they_are_told():
    weights = np.random.default_rng(7).exponential(1, 400).astype(np.float32)
    train, valid = (
        examples(400, 1),
        examples(200, 2)._replace(weights=np.linspace(0, 2, 200, dtype=np.float32)),
    )
    config = FitConfig(epochs=1, batch_size=0, optimiser="sgd", learning_rate=0.5, schedule="constant",
                       weight_decay=0, strands="forward")  # fmt: skip
    set_seed(0)
    network = build_network(LAYERS, Shape(4, 30), 2)
    plain = copy.deepcopy(network)
    result = fit(network, train._replace(weights=weights), valid, config, device=CPU, tasks=("A", "B"))
    # one step down the gradient of sum(w loss) / known, by hand
    known = ~np.isnan(train.targets)
    targets = torch.from_numpy(np.nan_to_num(train.targets))
    logits = plain(train.inputs.batch(np.arange(400), CPU))
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = (each * torch.from_numpy(weights[:, None] * known)).sum() / known.sum()
    loss.backward()
    for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs - 0.5 * theirs.grad, atol=1e-6, rtol=1e-5)
    assert result.history[0].train_loss == pytest.approx(loss.item(), rel=1e-5)
    outputs = predict_logits(network, valid.inputs, device=CPU)
    again = bce(
        torch.from_numpy(outputs), torch.from_numpy(valid.targets), None, torch.from_numpy(valid.weights)
    )
    assert result.history[0].valid_loss == pytest.approx(float(again), rel=1e-5)
