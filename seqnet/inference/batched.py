"""Predictions of a network, the same bytes for any number of threads."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Ints, Progress, no_progress
from seqnet.inference.precision import Precision, autocast
from seqnet.model_inputs.inputs import Inputs
from seqnet.parallel import ordered_map

Strands: TypeAlias = Literal["both", "forward"]
BATCH = 256
"""Every batch is filled up to this many rows, so that arithmetic never depends on how many."""


def predict_logits(
    network: nn.Module,
    inputs: Inputs,
    *,
    device: torch.device,
    strands: Strands = "forward",
    precision: Precision = "float32",
    threads: int = 1,
    batch: int = BATCH,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """Return the network's outputs before the sigmoid, float32 (n, T).

    Parameters
    ----------
    strands
        ``both`` averages the outputs of the two strands.
    precision
        ``bf16`` computes in bfloat16 where that is safe.
    threads
        Batches computed at a time, each as one thread alone would.
    batch
        Rows of each batch.
    progress
        Called with the number of rows done.
    """
    network.eval()

    def outputs(rows: Ints) -> NDArray[np.float32]:
        filled = filled_up(rows, batch)
        with torch.inference_mode(), autocast(precision, device):
            logits = network(inputs.batch(filled, device))
            if strands == "both":
                flipped = inputs.batch(filled, device, np.ones(batch, dtype=bool))
                logits = (logits + network(flipped)) / 2
        array: NDArray[np.float32] = logits[: len(rows)].float().cpu().numpy()
        return array

    parts: list[NDArray[np.float32]] = []
    everything = np.arange(len(inputs))
    batches = (everything[start : start + batch] for start in range(0, len(inputs), batch))
    for part in ordered_map(outputs, batches, threads):
        parts.append(part)
        progress(len(part))
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def filled_up(rows: Ints, count: int) -> Ints:
    """Return rows and as many more of the last one as are missing."""
    return np.concatenate([rows, np.full(count - len(rows), rows[-1])])


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of logits, float32, without overflow."""
    return torch.sigmoid(torch.from_numpy(logits)).numpy()
