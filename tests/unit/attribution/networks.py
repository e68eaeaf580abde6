"""Small networks of every kind of layer, and other things that several tests here need."""

import gzip

import numpy as np
import torch

from seqnet.formats.models.model_file import read_model
from seqnet.model_inputs.inputs import one_hot_tensor
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from tests.conftest import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "models_0_1_0"

EXAMPLES = {
    "conv": "conv 5x4 stride=2 dilation=2, relu, conv 4x2 padding=valid groups=1, dense 3",
    "max_pool": "conv 6x3, max_pool 3 stride=2 partial=true, max_pool 2, dense 3, tanh",
    "average_pool": "conv 4x3, relu, average_pool 3 stride=2 partial=true, dense 3",
    "batch_norm": "batch_norm, conv 4x3, relu, batch_norm, dense 3, batch_norm",
    "activation": "conv 6x3, gelu, conv 4x3, exponential, conv 4x2, prelu, conv 3x2, leaky_relu, conv 3x1, elu, "
    "conv 3x2, silu, conv 3x1, sigmoid, conv 3x2, softplus, dense 3",
    "maxout": "conv 8x3, maxout 4, dense 6, maxout 2",
    "dropout": "conv 4x3, dropout 0.5, relu, dense 3",
    "residual": "conv 4x3, residual(batch_norm, relu, conv 4x3 dilation=2), "
    "residual(tanh, conv 6x2, shortcut(conv 6x1)), global_pool max",
    "siamese": "siamese(conv 6x5, relu, max_pool 3, dense 4, tanh), dense 3, tanh",
    "towers": "towers(conv 4x3, relu, global_pool max, signal(conv 2x3, tanh, global_pool average)), dense 3, tanh",
    "parallel": "conv 6x3, exponential, parallel(global_pool max_average, beside(conv 2x1, max_pool 4, flatten)), "
    "dense 3, tanh",
    "global_pool": "conv 6x3, relu, global_pool max_average, dense 3, tanh",
    "taper": "conv 6x3, relu, taper narrowest=3 widest=9, global_pool max, dense 3, tanh",
    "flatten": "conv 4x3, tanh, flatten, dense 3",
    "dense": "conv 4x3, relu, dense 5 bias=false, tanh",
}
"""Row of LAYERS to an architecture that holds it."""


def network_of(text, width, channels=4, seed=1):
    """A network of two tasks whose weights and statistics tell places apart, in evaluation mode."""
    network = build_network(parse_layers(text), Shape(channels, width), 2).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        spread = max(1, tensor[0].numel()) ** -0.5 if tensor.ndim > 1 else 0.5
        random = spread * torch.randn(tensor.shape, generator=generator)
        tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5 if "var" in name else random)
    return network.requires_grad_(False)


def random_codes(rows, length, seed=0, letters=5):
    """Random bases, uint8 (rows, length), some of them ambiguous."""
    return np.random.default_rng(seed).integers(0, letters, (rows, length)).astype(np.uint8)


def as_input(codes, signals=0, dtype=torch.float64):
    """One-hot bases with random signals behind them, (n, 4 + signals, 1, L)."""
    bases = one_hot_tensor(torch.from_numpy(np.ascontiguousarray(codes))).to(dtype)
    tracks = torch.randn(
        len(codes), signals, 1, codes.shape[1], dtype=dtype, generator=torch.Generator().manual_seed(2)
    )
    return torch.cat([bases, tracks], dim=1)


def fixture_model(name, tmp_path):
    """A stored model of an earlier version."""
    packed = FIXTURES / f"{name}.safetensors.gz"
    if not packed.exists():
        return read_model(str(FIXTURES / f"{name}.safetensors"))
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return read_model(str(path))
