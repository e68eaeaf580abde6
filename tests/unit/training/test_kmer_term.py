"""The term of gapped k-mers beside a network: counted by a plain loop, weighed as scikit-learn would."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from seqnet.kmers.columns import feature_names
from seqnet.kmers.settings import KmerSettings
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.training import kmer_term
from seqnet.training.inputs import ragged_inputs
from seqnet.training.kmer_term import KmerTerm, copies_of, fit_kmer_term, fitting_rows, stacking_weights
from seqnet.training.predictor import Predictor
from seqnet.training.tiles import Tiles

SETTINGS = KmerSettings(("101", "111"), "both", "sqrt")
NAMES = feature_names(SETTINGS).tolist()
LETTERS = "ACGTN"
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
CPU = torch.device("cpu")


def some_term(tasks=2, seed=0):
    rng = np.random.default_rng(seed)
    return KmerTerm(
        SETTINGS,
        rng.uniform(0.5, 2, tasks).astype("f4"),
        rng.normal(size=(tasks, len(NAMES))).astype("f4"),
        rng.normal(size=tasks).astype("f4"),
    )


def naive_term(term, text):
    """Weights times square roots of counted words, each on whichever strand has a column."""
    counts = Counter()
    for pattern in SETTINGS.patterns:
        for begin in range(len(text) - len(pattern) + 1):
            pairs = list(zip(text[begin:], pattern, strict=False))
            if ("N", "1") not in pairs:
                word = "".join(base if one == "1" else "N" for base, one in pairs)
                counts[word if word in NAMES else word.translate(COMPLEMENT)[::-1]] += 1
    assert set(counts) <= set(NAMES)
    return term.weights.astype("f8") @ np.sqrt([counts[name] for name in NAMES]) + term.bias


@given(st.lists(st.lists(st.integers(0, 4), min_size=9, max_size=9), min_size=1, max_size=6))
def test_the_sum_is_that_of_a_plain_loop(rows):
    codes, term = np.array(rows, dtype=np.uint8), some_term()
    outputs = np.linspace(-2, 2, 2 * len(rows), dtype="f4").reshape(-1, 2)
    expected = [naive_term(term, "".join(LETTERS[code] for code in row)) for row in rows]
    assert np.allclose(term.added(outputs, codes), term.scale * outputs + np.array(expected), atol=1e-4)


def test_parts_and_threads_do_not_matter(monkeypatch):
    codes = np.random.default_rng(1).integers(0, 5, (50, 30)).astype(np.uint8)
    outputs = np.random.default_rng(2).normal(size=(50, 2)).astype("f4")
    whole = some_term().added(outputs, codes)
    monkeypatch.setattr(kmer_term, "_BASES_AT_ONCE", 100)
    assert np.array_equal(some_term().added(outputs, codes, threads=2), whole)
    assert some_term().added(outputs[:0], codes[:0]).shape == (0, 2)


def mixture(n, seed, quality=(1.0, 1.0)):
    """Two outputs of unequal units that tell targets apart, each with errors of its own."""
    rng = np.random.default_rng(seed)
    targets = (np.arange(n) % 2).astype(float)
    signs = 2 * targets - 1
    return (
        3 * (quality[0] * signs + rng.normal(size=n)),
        0.2 * (quality[1] * signs + rng.normal(size=n)),
        targets,
    )


def test_weights_are_those_of_a_logistic_regression():
    first, second, targets = mixture(400, seed=3)
    a, b, c = stacking_weights(first, second, targets)
    one, other = first / first.std(), second / second.std()
    features = np.stack([(one + other) / 2, 0.3 * (one - other) / 2], axis=1)
    solved = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(features, targets)
    assert np.allclose(a * first + b * second + c, solved.decision_function(features), atol=1e-4)
    assert log_loss(targets, 1 / (1 + np.exp(-(a * first + b * second + c)))) < min(
        log_loss(targets, LogisticRegression().fit(x[:, None], targets).predict_proba(x[:, None]))
        for x in (first, second)
    )


def test_few_rows_keep_the_weights_alike_and_many_tell_them_apart():
    ratios = []
    for n in (20, 20_000):
        first, second, targets = mixture(n, seed=4, quality=(1.0, 0.3))
        a, b, _ = stacking_weights(first, second, targets)
        ratios.append(b * second.std() / (a * first.std()))
    assert ratios[0] > 0.6
    assert ratios[1] < 0.5


@pytest.mark.parametrize("worse", [0, 1])
def test_what_misleads_is_left_out(worse):
    quality = [1.0, 1.0]
    quality[worse] = -1.0
    first, second, targets = mixture(2000, seed=5, quality=quality)
    weights = stacking_weights(first, second, targets)
    assert weights[worse] == 0
    assert weights[1 - worse] > 0


def test_without_both_classes_or_without_differences_the_network_is_left_alone():
    first, second, targets = mixture(30, seed=6)
    assert stacking_weights(first, second, np.ones(30)) == (1.0, 0.0, 0.0)
    assert stacking_weights(first, second, np.full(30, np.nan)) == (1.0, 0.0, 0.0)
    assert stacking_weights(first[:0], second[:0], targets[:0]) == (1.0, 0.0, 0.0)
    assert stacking_weights(np.zeros(30), second, targets) == (1.0, 0.0, 0.0)
    a, b, _ = stacking_weights(first, np.zeros(30), targets)
    assert (a > 0, b) == (True, 0)


def test_unknown_targets_do_not_count():
    first, second, targets = mixture(100, seed=7)
    known = stacking_weights(first[:60], second[:60], targets[:60])
    assert stacking_weights(first, second, np.r_[targets[:60], np.full(40, np.nan)]) == known


def planted(n, seed):
    """Sequences of which every other holds a word."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, 60)).astype(np.uint8)
    codes[::2, 20:28] = [3, 2, 0, 1, 3, 1, 0, 2]
    return codes, (np.arange(n) % 2 == 0).astype(float)[:, None]


def test_a_fitted_term_helps_a_network_that_knows_little():
    train, valid, test = planted(600, 1), planted(200, 2), planted(400, 3)
    rng = np.random.default_rng(4)
    weak = [(y + rng.normal(scale=1.5, size=y.shape)).astype("f4") for _, y in (valid, test)]
    term = fit_kmer_term(train, valid, weak[0], "both")
    sums = term.added(weak[1], test[0])
    assert roc_auc_score(test[1], sums) > 0.99 > roc_auc_score(test[1], weak[1]) + 0.1
    assert np.array_equal(term.added(weak[1], (3 - test[0])[:, ::-1]), sums)  # the other strand


def test_all_rows_are_fitted_to_while_they_are_few():
    assert fitting_rows(1000, 100, seed=0).tolist() == list(range(1000))
    drawn = fitting_rows(200_000, 100, seed=0)
    assert len(np.unique(drawn)) == 50_000
    assert np.array_equal(drawn, fitting_rows(200_000, 100, seed=0))
    assert not np.array_equal(drawn, fitting_rows(200_000, 100, seed=1))


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 2000))
def test_copies_fit_into_the_limit(positives, fresh, width):
    copies = copies_of(positives + fresh, fresh, width)
    assert 1 <= copies <= kmer_term.MOST_COPIES
    assert copies == 1 or (positives + copies * fresh) * width <= kmer_term.MOST_BASES


@pytest.fixture(scope="module")
def model():
    """A small network with a term, of sequences of 24 bases."""
    torch.manual_seed(0)
    layers = parse_layers("conv 8x5 padding=0, relu, max_pool 2, conv 8x3 padding=0, relu, global_pool max")
    network = build_network(layers, Shape(4, 24), 2)
    held, weights = some_term().stored()
    header = {
        "kind": "cnn", "architecture": layers, "tasks": ["A", "B"], "strands": "both", **held,
        "input": {"type": "sequence", "width": 24, "features": None, "settings": None},
    }  # fmt: skip
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return Model(header, {**tensors, **weights})


def test_a_model_with_a_term_predicts_the_sum(model):
    codes = np.random.default_rng(5).integers(0, 5, (40, 24)).astype(np.uint8)
    bare = Model(
        {k: v for k, v in model.header.items() if k != "kmer_term"}, kmer_term.network_tensors(model.tensors)
    )
    probabilities = Predictor(bare, CPU).from_codes(codes).astype("f8")
    logits = (np.log(probabilities) - np.log1p(-probabilities)).astype("f4")
    expected = 1 / (1 + np.exp(-some_term().added(logits, codes).astype("f8")))
    assert np.allclose(Predictor(model, CPU).from_codes(codes), expected, atol=1e-6)


def test_tiles_and_padded_sequences_have_their_term(model):
    predictor = Predictor(model, CPU)
    codes = np.random.default_rng(6).integers(0, 5, 500).astype(np.uint8)
    tiles = Tiles(predictor, 2)
    assert tiles.plan is not None  # the shared way
    found = np.concatenate([part.values for part in tiles.predict(codes)])
    padded = np.concatenate([np.full(12, 4, np.uint8), codes, np.full(12, 4, np.uint8)])
    windows = np.stack([padded[start + 1 : start + 25] for start in range(0, 500, 2)])
    clear = (windows == 4).sum(axis=1) <= 12
    assert np.abs(found[clear] - predictor.from_codes(windows[clear])).max() <= 1e-6
    short = codes[:15]  # centred, the odd base of padding on the right
    centred = np.concatenate([np.full(4, 4, np.uint8), short, np.full(5, 4, np.uint8)])
    values = predictor.from_inputs(ragged_inputs([short], 24))
    assert np.array_equal(values, predictor.from_codes(centred[None]))
