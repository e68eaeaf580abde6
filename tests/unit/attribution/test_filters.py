"""Filters as motifs: their sites by a naive loop, their influence by hand."""

import numpy as np
import pytest
import torch

from seqnet.attribution.filters import filter_influence, filter_sites, first_filters
from seqnet.attribution.networks import ExplainedNetwork
from seqnet.genome.alphabet import reverse_complement
from seqnet.model_inputs.inputs import SequenceInputs
from tests.unit.attribution.networks import fixture_model, network_of, random_codes

CPU = torch.device("cpu")


def explained_network(text, codes, tmp_path, strands="both"):
    """A network of one's choice as it is explained, and what loads its rows."""
    explained = ExplainedNetwork(fixture_model("lecture", tmp_path), CPU)
    explained.networks, explained.strands = (network_of(text, codes.shape[1]),), strands
    inputs = SequenceInputs(codes)
    return explained, lambda rows: explained.batch(inputs, codes, rows)


def test_sites_are_the_windows_above_half_of_the_maximum(tmp_path):
    codes = random_codes(7, 40)
    explained, load = explained_network("conv 5x4 padding=2, relu, dense 2", codes, tmp_path)
    found = filter_sites(explained, [np.arange(4), np.arange(4, 7)], load)
    convolution = explained.networks[0][0]
    weight, bias = convolution.weight[:, :, 0].numpy(), convolution.bias.numpy()
    for number in range(5):
        windows, values = [], []
        for row in codes:
            for strand in (row, reverse_complement(row)):
                for start in range(37):
                    window = strand[start : start + 4]
                    if (window < 4).all():
                        windows.append(window)
                        values.append(
                            bias[number] + sum(weight[number, base, i] for i, base in enumerate(window))
                        )
        above = [
            w for w, value in zip(windows, values, strict=True) if max(values) > 0 and value > max(values) / 2
        ]
        counts = np.zeros((4, 4))
        for window in above:
            counts[np.arange(4), window] += 1
        assert found.sites[number] == len(above)
        np.testing.assert_array_equal(found.counts[number], counts)
        assert float(found.mean[number]) == pytest.approx(np.mean(values), abs=1e-5)


def test_influence_is_the_change_of_the_output_without_the_filter(tmp_path):
    codes = random_codes(3, 20, letters=4)
    explained, load = explained_network(
        "conv 3x4 padding=valid, global_pool average", codes, tmp_path, "forward"
    )
    mean = torch.tensor([0.5, -0.2, 1.0])
    found = filter_influence(explained, [np.arange(2), np.arange(2, 3)], load, mean)
    batch = load(np.arange(3))
    pooled = explained.networks[0][0](batch.forward).mean((2, 3))
    weight = explained.networks[0][2].weight
    expected = ((pooled - mean).abs().mean(0)[:, None] * weight.T.abs()).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert torch.equal(explained.networks[0][0](batch.forward).mean((2, 3)), pooled)  # nothing is left behind


def test_networks_without_filters_over_bases_are_refused():
    with pytest.raises(ValueError, match="no filters"):
        first_filters(network_of("dense 3", 8))
    with pytest.raises(ValueError, match="skip positions"):
        first_filters(network_of("conv 3x2 dilation=2", 8))
