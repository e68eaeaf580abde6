"""A linear term of gapped k-mers added to a network's outputs: what few sequences teach a network late.

A network and a linear model of k-mers err differently. Both are fitted apart, and their outputs are added
with weights that the validation rows choose (stacking, Wolpert 1992).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from seqnet.aliases import Codes, Floats, Ints, Progress, no_progress
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import GAPPED, KmerSettings, stored_settings
from seqnet.networks.model import Model
from seqnet.parallel import ordered_map
from seqnet.training.linear import fit_linear, stacked
from seqnet.training.linear_losses import LINEAR_LOSSES
from seqnet.training.newton import Matrix, minimise

Singles = NDArray[np.float32]
MOST_TASKS = 4
"""With more, fitting the term takes longer than the network; it is then left out unless asked for."""
MOST_BASES = 5_000_000
"""Of the rows that the linear model is fitted to, and of those it is chosen and weighted by; a k-mer of each
pattern begins at nearly every one."""
MOST_COPIES = 8
"""Times that negatives which are drawn anew are drawn for the fit."""
PREFIX = "kmer_term."
_KEY = "kmer_term"
_BASES_AT_ONCE = 1 << 18
_APART = 0.3
"""Weights that differ cost more than equal ones, which few validation rows had better keep."""


@dataclass(frozen=True, eq=False)
class KmerTerm:
    """The combined outputs are ``scale * network + weights @ features + bias``.

    Parameters
    ----------
    settings
        How sequences become d features.
    scale
        float32 (T,): of the network's outputs.
    weights
        float32 (T, d).
    bias
        float32 (T,).
    """

    settings: KmerSettings
    scale: Singles
    weights: Singles
    bias: Singles

    @staticmethod
    def of(model: Model) -> KmerTerm | None:
        """Return the term of a stored model, None if it has none."""
        stored = model.header.get(_KEY)
        if stored is None:
            return None
        return KmerTerm(
            stored_settings(**stored["settings"]),
            *(np.asarray(model.tensors[PREFIX + name]) for name in ("scale", "weights", "bias")),
        )

    def stored(self) -> tuple[dict[str, Any], dict[str, Singles]]:
        """Return what a model's header holds of the term, and its tensors."""
        header = {_KEY: {"settings": self.settings._asdict()}}
        tensors = {"scale": self.scale, "weights": self.weights, "bias": self.bias}
        return header, {PREFIX + name: tensor for name, tensor in tensors.items()}

    def added(self, outputs: Singles, codes: Codes, threads: int = 1) -> Singles:
        """Return the combined outputs.

        Parameters
        ----------
        outputs
            float32 (n, T): the network's, before the sigmoid.
        codes
            uint8 (n, L): the sequences.
        threads
            Parts counted at a time; the sums are the same for any number.
        """
        step = max(1, _BASES_AT_ONCE // max(1, codes.shape[1]))

        def part(begin: int) -> Floats:
            features = count_codes(codes[begin : begin + step], self.settings)
            found: Floats = features @ self.weights.T.astype(np.float64) + self.bias
            return found

        terms = list(ordered_map(part, range(0, len(codes), step), threads))
        combined: Singles = (self.scale * outputs.astype(np.float64)).astype(np.float32)
        return combined + np.concatenate(terms).astype(np.float32) if terms else combined


def fit_kmer_term(
    train: tuple[Codes, Floats],
    valid: tuple[Codes, Floats],
    outputs: Singles,
    strands: str,
    progress: Progress = no_progress,
) -> KmerTerm:
    """Fit a linear model (squared hinge) of gapped k-mers, and the weights of both.

    Parameters
    ----------
    train, valid
        Sequences uint8 (n, L) and binary targets float64 (n, T), NaN where unknown.
    outputs
        float32 (rows of valid, T): the network's for the validation rows, before the sigmoid.
    strands
        As of `KmerSettings`.
    progress
        Told the number of solutions done.
    """
    settings = KmerSettings(tuple(GAPPED), strands, "sqrt")
    features = count_codes(valid[0], settings)
    fitted = fit_linear(
        "hinge", (count_codes(train[0], settings), train[1]), (features, valid[1]), progress=progress
    )
    weights, bias = stacked(fitted)
    linear = features @ weights.T + bias
    shares = np.array([
        stacking_weights(outputs[:, task], linear[:, task], valid[1][:, task])
        for task in range(outputs.shape[1])
    ]).reshape(-1, 3)  # fmt: skip
    network, other, constant = shares.T
    return KmerTerm(
        settings,
        network.astype(np.float32),
        (other[:, None] * weights).astype(np.float32),
        (other * bias + constant).astype(np.float32),
    )


def stacking_weights(first: np.ndarray, second: np.ndarray, targets: Floats) -> tuple[float, float, float]:
    """Return (a, b, c) such that ``a first + b second + c`` are the logits of binary targets.

    Logistic regression of both in units of their standard deviations, with a penalty that keeps their
    weights alike while rows are few. Neither weight is negative: what would have one is left out.

    Parameters
    ----------
    first, second
        (n,).
    targets
        float64 (n,), NaN where unknown. Where only one class is known the first is taken as it is.
    """
    known = ~np.isnan(targets)
    targets = targets[known]
    columns = np.stack([first[known], second[known]], axis=1).astype(np.float64)
    deviations = columns.std(axis=0) if len(columns) else np.zeros(2)
    if len(np.unique(targets)) < 2 or not deviations[0]:
        return 1.0, 0.0, 0.0
    if not deviations[1]:
        return _alone(columns, deviations, targets, 0)
    one, other = (columns / deviations).T
    features = np.stack([(one + other) / 2, _APART * (one - other) / 2], axis=1)
    (both, apart), constant = _logistic(features, targets)
    found = (both + _APART * apart) / 2, (both - _APART * apart) / 2
    if min(found) < 0:
        return _alone(columns, deviations, targets, int(np.argmax(found)))
    return float(found[0] / deviations[0]), float(found[1] / deviations[1]), constant


def _alone(columns: Floats, deviations: Floats, targets: Floats, which: int) -> tuple[float, float, float]:
    """Return the weights where only one of the two is taken."""
    (weight,), constant = _logistic(columns[:, [which]] / deviations[which], targets)
    weights = [0.0, 0.0]
    weights[which] = float(max(weight, 0.0) / deviations[which])
    return weights[0], weights[1], constant


def _logistic(features: Floats, targets: Floats) -> tuple[Floats, float]:
    """Return weights and constant of a logistic regression at a strength of 1."""
    solution = minimise(Matrix.of(csr_matrix(features)), targets, LINEAR_LOSSES["bce"], 1.0)
    return solution.weights, float(solution.bias)


def fitting_rows(rows: int, width: int, seed: int) -> Ints:
    """Return which of so many rows the term is fitted to, or chosen and weighted by, int64, in order.

    All of them, or as many as hold `MOST_BASES`, drawn at random.
    """
    most = max(1, MOST_BASES // max(1, width))
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def copies_of(rows: int, fresh: int, width: int) -> int:
    """Return how often negatives that are drawn anew are drawn, so that all rows hold about `MOST_BASES`.

    Examples
    --------
    >>> copies_of(8_000, 4_000, 100), copies_of(40_000, 20_000, 100)
    (8, 1)
    """
    spare = MOST_BASES // max(1, width) - (rows - fresh)
    return int(np.clip(spare // max(1, fresh), 1, MOST_COPIES))


def network_tensors(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the tensors of a model's network alone."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith((PREFIX, "input."))}
