"""Functions of motif occupancies are explained exactly: by edited sequences and differences from references."""

import numpy as np
import pytest
import torch

from seqnet.attribution.contributions import observed_of
from seqnet.attribution.deeplift import deeplift
from seqnet.attribution.kmer_models import ExplainedMotifs, KmerBatch, kmer_mutagenesis, kmer_shares
from seqnet.attribution.mutagenesis import mutagenesis
from seqnet.attribution.networks import ExplainedNetwork
from seqnet.attribution.references import AttributionPlan, References
from seqnet.attribution.terms.motif_sums import MotifSum
from seqnet.inference.linear_predictor import MotifPredictor
from seqnet.inference.predictor import Predictor
from seqnet.inference.terms.kmer_term import KmerTerm
from seqnet.inference.terms.motif_term import MotifFeatures, MotifScores, MotifTerm
from seqnet.kmers.columns import make_columns
from seqnet.kmers.settings import KmerSettings
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.grammar import parse_layers
from seqnet.networks.model import Model
from tests.unit.attribution.networks import network_of, random_codes

WIDTHS, BOTH = (3, 7, 7, 12), (True, False, True, True)
LENGTH, TASKS = 34, ("a", "b")
LAYERS = "conv 4x5, relu, max_pool 3, dense 4, tanh"


def some_features(seed=0, never=0.0):
    """Features of four motifs, some of whose bases never occur."""
    rng = np.random.default_rng(seed)
    scores = [rng.normal(0, 2, (width, 4)) for width in WIDTHS]
    for matrix in scores:
        matrix[rng.random(matrix.shape) < never] = -np.inf
    motifs = MotifScores(tuple("abcd"), tuple(scores), BOTH)
    bits = motifs.occupancies(random_codes(200, LENGTH, seed, letters=4))
    knee = np.nan_to_num(np.nanquantile(bits, 0.5, axis=0))
    raw = np.concatenate([bits, np.maximum(bits - knee, 0)], axis=1)
    return MotifFeatures(motifs, knee, np.nanmean(raw, axis=0), np.maximum(np.nanstd(raw, axis=0), 0.1))


def some_sum(seed=0, never=0.0):
    return MotifSum(some_features(seed, never), np.random.default_rng(seed).normal(size=(2, 8)))


def rows_of(kind):
    """Rows without ambiguous bases, with a few, of few windows, and without any."""
    codes = random_codes(3, LENGTH, 1, letters=4)
    if kind == "ambiguous":
        codes[0, [0, 9, 10]] = codes[1, LENGTH - 1] = codes[2, 5::8] = 4
    return {"short": codes[:, :8], "empty": np.full((3, LENGTH), 4, np.uint8)}.get(kind, codes)


def substituted(codes):
    """Every base at every position, (4 L, L)."""
    edited = np.repeat(codes[None], 4 * len(codes), axis=0)
    place = np.arange(len(edited))
    edited[place, place // 4] = place % 4
    return edited


KINDS = ["plain", "ambiguous", "short", "empty"]


@pytest.mark.parametrize("never", [0, 0.15])
@pytest.mark.parametrize("kind", KINDS)
def test_effects_are_those_of_edited_sequences(kind, never):
    motifs, codes = some_sum(2, never), rows_of(kind)
    found = motifs.effects(codes, np.arange(codes.shape[1]))
    for row, own in enumerate(codes):
        expected = motifs.outputs(substituted(own)).reshape(len(own), 4, 2) - motifs.outputs(own[None])[0]
        np.testing.assert_allclose(found[row], expected, atol=2e-6)  # features are float32
        known = np.flatnonzero(own < 4)
        assert (found[row, known, own[known]] == 0).all()
    assert np.array_equal(motifs.effects(codes, np.array([7, 3])), found[:, [7, 3]])
    assert (np.abs(found).max() > 0.1) == (kind != "empty")


def test_a_weak_window_left_behind_by_a_strong_one_keeps_its_digits():
    scores = np.where(
        np.eye(4)[[0, 1, 2, 3, 0, 1]] > 0, 9.0, -30.0
    )  # ACGTAC has 54 bits, all else far below 0
    scores[0, 0] = -1.0
    scores[0, 1] = -2.0
    motifs = MotifScores(("a",), (scores,), (False,))
    features = MotifFeatures(motifs, np.array([1e3]), np.zeros(2), np.ones(2))
    total = MotifSum(features, np.array([[1.0, 0.0]]))
    codes = np.array([[0, 1, 2, 3, 0, 1, 3, 3, 3, 3, 3, 3, 3]], np.uint8)
    found = total.effects(codes, np.arange(13))[0]
    expected = total.outputs(substituted(codes[0])).reshape(13, 4, 1) - total.outputs(codes)[0]
    assert expected.min() < -30
    np.testing.assert_allclose(found, expected, atol=1e-5)


def exact_outputs(motifs, codes):
    """The function with features that are not rounded to float32, (n, T)."""
    features = motifs.features
    bits = features.motifs.occupancies(codes)
    raw = np.concatenate([bits, np.maximum(bits - features.knee, 0)], axis=1)
    return np.nan_to_num((raw - features.mean) / features.deviation) @ motifs.weights.T


@pytest.mark.parametrize("never", [0, 0.15])
@pytest.mark.parametrize("kind", KINDS)
def test_shares_add_up_to_the_difference(kind, never):
    motifs, codes = some_sum(3, never), rows_of(kind)
    for row in codes:
        references = References(6).of(row[None])[0]
        references[-1] = row  # nothing to share
        for task in (0, 1):
            shares = motifs.shares(row, references, task)
            expected = exact_outputs(motifs, row[None])[0, task]
            expected -= exact_outputs(motifs, references)[:, task].mean()
            size = np.abs(shares.observed).sum()
            # windows that exist on one side alone have features rounded to float32
            assert abs(shares.observed.sum() - expected) <= 1e-6 * max(size, 1)
            assert np.isfinite(shares.hypothetical).all()
            known = np.flatnonzero(row < 4)
            assert np.array_equal(shares.hypothetical[row[known], known], shares.observed[known])
    assert (np.abs(shares.observed).max() > 0.01) == (kind != "empty")


def test_shares_without_ambiguous_bases_add_up_to_rounding():
    motifs, (codes, *_) = some_sum(4), rows_of("plain")
    references = References(20).of(codes[None])[0]
    for task in (0, 1):
        shares = motifs.shares(codes, references, task)
        expected = exact_outputs(motifs, codes[None])[0, task]
        expected -= exact_outputs(motifs, references)[:, task].mean()
        assert abs(shares.observed.sum() - expected) <= 1e-12 * np.abs(shares.observed).sum()


@pytest.mark.parametrize("place", [0, 5, LENGTH - 1])
def test_where_one_base_differs_it_accounts_for_all(place):
    motifs, (codes, *_) = some_sum(5), rows_of("plain")
    reference = codes.copy()
    reference[place] = (codes[place] + 1) % 4
    shares = motifs.shares(codes, reference[None], 0)
    expected = exact_outputs(motifs, np.stack([codes, reference]))[:, 0]
    assert shares.observed[place] == pytest.approx(expected[0] - expected[1], rel=1e-9)
    assert not np.delete(shares.observed, place).any()
    assert shares.hypothetical[reference[place], place] == 0


def test_shares_follow_the_rescale_rule_of_the_written_out_network():
    """One window, one motif, one strand: every slope by hand."""
    scores = np.array([[1.0, -1, 0, 2], [0.5, 0, -2, 1]])
    features = MotifFeatures(
        MotifScores(("m",), (scores,), (False,)), np.array([1.0]), np.zeros(2), np.array([2.0, 4.0])
    )
    motifs = MotifSum(features, np.array([[3.0, 5.0]]))
    codes, reference = np.array([3, 3], np.uint8), np.array([1, 2], np.uint8)  # 3 bits and -3 bits
    slope = (3.0 * (3 - -3) / 2 + 5.0 * (3 - 1) / 4) / 6  # by bits: occupancies 3 and -3, hinges 2 and 0
    found = motifs.shares(codes, reference[None], 0)
    np.testing.assert_allclose(found.observed, [slope * (2 - -1), slope * (1 - -2)])
    np.testing.assert_allclose(found.hypothetical[:, 0], slope * (scores[0] - scores[0, 1]))


def shares_by_loop(motifs, codes, reference, task):
    """The rescale rule window by window, base by base: observed (L,) for one reference."""
    features, observed = motifs.features, np.zeros(len(codes))
    occupancy, hinge = np.split(motifs.weights[task], 2)
    for number, (forward, both) in enumerate(zip(features.motifs.scores, BOTH, strict=True)):
        windows = []
        for matrix in (forward, forward[::-1, ::-1])[: 1 + both]:
            table = np.concatenate([matrix, np.full((len(matrix), 1), -np.inf)], axis=1)
            for start in range(len(codes) - len(matrix) + 1):
                pair = [
                    table[np.arange(len(matrix)), row[start : start + len(matrix)]]
                    for row in (codes, reference)
                ]
                windows.append((start, *pair))
        sums = [sum(2.0 ** window[side].sum() for window in windows) for side in (1, 2)]
        if sums[0] == sums[1]:
            continue
        values = []
        for total in sums:
            bits = np.log2(total) if total else None
            raw = 0 if bits is None else np.array([bits, max(bits - features.knee[number], 0)])
            scale = features.mean[[number, number + 4]], features.deviation[[number, number + 4]]
            values.append(
                0 if bits is None else (raw - scale[0]) / scale[1] @ [occupancy[number], hinge[number]]
            )
        slope = (values[0] - values[1]) / (sums[0] - sums[1])
        for start, one, two in windows:
            step = 2.0 ** one.sum() - 2.0 ** two.sum()
            if np.isfinite([one.sum(), two.sum()]).all():
                part = (one - two) * (step / (one - two).sum() if (one - two).sum() else 0)
            else:
                part = np.full(len(one), step / len(one))
            observed[start : start + len(one)] += slope * part
    return observed


@pytest.mark.parametrize("never", [0, 0.15])
@pytest.mark.parametrize("kind", KINDS)
def test_shares_are_those_of_a_plain_loop(kind, never):
    motifs, codes = some_sum(8, never), rows_of(kind)
    for row in codes:
        references = References(3).of(row[None])[0]
        for task in (0, 1):
            shares = motifs.shares(row, references, task).observed
            expected = np.mean([shares_by_loop(motifs, row, other, task) for other in references], axis=0)
            np.testing.assert_allclose(shares, expected, atol=1e-6 * max(1, np.abs(expected).max()))


# ---- models ----------------------------------------------------------------------------------


def some_model(kinds, span=None):
    """A network with terms of the middle, or a linear model of motifs where it is "linear"."""
    rng = np.random.default_rng(6)
    header = {"architecture": [] if kinds == "linear" else parse_layers(LAYERS), "tasks": list(TASKS),
              "strands": "both", "input": {"type": "sequence", "width": LENGTH}}  # fmt: skip
    tensors = {}
    if kinds != "linear":
        tensors = {name: part.numpy() for name, part in network_of(LAYERS, LENGTH).state_dict().items()}

    def single(*shape):
        return rng.normal(size=shape).astype(np.float32)

    terms = []
    if kinds == "both":
        settings = KmerSettings(("1101", "11"), "both", "sqrt")
        terms.append(
            KmerTerm(settings, single(2), single(2, make_columns(settings).features), single(2), span)
        )
    terms.append(MotifTerm(some_features(7), single(2), single(2, 8), single(2), span))
    for term in terms:
        more, stored = term.stored()
        header, tensors = {**header, **more}, {**tensors, **stored}
    return Model(header, tensors)


def predicted(model, codes):
    """The outputs of the model, by what `predict` uses."""
    if not model.header["architecture"]:
        return MotifPredictor(model).logits(codes).astype(float)
    return Predictor(model, torch.device("cpu")).logits(codes).astype(float)


@pytest.mark.parametrize("kinds", ["motifs", "both", "linear"])
@pytest.mark.parametrize("rows", ["plain", "ambiguous"])
@pytest.mark.parametrize("span", [None, LENGTH - 10])
def test_stored_models_are_explained_exactly(kinds, rows, span):
    model, codes = some_model(kinds, span), rows_of(rows)
    wanted, plan = np.ones((3, 2), dtype=bool), AttributionPlan(References(5))
    if kinds == "linear":
        explained, batch = ExplainedMotifs(model), KmerBatch(codes, None)
        outputs = explained.outputs(batch)
        mutated, shared = (
            method(explained, batch, wanted, plan) for method in (kmer_mutagenesis, kmer_shares)
        )
    else:
        explained, inputs = ExplainedNetwork(model, torch.device("cpu")), SequenceInputs(codes)
        batch = explained.batch(inputs, codes, np.arange(3))
        outputs = explained.outputs(inputs, codes)
        mutated, shared = (method(explained, batch, wanted, plan) for method in (mutagenesis, deeplift))
    np.testing.assert_allclose(outputs, predicted(model, codes), atol=1e-5)
    for row, own in enumerate(codes):
        values = predicted(model, substituted(own)).reshape(LENGTH, 4, 2)
        centred = values - values.mean(axis=1, keepdims=True)
        inside = np.flatnonzero(own < 4)
        centred[: inside[0]] = centred[inside[-1] + 1 :] = 0
        for task in (0, 1):
            np.testing.assert_allclose(mutated[task].hypothetical[row].T, centred[:, :, task], atol=2e-5)
    references = plan.references.of(codes)
    for task in (0, 1):
        means = [predicted(model, own)[:, task].mean() for own in references]
        np.testing.assert_allclose(shared[task].reference, means, atol=1e-5)
        sums = shared[task].observed.sum(axis=1, dtype=float)
        np.testing.assert_allclose(sums, predicted(model, codes)[:, task] - means, atol=3e-5)
        assert shared[task].completeness.max() < 1e-5
        known = observed_of(shared[task].hypothetical, codes)
        np.testing.assert_allclose(known[codes < 4], shared[task].observed[codes < 4], atol=1e-6)
