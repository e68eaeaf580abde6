"""The term of motifs: occupancies by a plain loop, and models that hold the term."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.inference.linear_predictor import MotifPredictor, linear_predictor
from seqnet.inference.predictor import Predictor
from seqnet.inference.terms import motif_term
from seqnet.inference.terms.motif_term import MotifScores, MotifTerm, fit_motif_features
from seqnet.inference.terms.stored import stored_terms
from seqnet.inference.tiles import Tiles
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from tests.unit.inference.terms.test_kmer_term import some_term as some_kmer_term

CPU = torch.device("cpu")


def some_motifs(seed=0, both=(True, False, True)):
    rng = np.random.default_rng(seed)
    return MotifScores(("a", "b", "c"), tuple(rng.normal(size=(width, 4)) for width in (3, 7, 12)), both)


def naive_occupancy(row, scores, both):
    """log2 of the sum of 2**score over windows without N, on one strand or both; NaN without a window."""
    total = 0.0
    for start in range(len(row) - len(scores) + 1):
        window = row[start : start + len(scores)]
        if (window > 3).any():
            continue
        total += 2.0 ** sum(column[base] for column, base in zip(scores, window, strict=True))
        if both:
            total += 2.0 ** sum(column[3 - base] for column, base in zip(scores, window[::-1], strict=True))
    return np.log2(total) if total else np.nan


@given(st.integers(1, 20), st.integers(1, 4), st.floats(0, 0.4), st.integers(0, 99))
def test_occupancies_are_those_of_a_plain_loop(length, rows, share, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (rows, length)).astype(np.uint8)
    codes[rng.random(codes.shape) < share] = 4
    motifs = some_motifs(seed)
    expected = [
        [naive_occupancy(row, scores, both) for scores, both in zip(motifs.scores, motifs.both, strict=True)]
        for row in codes
    ]
    np.testing.assert_allclose(motifs.occupancies(codes), expected, rtol=1e-9, atol=1e-9)


def some_codes(n, length=24, seed=1):
    return np.random.default_rng(seed).integers(0, 4, (n, length)).astype(np.uint8)


def test_features_are_standardised_and_the_hinge_begins_at_the_90th_percentile():
    codes = some_codes(500)
    features, values = fit_motif_features(some_motifs(), codes)
    assert np.array_equal(values, features.of_codes(codes))
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-5)
    raw = some_motifs().occupancies(codes)
    lowest = values[:, 3:] == values[:, 3:].min(axis=0)
    assert np.array_equal(lowest, raw <= np.quantile(raw, 0.9, axis=0))


def test_sequences_without_a_window_are_average():
    features, _ = fit_motif_features(some_motifs(), some_codes(100))
    assert not features.of_codes(np.full((2, 24), 4, np.uint8)).any()
    short = features.of_codes(some_codes(2, length=8))
    assert short[:, :2].any()
    assert not short[:, [2, 5]].any()  # 8 bases hold no window of 12


def test_parts_and_threads_do_not_matter(monkeypatch):
    codes = some_codes(50)
    whole = some_motifs().occupancies(codes)
    monkeypatch.setattr(motif_term, "_ROWS", 7)
    assert np.array_equal(some_motifs().occupancies(codes, threads=2), whole)
    assert some_motifs().occupancies(codes[:0]).shape == (0, 3)


def some_term(both=(True, True, True), seed=2):
    features, _ = fit_motif_features(some_motifs(both=both), some_codes(200, seed=3))
    rng = np.random.default_rng(seed)
    return MotifTerm(
        features, rng.uniform(0.5, 2, 2).astype("f4"), rng.normal(size=(2, 6)).astype("f4"),
        rng.normal(size=2).astype("f4"),
    )  # fmt: skip


def test_the_sum_is_that_of_its_parts():
    term, codes, outputs = some_term(), some_codes(20), np.ones((20, 2), np.float32)
    expected = term.scale + term.features.of_codes(codes) @ term.weights.T + term.bias
    np.testing.assert_allclose(term.added(outputs, codes), expected, atol=1e-5)


def linear_model():
    held, tensors = some_term().stored()
    header = {
        "kind": "linear", "architecture": [], "tasks": ["A", "B"], "strands": "both", "genome": {}, **held,
        "input": {"type": "sequence", "width": 24, "features": None, "settings": None},
        "splits": {"train": {"rows": 1, "contigs": []}},
    }  # fmt: skip
    return Model(header, tensors)


def test_a_linear_model_of_motifs_survives_its_file(tmp_path):
    path = str(tmp_path / "m.safetensors")
    write_model(path, linear_model())
    predictor, codes = linear_predictor(read_model(path)), some_codes(40)
    assert isinstance(predictor, MotifPredictor)
    logits = some_term().products(codes)
    np.testing.assert_allclose(predictor.from_codes(codes), 1 / (1 + np.exp(-logits)), atol=1e-6)
    np.testing.assert_array_equal(predictor.from_codes(codes), predictor.from_codes((3 - codes)[:, ::-1]))


def test_tiles_of_a_linear_model_are_its_windows():
    predictor, codes = linear_predictor(linear_model()), some_codes(1, 300)[0]
    found = np.concatenate([part.values for part in Tiles(predictor, 10).predict(codes)])
    windows = np.stack([codes[start + 5 - 12 : start + 5 + 12] for start in range(10, 280, 10)])
    np.testing.assert_allclose(found[1:28], predictor.from_codes(windows), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header, _: header["motif_term"].update(widths=[3, 7]), "widths is not one for each of 3 motifs"),
        (lambda header, _: header["motif_term"].update(span=26), "motif_term.span is 26, which is not the middle"),
        (lambda header, _: header["motif_term"].update(span=11), "motif_term.span is 11, which is not the middle"),
        (lambda header, _: header["motif_term"].update(span=0), "motif_term.span is 0"),
        (lambda header, _: header["motif_term"].update(both="yes"), "motif_term.both is 'yes'"),
        (lambda _, tensors: tensors.pop("motif_term.knee"), "tensor motif_term.knee is missing"),
        (lambda _, tensors: tensors["motif_term.scores"].__setitem__(0, np.nan), "motif_term.scores is NaN"),
        (lambda header, _: header.update(stack={"parts": ["x"], "common": [1.0], "weights": [[1.0]]}),
         "stack.weights is not one for each task and part"),
    ],
)  # fmt: skip
def test_a_damaged_term_is_refused(tmp_path, change, message):
    model = linear_model()
    tensors = {name: tensor.copy() for name, tensor in model.tensors.items()}
    change(model.header, tensors)
    path = str(tmp_path / "m.safetensors")
    write_model(path, Model(model.header, tensors))
    with pytest.raises(FormatError, match=message):
        read_model(path)


def test_a_network_has_all_its_terms_in_rows_and_tiles():
    torch.manual_seed(0)
    layers = parse_layers("conv 8x5 padding=0, relu, max_pool 2, conv 8x3 padding=0, relu, global_pool max")
    network = build_network(layers, Shape(4, 24), 2)
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    header = {
        "kind": "cnn", "architecture": layers, "tasks": ["A", "B"], "strands": "both",
        "input": {"type": "sequence", "width": 24, "features": None, "settings": None},
    }  # fmt: skip
    codes = some_codes(40)
    bare = Predictor(Model(header, tensors), CPU).from_codes(codes).astype("f8")
    expected = (np.log(bare) - np.log1p(-bare)).astype("f4")
    model = Model(header, tensors)
    for term in (some_kmer_term(), some_term()):
        expected = term.added(expected, codes)
        held, own = term.stored()
        model = Model(model.header | held, {**model.tensors, **own})
    assert len(stored_terms(model)) == 2
    predictor = Predictor(model, CPU)
    np.testing.assert_allclose(predictor.from_codes(codes), 1 / (1 + np.exp(-expected)), atol=1e-5)
    contig = some_codes(1, 500)[0]
    tiles = Tiles(predictor, 2)
    assert tiles.plan is not None
    found = np.concatenate([part.values for part in tiles.predict(contig)])
    windows = np.stack([contig[start + 1 - 12 : start + 1 + 12] for start in range(12, 480, 2)])
    np.testing.assert_allclose(found[6:240], predictor.from_codes(windows), atol=1e-5)
