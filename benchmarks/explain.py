"""In-silico mutagenesis and DeepLIFT of networks, and patterns of attributions, one thread.

Networks are explained in a process of their own, which keeps freed memory as the command lets it; peers run
as in a script, which does not. They are each sequence computed whole by torch, and tangermeme, plainly and in
its fast way, and modisco-lite for patterns, where they are installed.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from _measure import children_seconds, function_seconds, medians, print_table
from numpy.typing import NDArray
from torch import Tensor, nn

from seqnet.aliases import Codes
from seqnet.attribution.deeplift import multipliers
from seqnet.attribution.mutagenesis import substituted
from seqnet.attribution.patterns import find_patterns
from seqnet.attribution.references import References
from seqnet.attribution.seqlets import find_seqlets
from seqnet.inference.device import torch_device
from seqnet.inference.fold import fold_batch_norms
from seqnet.inference.sharing.substitutions import Substitutions
from seqnet.model_inputs.inputs import one_hot_tensor
from seqnet.networks.fast.blocked_conv import learn_in_blocks
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.modules import Exponential, GlobalPool
from seqnet.networks.presets import PRESETS

ROUNDS = 3
SHUFFLES = 20
CASES = (("basset", 600, 11, 1, 16), ("default", 200, 32, 4, 128), ("default", 1000, 4, 1, 32))
"""Preset, bases, sequences; for DeepLIFT, as in `explain`, sequences at a time and shuffles at a time."""
PLAIN_POSITIONS = 20
"""Positions at which sequences are edited where each is computed whole; times are scaled up."""
WHOLE = "torch, whole, some positions"

MOTIFS = ("CCACTAGGGGGC", "TGACTCATAC", "GTCACGTGAC", "CTTATCTGCA", "GGAAGTGACTTC")
"""Words that attributions of the search for patterns hold."""
SEQLETS = 20_000

Way = Callable[[], object]


class OneDimensional(nn.Module):
    """A network for the inputs of tangermeme, (n, 4, L)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Apply it."""
        outputs: Tensor = self.network(x.unsqueeze(2))
        return outputs


def sequential_1d(network: nn.Sequential) -> nn.Sequential | None:
    """Return a plain chain as modules of one dimension, which tangermeme knows; None for others."""
    layers: list[nn.Module] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            layer = nn.Conv1d(module.in_channels, module.out_channels, module.kernel_size[1], padding=0)
            layer.weight, layer.bias = nn.Parameter(module.weight[:, :, 0]), module.bias
            if module.padding[1]:
                return None
            layers.append(layer)
        elif isinstance(module, nn.MaxPool2d):
            layers.append(nn.MaxPool1d(module.kernel_size[1], module.stride[1]))
        elif isinstance(module, nn.ReLU | nn.Linear | nn.Flatten):
            layers.append(module)
        elif not isinstance(module, nn.Sequential | nn.Identity | nn.Dropout):
            return None
    return nn.Sequential(*layers)


class PlainPool(nn.Module):
    """A global pool made of torch's pools, which tangermeme has rules for."""

    def __init__(self, kind: str, length: int) -> None:
        super().__init__()
        self.highest = nn.MaxPool2d((1, length)) if kind != "average" else None
        self.mean = nn.AvgPool2d((1, length)) if kind != "max" else None

    def forward(self, x: Tensor) -> Tensor:
        """Pool (n, C, 1, L)."""
        return torch.cat([pool(x).flatten(1) for pool in (self.highest, self.mean) if pool is not None], 1)


def ruled(network: nn.Sequential, width: int) -> nn.Module:
    """Return a network that reads (n, 4, L), of layers that tangermeme has rules for."""
    chain = sequential_1d(network)
    if chain is not None:
        return chain
    copied, lengths = copy.deepcopy(network), {}
    for module in copied.modules():
        if isinstance(module, GlobalPool):
            module.register_forward_hook(lambda pool, x, _: lengths.update({pool: x[0].shape[3]}))
    copied(torch.zeros(1, 4, 1, width))
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, GlobalPool):
                setattr(parent, name, PlainPool(child.kind, lengths[child]))
    return OneDimensional(copied)


def network_of(preset: str, width: int) -> nn.Sequential:
    """Return a network with random weights, its batch norms folded."""
    torch.manual_seed(0)
    network = build_network(PRESETS[preset].layers, Shape(4, width), 1).eval()
    fold_batch_norms(network)
    return network.requires_grad_(False)


def mutagenesis_ways(network: nn.Sequential, x: Tensor) -> dict[str, Way]:
    """Return the ways to compute all substitutions of (n, 4, 1, L)."""
    ours, width = Substitutions(network), x.shape[3]
    places = np.linspace(0, width - 1, PLAIN_POSITIONS).astype(np.int64)
    ways: dict[str, Way] = {
        "seqnet": lambda: ours.outputs(x, 0, width),
        WHOLE: lambda: substituted(network, x[0], places, 32),
    }
    try:
        from tangermeme.saturation_mutagenesis import saturation_mutagenesis
    except ImportError:
        return ways
    chain = sequential_1d(network)
    flat = x.squeeze(2).contiguous()
    plain = OneDimensional(network) if chain is None else chain

    def theirs(rows: Tensor, *, fast: bool) -> object:
        return saturation_mutagenesis(plain, rows, device="cpu", fast=fast, raw_outputs=True)

    ways["tangermeme, fast"] = lambda: theirs(flat, fast=True)
    ways["tangermeme, plain, one sequence"] = lambda: theirs(flat[:1], fast=False)
    return ways


def deeplift_ways(network: nn.Sequential, codes: Codes, together: int, at_once: int) -> dict[str, Way]:
    """Return the ways to compute DeepLIFT of sequences, uint8 (n, L), some at a time, against shuffles."""
    blocks = copy.deepcopy(network)
    learn_in_blocks(blocks)

    def ours() -> None:
        references = References(SHUFFLES).of(codes)
        for start in range(0, len(codes), together):
            own = torch.from_numpy(codes[start : start + together])
            others = torch.from_numpy(references[start : start + together]).flatten(0, 1)
            multipliers(blocks, one_hot_tensor(own), one_hot_tensor(others), 0, at_once)

    ways: dict[str, Way] = {"seqnet": ours}
    try:
        from tangermeme.deep_lift_shap import _nonlinear, deep_lift_shap
    except ImportError:
        return ways
    plain = ruled(network, codes.shape[1])
    flat = one_hot_tensor(torch.from_numpy(codes)).squeeze(2).contiguous()
    ways["tangermeme"] = lambda: deep_lift_shap(
        plain, flat, n_shuffles=SHUFFLES, additional_nonlinear_ops={Exponential: _nonlinear}, device="cpu"
    )
    return ways


def planted_attributions(
    count: int, length: int, motifs: tuple[str, ...]
) -> tuple[Codes, NDArray[np.float32]]:
    """Return sequences that hold one of some words, and hypothetical attributions that see it, (n, 4, L)."""
    random = np.random.default_rng(0)
    codes = random.integers(0, 4, (count, length)).astype(np.uint8)
    hypothetical = random.normal(0, 0.05, (count, 4, length)).astype(np.float32)
    for row in range(count if motifs else 0):
        word = np.array(["ACGT".index(letter) for letter in motifs[row % len(motifs)]], dtype=np.uint8)
        if random.integers(2):
            word = 3 - word[::-1]
        changed = random.random(len(word)) < 0.1  # sites differ
        letters = np.where(changed, random.integers(0, 4, len(word)), word).astype(np.uint8)
        start = int(random.integers(5, length - 20))
        codes[row, start : start + len(word)] = letters
        hypothetical[row, :, start : start + len(word)] -= 0.25
        hypothetical[row, word, start + np.arange(len(word))] += 1
    return codes, hypothetical


def observed_of(codes: Codes, hypothetical: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the attributions of the bases that are there, (n, L)."""
    observed: NDArray[np.float32] = np.take_along_axis(hypothetical, codes[:, None].astype(np.int64), 1)[:, 0]
    return observed


def pattern_ways(count: int) -> dict[str, Callable[[], float]]:
    """Return the ways to find patterns in attributions of so many sequences, by their CPU seconds."""
    codes, hypothetical = planted_attributions(count, 100, MOTIFS)
    observed, null = observed_of(codes, hypothetical), observed_of(*planted_attributions(count, 100, ()))

    def ours() -> None:
        seqlets = find_seqlets(observed, null, 0.05)
        patterns = find_patterns(seqlets, hypothetical, observed, codes, 20)
        print(f"  seqnet: {sum(map(len, patterns))} seqlets in {len(patterns)} patterns")

    ways = {"seqnet": lambda: function_seconds(ours)}
    try:
        from modiscolite.tfmodisco import TFMoDISco
    except ImportError:
        return ways
    x = (codes[:, :, None] == np.arange(4)).astype(np.float32)
    attributions = np.ascontiguousarray(hypothetical.transpose(0, 2, 1))

    def theirs(some: int) -> None:
        # the settings of its command line
        positive, _ = TFMoDISco(
            one_hot=x[:some], hypothetical_contribs=attributions[:some], sliding_window_size=20, flank_size=5,
            max_seqlets_per_metacluster=SEQLETS, target_seqlet_fdr=0.05, n_leiden_runs=2,
        )  # fmt: skip
        patterns = [] if positive is None else positive
        used = sum(len(each.seqlets) for each in patterns)
        print(f"  modisco-lite: {used} seqlets in {len(patterns)} patterns")

    def with_children() -> float:
        before = children_seconds()
        return function_seconds(lambda: theirs(count)) + children_seconds() - before

    theirs(2000)  # compiles
    return ways | {"modisco-lite": with_children}


def own_seconds(case: int, job: str) -> float:
    """Return the CPU seconds of a job of ours in a process that keeps freed memory."""
    command = [sys.executable, __file__, "--seqnet", str(case), job]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def print_own_seconds(case: int, job: str) -> None:
    """Print the CPU seconds of a second call of ours."""
    torch_device("cpu", 1)
    network, codes = inputs_of(case)
    if job == "mutagenesis":
        with torch.inference_mode():
            ways = mutagenesis_ways(network, one_hot_tensor(torch.from_numpy(codes)))
            print(timed({"seqnet": ways["seqnet"]})["seqnet"]())
    else:
        ways = deeplift_ways(network, codes[:4], *CASES[case][3:])
        print(timed({"seqnet": ways["seqnet"]})["seqnet"]())


def inputs_of(case: int) -> tuple[nn.Sequential, Codes]:
    """Return the network of a case, and its sequences, uint8 (n, L)."""
    preset, width, count = CASES[case][:3]
    codes = np.random.default_rng(0).integers(0, 4, (count, width)).astype(np.uint8)
    return network_of(preset, width), codes


def timed(ways: dict[str, Way]) -> dict[str, Callable[[], float]]:
    """Return the ways as functions that return their CPU seconds, after a first call that is not counted."""
    for way in ways.values():
        way()
    return {name: (lambda way=way: function_seconds(way)) for name, way in ways.items()}


def main() -> None:
    """Time all cases."""
    if sys.argv[1:2] == ["--seqnet"]:
        print_own_seconds(int(sys.argv[2]), sys.argv[3])
        return
    torch.set_num_threads(1)
    for case, (preset, width, count, together, at_once) in enumerate(CASES):
        network, codes = inputs_of(case)
        x = one_hot_tensor(torch.from_numpy(codes))
        with torch.inference_mode():
            ways = timed(mutagenesis_ways(network, x))
            found = medians(ways | {"seqnet": partial(own_seconds, case, "mutagenesis")}, ROUNDS)
        found[WHOLE] *= count * width / PLAIN_POSITIONS
        if "tangermeme, plain, one sequence" in found:
            found["tangermeme, plain, one sequence"] *= count
        edits = 3 * count * width
        print_table(f"{preset}, {count} of {width} bp, {edits} substitutions", found, "seqnet")
        print(f"  seqnet: {edits / found['seqnet']:,.0f} substitutions per second")
        ways = timed(deeplift_ways(network, codes[:4], together, at_once))
        lifted = medians(ways | {"seqnet": partial(own_seconds, case, "deeplift")}, ROUNDS)
        print_table(f"DeepLIFT, {preset}, 4 of {width} bp, {SHUFFLES} shuffles", lifted, "seqnet")
    print_table(f"patterns in {SEQLETS:,} sequences of 100 bp", medians(pattern_ways(SEQLETS), 1), "seqnet")


if __name__ == "__main__":
    main()
