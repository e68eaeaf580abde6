import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from seqnet.genome import alphabet
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import make_intervals
from seqnet.genome.sequence import Genome
from seqnet.genome.signals.layout import pack_genome
from seqnet.kernels.gather import Places
from seqnet.linear.standardise import column_statistics
from seqnet.model_inputs.inputs import (
    FeatureInputs,
    GenomeInputs,
    SequenceInputs,
    WindowInputs,
    gather_one_hot_on,
    one_hot_tensor,
    ragged_inputs,
    tensor_on,
)

CPU = torch.device("cpu")


def random_codes(seed, *shape):
    return np.random.default_rng(seed).integers(0, 5, shape).astype(np.uint8)


def letters(batch):
    """A batch as text, read off its channels."""
    values = batch[:, :, 0].cpu().numpy()
    assert set(np.unique(values)) <= {0.0, 1.0}
    assert (values.sum(axis=1) <= 1).all()
    codes = np.where(values.any(axis=1), values.argmax(axis=1), 4).astype(np.uint8)
    return [alphabet.decode(row) for row in codes]


def test_one_hot_equals_the_loop_and_is_channels_last(device):
    codes = random_codes(0, 3, 7)
    encoded = one_hot_tensor(torch.from_numpy(codes).to(device))
    assert encoded.shape == (3, 4, 1, 7)
    assert encoded.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(encoded[:, :, 0].cpu().numpy(), alphabet.one_hot(codes))


def test_flipped_rows_are_read_from_the_other_strand(device):
    codes = random_codes(1, 4, 9)
    before = codes.copy()
    inputs = SequenceInputs(codes)
    rows, flip = np.array([2, 0, 3]), np.array([True, False, True])
    found = inputs.batch(rows, device, flip)
    expected = codes[rows].copy()
    expected[flip] = alphabet.reverse_complement(expected[flip])
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert found.shape == (3, 4, 1, 9)
    assert np.array_equal(found[:, :, 0].cpu().numpy(), alphabet.one_hot(expected))
    assert np.array_equal(codes, before)
    assert np.array_equal(inputs.codes, before)
    assert len(inputs.subset(np.array([1, 2]))) == 2


GENOME = Genome({"x": random_codes(2, 30), "y": random_codes(3, 9)})
TEXT = {name: alphabet.decode(codes) for name, codes in GENOME.codes.items()}


def window_text(contig, start, width, flip):
    """A window as text, letter by letter; N outside the contig."""
    text = TEXT[contig]
    word = "".join(text[i] if 0 <= i < len(text) else "N" for i in range(start, start + width))
    return word[::-1].translate(str.maketrans("ACGT", "TGCA")) if flip else word


rows_of_windows = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(-8, 35), st.booleans(), st.booleans(), st.integers(-12, 12)),
    min_size=1,
    max_size=8,
)


@given(rows_of_windows, st.integers(1, 12))
def test_windows_of_a_genome_equal_slices_of_its_text(rows, width):
    names, start, minus, flip, shift = (list(column) for column in zip(*rows, strict=True))
    begins = np.array(start)
    strands = np.where(minus, -1, 1)
    intervals = make_intervals(names, begins, begins + width, strands)
    packed = pack_genome(GENOME)
    for stranded in (False, True):
        inputs = GenomeInputs(packed, intervals, stranded=stranded)
        every = np.arange(len(rows))
        turned = [f ^ (m and stranded) for f, m in zip(flip, minus, strict=True)]
        moved = zip(names, start, shift, turned, strict=True)
        expected = [window_text(name, s + by, width, t) for name, s, by, t in moved]
        batch = inputs.batch(every, CPU, np.array(flip), np.array(shift))
        assert letters(batch) == expected
        again = inputs.subset(every[::-1]).batch(every, CPU, np.array(flip)[::-1], np.array(shift)[::-1])
        assert letters(again) == expected[::-1]
        # what a GPU does, here on any device
        places, turn = inputs.moved(every, np.array(flip), np.array(shift))
        elsewhere = gather_one_hot_on(torch.from_numpy(packed.codes), places, turn, width)
        assert torch.equal(elsewhere, batch[:, :, 0].permute(0, 2, 1))


def test_a_genome_lies_on_the_device_once(device):
    begins = np.arange(10)
    inputs = GenomeInputs(pack_genome(GENOME), make_intervals(["x"] * 10, begins, begins + 6))
    part = inputs.subset(np.arange(5))
    plain = inputs.batch(np.arange(5), device)
    assert torch.equal(part.batch(np.arange(5), device), plain)
    assert np.array_equal(
        plain[:, :, 0].cpu().numpy(),
        alphabet.one_hot(extract_windows(GENOME, make_intervals(["x"] * 5, begins[:5], begins[:5] + 6))),
    )


def test_windows_of_two_widths_are_refused():
    with pytest.raises(ValueError, match="found 3 and 4"):
        GenomeInputs(pack_genome(GENOME), make_intervals(["x", "x"], [0, 0], [3, 4]))


@given(st.lists(st.text("ACGTN", max_size=9), max_size=5), st.one_of(st.none(), st.integers(0, 9)))
def test_sequences_of_any_length_are_cropped_and_padded_around_the_centre(texts, length):
    inputs = ragged_inputs([alphabet.encode_text(text) for text in texts], length)
    width = max(map(len, texts), default=0) if length is None else length
    expected = []
    for text in texts:
        spare = len(text) - width
        kept = text[spare // 2 : spare // 2 + width] if spare >= 0 else text
        padding = max(0, -spare)
        expected.append("N" * (padding // 2) + kept + "N" * (padding - padding // 2))
    if texts and width:
        assert letters(inputs.batch(np.arange(len(texts)), CPU)) == expected
    assert (len(inputs), inputs.width) == (len(texts), width)


def test_a_shift_leaves_the_neighbour_alone():
    """Moved past its own end a sequence goes on with N, not with the next one."""
    inputs = SequenceInputs(np.stack([alphabet.encode_text("ACGT"), alphabet.encode_text("CCCC")]))
    assert letters(inputs.batch(np.array([0, 1]), CPU, None, np.array([2, -3]))) == ["GTNN", "NNNC"]


def test_read_only_arrays_go_to_a_device_without_a_warning(device):
    codes = np.frombuffer(b"\0\1\2", dtype=np.uint8)
    assert tensor_on(codes, device).tolist() == [0, 1, 2]


def test_features_are_standardised(device):
    dense = np.random.default_rng(2).poisson(1.0, (30, 5)).astype(np.float32)
    dense[:, 3] = 2.0
    matrix = csr_matrix(dense)
    mean, scale = column_statistics(matrix)
    assert mean == pytest.approx(dense.mean(axis=0), rel=1e-6)
    expected = dense.std(axis=0)
    expected[3] = 1.0
    assert scale == pytest.approx(expected, rel=1e-5)
    batch = FeatureInputs(matrix, mean, scale).batch(np.arange(30), device).cpu().numpy()
    assert batch[:, :3].mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert batch[:, :3].std(axis=0) == pytest.approx(1, rel=1e-4)
    assert not batch[:, 3].any()


@given(
    st.lists(st.tuples(st.integers(-12, 60), st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=8),
    st.integers(1, 15),
)
def test_codes_of_windows_are_what_their_batch_shows(rows, width):
    bases = np.random.default_rng(0).integers(0, 5, 60).astype(np.uint8)
    start, low, size = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    inputs = WindowInputs(bases, Places(start, low, low + size), width)
    shown = inputs.batch(np.arange(len(rows)), torch.device("cpu"))
    assert torch.equal(one_hot_tensor(torch.from_numpy(inputs.codes)), shown)
