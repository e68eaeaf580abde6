"""How a network is trained where the options leave it open: by the rows, their targets and the task type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.metrics.binary import binary_metrics

if TYPE_CHECKING:
    from seqnet.aliases import Floats

SMALL_BATCH, LARGE_BATCH = 32, 128
"""Rows per step of small sets, and of large ones."""
SMALL_SET = 20_000
"""Training rows below which a set is small: larger batches would leave it too few steps."""
_LEAST_STEPS = 2_000
_MOST_EPOCHS = 50
_LONGEST_AVERAGE = 6
"""The running average of weights covers this share of the steps: a sixth of them."""
RARE = 0.1
"""Share of positives below which auPRC decides which epoch is the best."""

FEW_EXAMPLES = 500
"""Examples of a motif below which a network is started from motifs grown from k-mers."""
_MUTATED, _MUTATED_ROWS, _LEAST_MUTATED = 0.05, 2_000, 0.01
"""Share of the bases that are replaced at random with up to so many rows, and the least, with more."""


def default_batch(rows: int) -> int:
    """Return the rows per step for so many training rows.

    Examples
    --------
    >>> default_batch(1_000), default_batch(50_000)
    (32, 128)
    """
    return SMALL_BATCH if rows < SMALL_SET else LARGE_BATCH


def epochs_by_rows(rows: int) -> int:
    """Return the number of epochs for so many training rows: the more rows, the fewer.

    Examples
    --------
    >>> epochs_by_rows(5_000), epochs_by_rows(25_000), epochs_by_rows(100_000)
    (25, 18, 12)
    """
    return round(25 - 13 * min(1.0, max(0.0, rows / 10_000 - 2)))


def default_epochs(rows: int, batch: int) -> int:
    """Return `epochs_by_rows`, or up to 50 where these would give less than 2,000 steps.

    Parameters
    ----------
    batch
        Rows per step; 0 for all of them.

    Examples
    --------
    >>> default_epochs(500, 32), default_epochs(2_000, 32), default_epochs(5_000, 32)
    (50, 32, 25)
    """
    steps = -(-rows // batch) if batch else 1
    return max(epochs_by_rows(rows), min(_MOST_EPOCHS, round(_LEAST_STEPS / max(1, steps))))


def default_ema(steps: int) -> float:
    """Return the decay of the running average of weights for so many steps in all.

    Examples
    --------
    >>> round(default_ema(600), 4), round(default_ema(6_000), 4)
    (0.99, 0.999)
    """
    return max(0.0, 1 - _LONGEST_AVERAGE / max(1, steps))


def default_monitor(task_type: str, train: Floats, valid: Floats) -> str:
    """Return what decides which epoch is the best: auPRC where positives are rare, else the loss.

    Parameters
    ----------
    train, valid
        Targets of the training and of the validation rows, float64 (n, T), NaN where unknown. Where auPRC is
        undefined for all tasks on the validation rows, the loss decides.
    """
    known = ~np.isnan(train)
    if task_type != "binary" or not known.any():
        return "loss"
    counts = known.sum(axis=0)
    rates = np.where(known, train, 0.0).sum(axis=0)[counts > 0] / counts[counts > 0]
    defined = any(binary_metrics("", column, np.zeros(len(column))).auprc is not None for column in valid.T)
    return "auprc" if defined and float(rates.mean()) < RARE else "loss"


def has_few_examples(task_type: str, train: Floats) -> bool:
    """Return whether tasks have few training rows to learn a motif from: `FEW_EXAMPLES` in the median.

    These are the positives of a binary task, and a quarter of the rows of others. With more, networks learn
    motifs as well without them.

    Parameters
    ----------
    train
        Targets of the training rows, float64 (n, T), NaN where unknown.

    Examples
    --------
    >>> has_few_examples("binary", np.ones((499, 1))), has_few_examples("regression", np.ones((2_000, 1)))
    (True, False)
    """
    counts = (train == 1).sum(axis=0) if task_type == "binary" else (~np.isnan(train)).sum(axis=0) / 4
    return float(np.median(counts)) < FEW_EXAMPLES


def default_mutation(task_type: str, rows: int) -> float:
    """Return the share of bases to replace at random in training: some for binary tasks and few rows.

    No single base can decide then, which a network does not learn from few rows. With more than 2,000 rows
    the share falls in proportion.

    Examples
    --------
    >>> [default_mutation("binary", rows) for rows in (500, 2_000, 4_000, 20_000)]
    [0.05, 0.05, 0.025, 0.0]
    """
    share = _MUTATED * min(1.0, _MUTATED_ROWS / max(1, rows))
    return share if task_type == "binary" and share >= _LEAST_MUTATED else 0.0
