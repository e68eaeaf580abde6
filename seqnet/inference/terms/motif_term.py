"""A linear term of how much of each motif a sequence holds: a model, or added to a network's outputs.

Occupancy is log2 of the sum, over all windows and strands, of 2 to the power of the score: the logarithm of
what a factor of low concentration binds (Granek & Clarke 2005; Foat et al. 2006). A second feature
is its hinge, the excess over the 90th percentile of the training rows, because a strong site counts for more
than many weak ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Json
from seqnet.inference.terms.adding import Singles, add_in_parts
from seqnet.inference.terms.middle import middle, stored_span
from seqnet.kernels.occupancy import Lookups, Words, make_lookups, read_words, window_sums, word_length
from seqnet.motifs.matrix import reverse_complement_matrix
from seqnet.networks.model import MOTIF_TERM, MOTIFS, Model
from seqnet.parallel import ordered_map

PREFIX = f"{MOTIF_TERM}."
_HINGE = 0.9
"""The hinge counts occupancy above this quantile of the training rows."""
_ROWS = 1 << 10
"""Sequences whose occupancies are computed at a time."""


@dataclass(frozen=True, eq=False)
class MotifScores:
    """m motifs whose occupancies are features.

    Parameters
    ----------
    names
        Names of the motifs.
    scores
        float64 (w, 4) each, bits.
    both
        Whether windows of both strands count, motif by motif.
    """

    names: tuple[str, ...]
    scores: tuple[Floats, ...]
    both: tuple[bool, ...]

    @cached_property
    def _lookups(self) -> list[tuple[Lookups, ...]]:
        """The strands of each motif."""
        return [
            (make_lookups(matrix), *((make_lookups(reverse_complement_matrix(matrix)),) if both else ()))
            for matrix, both in zip(self.scores, self.both, strict=True)
        ]

    def occupancies(self, codes: Codes, threads: int = 1) -> Floats:
        """Return log2 of the sum of 2**score over windows and strands, float64 (n, m), bits.

        NaN where no window has a score: the sequence is too short, or ambiguous.

        Parameters
        ----------
        codes
            uint8 (n, L).
        threads
            Parts computed at a time.
        """
        return occupancies_of(self.sums(codes, threads))

    def sums(self, codes: Codes, threads: int = 1) -> Floats:
        """Return the sum of 2**score over windows and strands, float64 (n, m), of which occupancy is log2."""
        lookups = self._lookups
        parts = ordered_map(
            lambda begin: _sums(codes[begin : begin + _ROWS], lookups), range(0, len(codes), _ROWS), threads
        )
        return np.concatenate([np.zeros((0, len(lookups))), *parts])


def occupancies_of(sums: Floats) -> Floats:
    """Return log2 of sums of 2**score, bits; NaN where no window has a score."""
    with np.errstate(divide="ignore"):
        return np.where(sums > 0, np.log2(sums), np.nan)


def _sums(codes: Codes, lookups: Sequence[tuple[Lookups, ...]]) -> Floats:
    """Return the sums of 2**score, float64 (n, m)."""
    words: dict[int, Words] = {}
    sums = np.zeros((len(codes), len(lookups)))
    for column, strands in enumerate(lookups):
        width = strands[0].width
        if width > codes.shape[1]:
            continue
        length = word_length(width)
        if length not in words:
            words[length] = read_words(codes, length)
        for strand in strands:
            sums[:, column] += window_sums(words[length], strand)
    return sums


@dataclass(frozen=True, eq=False)
class MotifFeatures:
    """Occupancies and hinges of motifs, standardised by the training rows.

    Parameters
    ----------
    motifs
        m motifs.
    knee
        float64 (m,): occupancy above which the hinge counts, bits.
    mean, deviation
        float64 (2m,): of the occupancies, then of the hinges, among the training rows.
    """

    motifs: MotifScores
    knee: Floats
    mean: Floats
    deviation: Floats

    def of_codes(self, codes: Codes, threads: int = 1) -> Singles:
        """Return the features of sequences, float32 (n, 2m); 0, the mean, where no window has a score."""
        return self.standardised(self.motifs.occupancies(codes, threads))

    def standardised(self, occupancies: Floats) -> Singles:
        """Return the features of occupancies (n, m), float32 (n, 2m); 0 where they are NaN."""
        raw = np.concatenate([occupancies, np.maximum(occupancies - self.knee, 0)], axis=1)
        scores: Singles = np.nan_to_num((raw - self.mean) / self.deviation, nan=0.0).astype(np.float32)
        return scores


def fit_motif_features(motifs: MotifScores, codes: Codes, threads: int = 1) -> tuple[MotifFeatures, Singles]:
    """Learn knees, means and deviations from the training rows; return them with the rows' features.

    Parameters
    ----------
    codes
        uint8 (n, L).
    """
    occupancies = motifs.occupancies(codes, threads)
    values = np.where(np.isnan(occupancies).all(axis=0), 0.0, occupancies)  # a motif without any window is 0
    knee = np.nanquantile(values, _HINGE, axis=0) if len(values) else np.zeros(values.shape[1])
    raw = np.concatenate([values, np.maximum(values - knee, 0)], axis=1)
    deviation = np.nanstd(raw, axis=0)
    features = MotifFeatures(
        motifs, knee, np.nanmean(raw, axis=0), np.where(deviation > 1e-9, deviation, 1.0)
    )
    return features, features.standardised(occupancies)


@dataclass(frozen=True, eq=False)
class MotifTerm:
    """The combined outputs are ``scale * outputs + weights @ features + bias``.

    Parameters
    ----------
    features
        How sequences become 2m features.
    scale
        float32 (T,): of the outputs that the term is added to.
    weights
        float32 (T, 2m): of the occupancies, then of the hinges.
    bias
        float32 (T,).
    span
        Bases in the middle of each sequence that are read; None for all.
    """

    part: ClassVar[str] = MOTIFS
    """What the term is called as a part of a model."""

    features: MotifFeatures
    scale: Singles
    weights: Singles
    bias: Singles
    span: int | None = None

    @staticmethod
    def of(model: Model) -> MotifTerm | None:
        """Return the term of a stored model, None if it has none."""
        stored = model.header.get(MOTIF_TERM)
        if stored is None:
            return None
        tensors = {name: np.asarray(model.tensors[PREFIX + name]) for name in _TENSORS}
        ends = np.cumsum(stored["widths"])[:-1]
        scores = tuple(np.split(tensors["scores"].astype(np.float64), ends))
        motifs = MotifScores(tuple(stored["names"]), scores, tuple(stored["both"]))
        constants = (tensors[name].astype(np.float64) for name in ("knee", "mean", "deviation"))
        return MotifTerm(
            MotifFeatures(motifs, *constants), tensors["scale"], tensors["weights"], tensors["bias"],
            stored.get("span"),
        )  # fmt: skip

    def stored(self) -> tuple[Json, dict[str, NDArray[np.generic]]]:
        """Return what a model's header holds of the term, and its tensors."""
        motifs = self.features.motifs
        header = {
            "names": list(motifs.names), "widths": [len(matrix) for matrix in motifs.scores],
            "both": list(motifs.both), **stored_span(self.span),
        }  # fmt: skip
        tensors: dict[str, NDArray[np.generic]] = {
            "scores": np.concatenate(motifs.scores), "knee": self.features.knee, "mean": self.features.mean,
            "deviation": self.features.deviation, "scale": self.scale, "weights": self.weights,
            "bias": self.bias,
        }  # fmt: skip
        return {MOTIF_TERM: header}, {PREFIX + name: tensor for name, tensor in tensors.items()}

    def added(self, outputs: Singles, codes: Codes, threads: int = 1) -> Singles:
        """Return the combined outputs; parameters as of `KmerTerm.added`."""
        return add_in_parts(self.scale, outputs, self.products, codes, threads)

    def products(self, codes: Codes) -> Floats:
        """Return the term itself, float64 (n, T)."""
        return self.outputs(self.features.of_codes(middle(codes, self.span)))

    def outputs(self, features: Singles) -> Floats:
        """Return the term for features (n, 2m), float64 (n, T)."""
        products: Floats = features.astype(np.float64) @ self.weights.T.astype(np.float64) + self.bias
        return products

    def importance(self) -> Floats:
        """Return the weight of each motif in each task, float64 (T, m): of occupancy and hinge together."""
        occupancy, hinge = np.split(self.weights.astype(np.float64), 2, axis=1)
        sizes: Floats = np.hypot(occupancy, hinge)
        return sizes

    def ranked(self) -> tuple[Floats, ...]:
        """Return the PSSMs, those first that weigh most in some task: by best rank, then by weight."""
        weights = self.importance()
        ranks = (-weights).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable").min(axis=0)
        order = np.lexsort((-weights.max(axis=0), ranks))
        return tuple(self.features.motifs.scores[motif] for motif in order.tolist())

    def weighted(self, share: Floats, scale: Floats, bias: Floats) -> MotifTerm:
        """Return the term times its share (T,), added to `scale` times the outputs, plus a bias (T,)."""
        return replace(
            self, scale=scale.astype(np.float32),
            weights=(share[:, None] * self.weights).astype(np.float32),
            bias=(share * self.bias + bias).astype(np.float32),
        )  # fmt: skip


_TENSORS = ("scores", "knee", "mean", "deviation", "scale", "weights", "bias")
