"""Ensembles: every way to predict and to explain takes the mean of the networks' outputs."""

import numpy as np
import pytest
import torch

from seqnet.attribution.deeplift import deeplift
from seqnet.attribution.gradient import gradient
from seqnet.attribution.kmer_models import KmerBatch, kmer_mutagenesis, kmer_shares
from seqnet.attribution.kmer_networks import ExplainedKmerNetwork
from seqnet.attribution.mutagenesis import mutagenesis
from seqnet.attribution.networks import ExplainedNetwork
from seqnet.attribution.references import AttributionPlan, References
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.inference import ready_network
from seqnet.inference.predictor import Predictor
from seqnet.inference.terms.stored import stored_terms
from seqnet.inference.tiles import Tiles
from seqnet.kmers.settings import KmerSettings
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model, member_prefix, spread_names
from tests.unit.inference.terms.test_kmer_term import some_term

CPU = torch.device("cpu")
WIDTH = 24
LAYERS = "conv 8x5 padding=0, relu, max_pool 2, conv 8x3 padding=0, relu, global_pool max"
WORDS = KmerSettings(("11",), "both")
EXTRA = {"splits": {"train": {"rows": 1, "contigs": []}}, "genome": {}}


def headed(kind, layers, spec, **more):
    return {
        "kind": kind, "architecture": layers, "tasks": ["A", "B"], "strands": "both", "input": spec, **EXTRA,
        **more,
    }  # fmt: skip


def networks(layers, shape, count=3):
    found = []
    for seed in range(count):
        torch.manual_seed(seed)
        found.append(build_network(layers, shape, 2).state_dict())
    return [{name: tensor.numpy() for name, tensor in weights.items()} for weights in found]


def joined(header, weights, shared):
    """The ensemble, and the model of each of its networks."""
    members = [{"seed": seed, "best_epoch": 1, "metrics": []} for seed in range(len(weights))]
    named = {
        member_prefix(number) + name: tensor
        for number, own in enumerate(weights)
        for name, tensor in own.items()
    }
    alone = [Model(header, {**own, **shared}) for own in weights]
    return Model({**header, "members": members}, {**named, **shared}), alone


def sequence_models(*, term, kind="binary"):
    layers = parse_layers(LAYERS)
    held, shared = some_term().stored() if term else ({}, {})
    spec = {"type": "sequence", "width": WIDTH, "features": None, "settings": None}
    header = headed("cnn", layers, spec, task_type=kind, **held)
    return joined(header, networks(layers, Shape(4, WIDTH)), shared)


def kmer_models():
    layers = parse_layers("dense 5, relu")
    columns = 10  # words of two bases on both strands
    generator = np.random.default_rng(3)
    shared = {
        "input.mean": generator.random(columns, np.float32),
        "input.scale": generator.random(columns, np.float32) + 0.5,
    }
    spec = {"type": "kmers", "width": WIDTH, "features": columns, "settings": WORDS._asdict()}
    return joined(headed("dense", layers, spec), networks(layers, Shape(columns, None)), shared)


def random_codes(rows, letters=5, seed=5, width=WIDTH):
    return np.random.default_rng(seed).integers(0, letters, (rows, width)).astype(np.uint8)


def sigmoid(values):
    return 1 / (1 + np.exp(-values.astype("f8")))


@pytest.mark.parametrize("term", [False, True])
def test_predictions_are_those_of_the_mean_of_the_networks_logits(term):
    model, alone = sequence_models(term=term)
    codes = random_codes(40)
    logits = np.mean([Predictor(one, CPU).logits(codes) for one in alone], axis=0)
    predictor = Predictor(model, CPU)
    np.testing.assert_allclose(predictor.logits(codes), logits, atol=1e-5)
    np.testing.assert_allclose(predictor.from_codes(codes), sigmoid(logits), atol=1e-6)
    assert np.abs(predictor.from_codes(codes) - Predictor(alone[0], CPU).from_codes(codes)).max() > 0.01
    tiles = Tiles(predictor, 2)
    assert tiles.plan is not None  # shared convolutions
    (chunk,) = tiles.predict(codes[:20].reshape(-1))
    whole = np.concatenate([np.full(12, 4, np.uint8), codes[:20].reshape(-1), np.full(12, 4, np.uint8)])
    windows = np.stack([whole[start + 1 : start + 1 + WIDTH] for start in range(0, 480, 2)])
    np.testing.assert_allclose(
        chunk.values[chunk.clear], predictor.from_codes(windows[chunk.clear]), atol=1e-6
    )


@pytest.mark.parametrize("kind", ["binary", "regression", "multiclass", "counts"])
def test_the_spread_is_the_deviation_between_the_networks_predictions(kind):
    """Each network's own model has the terms; so have the predictions that are compared."""
    model, alone = sequence_models(term=kind in ("binary", "regression"), kind=kind)
    if kind == "regression":
        scale = {"rule": "z", "center": [5.0, -1.0], "deviation": [3.0, 0.1]}
        model, *alone = (Model({**one.header, "target_scale": scale}, one.tensors) for one in (model, *alone))
    codes = random_codes(30)
    each = [Predictor(one, CPU).from_codes(codes) for one in alone]
    predictor = Predictor(model, CPU, spread=True)
    assert predictor.columns == ("A", "B", "A_sd", "B_sd")
    values = predictor.from_codes(codes)
    np.testing.assert_array_equal(values[:, :2], Predictor(model, CPU).from_codes(codes))
    np.testing.assert_allclose(values[:, 2:], np.std(each, axis=0, ddof=1), rtol=1e-3, atol=1e-6)


def test_the_prior_moves_the_spread_with_the_predictions():
    model, alone = sequence_models(term=True)
    rates = {"base_rates": {"A": 0.5, "B": 0.25}}
    model, *alone = (Model({**one.header, **rates}, one.tensors) for one in (model, *alone))
    codes = random_codes(30)
    each = [Predictor(one, CPU, prior=0.01).from_codes(codes) for one in alone]
    values = Predictor(model, CPU, prior=0.01, spread=True).from_codes(codes)
    np.testing.assert_allclose(values[:, 2:], np.std(each, axis=0, ddof=1), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("least", [1, 4096])
def test_networks_of_k_mers_are_averaged_too(monkeypatch, least):
    monkeypatch.setattr(ready_network, "SPARSE", least)
    model, alone = kmer_models()
    codes = random_codes(20, letters=4)
    logits = np.mean([Predictor(one, CPU).logits(codes) for one in alone], axis=0)
    np.testing.assert_allclose(Predictor(model, CPU).from_codes(codes), sigmoid(logits), atol=1e-6)


def test_progress_counts_each_row_once():
    done = []
    Predictor(sequence_models(term=False)[0], CPU).from_codes(random_codes(700), done.append)
    assert sum(done) == 700


@pytest.mark.parametrize("method", [deeplift, mutagenesis, gradient])
def test_attributions_are_the_mean_of_the_networks_attributions(method):
    model, alone = sequence_models(term=method is not gradient)
    codes = random_codes(6, letters=4)
    codes[0, :3] = 4
    plan, wanted = AttributionPlan(References(3, 0)), np.ones((6, 2), dtype=bool)

    def explained_by(one):
        explained = ExplainedNetwork(one, CPU)
        batch = explained.batch(SequenceInputs(codes), codes, np.arange(6))
        return explained.outputs(SequenceInputs(codes), codes), method(explained, batch, wanted, plan)

    outputs, found = explained_by(model)
    each = [explained_by(one) for one in alone]
    np.testing.assert_allclose(outputs, np.mean([own for own, _ in each], axis=0), atol=1e-5)
    for task, part in found.items():
        others = [own[task] for _, own in each]
        for name in ("hypothetical", "observed"):
            mean = np.mean([getattr(one, name) for one in others], axis=0)
            assert np.abs(mean).max() > 0.01
            np.testing.assert_allclose(getattr(part, name), mean, atol=1e-5)
        if part.completeness is not None:
            assert part.completeness.max() < 1e-4
            np.testing.assert_allclose(
                part.reference, np.mean([one.reference for one in others], axis=0), atol=1e-5
            )


@pytest.mark.parametrize("method", [kmer_mutagenesis, kmer_shares])
def test_attributions_of_k_mer_networks_are_the_mean_too(method):
    model, alone = kmer_models()
    batch = KmerBatch(random_codes(4, letters=4), None)
    plan, wanted = AttributionPlan(References(3, 0)), np.ones((4, 2), dtype=bool)
    found, *each = (method(ExplainedKmerNetwork(one, CPU), batch, wanted, plan) for one in (model, *alone))
    for task, part in found.items():
        mean = np.mean([own[task].observed for own in each], axis=0)
        assert np.abs(mean).max() > 0.01
        np.testing.assert_allclose(part.observed, mean, atol=1e-5)


def test_an_ensemble_is_stored_and_read(tmp_path):
    model, alone = sequence_models(term=True)
    path = str(tmp_path / "m.safetensors")
    write_model(path, model)
    again = read_model(path)
    assert (again.members, again.header["schema_version"], len(stored_terms(again))) == (3, 3, 1)
    codes = random_codes(3)
    np.testing.assert_array_equal(
        Predictor(again, CPU).from_codes(codes), Predictor(model, CPU).from_codes(codes)
    )
    write_model(path, alone[0])
    assert (read_model(path).members, read_model(path).header["schema_version"]) == (1, 2)


@pytest.mark.parametrize(
    ("header", "tensors", "message"),
    [
        ({"members": [{"seed": 0}]}, {}, "members is a list of 1; expected a list of at least 2"),
        ({"members": [{"seed": 0}, {"seed": -1}, {"seed": 2}]}, {}, "members.1.seed is -1"),
        ({"members": [{"seed": 0}, {}, {"seed": 2}]}, {}, "members.1.seed is missing"),
        ({"members": [{"seed": n} for n in range(4)]}, {}, "tensor member.3.0.bias is missing"),
        ({"members": [{"seed": n} for n in range(2)]}, {}, "tensor member.2.0.bias belongs to none of the 2 members"),
        ({"kind": "linear"}, {}, "members is not for linear models"),
        ({}, {"member.1.0.weight": None}, "tensor member.1.0.weight is missing"),
        ({}, {"member.1.0.weight": np.zeros((8, 4, 1, 9), "f4")}, "tensor member.1.0.weight is float32 of shape"),
    ],
)  # fmt: skip
def test_a_damaged_ensemble_is_one_line_that_names_the_field(tmp_path, header, tensors, message):
    model, _ = sequence_models(term=False)
    changed = {name: values for name, values in {**model.tensors, **tensors}.items() if values is not None}
    path = str(tmp_path / "m.safetensors")
    write_model(path, Model({**model.header, **header}, changed))
    with pytest.raises(FormatError) as caught:
        read_model(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_spread_needs_an_ensemble_and_names_that_are_free():
    model, alone = sequence_models(term=False)
    with pytest.raises(SeqnetError, match="--spread is for ensembles"):
        spread_names(alone[0])
    with pytest.raises(SeqnetError, match="A_sd is the name of a task too"):
        spread_names(Model({**model.header, "tasks": ["A", "A_sd"]}, model.tensors))
