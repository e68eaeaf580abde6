"""How steps are called: with a request, or from Python with the request's fields as arguments."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, wraps
from types import ModuleType, NoneType, SimpleNamespace, UnionType
from typing import Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from seqnet.errors import ArgumentError, SeqnetError, shorten
from seqnet.lookup import resolve
from seqnet.pipeline.ranges import check_numbers

Fields = ParamSpec("Fields")
Request = TypeVar("Request")
Result = TypeVar("Result")
_PLAIN = (str, bytes, bool, int, float, NoneType, list, tuple, dict)
"""Types whose values are checked; others are taken for what they behave like."""


def takes(
    request: Callable[Fields, Request],
) -> Callable[[Callable[[Request], Result]], Callable[Fields, Result]]:
    """Make a step that takes a request take the request's fields as its arguments.

    The command line and Python call one function, whose arguments and defaults are those of the request.
    Paths may be `os.PathLike`, one text, path or number is taken as a list of one, and a genome may be open
    in pyfaidx (a `pyfaidx.Fasta`, whose file is read). Arguments that the request does not have, and values
    that their types do not have, raise `ArgumentError`; numbers outside their ranges raise `NumberError`.

    Parameters
    ----------
    request
        The frozen dataclass; what contradicts itself raises `UsageError` when it is made.
    """
    signature = inspect.signature(request)

    def decorated(step: Callable[[Request], Result]) -> Callable[Fields, Result]:
        name = step.__name__

        @wraps(step)
        def call(*args: Fields.args, **fields: Fields.kwargs) -> Result:
            try:
                bound = signature.bind(*args, **fields)
            except TypeError as error:
                raise ArgumentError(f"seqnet.{name}: {error}") from None
            for field, value in bound.arguments.items():
                bound.arguments[field] = _text(value, alone=signature.parameters[field].default == ())
            given = bound.arguments.items()
            few = {field: value for field, value in given if _of_few(request, field, value)}
            _check_values(name, request, few)
            check_numbers(name, bound.arguments)
            try:
                return step(request(*bound.args, **bound.kwargs))
            except SeqnetError:
                raise
            except (TypeError, AttributeError, ValueError):
                _check_values(name, request, bound.arguments)  # a better error, if there is a reason for one
                raise

        result = inspect.signature(step).return_annotation
        call.__signature__ = signature.replace(return_annotation=result)  # type: ignore[attr-defined]
        call.__doc__ = _with_fields(step.__doc__, request)
        return call

    return decorated


def _of_few(request: object, field: str, value: object) -> bool:
    """Return whether a value may have to be one of a few texts, or several of them."""
    several = isinstance(value, list | tuple) and "Literal[" in str(_annotation(request, field)[0])
    return several or (isinstance(value, str) and not _takes_text(request, field))


def _check_values(step: str, request: object, values: Mapping[str, object]) -> None:
    """Refuse plain values that a field of the request does not have."""
    for field, value in values.items():
        if type(value) not in _PLAIN or (isinstance(value, str) and _takes_text(request, field)):
            continue
        kinds = _kinds(request, field)
        if not any(_fits(value, kind) for kind in kinds):
            text = shorten(value) if isinstance(value, str) else repr(value)
            expected = ", ".join(choice for kind in kinds for choice in _choices(kind))
            raise ArgumentError(f"seqnet.{step}: {field} is {text}; expected {expected}")


def _annotation(request: object, field: str) -> tuple[object, ModuleType]:
    """Return the type of a field as it is written, mostly as text, and the module that says so."""
    for kind in inspect.getmro(request):  # type: ignore[arg-type]  # a class
        if field in vars(kind).get("__annotations__", {}):
            return kind.__annotations__[field], sys.modules[kind.__module__]
    raise LookupError(field)


def _takes_text(request: object, field: str) -> bool:
    """Return whether a field plainly takes any text, without a look at what its type's names mean."""
    return re.search(r"\bstr\b", str(_annotation(request, field)[0])) is not None


class _TypingNames(dict[str, object]):
    """The names that a module imports for its types alone, imported when they are needed."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self._module = module

    def __missing__(self, name: str) -> object:
        """Import a name, unless the module has it."""
        if hasattr(self._module, name):
            raise KeyError(name)
        imports = [
            node
            for node in ast.walk(ast.parse(inspect.getsource(self._module)))
            if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names)
        ]
        if not imports:
            raise KeyError(name)
        self[name] = resolve(f"{imports[0].module}:{name}")
        return self[name]


@cache
def _kinds(request: object, field: str) -> tuple[object, ...]:
    """Return the types that a field may have, unions taken apart."""
    text, module = _annotation(request, field)
    holder = SimpleNamespace(__annotations__={field: text})
    hint = get_type_hints(holder, vars(module), _TypingNames(module))[field]
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _fits(value: object, kind: object) -> bool:
    """Return whether a plain value may be of a type; unknown types have all values."""
    origin = get_origin(kind)
    if origin is Literal:
        return value in get_args(kind)
    if kind is float:
        return isinstance(value, int | float)
    if origin is not None:  # a tuple does for a list
        of = get_args(kind)[0]
        known = of in _PLAIN or get_origin(of) is Literal
        items = value if isinstance(value, list | tuple) and known else ()
        good = all(_fits(item, of) for item in items if type(item) in _PLAIN)
        return good and isinstance(value, list | tuple | dict)
    return isinstance(value, kind) if isinstance(kind, type) else True


def _choices(kind: object) -> list[str]:
    """Return the texts of a type, or of its values if it has few."""
    if get_origin(kind) is Literal:
        return [repr(choice) for choice in get_args(kind)]
    if kind is NoneType:
        return ["None"]
    return [
        kind.__name__
        if isinstance(kind, type) and get_origin(kind) is None
        else str(kind).replace("typing.", "")
    ]


def _with_fields(doc: str | None, request: object) -> str | None:
    """Return a step's documentation with that of the request's fields in place of the request."""
    parts = []
    for kind in inspect.getmro(request):  # type: ignore[arg-type]  # a class
        text = inspect.cleandoc(kind.__doc__ or "") if kind is not object else ""
        _, _, fields = text.partition("Parameters\n----------\n")
        parts += [re.split(r"\n\n\w+\n---", fields)[0].strip("\n")] if fields else []
    if doc is None or not parts:
        return doc
    section = re.compile(r"(Parameters\n-+\n)\w+\n +The fields of .*?(?=\n\n\w+\n---|\Z)", re.DOTALL)
    return section.sub(lambda match: match[1] + "\n".join(parts), inspect.cleandoc(doc), count=1)


def _text(value: object, *, alone: bool = False) -> object:
    """Return a path or an open genome, or those of a list, as text; anything else as it is.

    Parameters
    ----------
    alone
        Whether a list is expected, so that a text, a path or a number is one of one.
    """
    pyfaidx = sys.modules.get("pyfaidx")  # whoever has a Fasta has loaded it
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    elif pyfaidx is not None and isinstance(value, pyfaidx.Fasta):
        value = resolve("seqnet.formats.sequences.pyfaidx_file:file_of")(value)
    if alone and isinstance(value, str | int):
        return (value,)
    if isinstance(value, list | tuple) and type(value) in (list, tuple):  # not named tuples
        return type(value)(map(_text, value))
    return value
