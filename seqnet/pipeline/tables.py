"""Results as columns, which every library of tables takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.genome.intervals import STRAND_SIGNS

if TYPE_CHECKING:
    from seqnet.genome.regions import Regions


class ColumnTable:
    """What tables have in common: dataclasses whose fields are arrays of equal length, one a column.

    Tables whose columns depend on the data have `columns` of their own.
    """

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns().values())))

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name, each of shape (rows,)."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as tuples of Python values."""
        yield from zip(*(column.tolist() for column in self.columns().values()), strict=True)

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``; pandas must be installed.

        Examples
        --------
        >>> hits.to_pandas().sort_values("p_value")  # doctest: +SKIP
        """
        import pandas as pd  # type: ignore[import-untyped]  # not a dependency of seqnet

        return pd.DataFrame(self.columns())


def row_columns(names: NDArray[np.object_], regions: Regions | None) -> dict[str, np.ndarray]:
    """Return the columns that name rows: of regions chrom, start, end, name and strand; else name alone."""
    if regions is None:
        return {"name": names}
    places = regions.intervals
    strand = np.array([STRAND_SIGNS[number] for number in places.strand.tolist()], dtype=object)
    return {
        "chrom": places.contig_names(), "start": places.start, "end": places.end,
        "name": names, "strand": strand,
    }  # fmt: skip


def columns_of(rows: Sequence[Sequence[object]], width: int) -> list[tuple[object, ...]]:
    """Return the columns of rows of `width` cells, of which there may be none."""
    return list(zip(*rows, strict=True)) if rows else [()] * width


def text_column(column: Sequence[object]) -> NDArray[np.object_]:
    """Return texts as an array of Python strings, ``.`` for None."""
    return np.array(["." if cell is None else str(cell) for cell in column], dtype=object)


def whole_column(column: Sequence[object]) -> Ints:
    """Return whole numbers, int64."""
    return np.array([int(str(cell)) for cell in column], dtype=np.int64)


def real_column(column: Sequence[object]) -> Floats:
    """Return numbers, float64; NaN for None."""
    return np.array([np.nan if cell is None else float(str(cell)) for cell in column], dtype=np.float64)
