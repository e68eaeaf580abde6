"""Models made ready to be explained: networks of sequences, models of k-mers, linear models of motifs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.attribution.contributions import Contributions
from seqnet.attribution.kmer_models import ExplainedKmers, ExplainedLinear, ExplainedMotifs, KmerBatch
from seqnet.attribution.methods import METHODS
from seqnet.attribution.references import AttributionPlan
from seqnet.inference.device import torch_device
from seqnet.inference.linear_predictor import is_linear
from seqnet.lookup import resolve
from seqnet.networks.model import Model
from seqnet.pipeline.explanation.rows import ExplainedRows

if TYPE_CHECKING:
    from seqnet.attribution.networks import ExplainedNetwork, StrandBatch

_KMER_ROWS = 16


class Explainer(Protocol):
    """A model and the rows that it is explained on."""

    batch: int
    """Rows explained at a time."""

    def outputs(self, threads: int) -> Floats:
        """Return the outputs of all rows, float64 (n, T)."""
        ...

    def explain(
        self, method: str, rows: Ints, wanted: Bools, plan: AttributionPlan
    ) -> dict[int, Contributions]:
        """Return the contributions of some rows by task; `wanted` is theirs, bool (b, T)."""
        ...


class NetworkExplainer:
    """A network of sequences, signal tracks or both."""

    def __init__(self, explained: ExplainedNetwork, rows: ExplainedRows) -> None:
        self.explained = explained
        self._codes, self._inputs = rows.codes, rows.for_network()
        self.batch = explained.rows

    def load(self, rows: Ints) -> StrandBatch:
        """Return rows as the network reads them."""
        return self.explained.batch(self._inputs, self._codes, rows)

    def outputs(self, threads: int) -> Floats:
        """Return the outputs of all rows, float64 (n, T)."""
        return self.explained.outputs(self._inputs, self._codes, threads)

    def explain(
        self, method: str, rows: Ints, wanted: Bools, plan: AttributionPlan
    ) -> dict[int, Contributions]:
        """Return the contributions of some rows by task; `wanted` is theirs, bool (b, T)."""
        contributions: dict[int, Contributions] = resolve(METHODS[method].network)(
            self.explained, self.load(rows), wanted, plan
        )
        return contributions


class _Features:
    """A model of k-mers, or a linear model of motifs."""

    def __init__(self, explained: ExplainedKmers, rows: ExplainedRows) -> None:
        assert rows.codes is not None
        self._explained = explained
        self._rows = KmerBatch(rows.codes, None if rows.windows is None else rows.windows.means())
        self.batch = _KMER_ROWS

    def outputs(self, threads: int) -> Floats:  # noqa: ARG002  counting is quick
        """Return the outputs for all rows, float64 (n, T)."""
        return self._explained.outputs(self._rows)

    def explain(
        self, method: str, rows: Ints, wanted: Bools, plan: AttributionPlan
    ) -> dict[int, Contributions]:
        """Return the contributions of some rows by task; `wanted` is theirs, bool (b, T)."""
        place = METHODS[method].kmers
        assert place is not None
        codes, means = self._rows
        batch = KmerBatch(codes[rows], None if means is None else means[rows])
        contributions: dict[int, Contributions] = resolve(place)(self._explained, batch, wanted, plan)
        return contributions


def load_explainer(model: Model, rows: ExplainedRows, device: str) -> Explainer:
    """Make a model ready to be explained; linear ones without torch."""
    if is_linear(model):
        explained = ExplainedLinear(model) if model.input["type"] == "kmers" else ExplainedMotifs(model)
        return _Features(explained, rows)
    place = torch_device(device, 1)  # threads each take a batch of their own
    if model.input["type"] == "kmers":
        return _Features(resolve("seqnet.attribution.kmer_networks:ExplainedKmerNetwork")(model, place), rows)
    return NetworkExplainer(resolve("seqnet.attribution.networks:ExplainedNetwork")(model, place), rows)


def positions_explained(length: int, central: int | None) -> tuple[int, int]:
    """Return the first position of the central ones and the one after the last.

    Examples
    --------
    >>> positions_explained(101, 50), positions_explained(101, None)
    ((25, 75), (0, 101))
    """
    if central is None or central >= length:
        return 0, length
    start = (length - central) // 2
    return start, start + central


def unfinished(values: np.ndarray) -> Bools:
    """Return which rows of attributions (n, ...) hold a value that is no finite number, bool (n,)."""
    rows: Bools = ~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return rows
