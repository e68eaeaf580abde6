"""Rows of high attribution in a report: letters as high as what they contribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.lookup import resolve
from seqnet.reports.evaluation_page import Cell, Column, PageTable, Picture, Section
from seqnet.reports.inline_svg import INK, inline_svg, page_style
from seqnet.reports.logos import draw_letters

MOST_BASES = 120
"""Bases of a row that are drawn: those around its highest attributions."""
_CORE = 8
_COLUMN, _HEIGHT, _SIDES = 0.1, 1.5, 0.9
"""Width of a base, height of the picture, and room on both sides, in inches."""
_LEAST = 0.004
"""Letters below this share of the highest are left out; nobody sees them, and each is a kilobyte."""


@dataclass(frozen=True, eq=False)
class ShownRow:
    """A row, as reports show it.

    Parameters
    ----------
    name, place, task, method
        Texts; `place` is empty for sequences.
    output, reference, completeness
        Numbers, NaN where there are none.
    heights
        float64 (L, 4): attributions of the observed bases.
    first
        Number of the first base explained, from 1.
    """

    name: str
    place: str
    task: str
    method: str
    output: float
    reference: float
    completeness: float
    heights: Floats
    first: int

    @property
    def total(self) -> float:
        """The sum of the attributions."""
        return float(self.heights.sum())


class DrawnBases(NamedTuple):
    """The bases of a row that are drawn."""

    first: int
    """Their first column."""
    heights: Floats
    """float64 (w, 4)."""


def drawn_bases(heights: Floats, most: int = MOST_BASES) -> DrawnBases:
    """Return the bases around the stretch of highest attribution.

    Examples
    --------
    >>> heights = np.zeros((300, 4))
    >>> heights[200:208, 0] = 1
    >>> drawn_bases(heights, 100).first
    154
    """
    length = len(heights)
    sums = np.convolve(heights.sum(axis=1), np.ones(min(_CORE, length)), "valid")
    middle = int(sums.argmax()) + _CORE // 2
    first = min(max(middle - most // 2, 0), max(length - most, 0))
    return DrawnBases(first, heights[first : first + most])


def row_table(rows: Sequence[ShownRow]) -> PageTable:
    """Return the numbers of each row."""
    columns = [
        Column("row", numeric=False), Column("place", numeric=False), Column("task", numeric=False),
        Column("method", numeric=False), Column("output", "logit, log rate, or a regression's output"),
        Column("reference", "mean output of the references"), Column("sum", "of the attributions"),
        Column("completeness", "what the sum misses of output - reference, relative to the sum of sizes"),
    ]  # fmt: skip
    cells = [
        [
            Cell(row.name), Cell(row.place), Cell(row.task), Cell(row.method), _number(row.output),
            _number(row.reference), _number(row.total), _number(row.completeness, ".1e"),
        ]
        for row in rows
    ]  # fmt: skip
    return PageTable("Rows of highest attribution", columns, cells, sortable=True)


def _number(value: float, form: str = ".4g") -> Cell:
    """Return a number as a cell."""
    return Cell("NA") if np.isnan(value) else Cell(format(value, form), value)


def row_section(row: ShownRow, number: int) -> Section:
    """Return a section about one row.

    Parameters
    ----------
    number
        Unique in the page.
    """
    drawn = drawn_bases(row.heights)
    begin = row.first + drawn.first
    end = begin + len(drawn.heights) - 1
    words = f"Attributions of the bases {begin} to {end} of {row.name}"
    svg = _letters(drawn.heights, begin, f"row-{number}", f"{words} to {row.task}, by {row.method}.")
    where = f"{row.place}; " if row.place else ""
    part = "" if len(drawn.heights) == len(row.heights) else f", of {len(row.heights):,} explained"
    lead = f"{where}output {row.output:.4g}; the attributions add up to {row.total:.4g}."
    picture = Picture(f"{row.task}, {row.method}", f"Bases {begin} to {end}{part}.", svg, wide=True)
    return Section(f"row-{number}", row.name, lead, [picture])


def _letters(heights: Floats, begin: int, name: str, alt: str) -> str:
    """Draw letters, negative ones below the axis, over the numbers of their bases."""
    bases = len(heights)
    with page_style():
        size = (_COLUMN * max(bases, 30) + _SIDES, _HEIGHT)
        figure = resolve("matplotlib.figure:Figure")(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        up, down = (float(np.maximum(sign * heights, 0).max()) for sign in (1, -1))
        axes.grid(visible=False)
        axes.set(xlim=(0.5, bases + 0.5), ylim=(-down, up if up or down else 1.0), ylabel="attribution")
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="x", length=0)
        draw_letters(axes, _visible(heights, _LEAST * max(up, down)), name)
        ticks = [place for place in range(bases) if not (place + begin) % 10]
        axes.set_xticks([tick + 1 for tick in ticks], [str(tick + begin) for tick in ticks])
        return inline_svg(figure, name, alt)


def _visible(heights: Floats, least: float) -> NDArray[np.float64]:
    """Return heights without those that nobody sees."""
    return np.where(np.abs(heights) >= least, heights, 0.0)
