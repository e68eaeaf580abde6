import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.presets import PRESETS
from seqnet.training.fit import Examples, FitConfig, fit, masked_loss, set_seed
from seqnet.training.inputs import SequenceInputs
from seqnet.training.predict import BATCH, predict_logits, sigmoid

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


def trained(config, device=CPU):
    set_seed(config.seed)
    network = build_network(LAYERS, Shape(4, 30), 2)
    rows = []
    result = fit(
        network, examples(400, 1), examples(200, 2), config, device=device, tasks=("A", "B"), log=rows.append
    )
    return network, result, rows


def test_the_loss_equals_the_loop_over_known_targets():
    logits = torch.randn(7, 3, dtype=torch.float64)
    targets = torch.tensor(np.random.default_rng(0).choice([0, 1, np.nan], (7, 3)))
    terms = []
    for x, y in zip(logits.ravel().tolist(), targets.ravel().tolist(), strict=True):
        if y == y:
            p = 1 / (1 + np.exp(-x))
            terms.append(-np.log(p if y else 1 - p))
    assert masked_loss(logits, targets).item() == pytest.approx(np.mean(terms))
    assert masked_loss(logits, torch.full_like(targets, torch.nan)).item() == 0


def test_gradients_ignore_unknown_targets():
    logits = torch.zeros(2, 1, requires_grad=True)
    masked_loss(logits, torch.tensor([[1.0], [float("nan")]])).backward()
    assert logits.grad.tolist() == [[-0.5], [0.0]]


def test_a_network_learns_a_word_and_keeps_its_best_epoch(device):
    network, result, rows = trained(FitConfig(epochs=12, batch_size=32, learning_rate=0.02), device)
    assert rows == result.history
    losses = [row.valid_loss for row in rows]
    assert result.best_epoch == 1 + int(np.argmin(losses))
    assert rows[result.best_epoch - 1].valid_auroc > 0.95
    valid = examples(200, 2)
    logits = predict_logits(network, valid.inputs, device=device, strands="both")
    assert float(masked_loss(torch.from_numpy(logits), torch.from_numpy(valid.targets))) == pytest.approx(
        min(losses), rel=1e-5
    )


def test_equal_seeds_give_equal_bytes_and_others_do_not():
    weights = []
    for seed in (3, 3, 4):
        network, _, _ = trained(FitConfig(epochs=2, seed=seed))
        weights.append(b"".join(t.numpy().tobytes() for t in network.state_dict().values()))
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
