"""Random architectures: substitutions computed where they reach are those of whole sequences; DeepLIFT adds up."""

import copy
from unittest.mock import patch

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqnet.attribution.deeplift import multipliers
from seqnet.attribution.mutagenesis import substituted
from seqnet.attribution.references import References
from seqnet.errors import SeqnetError
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.sharing import edited_weights, substitutions
from seqnet.inference.sharing.substitutions import Substitutions, edits_apply
from tests.rounding import assert_within_rounding
from tests.unit.attribution.networks import EXAMPLES, as_input, network_of, random_codes

small = st.integers(1, 5)
sides = st.sampled_from(["same", "valid", "0", "2", "7"])
convs = st.builds(
    "conv {}x{} stride={} dilation={} padding={} groups={}".format,
    st.sampled_from([4, 6, 8]), small, st.sampled_from([1, 1, 2, 3]), st.sampled_from([1, 1, 2]), sides,
    st.sampled_from([1, 1, 2]),
)  # fmt: skip
pools = st.builds(
    "{} {} stride={} partial={}".format,
    st.sampled_from(["max_pool", "average_pool"]), small, small, st.sampled_from(["true", "false"]),
)  # fmt: skip
blocks = st.sampled_from([
    "residual(batch_norm, relu, conv 8x3 dilation=2, shortcut(conv 8x1))",
    "residual(conv 4x3 padding=1 stride=2, gelu, conv 4x2, shortcut(conv 4x1 stride=2))",
    "conv 6x3, residual(conv 6x2, residual(tanh, conv 6x3))",
    "conv 6x2, residual(conv 6x3, max_pool 3 stride=1, conv 6x3 padding=2)",
    "parallel(conv 3x3, relu, beside(conv 3x1, tanh))",
    "conv 32x3, residual(batch_norm, relu, conv 32x3 dilation=2, dropout 0.1)",
    "conv 32x2, exponential, residual(batch_norm, relu, conv 32x3), residual(batch_norm, relu, conv 32x3 dilation=4)",
])  # fmt: skip
plain = st.sampled_from([
    "batch_norm", "relu", "gelu", "exponential", "sigmoid", "prelu", "conv 6x3 padding=2, maxout 3", "dropout 0.1",
    "bilstm 2", "taper narrowest=3 widest=9",
])  # fmt: skip
layers = st.lists(st.one_of(convs, pools, blocks, plain), min_size=1, max_size=5)
endings = st.sampled_from([
    "flatten", "global_pool max", "global_pool max_average", "dense 7, batch_norm, tanh",
    "parallel(global_pool max_average, beside(conv 2x1, max_pool 3 partial=true, flatten))",
    "parallel(global_pool max_average, beside(conv 2x1, max_pool 4, flatten))",
    "parallel(global_pool max_average, beside(taper narrowest=3 widest=20, global_pool max))",
    "batch_norm, relu, parallel(global_pool average, beside(taper narrowest=3 widest=20, global_pool max))",
])  # fmt: skip


def made(text, width):
    """A network, or None where no position is left."""
    try:
        return network_of(text, width)
    except SeqnetError:
        return None


def assert_like_whole_sequences(network, codes, start, end, spectra=False):
    """Substitutions in float32, computed where they reach, against those of whole sequences in float64."""
    x = as_input(codes, dtype=torch.float32)
    folded = copy.deepcopy(network)
    fold_batch_norms(folded)
    cost = -1e9 if spectra else edited_weights._PRODUCT
    with torch.inference_mode(), patch.object(edited_weights, "_PRODUCT", cost):
        found = Substitutions(folded).outputs(x, start, end)
    positions = np.arange(start, end)

    def whole(double):
        return torch.stack([substituted(double, row.double(), positions, 64) for row in x])

    assert_within_rounding(found, whole, network, 3e-6)


@example(["conv 6x3 stride=3", "max_pool 2 stride=5"], "flatten", 40, 0, None, False)
@example(["max_pool 1 stride=3"], "global_pool max", 33, 0, None, False)
@example(
    ["conv 4x5 padding=7", "exponential", "max_pool 3 stride=2 partial=true"], "flatten", 30, 1, None, False
)
@example(["conv 6x5", "relu", "conv 4x4 dilation=2 padding=2"], "flatten", 40, 1, None, True)
@example(
    ["conv 8x3", "relu", "residual(dropout 0.1)", "batch_norm", "batch_norm"], "flatten", 30, 2, None, False
)
@example(["conv 8x3", "relu", "residual(batch_norm)", "conv 4x2"], "flatten", 30, 1, None, False)
@example(["conv 8x3", "residual(dropout 0.1, shortcut(relu, conv 8x1))"], "flatten", 30, 1, None, False)
@example(["conv 8x3", "relu", "parallel(batch_norm, relu, beside(relu))"], "flatten", 30, 1, None, False)
@settings(max_examples=100)
@given(
    layers, endings, st.integers(24, 60), st.integers(0, 3), st.sampled_from([None, (0, 1), (7, 20)]),
    st.booleans(),
)  # fmt: skip
def test_substitutions_computed_where_they_reach_are_those_of_whole_sequences(
    texts, ending, width, seed, span, spectra
):
    network = made(", ".join([*texts, ending]), width)
    if network is None:
        return
    codes = random_codes(2, width, seed, 5 if seed == 1 else 4)
    if seed == 2:
        codes[0, :9] = 4
    assert_like_whole_sequences(network, codes, *(span or (0, width)), spectra)


def test_every_layer_s_example_is_computed_where_edits_reach():
    for name, text in EXAMPLES.items():
        signals = 2 if name == "towers" else 0
        network = network_of(text, 40, 4 + signals)
        x = as_input(random_codes(3, 40, letters=4), signals, torch.float32)
        assert edits_apply(network, x)
        with torch.inference_mode():
            found = Substitutions(network).outputs(x, 0, 40)
            expected = torch.stack([substituted(network, row, np.arange(40), 64) for row in x])
        torch.testing.assert_close(found, expected, atol=5e-6, rtol=1e-5)


def test_edits_computed_together_are_those_computed_apart(monkeypatch):
    network = network_of("conv 6x5, relu, max_pool 2, conv 4x3, dense 4, tanh", 50)
    x = as_input(random_codes(3, 50, letters=4), dtype=torch.float32)
    with torch.inference_mode():
        found = Substitutions(network).outputs(x, 0, 50)
        monkeypatch.setattr(substitutions, "_EDITS", 30)
        monkeypatch.setattr(substitutions, "_MOST_EDITS", 30)
        few = Substitutions(network).outputs(x, 0, 50)
    torch.testing.assert_close(found, few, atol=2e-6, rtol=1e-5)


def test_a_row_s_bytes_do_not_depend_on_the_other_rows():
    network = network_of("conv 6x5, relu, max_pool 4, conv 4x3, dense 4, tanh", 60)
    codes = random_codes(5, 60, letters=4)
    codes[1, 3] = 4
    x = as_input(codes, dtype=torch.float32)
    with torch.inference_mode():
        together = Substitutions(network).outputs(x, 0, 60)
        for row in range(5):
            assert torch.equal(Substitutions(network).outputs(x[row : row + 1], 0, 60)[0], together[row])


@settings(max_examples=40)
@given(layers, endings, st.integers(24, 50), st.integers(0, 3))
def test_attributions_of_random_architectures_add_up(texts, ending, width, seed):
    network = made(", ".join([*texts, ending]), width)
    if network is None or any("bilstm" in text for text in texts):
        return
    codes = random_codes(2, width, seed)
    others = References(3).of(codes).reshape(-1, width)
    x, references = as_input(codes), as_input(others)
    found = multipliers(network.double(), x, references, 0)
    if not (np.isfinite(found.output).all() and np.isfinite(found.references).all()):
        return  # exponentials of exponentials; `explain` refuses such rows
    difference = (x.unsqueeze(1) - references.view(2, 3, *x.shape[1:])).squeeze(3)
    parts = found.values * difference
    gap = np.abs(parts.sum((2, 3)).numpy() - (found.output[:, None] - found.references))
    size = parts.abs().sum((2, 3)).numpy()
    assert (gap <= 1e-12 * size + 1e-15 * (np.abs(found.output[:, None]) + np.abs(found.references))).all()
