"""A trained model as a value: a JSON header and named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Json


@dataclass(frozen=True)
class Model:
    """A trained model.

    Parameters
    ----------
    header
        JSON object: ``kind`` (linear, dense, cnn), ``architecture`` (rows of layers), ``tasks``,
        ``input`` (``type`` sequence or kmers, ``width`` in bases or null, ``features`` d, and the
        k-mer ``settings``), ``strands``, ``splits``, ``seed``, ``metrics``, ``genome`` (contig to
        digest) and provenance.
    tensors
        Parameters and buffers by name; ``input.mean`` and ``input.scale`` of features.
    """

    header: Json
    tensors: Mapping[str, NDArray[np.generic]]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.header["tasks"])

    @property
    def input(self) -> dict[str, Any]:
        """What the model is fed."""
        spec: dict[str, Any] = self.header["input"]
        return spec
