import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.inference.denoise import Reach, along, reach_of, window_targets
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.presets import PRESETS

CPU = torch.device("cpu")
END = "output per_position=true"


def built(text, channels=2, tasks=2, seed=0):
    torch.manual_seed(seed)
    return build_network(parse_layers(text), Shape(channels, 64), tasks).eval()


def whole(network, values):
    with torch.inference_mode():
        return network(torch.from_numpy(values[None, :, None]))[0].numpy().T


parts = st.sampled_from([
    "conv 3x4", "conv 2x7 dilation=3", "relu", "batch_norm", "dropout 0.1", "tanh",
    "residual(conv 5x3, relu, conv 5x4 dilation=2, shortcut(conv 5x1))",
])  # fmt: skip


@settings(max_examples=30)
@given(
    st.lists(parts, max_size=4), st.integers(1, 9), st.integers(1, 90), st.integers(1, 40), st.integers(1, 3)
)
def test_pieces_equal_the_whole_pass(layers, width, length, chunk, threads):
    network = built(", ".join([*layers, f"{END} width={width}"]))
    values = np.random.default_rng(length).normal(0, 1, (2, length)).astype(np.float32)
    pieces = list(along(network, values, reach_of(network), device=CPU, threads=threads, chunk=chunk))
    assert [len(piece) for piece in pieces[:-1]] == [chunk] * (len(pieces) - 1)
    assert np.concatenate(pieces) == pytest.approx(whole(network, values), abs=2e-6)


@pytest.mark.parametrize("name", ["coda", "atacworks"])
def test_presets_have_no_seam(name):
    torch.manual_seed(1)
    network = build_network(PRESETS[name].layers, Shape(1, 64), 1).eval()
    reach = reach_of(network)
    assert reach == {"coda": Reach(525, 525), "atacworks": Reach(2940, 2940)}[name]
    length, chunk = (3000, 700) if name == "coda" else (7000, 3300)
    values = np.random.default_rng(0).gamma(1, 1, (1, length)).astype(np.float32)
    pieces = list(along(network, values, reach, device=CPU, chunk=chunk))
    expected = whole(network, values)
    assert np.concatenate(pieces) == pytest.approx(
        expected, abs=1e-5 * max(1.0, float(np.abs(expected).max()))
    )


@pytest.mark.parametrize("text", [
    f"{END} width=4", f"conv 4x6, tanh, {END} width=3",
    f"residual(conv 2x5 dilation=2, conv 2x2, shortcut(conv 2x9)), {END}",
])  # fmt: skip
def test_an_output_changes_as_far_as_it_sees_and_no_further(text):
    network = built(text)
    reach = reach_of(network)
    values = np.random.default_rng(2).normal(0, 1, (2, 60)).astype(np.float32)
    moved = values.copy()
    moved[:, 30] += 5
    changed = np.flatnonzero((whole(network, values) != whole(network, moved)).any(axis=1))
    assert (changed.min(), changed.max()) == (30 - reach.after, 30 + reach.before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv 3x4, relu", "the output has no positions; end in 'output per_position=true'"),
        (f"conv 3x4 padding=valid, {END}", "layer 1 does not keep every position"),
        (f"relu, max_pool 2, {END}", "layer 2 does not keep every position"),
        (f"relu, bilstm 3, {END}", "layer 2 does not work position by position"),
    ],
)
def test_networks_that_lose_positions_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        reach_of(built(text))


@given(st.integers(1, 8), st.integers(0, 4), st.integers(0, 4))
def test_targets_are_known_in_the_middle_of_a_window_and_on_its_contig(width, before, after):
    values = np.arange(20, dtype=np.float32)  # two contigs, of 12 and of 8
    starts, low, high = np.array([0, 9, 12, 18]), np.array([0, 0, 12, 12]), np.array([12, 12, 20, 20])
    found = window_targets((values, -values), starts, low, high, width, Reach(before, after))
    assert found.shape == (4, 2, before + width + after)
    for row in range(4):
        for place in range(found.shape[2]):
            position = starts[row] + place - before
            known = before <= place < before + width and low[row] <= position < high[row]
            expected = [position, -position] if known else [np.nan, np.nan]
            assert np.array_equal(found[row, :, place], np.array(expected, dtype=np.float32), equal_nan=True)
