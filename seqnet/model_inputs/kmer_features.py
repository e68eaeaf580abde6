"""Sequences and tables as the features that a k-mer model reads; without torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats
from seqnet.errors import SeqnetError
from seqnet.kmers.counting import count_codes
from seqnet.kmers.rows import widened
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.kmers.table import KmerTable, ordered
from seqnet.networks.model import FEATURE_TYPES, Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class KmerFeatures:
    """How a model's features are made.

    Parameters
    ----------
    settings
        How k-mers are counted.
    mean, scale
        float64 (d,): what features are shifted and divided by.
    tracks
        Signal tracks whose means over each window follow the k-mers.
    """

    settings: KmerSettings
    mean: Floats
    scale: Floats
    tracks: int = 0

    @staticmethod
    def of(model: Model) -> KmerFeatures | None:
        """Return how the features of a model are made; None if it reads sequences or tracks."""
        if model.input["type"] not in FEATURE_TYPES:
            return None
        mean, scale = (np.asarray(model.tensors[f"input.{name}"]) for name in ("mean", "scale"))
        tracks = len(model.input.get("signals", ()))
        return KmerFeatures(stored_settings(**model.input["settings"]), mean, scale, tracks)

    def of_codes(self, codes: Codes, threads: int, means: NDArray[np.float32] | None = None) -> csr_matrix:
        """Return the features of sequences, uint8 (n, width), and of the tracks' means, float32 (n, S).

        Raises
        ------
        SeqnetError
            If the model reads other tracks than are given.
        """
        features = count_codes(codes, self.settings, threads)
        if self.tracks != (0 if means is None else means.shape[1]):
            raise SeqnetError("the model reads signal tracks, not k-mers alone")
        return features if means is None else widened(features, means)

    def of_table(self, table: KmerTable) -> csr_matrix:
        """Return the rows of a k-mer table, its columns found by name.

        Raises
        ------
        SeqnetError
            If it was made with other settings, or the model reads tracks too.
        """
        if self.tracks:
            raise SeqnetError("the model reads signal tracks, not k-mers alone; give regions")
        if self.settings.names:
            return self._scores_of(table)
        if table.settings != self.settings:
            raise SeqnetError(
                f"the k-mer table was made with {table.settings.described()}, the model's with "
                f"{self.settings.described()}{_constants(table.settings, self.settings)}"
            )
        return ordered(table)

    def _scores_of(self, table: KmerTable) -> csr_matrix:
        """Return the rows of a table of motif scores, which may hold more motifs, in any order."""
        own, theirs = self.settings.scoring, table.settings.scoring
        if own and theirs and own != theirs:
            raise SeqnetError(f"the table's motifs were scored with {theirs}; the model's with {own}")
        return ordered(replace(table, settings=self.settings))

    def products(self, features: csr_matrix, weights: Floats, bias: Floats) -> Floats:
        """Return a dense layer's outputs for features (n, d), float64 (n, units).

        ``W ((x - m) / s) + b`` is ``(W / s) x + (b - (W / s) m)``, whose products skip the zeros of x.

        Parameters
        ----------
        weights, bias
            float64 (units, d) and (units,).
        """
        scaled = weights / self.scale
        products: Floats = features.astype(np.float64) @ np.ascontiguousarray(scaled.T) + (
            bias - scaled @ self.mean
        )
        return products


def _constants(one: KmerSettings, other: KmerSettings) -> str:
    """Note that settings differ in the constants of z alone."""
    same = one.described() == other.described()
    return ", with other constants of z (see kmer-featurize --like)" if same else ""
