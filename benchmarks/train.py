"""Training on a CPU, one thread: the Basset step in layouts and precisions, the loop's own cost, the data's.

A step is forward, backward and the optimiser, on 600 bp one-hot input, convolutions at once or in blocks. The
convolution peak is the best rate of its largest convolutions alone, at once. bf16 is timed only where the
processor multiplies it in hardware. The loop is compared with the bare step on the same batches, and with
lightning's Trainer.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

import numpy as np
import torch
from _measure import function_seconds, medians, print_table
from torch import Tensor, nn

from seqnet.inference.device import keep_freed
from seqnet.inference.precision import native_bf16
from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.networks.fast.blocked_conv import learn_in_blocks
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.losses import bce
from seqnet.networks.presets import PRESETS
from seqnet.training.config import Examples, FitConfig
from seqnet.training.fit import fit, set_seed
from seqnet.training.optimise import make_optimiser

CPU = torch.device("cpu")
WIDTH, BATCH = 600, 64
SMALL_WIDTH, SMALL_ROWS, SMALL_BATCH = 100, 16384, 128
ROUNDS = 5
OURS = "float32, channels last, in blocks (seqnet)"


class Basset1d(nn.Sequential):
    """Basset of plain Conv1d, as its reimplementations have it."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        channels, length = 4, WIDTH
        for filters, width, pool in ((300, 19, 3), (200, 11, 4), (200, 7, 4)):
            layers += [nn.Conv1d(channels, filters, width, padding=width // 2), nn.BatchNorm1d(filters)]
            layers += [nn.ReLU(), nn.MaxPool1d(pool)]
            channels, length = filters, length // pool
        layers.append(nn.Flatten())
        features = channels * length
        for _ in range(2):
            layers += [nn.Linear(features, 1000), nn.ReLU(), nn.Dropout(0.3)]
            features = 1000
        super().__init__(*layers, nn.Linear(features, 1))


def step(network: nn.Module, x: Tensor, y: Tensor, *, bf16: bool) -> Callable[[], object]:
    """Return one training step."""
    optimiser = make_optimiser("rmsprop", network)
    network.train()

    def run() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            outputs = network(x)
        optimiser.zero_grad(set_to_none=True)
        bce(outputs, y).backward()
        optimiser.step()

    return run


def basset_steps() -> dict[str, float]:
    """Time the step in layouts and precisions; return seconds."""
    codes = np.random.default_rng(0).integers(0, 4, (BATCH, WIDTH)).astype(np.uint8)
    inputs = SequenceInputs(codes)
    x, y = inputs.batch(np.arange(BATCH), CPU), torch.zeros(BATCH, 1)
    last, cut = (build_network(PRESETS["basset"].layers, Shape(4, WIDTH), 1) for _ in range(2))
    learn_in_blocks(cut)
    plain = x.squeeze(2).contiguous()
    ways = {"float32, Conv1d": step(Basset1d(), plain, y, bf16=False)}
    ways["float32, channels last"] = step(last, x, y, bf16=False)
    ways[OURS] = step(cut, x, y, bf16=False)
    if native_bf16(CPU):
        ways["bf16, Conv1d"] = step(Basset1d(), plain, y, bf16=True)
        ways["bf16, channels last (seqnet)"] = step(last, x, y, bf16=True)
    order = np.arange(BATCH)
    flip = np.zeros(BATCH, dtype=bool)
    ways["its batch: gather and one-hot"] = lambda: inputs.batch(order, CPU, flip)
    found = medians(timed(ways), ROUNDS)
    print_table(f"Basset step, {BATCH} x {WIDTH} bp", found, OURS)
    if not native_bf16(CPU):
        print("  bf16: this processor has no bf16 multiplication; not timed")
    share = found["its batch: gather and one-hot"] / found[OURS]
    print(f"  share of the step spent on data: {share:.2%}")
    return found


def timed(ways: dict[str, Callable[[], object]]) -> dict[str, Callable[[], float]]:
    """Return measurements of functions, each run once before."""
    for way in ways.values():
        way()
    return {name: (lambda way=way: function_seconds(way)) for name, way in ways.items()}


def convolution_peak(found: dict[str, float]) -> None:
    """Compare the step's arithmetic with what the convolutions alone reach at best."""
    layers = [(4, 300, 19, 600), (300, 200, 11, 200), (200, 200, 7, 50)]
    operations = [2 * BATCH * c * k * w * length for c, k, w, length in layers]
    dense = 2 * BATCH * (200 * 12 * 1000 + 1000 * 1000 + 1000)
    rates = []
    for (c, k, w, length), count in zip(layers[1:], operations[1:], strict=True):
        x = torch.randn(BATCH, c, 1, length).to(memory_format=torch.channels_last)
        module = nn.Conv2d(c, k, (1, w), padding=(0, w // 2)).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            seconds = medians(timed({"": lambda m=module, x=x: m(x)}), ROUNDS)[""]
        rates.append(count / seconds / 1e9)
    # backward does the work twice, but for the gradient of the one-hot input, which nobody needs
    total = 3 * (sum(operations) + dense) - operations[0]
    peak, rate = max(rates), total / found["float32, channels last"] / 1e9
    print(f"  convolution peak {peak:.1f} GFLOP/s; without blocks {rate:.1f} GFLOP/s, {rate / peak:.0%}")


def small_examples() -> Examples:
    """Return sequences for the small network."""
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, (SMALL_ROWS, SMALL_WIDTH)).astype(np.uint8)
    return Examples(SequenceInputs(codes), (codes[:, :1] > 1).astype(np.float32))


def small_network() -> nn.Module:
    """Return DragoNN's network."""
    set_seed(0)
    return build_network(PRESETS["dragonn"].layers, Shape(4, SMALL_WIDTH), 1)


def bare_loop(examples: Examples) -> None:
    """Step over batches that are made beforehand."""
    network = small_network()
    rows = np.arange(SMALL_BATCH)
    x, y = examples.inputs.batch(rows, CPU), torch.from_numpy(examples.targets[rows])
    run = step(network, x, y, bf16=False)
    for _ in range(SMALL_ROWS // SMALL_BATCH):
        run()


def our_loop(examples: Examples) -> None:
    """Train one epoch with ours; validation on few rows."""
    few = Examples(examples.inputs.subset(np.arange(2)), np.array([[0.0], [1.0]], np.float32))
    config = FitConfig(
        epochs=1, batch_size=SMALL_BATCH, optimiser="rmsprop", weight_decay=0.0, strands="forward"
    )
    fit(small_network(), examples, few, config, device=CPU, tasks=("A",))


def lightning_loop(examples: Examples) -> Callable[[], object] | None:
    """Return lightning's Trainer on the same network, one-hot tensors in memory, where installed."""
    try:
        import lightning
    except ImportError:
        return None
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = small_network()

        def training_step(self, batch: list[Tensor], _number: int) -> Tensor:
            return bce(self.network(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return make_optimiser("rmsprop", self.network)

    x = examples.inputs.batch(np.arange(SMALL_ROWS), CPU)
    data = TensorDataset(x, torch.from_numpy(examples.targets))

    def run() -> None:
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip
        trainer.fit(Module(), DataLoader(data, SMALL_BATCH, shuffle=True))

    return run


def compare_loops() -> None:
    """Time an epoch of the small network."""
    examples = small_examples()
    ways: dict[str, Callable[[], object]] = {
        "seqnet": lambda: our_loop(examples), "bare step": lambda: bare_loop(examples)
    }  # fmt: skip
    peer = lightning_loop(examples)
    if peer is not None:
        ways["lightning Trainer"] = peer
    found = medians(timed(ways), ROUNDS)
    print_table(f"an epoch of a small CNN, {SMALL_ROWS} x {SMALL_WIDTH} bp", found, "seqnet")


def main() -> None:
    """Time all of them."""
    torch.set_num_threads(1)
    keep_freed()  # as `seqnet train` does; the peers gain by it too
    convolution_peak(basset_steps())
    compare_loops()


if __name__ == "__main__":
    main()
