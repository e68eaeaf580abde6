"""What a prediction returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.pipeline.tables import ColumnTable, row_columns

if TYPE_CHECKING:
    from seqnet.genome.regions import Regions


@dataclass(frozen=True, eq=False)
class PredictionTable(ColumnTable):
    """Predictions of regions, sequences or rows of a k-mer table, a row each and a column per task.

    Parameters
    ----------
    names
        object (n,): of the rows.
    tasks
        T names.
    values
        float32 (n, T), float64 where the targets vary by less than float32 can hold; NaN at gaps.
    regions
        Where the rows lie; None for sequences and k-mer tables.
    """

    names: NDArray[np.object_]
    tasks: tuple[str, ...]
    values: NDArray[np.float32]
    regions: Regions | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.names)

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name: of regions chrom, start, end, name and strand; then the tasks."""
        return row_columns(self.names, self.regions) | {
            task: self.values[:, number] for number, task in enumerate(self.tasks)
        }


@dataclass(frozen=True, eq=False)
class PredictResult:
    """What was predicted.

    Parameters
    ----------
    predictions
        The predictions; None where they were written.
    tasks
        T names.
    rows
        How many regions, sequences, rows, tiles or bins were predicted.
    left_out
        Tiles that have no prediction because too much of their window is ambiguous.
    gaps
        Predictions that are no finite numbers, with ``missing="gap"``.
    outputs
        The files written.
    """

    tasks: tuple[str, ...]
    rows: int
    gaps: int = 0
    left_out: int = 0
    predictions: PredictionTable | None = None
    outputs: tuple[str, ...] = ()
