"""What is said when training cannot go on."""

from __future__ import annotations

import torch

from seqnet.errors import SeqnetError


def no_number(what: str, loss: float, epoch: int, batch: int) -> SeqnetError:
    """Return what to say of a loss that is NaN or infinite."""
    return SeqnetError(
        f"{what} loss is {loss} at epoch {epoch}, batch {batch}; try a lower --learning-rate or --clip 1"
    )


def out_of_memory(device: torch.device, batch_size: int) -> SeqnetError:
    """Return what to say then."""
    smaller = max(1, batch_size // 2)
    return SeqnetError(f"out of memory on {device} with batches of {batch_size}; try --batch-size {smaller}")
