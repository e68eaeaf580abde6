"""The term of gapped k-mers beside a network: counted by a plain loop, fitted as scikit-learn would."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from seqnet.inference.predictor import Predictor
from seqnet.inference.terms import adding
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.tiles import Tiles
from seqnet.kmers.columns import feature_names
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import KmerSettings
from seqnet.linear.stack import fit_stack
from seqnet.model_inputs.inputs import ragged_inputs
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model, network_tensors
from seqnet.pipeline.training.terms import kmer_fit
from seqnet.pipeline.training.terms.kmer_fit import copies_of, fit_kmer_ridge, fit_kmer_term, fitting_rows

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
    monkeypatch.setattr(adding, "_BASES_AT_ONCE", 100)
    assert np.array_equal(some_term().added(outputs, codes, threads=2), whole)
    assert some_term().added(outputs[:0], codes[:0]).shape == (0, 2)


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
    fitted = fit_kmer_term(train, valid, "both")
    parts = np.stack([weak[0], fitted.products(valid[0])])
    stack = fit_stack("bce", parts, valid[1])
    term = fitted.weighted(stack.weights[:, 1], stack.weights[:, 0], stack.bias)
    sums = term.added(weak[1], test[0])
    assert roc_auc_score(test[1], sums) > 0.99 > roc_auc_score(test[1], weak[1]) + 0.1
    assert np.array_equal(term.added(weak[1], (3 - test[0])[:, ::-1]), sums)  # the other strand


def test_ridge_regressions_are_scikit_learns_in_units_of_logits():
    train, valid = planted(300, 1), planted(100, 2)
    targets, held = (np.concatenate([y, 1 - y, np.roll(y, 1)], axis=1) for y in (train[1], valid[1]))
    term = fit_kmer_ridge((train[0], targets), (valid[0], held), "both", binary=True)
    features, other = (count_codes(codes, term.settings).toarray() for codes in (train[0], valid[0]))
    unit = np.square(features - features.mean(axis=0)).sum() / len(features)
    found = term.products(valid[0])
    ridges = [Ridge(alpha=penalty * unit).fit(features, targets) for penalty in (30.0, 10.0, 3.0, 1.0)]
    outputs = [ridge.predict(other) for ridge in ridges]
    best = outputs[int(np.argmin([np.square(one - held).mean() for one in outputs]))]
    mean = targets.mean(axis=0)
    np.testing.assert_allclose(
        found, np.log(mean / (1 - mean)) + (best - mean) / (mean * (1 - mean)), atol=1e-3
    )
    plain = fit_kmer_ridge((train[0], targets), (valid[0], held), "both", binary=False)
    np.testing.assert_allclose(plain.products(valid[0]), best, atol=1e-4)


def test_all_rows_are_fitted_to_while_they_are_few():
    assert fitting_rows(1000, 100, seed=0).tolist() == list(range(1000))
    drawn = fitting_rows(200_000, 100, seed=0)
    assert len(np.unique(drawn)) == 50_000
    assert np.array_equal(drawn, fitting_rows(200_000, 100, seed=0))
    assert not np.array_equal(drawn, fitting_rows(200_000, 100, seed=1))


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 2000))
def test_copies_fit_into_the_limit(positives, fresh, width):
    copies = copies_of(positives + fresh, fresh, width)
    assert 1 <= copies <= kmer_fit.MOST_COPIES
    assert copies == 1 or (positives + copies * fresh) * width <= kmer_fit.MOST_BASES


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
    bare = Model({k: v for k, v in model.header.items() if k != "kmer_term"}, network_tensors(model.tensors))
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
