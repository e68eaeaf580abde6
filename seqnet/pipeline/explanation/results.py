"""What an explanation returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.pipeline.tables import ColumnTable, row_columns

if TYPE_CHECKING:
    from seqnet.genome.regions import Regions
    from seqnet.motifs.matrix import MotifSet

Singles = NDArray[np.float32]


class RowPlaces(NamedTuple):
    """Where s stretches lie."""

    chrom: NDArray[np.object_]
    """object (s,): contigs, or names of sequences."""
    start: Ints
    """int64 (s,): first bases."""
    backward: Bools
    """bool (s,): those that are read from the minus strand."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """Attributions of n rows to one task by one method.

    Parameters
    ----------
    method, task
        Their names.
    names
        object (n,): of the rows.
    codes
        uint8 (n, L): the bases explained, as the model reads them; None for models of signals alone.
    hypothetical
        float32 (n, 4, L): what each possible base would contribute.
    observed
        float32 (n, L): what the observed base contributes.
    output
        float64 (n,): the outputs explained: logits, log rates, or those of a regression as it was learnt.
    reference, completeness
        float64 (n,): the mean output of the references, and by how much attributions miss adding up to the
        difference, relative to their absolute sum; NaN where the method has none.
    rows
        int64 (n,): numbers of the rows among those given.
    starts
        int64 (n,): where the first base explained lies in each sequence or region, as that is read; negative
        in padding.
    offset
        Position of the first base explained in each window.
    signals
        float32 (n, S, L): what signal tracks contribute.
    regions
        Where the rows lie; None for sequences.
    stranded
        Whether regions on the minus strand are read from it.
    """

    method: str
    task: str
    names: NDArray[np.object_]
    codes: Codes | None
    hypothetical: Singles
    observed: Singles
    output: Floats
    reference: Floats
    completeness: Floats
    rows: Ints
    starts: Ints
    offset: int = 0
    signals: Singles | None = None
    regions: Regions | None = None
    stranded: bool = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.names)

    @property
    def one_hot(self) -> NDArray[np.int8]:
        """The bases explained, int8 (n, 4, L), zeros at ambiguous ones."""
        codes = np.full(self.observed.shape, 4, np.uint8) if self.codes is None else self.codes
        bases: Bools = codes[:, None] == np.arange(4, dtype=np.uint8)[:, None]
        return bases.astype(np.int8)

    def places(self, row: Ints, first: Ints, width: int | Ints) -> RowPlaces:
        """Return where stretches of `width` bases lie, in the genome where the rows are regions.

        Parameters
        ----------
        row, first
            int64 (s,): the row of each stretch, and its first base among those explained.
        width
            Of all, or int64 (s,).
        """
        begin = self.starts[row] + first
        if self.regions is None:
            return RowPlaces(self.names[row], begin, np.zeros(len(row), dtype=bool))
        intervals = self.regions.intervals
        contigs = np.array(intervals.contigs, dtype=object)[intervals.contig[row]]
        backward = (intervals.strand[row] < 0) & self.stranded
        start = np.where(backward, intervals.end[row] - begin - width, intervals.start[row] + begin)
        return RowPlaces(contigs, start, backward)


@dataclass(frozen=True, eq=False)
class ExplanationTable(ColumnTable):
    """A row for each row, task and method.

    Parameters
    ----------
    names
        object (n,): of the rows.
    task, method
        object (n,).
    output, reference, completeness
        As of `Attribution`.
    regions
        Where the rows lie, None for sequences.
    """

    names: NDArray[np.object_]
    task: NDArray[np.object_]
    method: NDArray[np.object_]
    output: Floats
    reference: Floats
    completeness: Floats
    regions: Regions | None = None

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name: of regions chrom, start, end, name and strand; then the numbers."""
        numbers = {"output": self.output, "reference": self.reference, "completeness": self.completeness}
        return row_columns(self.names, self.regions) | {"task": self.task, "method": self.method} | numbers


@dataclass(frozen=True, eq=False)
class FilterTable(ColumnTable):
    """The first layer's filters that make a motif, the most influential first.

    Parameters
    ----------
    filter
        object (f,): names.
    sites
        int64 (f,): windows that the motif is made of.
    influence
        float64 (f,): mean change of the output where the filter is held at its mean, of the task that
        changes most.
    target
        object (f,): the most similar motif of the collection, ``.`` where none is similar.
    q_value
        float64 (f,): of the similarity; NaN for none.
    nearest, nearest_q
        object and float64 (f,): the most similar motif, however little, and its q-value.
    """

    filter: NDArray[np.object_]
    sites: Ints
    influence: Floats
    target: NDArray[np.object_]
    q_value: Floats
    nearest: NDArray[np.object_]
    nearest_q: Floats


@dataclass(frozen=True, eq=False)
class ExplainResult:
    """What was explained.

    Parameters
    ----------
    attributions
        One for each method and task, methods first.
    table
        All their rows.
    outputs
        The files written.
    filters, filter_motifs
        The first layer's filters as a table and as motifs, where they are wanted.
    """

    attributions: tuple[Attribution, ...]
    table: ExplanationTable
    outputs: tuple[str, ...] = ()
    filters: FilterTable | None = None
    filter_motifs: MotifSet | None = None

    def of(self, method: str | None = None, task: str | None = None) -> Attribution:
        """Return the attributions of a method and a task; the first of them where one is not named.

        Raises
        ------
        KeyError
            If there are none.
        """
        for each in self.attributions:
            if method in (None, each.method) and task in (None, each.task):
                return each
        raise KeyError(f"no attributions of {method or 'any method'} to {task or 'any task'}")


def table_of(attributions: tuple[Attribution, ...], regions: Regions | None) -> ExplanationTable:
    """Return the rows of attributions, and where they lie among the regions given."""
    if not attributions:
        none, zero = np.empty(0, dtype=object), np.empty(0)
        return ExplanationTable(none, none, none, zero, zero, zero)

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(each, name) for each in attributions])

    tasks, methods = (
        np.concatenate([np.full(len(each), getattr(each, name), dtype=object) for each in attributions])
        for name in ("task", "method")
    )
    chosen = None if regions is None else regions.take(joined("rows"))
    return ExplanationTable(
        joined("names"), tasks, methods, joined("output"), joined("reference"), joined("completeness"), chosen
    )
