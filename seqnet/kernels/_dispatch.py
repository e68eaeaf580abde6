"""Which kernels run: the compiled ones, or their numpy twins."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

from seqnet.errors import UsageError

VARIABLE = "SEQNET_KERNELS"
CHOICES = ("numpy", "c", "avx2", "avx512")


@cache
def compiled() -> Any | None:
    """Return the compiled module, or None when the numpy twins are to be used.

    The environment variable ``SEQNET_KERNELS`` forces one kind: ``numpy``, or the compiled kernels
    as they run on any processor (``c``) or with its vectors (``avx2``, ``avx512``). Without it the
    compiled kernels are used when they were built, with the best vectors the processor has.

    Raises
    ------
    UsageError
        If the variable asks for an unknown kind, or for kernels that were not built or that this
        processor cannot run.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in CHOICES:
        raise UsageError(f"{VARIABLE} is {wanted!r}; expected one of {', '.join(CHOICES)}")
    if wanted == "numpy":
        return None
    try:
        module = importlib.import_module("seqnet.kernels._compiled")
    except ImportError as error:
        if wanted:
            raise UsageError(f"{VARIABLE} asks for compiled kernels: {error}") from error
        return None
    if wanted and wanted not in module.kinds():
        runs = ", ".join(("numpy", *module.kinds()))
        raise UsageError(f"{VARIABLE} asks for {wanted}, which cannot run here; what can: {runs}")
    return module


def available() -> tuple[str, ...]:
    """Return the kinds of kernels that can run here, in order of speed."""
    module = compiled()
    return ("numpy",) if module is None else ("numpy", *module.kinds())


def description() -> str:
    """Name the kind of kernels in use."""
    return os.environ.get(VARIABLE) or available()[-1]
