"""The device that a network runs on, and the memory that its steps free, kept for the next one."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from seqnet.errors import UsageError
from seqnet.lookup import require

if TYPE_CHECKING:
    import torch

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt (malloc.h)."""
_KEPT = (1 << 31) - 1
"""Bytes of the largest block that comes from the heap, and of the free heap that is kept at most."""


def keep_freed() -> None:
    """Let the process keep freed blocks of any size instead of giving them back to the system.

    A network on a processor takes and frees the same large blocks at every step; glibc gives those above
    32 MB, and the top of the heap, back each time, and the system clears every page of them again: a
    sixth of training on inputs of 1000 bases. Nothing happens under another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT)
        mallopt(_TRIM_THRESHOLD, _KEPT)


def torch_device(name: str, threads: int) -> torch.device:
    """Return the device that ``--device`` names, cap torch's threads, and prepare a processor's memory.

    Raises
    ------
    MissingLibraryError
        If torch is not installed.
    UsageError
        If there is no such device.
    """
    require("torch")
    import torch  # loaded once a network is used: linear models do without

    torch.set_num_threads(threads)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
        if name == "cpu" and torch.backends.mps.is_available():
            name = "mps"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name}: {reason}") from error
    if device.type == "cpu":
        keep_freed()
    return device
