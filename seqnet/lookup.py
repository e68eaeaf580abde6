"""Things found by name, loaded when they are first used, and the libraries that may be missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from seqnet.errors import MissingLibraryError


class Library(NamedTuple):
    """A library that seqnet works without."""

    title: str
    extra: str
    """Of the package: ``pip install 'seqnet[EXTRA]'``."""
    uses: str
    """What needs it, in the plural."""


OPTIONAL_LIBRARIES = {
    "torch": Library("PyTorch", "torch", "networks, GPUs and bf16"),
    "pyarrow": Library("pyarrow", "parquet", "parquet files"),
}
"""Module to library."""


def resolve(place: str) -> Any:
    """Import what ``module:attribute`` names; looked up each time, as it may be replaced in the module.

    Raises
    ------
    MissingLibraryError
        If it needs a row of `OPTIONAL_LIBRARIES` that is not installed.
    """
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL_LIBRARIES:
            raise
        raise _missing(error.name) from error


def require(name: str) -> None:
    """Make sure that a row of `OPTIONAL_LIBRARIES` is installed, without importing it.

    Raises
    ------
    MissingLibraryError
        If it is not.
    """
    if not is_installed(name):
        raise _missing(name)


def is_installed(name: str) -> bool:
    """Return whether a module is installed, without importing it."""
    from importlib.util import find_spec  # --help does not need it

    return find_spec(name) is not None


def _missing(name: str) -> MissingLibraryError:
    """Return the error about a library that is not installed."""
    title, extra, uses = OPTIONAL_LIBRARIES[name]
    return MissingLibraryError(f"{uses} need {title}, which is not installed; pip install 'seqnet[{extra}]'")


def library_version(name: str) -> str:
    """Return the installed version of a distribution, which is not imported for it."""
    from importlib.metadata import PackageNotFoundError, version  # slow to load, and --help does not need it

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
