"""Predictions of a network, the same bytes for any number of threads."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Progress, no_progress
from seqnet.training.inputs import Inputs

Strands: TypeAlias = Literal["both", "forward"]
BATCH = 256
"""Every batch is filled up to this many rows, so that arithmetic never depends on how many."""


def predict_logits(
    network: nn.Module,
    inputs: Inputs,
    *,
    device: torch.device,
    strands: Strands = "forward",
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """Return the network's outputs before the sigmoid, float32 (n, T).

    Parameters
    ----------
    strands
        ``both`` averages the outputs of the two strands.
    progress
        Told the number of rows done.
    """
    network.eval()
    parts: list[NDArray[np.float32]] = []
    n = len(inputs)
    with torch.inference_mode():
        for start in range(0, n, BATCH):
            rows = np.arange(start, min(start + BATCH, n))
            filled = np.concatenate([rows, np.full(BATCH - len(rows), rows[-1])])
            logits = network(inputs.batch(filled, device))
            if strands == "both":
                flipped = inputs.batch(filled, device, np.ones(BATCH, dtype=bool))
                logits = (logits + network(flipped)) / 2
            parts.append(logits[: len(rows)].float().cpu().numpy())
            progress(len(rows))
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of logits, float32, without overflow."""
    return torch.sigmoid(torch.from_numpy(logits)).numpy()
