"""Tiles against windows cut out one by one, of made-up models and of networks."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqnet.inference import tiles as module
from seqnet.inference.predictor import Predictor
from seqnet.inference.tiles import Contig, Tiles
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model

CPU = torch.device("cpu")


class Weighted:
    """A model that tells every window and orientation apart: two position-weighted sums."""

    tasks = columns = ("A", "B")
    threads = 1

    def __init__(self, width):
        self.width = width

    def plan(self, _tiling):
        return None

    def from_codes(self, codes):
        first = (codes * np.arange(1, codes.shape[1] + 1) ** 2).sum(axis=1)
        return np.stack([first, -2.0 * first], axis=1).astype(np.float32)


def naive(predictor, codes, step, share=0.5):
    """Each tile's window, cut out one by one."""
    rows, width = [], predictor.width
    for start in range(0, len(codes), step):
        begin = start + step // 2 - width // 2
        window = [codes[i] if 0 <= i < len(codes) else 4 for i in range(begin, begin + width)]
        clear = window.count(4) <= share * width
        one = np.array([window], dtype=np.uint8)
        rows.append(predictor.from_codes(one)[0] if clear else [np.nan] * len(predictor.tasks))
    return np.array(rows)


def joined(tiles, codes):
    """The values of a contig; where they are and which are clear is checked on the way."""
    parts = list(tiles.predict(codes))
    starts = np.cumsum([0, *[len(part.values) for part in parts]])[:-1] * tiles._step
    assert [part.start for part in parts] == starts.tolist()
    for part in parts:
        assert np.array_equal(np.isnan(part.values).all(axis=1), ~part.clear)
    return np.concatenate([part.values for part in parts])


@pytest.mark.parametrize("chunk", [1, 3, 1 << 13])
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=120),
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
def test_tiles_equal_windows_cut_out_one_by_one(chunk, codes, width, step, share):
    codes, predictor = np.array(codes, dtype=np.uint8), Weighted(width)
    with patch.object(module, "CHUNK", chunk):
        found = joined(Tiles(predictor, step, share), codes)
    np.testing.assert_array_equal(found, naive(predictor, codes, step, share))


def network_model(text, width, *, strands="both", seed=0, tasks=("A", "B")):
    """A model of random weights and statistics."""
    torch.manual_seed(seed)
    layers = parse_layers(text)
    network = build_network(layers, Shape(4, width), len(tasks))
    tensors = {name: torch.randn(t.shape) / max(1, t[0].numel()) ** 0.5 if t.ndim > 1 else torch.rand(t.shape) + 0.5
               for name, t in network.state_dict().items()}  # fmt: skip
    header = {
        "architecture": layers, "tasks": list(tasks), "strands": strands,
        "input": {"type": "sequence", "width": width, "features": None, "settings": None},
    }  # fmt: skip
    return Model(header, {name: tensor.numpy() for name, tensor in tensors.items()})


UNPADDED = "conv 8x5 padding=0, batch_norm, relu, max_pool 3, conv 6x3 padding=0, relu, max_pool 4, dense 5, batch_norm, relu"
PADDED = (
    "conv 8x7, batch_norm, exponential, max_pool 4 partial=true, residual(batch_norm, relu, conv 8x3 dilation=2), "
    "relu, parallel(global_pool max_average, beside(conv 3x1, max_pool 5 partial=true, flatten)), dense 6, relu"
)


def contig(length, seed=0):
    """Random bases with runs of N at the start, at the end and inside."""
    codes = np.random.default_rng(seed).integers(0, 4, length).astype(np.uint8)
    for begin, end in ((0, 30), (length // 3, length // 3 + 150), (length - 17, length)):
        codes[begin:end] = 4
    return codes


@pytest.mark.parametrize("strands", ["both", "forward"])
@pytest.mark.parametrize("step", [1, 5, 12, 24, 61])
@pytest.mark.parametrize("layers", [UNPADDED, PADDED])
def test_shared_trunks_equal_windows(layers, step, strands):
    """At contig ends and N runs too; 61 is a step no smaller than the windows."""
    predictor = Predictor(network_model(layers, 61, strands=strands), CPU)
    codes, tiles = contig(700 if step > 1 else 300), Tiles(predictor, step)
    assert (tiles.plan is not None) == (step < 61)
    found, expected = joined(tiles, codes), naive(predictor, codes, step)
    assert np.isnan(expected).any()
    assert np.nanstd(expected) > 0.02
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("layers", "step"), [(UNPADDED, 5), (PADDED, 4), (UNPADDED, 500)])
def test_threads_do_not_change_a_byte(layers, step):
    model, codes = network_model(layers, 60), contig(60_000)
    one, three = (joined(Tiles(Predictor(model, CPU, threads=n), step), codes) for n in (1, 3))
    assert one.tobytes() == three.tobytes()


def test_contigs_shorter_than_a_window_and_tiles_in_order():
    predictor = Predictor(network_model(UNPADDED, 60), CPU)
    for length in (1, 29, 30, 31, 59, 60, 61, 200):
        codes = np.random.default_rng(length).integers(0, 4, length).astype(np.uint8)
        found = joined(Tiles(predictor, 7), codes)
        np.testing.assert_allclose(found, naive(predictor, codes, 7), rtol=0, atol=1e-6)


def test_masked_pools_and_other_layers_are_computed_window_by_window():
    for text in ("conv 4x5, relu, global_pool max masked=true", "siamese(conv 4x5, relu, global_pool max)"):
        predictor = Predictor(network_model(text, 40), CPU)
        codes, tiles = contig(500), Tiles(predictor, 5)
        assert tiles.plan is None
        np.testing.assert_allclose(joined(tiles, codes), naive(predictor, codes, 5), rtol=0, atol=1e-6)


def test_a_model_without_a_width_has_no_tiles():
    with pytest.raises(ValueError, match="states its width"):
        Tiles(Weighted(None), 5)


def grouped(tiles, contigs):
    """The values of each contig, those that `groups` puts together predicted together."""
    found = []
    for some in tiles.groups(map(len, contigs)):
        group = contigs[some]
        if len(group) == 1:
            found.append(joined(tiles, group[0]))
            continue
        done = []
        chunks = tiles.predict_together([Contig(codes) for codes in group], done.append)
        assert done == [sum(tiles.count(len(codes)) for codes in group)]
        assert [chunk.start for chunk in chunks] == [0] * len(group)
        for chunk in chunks:
            assert np.array_equal(np.isnan(chunk.values).all(axis=1), ~chunk.clear)
        found.extend(chunk.values for chunk in chunks)
    return found


@pytest.mark.parametrize("chunk", [1, 7, 1 << 13])
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=50), max_size=8),
    st.integers(1, 40),
    st.integers(1, 60),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_tiles_of_contigs_predicted_together_equal_windows_cut_out_one_by_one(
    chunk, contigs, width, step, share
):
    contigs, predictor = [np.array(codes, dtype=np.uint8) for codes in contigs], Weighted(width)
    with patch.object(module, "CHUNK", chunk), patch.object(module, "_UNIT", 1):
        found = grouped(Tiles(predictor, step, share), contigs)
    assert len(found) == len(contigs)
    for values, codes in zip(found, contigs, strict=True):
        np.testing.assert_array_equal(values, naive(predictor, codes, step, share))


@pytest.mark.parametrize("layers", [UNPADDED, PADDED])
@pytest.mark.parametrize("step", [5, 24, 61])
def test_many_short_contigs_share_trunks_and_equal_windows(layers, step):
    predictor = Predictor(network_model(layers, 61), CPU)
    tiles, generator = Tiles(predictor, step), np.random.default_rng(step)
    contigs = [contig(length, length) for length in generator.integers(60, 700, 20).tolist()]
    contigs += [np.zeros(length, dtype=np.uint8) for length in (1, 30, 61)]
    assert any(some.stop - some.start > 1 for some in tiles.groups(map(len, contigs)))
    for values, codes in zip(grouped(tiles, contigs), contigs, strict=True):
        np.testing.assert_allclose(values, naive(predictor, codes, step), rtol=0, atol=1e-6)


def test_steps_far_longer_than_contigs_take_no_memory_for_what_is_between():
    contigs = [contig(400, 7), contig(90, 8), contig(30, 9)]
    for step in (2**31 - 1, 2**26 - 1):
        tiles = Tiles(Weighted(10), step)
        assert [some.stop - some.start for some in tiles.groups(map(len, contigs))] == [1, 1, 1]
        assert [len(values) for values in grouped(tiles, contigs)] == [1, 1, 1]


def test_a_contig_longer_than_a_chunk_is_predicted_by_itself():
    tiles = Tiles(Weighted(10), 5)
    long = 5 * tiles.chunk + 1
    assert list(tiles.groups([9, 9, long, 9])) == [slice(0, 2), slice(2, 3), slice(3, 4)]
    assert list(tiles.groups([])) == []
    assert list(tiles.groups([long])) == [slice(0, 1)]
