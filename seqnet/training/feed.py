"""An epoch's batches as tensors, small ones made several at a time.

What a batch costs is mostly the calls that make it, whose code and tables a step has driven out of the
processor's cache; so a few small ones share them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from seqnet.training.batches import Batch
from seqnet.training.config import Examples

BYTES_AT_ONCE = 1 << 20
"""Of the inputs that are made at a time, where a batch has less."""


def feed(
    examples: Examples, batches: Iterator[Batch], device: torch.device
) -> Iterator[tuple[Batch, Tensor, Tensor]]:
    """Yield each batch with its inputs and its targets (b, T) on the device."""
    together = 1
    while group := list(islice(batches, together)):
        rows, flip, shift = (np.concatenate(parts) for parts in zip(*(b[:3] for b in group), strict=True))
        inputs = examples.inputs.batch(rows, device, flip, shift)
        targets = torch.from_numpy(examples.targets[rows]).to(device)
        if together == 1:
            together = max(1, BYTES_AT_ONCE // max(1, inputs.nbytes))
        sizes = [len(batch.rows) for batch in group]
        yield from zip(group, torch.split(inputs, sizes), torch.split(targets, sizes), strict=True)
        del inputs, targets  # before the next ones are made
