"""Which kernels run: the compiled ones, or their numpy twins."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any, NamedTuple

from seqnet.errors import UsageError

VARIABLE = "SEQNET_KERNELS"
CHOICES = ("numpy", "c", "avx2", "avx512")


class Kernels(NamedTuple):
    """The kernels in force."""

    module: Any | None
    """The compiled module, or None when the numpy twins are to be used."""
    kind: str
    """One of `CHOICES`."""


@cache
def chosen() -> Kernels:
    """Choose the kernels, once: every call of one asks for them.

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
        return Kernels(None, "numpy")
    try:
        module = importlib.import_module("seqnet.kernels._compiled")
    except ImportError as error:
        if wanted:
            raise UsageError(f"{VARIABLE} asks for compiled kernels: {error}") from error
        return Kernels(None, "numpy")
    kinds = module.kinds()
    if wanted and wanted not in kinds:
        runs = ", ".join(("numpy", *kinds))
        raise UsageError(f"{VARIABLE} asks for {wanted}, which cannot run here; what can: {runs}")
    return Kernels(module, wanted or kinds[-1])


def compiled() -> Any | None:
    """Return the compiled module, or None when the numpy twins are to be used; raises as `chosen` does."""
    return chosen().module


def available() -> tuple[str, ...]:
    """Return the kinds of kernels that can run here, in order of speed."""
    module = compiled()
    return ("numpy",) if module is None else ("numpy", *module.kinds())


def description() -> str:
    """Name the kind of kernels in use; raises as `chosen` does."""
    return chosen().kind
