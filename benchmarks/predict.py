"""Predictions along a genome: tiles against a plain loop over windows, one thread, forward strand.

Networks have random weights: a Basset-like one (600 bp, unpadded convolutions) and the default preset
(padded, residual). The plain loop runs them as torch has them by default, batch norms and all, on windows
made one-hot by torch. CPU seconds per 1000 windows; the tables also say how convolutions are computed and how
many layers windows share. bf16 where the processor has it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from _measure import function_seconds, medians
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

from seqnet.inference.precision import native_bf16
from seqnet.inference.predictor import Predictor
from seqnet.inference.tiles import Tiles
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.networks.presets import PRESETS

WIDTH, TASKS = 600, 164
STEPS = (48, 50, 200)
ALONE = 128
"""Windows that are timed where each is computed by itself."""
CHUNKS = 4
"""Of tiles that are timed: along a genome, too, a chunk finds the memory that the one before it left."""
ROUNDS = 5
CPU = torch.device("cpu")

Codes = np.ndarray


def random_model(preset: str) -> tuple[Model, nn.Sequential]:
    """Return a model of random weights, and its network."""
    torch.manual_seed(0)
    layers = PRESETS[preset].layers
    network = build_network(layers, Shape(4, WIDTH), TASKS).eval()
    header = {
        "architecture": layers,
        "tasks": [f"t{number}" for number in range(TASKS)],
        "input": {"type": "sequence", "width": WIDTH, "features": None, "settings": None},
        "strands": "forward",
    }
    return Model(header, {name: t.numpy() for name, t in network.state_dict().items()}), network


def plain_loop(network: nn.Sequential, windows: Codes) -> np.ndarray:
    """Predict windows as a first script would."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(windows), 64):
            codes = torch.from_numpy(windows[start : start + 64].astype(np.int64))
            letters = nn.functional.one_hot(codes, 4).permute(0, 2, 1).unsqueeze(2).float()
            parts.append(torch.sigmoid(network(letters)).numpy())
    return np.concatenate(parts)


def compare(preset: str, step: int, codes: Codes) -> None:
    """Time the ways of one network at one step."""
    model, network = random_model(preset)
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    predictor = Predictor(model, CPU)
    tiles = Tiles(predictor, step)
    count = CHUNKS * tiles.chunk if tiles.plan is not None else ALONE
    lead = WIDTH // 2 - step // 2
    contig = codes[: step * count]
    first = -(-lead // step)
    windows = sliding_window_view(contig, WIDTH)[first * step - lead :: step][:ALONE]
    expected = plain_loop(plain, windows)
    found = np.concatenate([part.values for part in tiles.predict(contig)])[first : first + len(windows)]
    assert np.abs(found - expected).max() <= 1e-6

    def along(chosen: Predictor) -> Callable[[], float]:
        of = Tiles(chosen, step)
        return lambda: function_seconds(lambda: list(of.predict(contig))) / count

    timed = {
        "plain loop": lambda: function_seconds(lambda: plain_loop(plain, windows)) / len(windows),
        "seqnet, windows": lambda: function_seconds(lambda: predictor.from_codes(windows)) / len(windows),
        "seqnet, tiles": along(predictor),
    }
    if native_bf16(CPU):
        timed["seqnet, tiles in bf16"] = along(Predictor(model, CPU, precision="bf16"))
    seconds = medians(timed, ROUNDS)
    plan = tiles.plan
    saved = "none shared" if plan is None else f"{plan.shared} of {plan.layers} layers shared"
    print(f"\n{preset}, a tile of {step} bp: {saved} (CPU s per 1000 windows)")
    for name, value in seconds.items():
        print(f"  {name:<24}{1000 * value:>10.3f}{seconds['plain loop'] / value:>8.1f}x")


def main() -> None:
    """Time all of them."""
    torch.set_num_threads(1)
    codes = np.random.default_rng(1).integers(0, 4, 1 << 17).astype(np.uint8)
    for preset in ("basset", "default"):
        print(f"\n{preset}: convolutions {Predictor(random_model(preset)[0], CPU).ways}")
        for step in STEPS:
            compare(preset, step, codes)


if __name__ == "__main__":
    main()
