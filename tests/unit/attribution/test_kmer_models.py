"""Models of k-mers are explained exactly: by refeaturised sequences."""

import numpy as np
import pytest
import torch

from seqnet.attribution.kmer_models import ExplainedLinear, KmerBatch, kmer_mutagenesis, kmer_shares
from seqnet.attribution.kmer_networks import ExplainedKmerNetwork
from seqnet.attribution.references import AttributionPlan, References
from seqnet.attribution.terms.kmer_words import WordSum
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.kmers.columns import make_columns
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import GAPPED, KmerSettings
from tests.unit.attribution.networks import fixture_model, random_codes

SETTINGS = [
    KmerSettings(GAPPED, "both", "sqrt"),
    KmerSettings(("1101", "111"), "forward", "frequency"),
    KmerSettings(("1101", "111"), "both", "log"),
    KmerSettings(("1011",), "both", "counts", hash_bits=3),
    KmerSettings(
        ("11",), "forward", "z", mean=(0.5,) * 16, deviation=tuple(np.linspace(0.5, 2, 16).tolist())
    ),
]


def word_sum(settings):
    features = make_columns(settings).features
    return WordSum(settings, np.random.default_rng(1).normal(size=(2, features)))


def values_of(words, codes):
    """The function itself, by whole featurisation: (n, T)."""
    return count_codes(codes, words.settings).toarray().astype(float) @ words.weights.T


def substituted(codes):
    """Every base at every position, (4 L, L)."""
    edited = np.repeat(codes[None], 4 * len(codes), axis=0)
    place = np.arange(len(edited))
    edited[place, place // 4] = place % 4
    return edited


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.normalize)
def test_effects_are_those_of_refeaturised_sequences(settings):
    words = word_sum(settings)
    codes = random_codes(1, 50)[0]
    expected = (values_of(words, substituted(codes)) - values_of(words, codes[None])).reshape(50, 4, 2)
    found = words.effects(codes[None], np.arange(50))[0]
    # roots and logarithms are rounded as features are; the others are float32 there, and not here
    exact = 1e-12 if settings.normalize in ("sqrt", "log", "counts") else 1e-5
    np.testing.assert_allclose(found, expected, atol=exact)
    some = words.effects(np.stack([codes, codes[::-1]]), np.array([7, 3]))
    np.testing.assert_array_equal(some[0], found[[7, 3]])


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.normalize)
def test_shares_add_up_to_the_difference(settings):
    words = word_sum(settings)
    codes = random_codes(1, 50)[0]
    references = References(6).of(codes[None])[0]
    shares = words.word_shares(codes, references, 1)
    expected = values_of(words, codes[None])[0, 1] - values_of(words, references)[:, 1].mean()
    assert shares.sum() == pytest.approx(expected, abs=1e-5)


def test_a_word_is_shared_by_its_informative_bases():
    words = WordSum(KmerSettings(("101",), "forward", "counts"), np.eye(16)[[6]])  # C.G
    codes = np.array([0, 1, 0, 2, 0], np.uint8)  # A C A G A
    reference = np.zeros((1, 5), np.uint8)
    assert words.word_shares(codes, reference, 0).tolist() == [0, 0.5, 0, 0.5, 0]


@pytest.mark.parametrize("name", ["linear", "linear_regression", "dense"])
def test_stored_models_are_explained_exactly(name, tmp_path):
    model = fixture_model(name, tmp_path)
    linear = name != "dense"
    explained = ExplainedLinear(model) if linear else ExplainedKmerNetwork(model, torch.device("cpu"))
    codes = random_codes(2, 40)
    batch, tasks = KmerBatch(codes, None), len(model.tasks)
    wanted = np.ones((2, tasks), dtype=bool)
    mutated = kmer_mutagenesis(explained, batch, wanted, AttributionPlan())
    shared = kmer_shares(explained, batch, wanted, AttributionPlan(References(5)))
    for row, own in enumerate(codes):
        outputs = explained.outputs(KmerBatch(substituted(own), None)).reshape(40, 4, tasks)
        centred = outputs - outputs.mean(axis=1, keepdims=True)
        inside = np.flatnonzero(own < 4)
        centred[: inside[0]] = centred[inside[-1] + 1 :] = 0
        for task, part in mutated.items():
            np.testing.assert_allclose(part.hypothetical[row].T, centred[:, :, task], atol=1e-5)
    for part in shared.values():
        assert part.completeness.max() < 1e-5
    if linear:
        predictor = LinearPredictor(model)
        scale = predictor._output(explained.outputs(batch))
        scale = (
            scale if predictor._targets is None else predictor._targets.predictions(scale.astype(np.float32))
        )
        np.testing.assert_allclose(predictor.from_codes(codes), scale, rtol=1e-5)
