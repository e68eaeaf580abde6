"""How steps are called: with a request, or from Python with the request's fields as arguments."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from seqnet.lookup import resolve

Fields = ParamSpec("Fields")
Request = TypeVar("Request")
Result = TypeVar("Result")


def takes(
    request: Callable[Fields, Request],
) -> Callable[[Callable[[Request], Result]], Callable[Fields, Result]]:
    """Make a step that takes a request take the request's fields as its arguments.

    The command line and Python call one function, whose arguments and defaults are those of the request.
    Paths may be `os.PathLike`, one text or path is taken as a list of one, and a genome may be open in
    pyfaidx (a `pyfaidx.Fasta`, whose file is read).

    Parameters
    ----------
    request
        The frozen dataclass; what contradicts itself raises `UsageError` when it is made.
    """
    made = inspect.signature(request)

    def decorated(step: Callable[[Request], Result]) -> Callable[Fields, Result]:
        @wraps(step)
        def call(*args: Fields.args, **fields: Fields.kwargs) -> Result:
            bound = made.bind(*args, **fields)
            for name, value in bound.arguments.items():
                bound.arguments[name] = _text(value, alone=made.parameters[name].default == ())
            return step(request(*bound.args, **bound.kwargs))

        result = inspect.signature(step).return_annotation
        call.__signature__ = made.replace(return_annotation=result)  # type: ignore[attr-defined]
        return call

    return decorated


def _text(value: object, *, alone: bool = False) -> object:
    """Return a path or an open genome, or those of a list, as text; anything else as it is.

    Parameters
    ----------
    alone
        Whether a list is expected, so that a text or a path is one of one.
    """
    pyfaidx = sys.modules.get("pyfaidx")  # whoever has a Fasta has loaded it
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    elif pyfaidx is not None and isinstance(value, pyfaidx.Fasta):
        value = resolve("seqnet.formats.sequences.pyfaidx_file:file_of")(value)
    if alone and isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and type(value) in (list, tuple):  # not named tuples
        return type(value)(map(_text, value))
    return value
