"""Which kernels run: the compiled ones, or their numpy twins."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

from seqnet.errors import UsageError

VARIABLE = "SEQNET_KERNELS"
CHOICES = ("numpy", "c")


@cache
def compiled() -> Any | None:
    """Return the compiled module, or None when the numpy twins are to be used.

    The environment variable ``SEQNET_KERNELS`` forces one kind (``numpy`` or ``c``); without it
    the compiled kernels are used when they were built.

    Raises
    ------
    UsageError
        If the variable asks for an unknown kind, or for kernels that were not built.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in CHOICES:
        raise UsageError(f"{VARIABLE} is {wanted!r}; expected one of {', '.join(CHOICES)}")
    if wanted == "numpy":
        return None
    try:
        return importlib.import_module("seqnet.kernels._compiled")
    except ImportError as error:
        if wanted == "c":
            raise UsageError(f"{VARIABLE} asks for compiled kernels: {error}") from error
        return None


def description() -> str:
    """Name the kernels in use, for ``seqnet --version -v``."""
    return "numpy" if compiled() is None else "c"
