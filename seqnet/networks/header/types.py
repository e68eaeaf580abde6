"""Types of JSON values, declared and checked: what a file says about itself may be anything.

A kind is a leaf (`Leaf`), or made of others: `Maybe`, `ListOf`, `MapOf`, `Record`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeGuard


class FieldError(ValueError):
    """A value is not of its declared type; the message names the field."""


@dataclass(frozen=True)
class Leaf:
    """A value that is not looked into."""

    expected: str
    fits: Callable[[object], bool]


@dataclass(frozen=True)
class Maybe:
    """A value or null."""

    kind: Kind


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind, of at least so many."""

    kind: Kind
    least: int = 0


@dataclass(frozen=True)
class MapOf:
    """An object whose values are of one kind, under any names."""

    kind: Kind


@dataclass(frozen=True)
class Record:
    """An object with known fields; further ones are not looked at.

    Parameters
    ----------
    needed, allowed
        Name to kind of fields that must be there, and of those that may be.
    """

    needed: Mapping[str, Kind]
    allowed: Mapping[str, Kind] = field(default_factory=dict)


Kind: TypeAlias = Leaf | Maybe | ListOf | MapOf | Record


def check_value(kind: Kind, value: object, place: str = "") -> None:
    """Make sure that a value is of a kind.

    Parameters
    ----------
    place
        The field's name, for messages: names and numbers joined by points.

    Raises
    ------
    FieldError
        Naming the field, what was found and what was expected.
    """
    if isinstance(kind, Leaf):
        if not kind.fits(value):
            raise FieldError(f"{place or 'the header'} is {shown(value)}; expected {kind.expected}")
    elif isinstance(kind, Maybe):
        if value is not None:
            check_value(kind.kind, value, place)
    elif isinstance(kind, ListOf):
        _check_list(kind, value, place)
    else:
        _check_object(kind, value, place)


def _check_list(kind: ListOf, value: object, place: str) -> None:
    """Check a list."""
    if not isinstance(value, list) or len(value) < kind.least:
        least = f" of at least {kind.least}" if kind.least else ""
        raise FieldError(f"{place} is {shown(value)}; expected a list{least}")
    for number, one in enumerate(value):
        check_value(kind.kind, one, f"{place}.{number}")


def _check_object(kind: MapOf | Record, value: object, place: str) -> None:
    """Check an object; JSON has no other keys than text."""
    start = f"{place}." if place else ""
    if not isinstance(value, dict):
        raise FieldError(f"{place or 'the header'} is {shown(value)}; expected an object")
    if isinstance(kind, MapOf):
        for name, one in value.items():
            check_value(kind.kind, one, f"{start}{shown(name)[1:-1]}")
        return
    for name, inner in kind.needed.items():
        if name not in value:
            raise FieldError(f"{start}{name} is missing")
        check_value(inner, value[name], f"{start}{name}")
    for name, inner in kind.allowed.items():
        if name in value:
            check_value(inner, value[name], f"{start}{name}")


def shown(value: object) -> str:
    """Return a value as text, a long one cut."""
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return "a whole number beyond 64 bits"  # its digits may be more than Python writes
    text = repr(value[:41] if isinstance(value, str) else value)
    return text if len(text) <= 44 else f"{text[:40]}...{text[0]}"


def one_of(*words: str) -> Leaf:
    """Return the kind of some words."""
    return Leaf(" or ".join(words), lambda value: isinstance(value, str) and value in words)


def whole(least: int = 0, most: int = (1 << 63) - 1) -> Leaf:
    """Return the kind of whole numbers in a range."""
    return Leaf(
        f"a whole number of {least} or more",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
    )


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number that float64 holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1 << 1023 if isinstance(value, int) else math.isfinite(value)


def is_scalar(value: object) -> bool:
    """Return whether a value is neither a list nor an object, nor too large a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 1 << 1023
    return value is None or isinstance(value, str | float | bool)


NUMBER = Leaf("a finite number", is_number)
POSITIVE = Leaf("a finite number above 0", lambda value: is_number(value) and value > 0)
TEXT = Leaf("text", lambda value: isinstance(value, str))
NAME = Leaf("text that is not empty", lambda value: isinstance(value, str) and bool(value))
SWITCH = Leaf("true or false", lambda value: isinstance(value, bool))
SCALAR = Leaf("a number, text, true, false or null", is_scalar)
