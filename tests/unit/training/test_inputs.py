import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from seqnet.genome import alphabet
from seqnet.training.inputs import FeatureInputs, SequenceInputs, column_statistics, one_hot


def test_one_hot_equals_the_loop_and_is_channels_last(device):
    codes = np.random.default_rng(0).integers(0, 5, (3, 7)).astype(np.uint8)
    encoded = one_hot(torch.from_numpy(codes).to(device))
    assert encoded.shape == (3, 4, 1, 7)
    assert encoded.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(encoded[:, :, 0].cpu().numpy(), alphabet.one_hot(codes))


def test_flipped_rows_are_read_from_the_other_strand(device):
    codes = np.random.default_rng(1).integers(0, 5, (4, 9)).astype(np.uint8)
    before = codes.copy()
    inputs = SequenceInputs(codes)
    rows, flip = np.array([2, 0, 3]), np.array([True, False, True])
    found = inputs.batch(rows, device, flip)[:, :, 0].cpu().numpy()
    expected = codes[rows].copy()
    expected[flip] = alphabet.reverse_complement(expected[flip])
    assert np.array_equal(found, alphabet.one_hot(expected))
    assert np.array_equal(codes, before)
    assert len(inputs.subset(np.array([1, 2]))) == 2


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
