"""A trained model as a value: a JSON header and named arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Json
from seqnet.errors import SeqnetError


@dataclass(frozen=True)
class Model:
    """A trained model.

    Parameters
    ----------
    header
        JSON object: ``kind`` (linear, dense, cnn), ``architecture`` (rows of layers), ``tasks``,
        ``input`` (``type`` sequence, signals or kmers, ``width`` in bases or null, ``features`` d, the
        k-mer ``settings``, and ``signals``: the tracks, see `seqnet.genome.signals.tracks.Signal`),
        ``strands``, ``splits``, ``seed``, ``metrics``, ``genome`` (contig to digest), ``target_scale`` (of
        regressions, see `seqnet.inference.target_scale`), ``members`` (of an ensemble: the seed, best epoch
        and metrics of each network) and provenance.
    tensors
        Parameters and buffers by name, those of an ensemble's networks after `member_prefix`;
        ``input.mean`` and ``input.scale`` of features, and in linear models their ``input.deviation``
        among the training rows.
    """

    header: Json
    tensors: Mapping[str, NDArray[np.generic]]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.header["tasks"])

    @property
    def input(self) -> Json:
        """What the model is fed."""
        spec: dict[str, Any] = self.header["input"]
        return spec

    @property
    def members(self) -> int:
        """The number of networks: of an ensemble two or more."""
        return max(1, len(self.header.get("members", ())))


KMERS_TYPE, SCORES_TYPE = "kmers", "scores"
FEATURE_TYPES = (KMERS_TYPE, SCORES_TYPE)
"""Types of input that are rows of features: k-mers, and motif scores of a table."""
KMER_TERM, MOTIF_TERM = "kmer_term", "motif_term"
"""Terms added to a network's outputs: their keys in the header, and what their tensors' names begin with."""


def network_tensors(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Return the tensors of a model's networks alone, without those of its terms and features."""
    others = (f"{KMER_TERM}.", f"{MOTIF_TERM}.", "input.")
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(others)}


def member_tensors(model: Model) -> tuple[dict[str, NDArray[np.generic]], ...]:
    """Return the tensors of each network of a model under the network's own names."""
    tensors = network_tensors(model.tensors)
    if model.members == 1:
        return (tensors,)
    prefixes = map(member_prefix, range(model.members))
    return tuple(
        {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        for prefix in prefixes
    )


def member_prefix(number: int) -> str:
    """Return what the names of the tensors of an ensemble's network begin with; `number` is from 0.

    Examples
    --------
    >>> member_prefix(2)
    'member.2.'
    """
    return f"member.{number}."


_SPREAD = "_sd"
"""What follows a task's name in the name of the standard deviation of its predictions."""


def spread_names(model: Model) -> tuple[str, ...]:
    """Return the names of the standard deviations between the predictions of an ensemble's networks.

    Raises
    ------
    SeqnetError
        If the model is no ensemble, or a task has such a name.
    """
    if model.members < 2:
        raise SeqnetError("--spread is for ensembles (train --ensemble N); the model has one network")
    names = tuple(task + _SPREAD for task in model.tasks)
    taken = [name for name in names if name in model.tasks]
    if taken:
        raise SeqnetError(f"--spread: {taken[0]} is the name of a task too")
    return names


def input_channels(spec: Json) -> int:
    """Return how many channels or features one row of a model's input has, from its header's ``input``."""
    if spec["type"] in FEATURE_TYPES:
        return int(spec["features"])
    return (4 if spec["type"] == "sequence" else 0) + len(spec.get("signals", ()))


def linear_coefficients(model: Model) -> tuple[Floats, Floats | None]:
    """Return the coefficients of a model without hidden layers.

    Returns
    -------
    coefficients, per_deviation
        float64 (T, d): the change of the output (the logit, a regression's prediction) with one unit of
        each feature, and with
        one standard deviation of it among the training rows; None where the model does not hold
        the deviations.

    Raises
    ------
    SeqnetError
        If there are hidden layers, or the input is no features.
    """
    hidden = [row for row in model.header.get("architecture", []) if row["layer"] != "output"]
    rule = (model.header.get("target_scale") or {}).get("rule", "z")
    if model.input["type"] not in FEATURE_TYPES or hidden or rule != "z":
        raise SeqnetError("only linear models of k-mers or of a table of motif scores have coefficients")
    scale = np.asarray(model.tensors["input.scale"], dtype=np.float64)
    coefficients = np.asarray(model.tensors["0.weight"], dtype=np.float64) / scale
    if (targets := model.header.get("target_scale")) is not None:
        coefficients = coefficients * np.array(targets["deviation"], dtype=np.float64)[:, None]
    if "input.deviation" not in model.tensors:
        return coefficients, None
    return coefficients, coefficients * model.tensors["input.deviation"].astype(np.float64)


NETWORK, KMERS, MOTIFS, TOGETHER = "network", "k-mers", "motifs", "all parts"
"""What the parts of a model are called, and their sum."""


class ModelPart(NamedTuple):
    """A part of a model whose outputs are added, or all of them."""

    name: str
    weight: float | None
    """What its outputs are multiplied by, common to all tasks; None for the sum."""
    figures: Mapping[str, float | None]
    """Metrics on the validation rows, of the mean of tasks; none in models that do not hold them."""


def part_alone(part: str) -> str:
    """Return what a part of a model is called among the baselines of its header."""
    return f"{part} alone"


def stacked_parts(header: Json) -> list[ModelPart]:
    """Return the parts of a model with their common weights, and the sum last; nothing where there is one."""
    stack = header.get("stack")
    if stack is None:
        return []
    baselines = header.get("baselines") or {}
    rows = [
        ModelPart(name, weight, _summary(baselines.get(part_alone(name))))
        for name, weight in zip(stack["parts"], stack["common"], strict=True)
    ]
    return [*rows, ModelPart(TOGETHER, None, _summary(header.get("metrics")))]


def part_line(parts: Sequence[ModelPart]) -> str:
    """Return the parts of a model as one line of text."""
    return "; ".join(
        f"{part.name}"
        + ("" if part.weight is None else f" (weight {part.weight:.3g})")
        + "".join(
            f"{',' if number else ''} {FIGURE_LABELS[name]} {'NA' if value is None else f'{value:.4f}'}"
            for number, (name, value) in enumerate(part.figures.items())
        )
        for part in parts
    )


FIGURE_LABELS = {"auroc": "auROC", "auprc": "auPRC", "pearson": "Pearson", "r2": "R2"}
"""The metrics by which parts are compared, those that a model holds."""


def _summary(metrics: Sequence[Json] | None) -> dict[str, float | None]:
    """Return the figures of the mean of tasks by which parts are compared."""
    last = metrics[-1] if metrics else {}
    return {name: last[name] for name in FIGURE_LABELS if name in last}
