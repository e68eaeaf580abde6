"""What the options of layers may be."""

from __future__ import annotations

from collections.abc import Callable, Container
from math import inf
from typing import NamedTuple

from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.presets import SECOND_CHAINS
from seqnet.numerals import is_whole


class Option(NamedTuple):
    """What the value of an option may be."""

    allows: Callable[[object], bool]
    expected: str


MOST = 1_000_000
"""Largest size of a layer: far above any use, far below what overflows a product of sizes."""


def _whole(least: int) -> Callable[[object], bool]:
    """Return a test for whole numbers from `least` to `MOST`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST


def _is_rate(value: object) -> bool:
    """Tell a share that leaves something."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def _are_widths(value: object) -> bool:
    """Return whether a value is the widths of smoothers with dashes between."""
    return isinstance(value, str) and _is_order(value) and max(map(int, value.split("-"))) <= _WIDEST


def _is_positive(value: object) -> bool:
    """Return whether a value is a finite number above 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf


def _among(names: Container[str]) -> Callable[[object], bool]:
    """Return a test for some names."""
    return lambda value: isinstance(value, str) and value in names


def _is_order(value: object) -> bool:
    """Return whether a value is numbers with dashes between."""
    return isinstance(value, str) and all(is_whole(part) and len(part) < 7 for part in value.split("-"))


_WIDEST = 1000
POOLS = ("max", "average", "max_average")
_COUNT = Option(_whole(1), f"a whole number of at least 1, {MOST} at most")
_SWITCH = Option(lambda value: isinstance(value, bool), "true or false")
A_LIST = Option(lambda value: isinstance(value, list) and bool(value), "a list of layers")
OPTIONS: dict[str, Option] = {
    **dict.fromkeys(("filters", "width", "stride", "dilation", "units", "pieces"), _COUNT),
    **dict.fromkeys(("bias", "partial", "per_position", "masked", "logit"), _SWITCH),
    **dict.fromkeys(("layers", *SECOND_CHAINS), A_LIST),
    **dict.fromkeys(
        ("partners", "target_partners"), Option(_is_order, "a number for each track, such as 1-0-2")
    ),
    "smoothers": Option(_are_widths, f"standard deviations in positions, at most {_WIDEST}, such as 0-1-2-4"),
    "padding": Option(
        lambda value: value in ("same", "valid") or _whole(0)(value), "same, valid or a number of positions"
    ),
    "groups": Option(lambda value: value == "depthwise" or _whole(1)(value), "depthwise or a whole number"),
    **dict.fromkeys(("ceiling", "narrowest", "widest"), Option(_is_positive, "a number above 0")),
    "rate": Option(_is_rate, "a number from 0 to below 1"),
    "kind": Option(_among(POOLS), " or ".join(POOLS)),
    "name": Option(_among(ACTIVATIONS), f"one of {', '.join(ACTIVATIONS)}"),
}
