"""Results of variant effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Ints
from seqnet.pipeline.tables import ColumnTable, columns_of, real_column, text_column, whole_column


@dataclass(frozen=True, eq=False)
class EffectTable(ColumnTable):
    """Effects of alleles, a row each.

    Parameters
    ----------
    chrom, ref, alt
        object (n,).
    pos
        int64 (n,): 1-based.
    flag
        object (n,): why there is no effect; empty where there is one.
    others
        Other columns by name, such as ``delta_REB1``: float64 (n,), or object (n,) for motifs.
    """

    chrom: NDArray[np.object_]
    pos: Ints
    ref: NDArray[np.object_]
    alt: NDArray[np.object_]
    flag: NDArray[np.object_]
    others: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Return the number of alleles."""
        return len(self.chrom)

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name."""
        first = {"chrom": self.chrom, "pos": self.pos, "ref": self.ref, "alt": self.alt, "flag": self.flag}
        return first | self.others


@dataclass(frozen=True, eq=False)
class HaplotypeTable(ColumnTable):
    """Predictions of haplotypes, a row each, as the file of ``--haplotypes`` has them.

    Parameters
    ----------
    cells
        Column name to values: float64 (n,) for outputs, int64 (n,) for places, object (n,) for others.
    """

    cells: dict[str, np.ndarray]

    @staticmethod
    def of(lines: Sequence[str]) -> HaplotypeTable:
        """Return the lines of the file, the first one the column names."""
        names, *rows = [line.split("\t") for line in lines]
        cells: dict[str, np.ndarray] = {}
        for name, column in zip(names, columns_of(rows, len(names)), strict=True):
            if name in ("start", "end", "haplotype"):
                cells[name] = whole_column(column)
            elif name.startswith(("ref_", "alt_", "delta_")):
                cells[name] = real_column([None if cell == "." else cell for cell in column])
            else:
                cells[name] = text_column(column)
        return HaplotypeTable(cells)

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name."""
        return self.cells


@dataclass(frozen=True, eq=False)
class VariantsResult:
    """Counts and effects of a file of variants.

    Parameters
    ----------
    tasks
        Names of the tasks written.
    rows, alleles
        How many were read and written.
    skipped
        Rows left out because they do not fit the genome.
    flags
        Alleles without an effect, by reason.
    effects
        The effects, where they are not written.
    outputs
        The files written.
    """

    tasks: tuple[str, ...]
    rows: int
    alleles: int
    skipped: int
    flags: dict[str, int]
    effects: EffectTable | HaplotypeTable | None = None
    outputs: tuple[str, ...] = ()
