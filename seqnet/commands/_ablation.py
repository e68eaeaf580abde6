"""What each input of a model adds: predictions with one of them replaced (``evaluate --ablate``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from seqnet.commands._signals import model_specs
from seqnet.errors import SeqnetError

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Progress
    from seqnet.networks.model import Model
    from seqnet.training.inputs import Inputs
    from seqnet.training.predictor import Predictor

SEQUENCE = "sequence"


class Part(NamedTuple):
    """An input of a model."""

    name: str
    channels: tuple[int, ...]
    means: tuple[float, ...]
    """Of each channel in the training regions."""


def model_parts(model: Model) -> list[Part]:
    """Return the inputs of a model that has several: the sequence, each track, strand pairs as one.

    Raises
    ------
    SeqnetError
        If there is one input alone.
    """
    specs = model_specs(model)
    bases = model.input.get("base_means")
    first = 0 if bases is None else 4
    parts = [] if bases is None else [Part(SEQUENCE, (0, 1, 2, 3), tuple(bases))]
    for number, spec in enumerate(specs):
        if spec.partner < number:
            continue
        numbers = sorted({number, spec.partner})
        names = [specs[i].name for i in numbers]
        parts.append(
            Part("+".join(names), tuple(first + i for i in numbers), tuple(specs[i].mean for i in numbers))
        )
    if model.input["type"] == "kmers":
        raise SeqnetError("--ablate replaces channels; a network of k-mers has none")
    if len(parts) < 2:
        raise SeqnetError("--ablate compares inputs; the model has one alone")
    return parts


def ablated(
    model: Model, predictor: Predictor, inputs: Inputs, rule: str, progress: Progress
) -> Iterator[tuple[str, Floats]]:
    """Yield the name of each input, and the predictions without it, float64 (n, T).

    Parameters
    ----------
    rule
        What stands in its place: ``zero``, or its ``mean`` in the training regions.
    """
    from seqnet.training.signals import Replaced

    for part in model_parts(model):
        values = part.means if rule == "mean" else (0.0,) * len(part.channels)
        replaced = Replaced(inputs, part.channels, values)
        yield part.name, predictor.from_inputs(replaced, progress).astype("f8")
