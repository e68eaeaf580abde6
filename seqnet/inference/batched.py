"""Predictions of a network, the same bytes for any number of threads."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seqnet.aliases import Ints, Progress, no_progress
from seqnet.genome.variants import SequenceEdits
from seqnet.inference.precision import Precision, autocast
from seqnet.inference.sharing.lockstep import Lockstep, other_strand
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
        filled = _filled(rows, batch)
        with torch.inference_mode(), autocast(precision, device):
            logits = network(inputs.batch(filled, device))
            if strands == "both":
                flipped = inputs.batch(filled, device, np.ones(batch, dtype=bool))
                logits = (logits + network(flipped)) / 2
        found: NDArray[np.float32] = logits[: len(rows)].float().cpu().numpy()
        return found

    parts: list[NDArray[np.float32]] = []
    everything = np.arange(len(inputs))
    batches = (everything[start : start + batch] for start in range(0, len(inputs), batch))
    for part in ordered_map(outputs, batches, threads):
        parts.append(part)
        progress(len(part))
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def predict_edits(
    lockstep: Lockstep,
    inputs: Inputs,
    edits: SequenceEdits,
    *,
    device: torch.device,
    strands: Strands = "forward",
    threads: int = 1,
    progress: Progress = no_progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a network's outputs for sequences, float32 (n, T), and for edits of them, (e, T).

    The other parameters are those of `predict_logits`. What an edit gives does not depend on the others.
    """
    size = lockstep.at_once

    def outputs(own: Ints) -> NDArray[np.float32]:
        first, end = np.searchsorted(edits.rows, [own[0], own[-1] + 1])
        some = _filled(np.arange(first, end), -(-(end - first) // size) * size)
        letters = torch.from_numpy(edits.letters[some].astype(np.int64)).to(device)
        rows = torch.from_numpy(edits.rows[some] - own[0]).to(device)
        filled = _filled(own, size)
        with torch.inference_mode():
            logits = lockstep.outputs(inputs.batch(filled, device), edits.place, letters, rows)
            if strands == "both":
                flipped = inputs.batch(filled, device, np.ones(len(filled), dtype=bool))
                place = flipped.shape[3] - edits.place - letters.shape[1]
                logits = (logits + lockstep.outputs(flipped, place, other_strand(letters), rows)) / 2
        logits = torch.cat([logits[: len(own)], logits[len(filled) :][: end - first]])
        parts: NDArray[np.float32] = logits.float().cpu().numpy()
        return parts

    everything = np.arange(len(inputs))
    batches = [everything[start : start + size] for start in range(0, len(inputs), size)]
    plain, edited = [], []
    for own, part in zip(batches, ordered_map(outputs, iter(batches), threads), strict=True):
        plain.append(part[: len(own)])
        edited.append(part[len(own) :])
        progress(len(part))
    return np.concatenate(plain), np.concatenate(edited)


def _filled(rows: Ints, count: int) -> Ints:
    """Return rows and as many more of the last one as are missing."""
    return np.concatenate([rows, np.full(count - len(rows), rows[-1])])


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of logits, float32, without overflow."""
    return torch.sigmoid(torch.from_numpy(logits)).numpy()
