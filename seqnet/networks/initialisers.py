"""Initialisers as data: the standard deviation of normal weights, from a unit's connections."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple


class Initialiser(NamedTuple):
    """How wide initial weights are spread around 0."""

    deviation: Callable[[int, int], float]
    """From the number of a unit's inputs and outputs."""
    help: str


INITIALISERS: dict[str, Initialiser] = {
    "zeros": Initialiser(lambda _inputs, _outputs: 0.0, "all 0, for models without hidden layers"),
    "normal": Initialiser(lambda _inputs, _outputs: 0.01, "0.01"),
    "fan-in": Initialiser(lambda inputs, _outputs: 1 / sqrt(inputs), "1/sqrt(n), n inputs"),
    "glorot": Initialiser(lambda inputs, outputs: sqrt(2 / (inputs + outputs)), "sqrt(2/(inputs + outputs))"),
    "he": Initialiser(lambda inputs, _outputs: sqrt(2 / inputs), "sqrt(2/n), for relu"),
}
