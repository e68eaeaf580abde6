"""From a row of a table of choices to what it names."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def resolve(target: str) -> Any:
    """Return the attribute that ``module:attribute`` names."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
