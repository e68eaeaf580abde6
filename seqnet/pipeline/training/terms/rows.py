"""The rows that terms are fitted to, and those that choose between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.pipeline.training.terms.kmer_fit import TermRows, copies_of, fitting_rows

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Ints
    from seqnet.inference.target_scale import TargetScale
    from seqnet.pipeline.training.data import TrainingData


def training_rows(data: TrainingData, scale: TargetScale | None, seed: int) -> TermRows:
    """Return the rows to fit to: training rows, and more draws of fresh negatives."""
    assert data.sequences is not None
    rows, fresh = data.rows("train"), data.sequences.fresh
    codes, targets = data.sequences.codes[rows], _scaled(data.targets[rows], scale)
    width = codes.shape[1]
    if fresh is not None:
        again = range(1, copies_of(len(rows), int(fresh.negatives.sum()), width))
        codes = np.concatenate([codes, *(fresh.epoch(number)[fresh.negatives] for number in again)])
        targets = np.concatenate([targets, *(targets[fresh.negatives] for _ in again)])
    chosen = fitting_rows(len(codes), width, seed)
    return TermRows(codes[chosen], targets[chosen])


def validation_rows(data: TrainingData, scale: TargetScale | None, seed: int) -> tuple[TermRows, Ints]:
    """Return the rows that choose penalties and weights, and which of the validation rows they are."""
    assert data.codes is not None
    rows = data.rows("valid")
    chosen = fitting_rows(len(rows), data.codes.shape[1], seed)
    return TermRows(data.codes[rows[chosen]], _scaled(data.targets[rows[chosen]], scale)), chosen


def _scaled(targets: Floats, scale: TargetScale | None) -> Floats:
    """Return targets as a network learns them."""
    return targets if scale is None else scale.apply(targets)
