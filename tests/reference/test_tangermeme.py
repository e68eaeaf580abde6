"""DeepLIFT of the presets equals tangermeme's: values of tangermeme 1.6.0, pinned, and a run of it where installed.

``python -m tests.reference.test_tangermeme`` computes the pinned values anew.
"""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from seqnet.attribution.deeplift import multipliers, projected
from seqnet.attribution.references import References
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.modules import Exponential, GlobalPool
from seqnet.networks.presets import PRESETS
from tests.conftest import ROOT
from tests.unit.attribution.networks import as_input

PINNED = ROOT / "tests" / "fixtures" / "tangermeme_deeplift.npz"
WIDTHS = {"lecture": 30, "dragonn": 60, "deepbind": 40, "default": 60, "basset": 200, "deepsea": 180}
"""Presets that tangermeme can take, all but recurrent ones and those with an output per position, to bases."""
SHUFFLES = 4


def network_of(preset):
    """The preset of two tasks in float64, its weights and statistics uniform draws of numpy."""
    network = build_network(PRESETS[preset].layers, Shape(4, WIDTHS[preset]), 2).double().eval()
    random = np.random.default_rng(7)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            spread = (6 / tensor[0].numel()) ** 0.5 if tensor.ndim > 1 else 0.5
            low, high = (0.5, 1.5) if "var" in name else (-spread, spread)
            tensor.copy_(torch.from_numpy(np.asarray(low + (high - low) * random.random(tensor.shape))))
    return network.requires_grad_(False)


def pairs_of(preset):
    """Two sequences, and their references, uint8 (2, L) and (2, N, L)."""
    codes = np.random.default_rng(5).integers(0, 4, (2, WIDTHS[preset])).astype(np.uint8)
    return codes, References(SHUFFLES, 3).of(codes)


def ours(preset, codes, references, task):
    """Hypothetical attributions, float64 (n, 4, L)."""
    others = as_input(references.reshape(-1, references.shape[2]))
    found = multipliers(network_of(preset), as_input(codes), others, task)
    return projected(found.values, others.view(*references.shape[:2], 4, -1)).numpy()


class PlainPool(nn.Module):
    """A global pool made of torch's pools, which tangermeme has rules for."""

    def __init__(self, kind, length):
        super().__init__()
        self.kind = kind
        self.highest, self.mean = nn.MaxPool2d((1, length)), nn.AvgPool2d((1, length))

    def forward(self, x):
        highest, mean = self.highest(x).flatten(1), self.mean(x).flatten(1)
        return {"max": highest, "average": mean, "max_average": torch.cat([highest, mean], dim=1)}[self.kind]


class Flat(nn.Module):
    """A network of (n, 4, L)."""

    def __init__(self, network, width):
        super().__init__()
        self.network = network
        lengths = {}
        for module in network.modules():
            if isinstance(module, GlobalPool):
                module.register_forward_hook(lambda pool, x, _: lengths.update({pool: x[0].shape[3]}))
        network(torch.zeros(1, 4, 1, width, dtype=torch.float64))
        for parent in list(network.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, GlobalPool):
                    setattr(parent, name, PlainPool(child.kind, lengths[child]))

    def forward(self, x):
        return self.network(x.unsqueeze(2))


def theirs(preset, codes, references, task):
    """Hypothetical attributions by tangermeme, with its own rules and its secant for `Exponential`."""
    from tangermeme.deep_lift_shap import _nonlinear, deep_lift_shap

    others = as_input(references.reshape(-1, references.shape[2])).view(*references.shape[:2], 4, -1)
    found = deep_lift_shap(
        Flat(network_of(preset), WIDTHS[preset]), as_input(codes).squeeze(2), target=task, references=others,
        hypothetical=True, additional_nonlinear_ops={Exponential: _nonlinear}, device="cpu",
    )  # fmt: skip
    return found.numpy()


def close(found, expected):
    """Whether attributions agree to 1e-10 of the highest."""
    return np.abs(found - expected).max() <= 1e-10 * np.abs(expected).max()


@pytest.mark.parametrize("preset", WIDTHS)
def test_attributions_are_those_of_tangermeme(preset):
    with np.load(PINNED) as pinned:
        codes, references, expected = (pinned[f"{preset}_{key}"] for key in ("codes", "references", "task1"))
    assert np.abs(expected).max() > 1e-4
    assert close(ours(preset, codes, references, 1), expected)
    assert not close(ours(preset, codes, references, 0), expected)


@pytest.mark.parametrize("preset", WIDTHS)
def test_tangermeme_gives_the_same_today(preset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("tangermeme.deep_lift_shap")
        codes, references = pairs_of(preset)
        expected = theirs(preset, codes, references, 0)
    assert close(ours(preset, codes, references, 0), expected)


def pin():
    """Write the pinned values."""
    arrays = {}
    for preset in WIDTHS:
        codes, references = pairs_of(preset)
        values = theirs(preset, codes, references, 1)
        arrays |= {f"{preset}_codes": codes, f"{preset}_references": references, f"{preset}_task1": values}
    np.savez_compressed(PINNED, **arrays)


if __name__ == "__main__":
    pin()
