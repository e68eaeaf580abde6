"""What the options of layers may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from seqnet.networks.modules import ACTIVATIONS
from seqnet.networks.presets import SECOND_CHAINS


class Option(NamedTuple):
    """What the value of an option may be."""

    allows: Callable[[Any], bool]
    expected: str


def _whole(least: int) -> Callable[[Any], bool]:
    """Return a test for whole numbers of at least `least`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_rate(value: Any) -> bool:
    """Tell a share that leaves something."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


POOLS = ("max", "average", "max_average")
_COUNT = Option(_whole(1), "a whole number of at least 1")
_SWITCH = Option(lambda value: isinstance(value, bool), "true or false")
A_LIST = Option(lambda value: isinstance(value, list) and bool(value), "a list of layers")
OPTIONS: dict[str, Option] = {
    **dict.fromkeys(("filters", "width", "stride", "dilation", "units", "pieces"), _COUNT),
    **dict.fromkeys(("bias", "partial", "per_position", "masked"), _SWITCH),
    **dict.fromkeys(("layers", *SECOND_CHAINS), A_LIST),
    "partners": Option(
        lambda value: isinstance(value, str) and all(map(str.isdecimal, value.split("-"))),
        "a number for each track, such as 1-0-2",
    ),
    "padding": Option(
        lambda value: value in ("same", "valid") or _whole(0)(value), "same, valid or a number of positions"
    ),
    "groups": Option(lambda value: value == "depthwise" or _whole(1)(value), "depthwise or a whole number"),
    "rate": Option(_is_rate, "a number from 0 to below 1"),
    "kind": Option(POOLS.__contains__, " or ".join(POOLS)),
    "name": Option(ACTIVATIONS.__contains__, f"one of {', '.join(ACTIVATIONS)}"),
}
