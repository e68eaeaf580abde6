"""A trained model as a value: a JSON header and named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        regressions, see `seqnet.inference.target_scale`) and provenance.
    tensors
        Parameters and buffers by name; ``input.mean`` and ``input.scale`` of features, and
        in linear models their ``input.deviation`` among the training rows.
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


def input_channels(spec: Json) -> int:
    """Return how many channels or features one row of a model's input has, from its header's ``input``."""
    if spec["type"] == "kmers":
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
    if model.input["type"] != "kmers" or hidden or rule != "z":
        raise SeqnetError("only linear models of k-mers have coefficients")
    scale = np.asarray(model.tensors["input.scale"], dtype=np.float64)
    coefficients = np.asarray(model.tensors["0.weight"], dtype=np.float64) / scale
    if (targets := model.header.get("target_scale")) is not None:
        coefficients = coefficients * np.array(targets["deviation"], dtype=np.float64)[:, None]
    if "input.deviation" not in model.tensors:
        return coefficients, None
    return coefficients, coefficients * model.tensors["input.deviation"].astype(np.float64)
