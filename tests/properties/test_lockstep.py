"""Sequences and edits of them computed together: outputs are those of whole sequences, bit by bit one's own."""

import copy
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqnet.genome.variants import SequenceEdits
from seqnet.inference.aligned import align_rows
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.predictor import Predictor
from seqnet.inference.rewrite import speed_up
from seqnet.inference.sharing import edited_weights
from seqnet.inference.sharing.lockstep import Lockstep, other_strand
from seqnet.inference.sharing.substitutions import edits_apply
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.networks.presets import PRESETS
from tests.properties.test_edited_sequences import endings, layers, made
from tests.rounding import assert_within_rounding
from tests.unit.attribution.networks import EXAMPLES, as_input, fixture_model, network_of, random_codes

CPU = torch.device("cpu")


def edited_codes(codes, place, letters, rows):
    """Edit sequences by hand."""
    edited = codes[rows]
    edited[:, place : place + letters.shape[1]] = letters
    return edited


def random_edits(codes, place, width, count, seed, letters=5):
    """Random bases, some ambiguous, for random sequences."""
    generator = np.random.default_rng(seed)
    rows = np.sort(generator.integers(0, len(codes), count))
    return generator.integers(0, letters, (count, width)).astype(np.uint8), rows


def computed(network, x, place, letters, rows):
    """The outputs of sequences and edits."""
    with torch.inference_mode():
        return Lockstep(network, 8).outputs(
            x, place, torch.from_numpy(letters.astype(np.int64)), torch.from_numpy(rows)
        )


def rewritten(network, width):
    """A network as it predicts."""
    folded = copy.deepcopy(network)
    fold_batch_norms(folded)
    with torch.inference_mode():
        fast = speed_up(folded, width)
    align_rows(fast)
    return fast


def assert_whole(network, found, codes, edited, signals=None):
    """Compare outputs with those of whole sequences in float64."""
    x = as_input(np.concatenate([codes, edited]))
    x = x if signals is None else torch.cat([x, signals.double()], dim=1)
    assert_within_rounding(found, lambda double: double(x), network, 3e-6)


@example(["conv 6x3 stride=3", "max_pool 2 stride=5"], "flatten", 40, 0, 0.5, 1, False)
@example(["max_pool 1 stride=3"], "global_pool max", 33, 0, 0.5, 1, False)
@example(
    ["conv 4x5 padding=7", "exponential", "max_pool 3 stride=2 partial=true"], "flatten", 30, 1, 0.0, 2, False
)
@example(["conv 6x5", "relu", "conv 4x4 dilation=2 padding=2"], "flatten", 40, 1, 1.0, 1, True)
@example(["conv 6x3 padding=5", "max_pool 4", "relu"], "flatten", 40, 2, 1.0, 3, False)
@settings(max_examples=100)
@given(
    layers, endings, st.integers(24, 60), st.integers(0, 3), st.floats(0, 1), st.integers(1, 3), st.booleans()
)  # fmt: skip
def test_edits_give_what_whole_sequences_give(texts, ending, width, seed, where, size, spectra):
    network = made(", ".join([*texts, ending]), width)
    if network is None:
        return
    codes = random_codes(8, width, seed, 5 if seed == 1 else 4)
    if seed == 2:
        codes[0, :9] = 4
    place = round(where * (width - size))
    letters, rows = random_edits(codes, place, size, 16, seed)
    cost = -1e9 if spectra else edited_weights._PRODUCT
    with patch.object(edited_weights, "_PRODUCT", cost):
        found = computed(
            rewritten(network, width), as_input(codes, dtype=torch.float32), place, letters, rows
        )
    assert_whole(network, found, codes, edited_codes(codes, place, letters, rows))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("place", [0, 20, 39])
def test_every_layer_s_example_gives_what_whole_sequences_give(name, place):
    signals = 2 if name == "towers" else 0
    network = network_of(EXAMPLES[name], 40, 4 + signals)
    codes = random_codes(8, 40)
    letters, rows = random_edits(codes, place, 1, 16, 3)
    x = as_input(codes, signals, torch.float32)
    assert edits_apply(network, x)
    found = computed(network, x, place, letters, rows)
    tracks = torch.cat([x[:, 4:], x[rows, 4:]]) if signals else None
    assert_whole(network, found, codes, edited_codes(codes, place, letters, rows), tracks)


def preset_model(name, width, tasks=("a", "b"), strands="both"):
    """A model of random weights."""
    torch.manual_seed(1)
    architecture = PRESETS[name].layers
    network = build_network(architecture, Shape(4, width), len(tasks)).eval()
    spec = {"type": "sequence", "width": width, "features": None, "settings": None}
    header = {"architecture": architecture, "tasks": list(tasks), "input": spec, "strands": strands}
    return Model(header, {key: tensor.numpy() for key, tensor in network.state_dict().items()})


def logits_of(model, codes, edits, threads=1):
    """The outputs of sequences and edits, by the predictor that variants use."""
    predictor = Predictor(model, CPU, threads=threads)
    predictor.align_rows()
    assert predictor.lockstep is not None
    return predictor.edited_logits(codes, edits)


@pytest.mark.parametrize(
    ("name", "width"),
    [("default", 200), ("default", 77), ("basset", 600), ("dragonn", 100), ("deepbind", 61)],
)
def test_presets_give_what_whole_sequences_give(name, width):
    model = preset_model(name, width)
    codes = random_codes(70, width, letters=4)
    codes[3, : width // 4] = 4
    letters, rows = random_edits(codes, 50, 1, 130, 0, 4)
    found = logits_of(model, codes, SequenceEdits(50, letters, rows))
    predictor = Predictor(model, CPU)
    whole = np.concatenate([codes, edited_codes(codes, 50, letters, rows)])
    np.testing.assert_allclose(found, predictor.logits(whole), rtol=0, atol=3e-6)
    effects = found[70:] - found[rows]
    assert np.abs(effects[(letters[:, 0] != codes[rows, 50])]).max() > 1e-4
    assert not effects[letters[:, 0] == codes[rows, 50]].any()


@pytest.mark.parametrize("strands", ["both", "forward"])
@pytest.mark.parametrize(("name", "width"), [("default", 200), ("basset", 600), ("dragonn", 101)])
def test_the_bits_of_an_edit_do_not_depend_on_the_others_or_on_threads(name, width, strands):
    model = preset_model(name, width, strands=strands)
    codes = random_codes(150, width, letters=4)
    place = width // 2
    letters, rows = random_edits(codes, place, 1, 400, 1, 4)
    together = logits_of(model, codes, SequenceEdits(place, letters, rows), threads=3)
    generator = np.random.default_rng(2)
    for count in (1, 2, 40, 97):
        own = np.sort(generator.choice(400, count, replace=False))
        wanted, number = np.unique(rows[own], return_inverse=True)
        found = logits_of(model, codes[wanted], SequenceEdits(place, letters[own], number))
        np.testing.assert_array_equal(found[: len(wanted)], together[wanted])
        np.testing.assert_array_equal(found[len(wanted) :], together[150 + own])


def test_the_other_strand_of_a_network_that_reads_both_is_edited_too():
    model = preset_model("default", 80)
    codes = random_codes(3, 80, letters=4)
    letters, rows = np.array([[0, 3], [1, 4]], np.uint8), np.array([0, 2])
    found = logits_of(model, codes, SequenceEdits(5, letters, rows))
    whole = np.concatenate([codes, edited_codes(codes, 5, letters, rows)])
    np.testing.assert_allclose(found, Predictor(model, CPU).logits(whole), rtol=0, atol=3e-6)
    assert other_strand(torch.tensor([[0, 3, 4]])).tolist() == [[4, 0, 3]]


@pytest.mark.parametrize("name", ["kmer_term", "multiclass", "counts"])
def test_terms_see_edited_sequences(name, tmp_path):
    model = fixture_model(name, tmp_path)
    codes = random_codes(5, model.input["width"], letters=4)
    letters, rows = random_edits(codes, 9, 1, 9, 0, 4)
    found = logits_of(model, codes, SequenceEdits(9, letters, rows))
    whole = np.concatenate([codes, edited_codes(codes, 9, letters, rows)])
    np.testing.assert_allclose(found, Predictor(model, CPU).logits(whole), rtol=0, atol=5e-6)


def test_pools_that_leave_out_padding_see_whole_sequences():
    predictor = Predictor(preset_model("default", 80), CPU)
    assert predictor.lockstep is not None
    text = "conv 4x3, relu, global_pool max masked=true, dense 3"
    assert not edits_apply(network_of(text, 30), as_input(random_codes(1, 30)))
