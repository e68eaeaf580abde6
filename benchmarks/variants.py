"""Effects of substitutions: seqnet against two plain torch passes, and k-mer models; one thread.

Networks have random weights: Basset's layers on 600 bp and the default preset on 200 bp, forward strand, one
task. The plain passes run them as torch has them by default on one-hot windows, in a process of their own:
the command lets the C library keep freed memory, and a script does not ("plain, memory kept" does). The
others go from rows to effects as the command does, genome lookups and batches included. Rows are
substitutions at random places of a random contig, one alternative allele each; "saturation" has the three of
every base, which share a background. "Two predictions" are the windows of both alleles predicted whole; of
k-mer models by ``LinearPredictor.logits``, windows given.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import torch
from _measure import function_seconds, medians
from torch import nn

from seqnet.aliases import no_progress
from seqnet.attribution.kmer_models import ExplainedLinear, KmerBatch
from seqnet.genome.sequence import Genome
from seqnet.genome.variants import Placements, Variant
from seqnet.inference.device import torch_device
from seqnet.inference.linear_predictor import LinearPredictor
from seqnet.inference.predictor import Predictor
from seqnet.kmers.columns import make_columns
from seqnet.kmers.settings import GAPPED, KmerSettings
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.model import Model
from seqnet.networks.presets import PRESETS
from seqnet.pipeline.inputs.request import SignalSource
from seqnet.pipeline.variants.effects import ModelScorer, WindowPredictions
from seqnet.pipeline.variants.rows import Allele
from seqnet.pipeline.variants.windows import WindowTracks

ROUNDS = 5
LENGTH = 200_000
NETWORKS = {"basset": (600, 1024), "default": (200, 4096)}
"""Preset to the width of its windows and the number of substitutions."""
CPU = torch.device("cpu")


def network_model(preset: str, width: int) -> tuple[Model, nn.Sequential]:
    """Return a model of random weights, and its network."""
    torch.manual_seed(0)
    layers = PRESETS[preset].layers
    network = build_network(layers, Shape(4, width), 1).eval()
    spec = {"type": "sequence", "width": width, "features": None, "settings": None}
    header = {"architecture": layers, "tasks": ["t"], "input": spec, "strands": "forward"}
    return Model(header, {name: t.numpy() for name, t in network.state_dict().items()}), network


def kmer_model(normalize: str, width: int) -> Model:
    """Return a linear model of gapped words with random weights."""
    settings = KmerSettings(tuple(GAPPED), "both", normalize)
    d = make_columns(settings).features
    weights = np.random.default_rng(0).normal(size=(1, d)).astype(np.float32)
    spec = {"type": "kmers", "width": width, "features": d, "settings": settings._asdict()}
    header = {"architecture": [], "tasks": ["t"], "input": spec, "strands": "forward"}
    tensors = {"0.weight": weights, "0.bias": np.zeros(1, np.float32),
               "input.mean": np.zeros(d, np.float32), "input.scale": np.ones(d, np.float32)}  # fmt: skip
    return Model(header, tensors)


def substitutions(codes: np.ndarray, count: int, *, saturated: bool) -> list[Allele]:
    """Return alleles at random places, or all of consecutive places."""
    generator = np.random.default_rng(1)
    places = generator.choice(np.arange(2000, LENGTH - 2000), count, replace=False)
    if saturated:
        places = np.repeat(np.arange(5000, 5000 + -(-count // 3)), 3)[:count]
    found = []
    for number, place in enumerate(places.tolist()):
        base = int(codes[place])
        alt = (base + 1 + number % 3) % 4
        variant = Variant(place, bytes([base]), bytes([alt]))
        found.append(Allele("c", Placements(variant, variant), ""))
    return found


def scorer(model: Model, predictor: Predictor | LinearPredictor, genome: Genome) -> ModelScorer:
    """Return what the command computes effects with."""
    predictor.align_rows()
    tracks = WindowTracks(model, SignalSource(), genome)
    return ModelScorer(predictor, genome, model.input["width"], tracks, WindowPredictions(None))


def plain_passes(network: nn.Sequential, codes: np.ndarray, alleles: list[Allele], width: int) -> None:
    """Predict both alleles of each window as a first script would."""
    windows = both_windows(codes, alleles, width)
    with torch.inference_mode():
        for start in range(0, len(windows), 64):
            letters = nn.functional.one_hot(torch.from_numpy(windows[start : start + 64].astype(np.int64)), 4)
            network(letters.permute(0, 2, 1).unsqueeze(2).float())


def both_windows(codes: np.ndarray, alleles: list[Allele], width: int) -> np.ndarray:
    """Return the windows of both alleles, uint8 (2 n, width)."""
    windows = []
    for allele in alleles:
        variant = allele.placed.left
        begin = variant.start - width // 2
        for base in (variant.ref[0], variant.alt[0]):
            window = codes[begin : begin + width].copy()
            window[width // 2] = base
            windows.append(window)
    return np.stack(windows)


def plain_seconds(preset: str) -> float:
    """Return the CPU seconds of plain passes in a process of their own."""
    command = [sys.executable, __file__, "--plain", preset]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def contig() -> np.ndarray:
    """Return the bases of a random contig."""
    return np.random.default_rng(0).integers(0, 4, LENGTH).astype(np.uint8)


def print_plain_seconds(preset: str) -> None:
    """Print the CPU seconds of one run of plain passes, after another one."""
    torch.set_num_threads(1)
    width, count = NETWORKS[preset]
    codes = contig()
    alleles, network = substitutions(codes, count, saturated=False), network_model(preset, width)[1]
    plain_passes(network, codes, alleles[:64], width)
    print(function_seconds(lambda: plain_passes(network, codes, alleles, width)))


def measure_network(preset: str, codes: np.ndarray) -> None:
    """Print what a network's effects take."""
    width, count = NETWORKS[preset]
    model, network = network_model(preset, width)
    predictor = Predictor(model, CPU)
    ours = scorer(model, predictor, Genome({"c": codes}))
    single = substitutions(codes, count, saturated=False)
    every = substitutions(codes, count, saturated=True)
    whole = both_windows(codes, single, width)
    timed = {
        "plain, memory kept": lambda: plain_passes(network, codes, single, width),
        "two predictions": lambda: predictor.logits(whole),
        "single": lambda: ours.effects(single, no_progress),
        "saturation": lambda: ours.effects(every, no_progress),
    }
    seconds = medians(
        {"plain": lambda: plain_seconds(preset)}
        | {name: lambda job=job: function_seconds(job) for name, job in timed.items()},
        ROUNDS,
    )
    rates = ", ".join(f"{name} {count / value:,.0f}/s" for name, value in seconds.items())
    times = {name: f"{value / seconds['single']:.2f}x {name}" for name, value in seconds.items()}
    print(f"{preset} {width} bp: {rates}; single is " + ", ".join(list(times.values())[:3]))
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    sys.stdout.flush()


def k_mer_models(codes: np.ndarray, genome: Genome) -> None:
    """Print effects per CPU second of linear models of 11 gapped patterns."""
    count = 4000
    for normalize, width in (("counts", 200), ("sqrt", 200), ("sqrt", 1000)):
        model = kmer_model(normalize, width)
        predictor = LinearPredictor(model)
        ours, explained = scorer(model, predictor, genome), ExplainedLinear(model)
        single = substitutions(codes, count, saturated=False)
        windows = both_windows(codes, single, width)
        batch = KmerBatch(windows[:32:2], None)
        seconds = medians(
            {
                "two predictions": lambda p=predictor, w=windows: function_seconds(lambda: p.logits(w)),
                "single": lambda o=ours, a=single: function_seconds(lambda: o.effects(a, no_progress)),
                "mutagenesis": lambda e=explained, b=batch, n=width: function_seconds(
                    lambda: e.effects(b, np.arange(n))
                ),
            },
            5,
        )
        sizes = {"mutagenesis": 16 * 3 * width}
        rates = ", ".join(
            f"{name} {sizes.get(name, count) / value:,.0f}/s" for name, value in seconds.items()
        )
        print(f"11 gapped patterns, {normalize}, {width} bp: {rates}")
        sys.stdout.flush()


def main() -> None:
    """Print effects per CPU second."""
    if sys.argv[1:2] == ["--plain"]:
        print_plain_seconds(sys.argv[2])
        return
    torch_device("cpu", 1)
    codes = contig()
    genome = Genome({"c": codes})
    for preset in NETWORKS:
        measure_network(preset, codes)
    k_mer_models(codes, genome)


if __name__ == "__main__":
    main()
