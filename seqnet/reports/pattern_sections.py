"""Patterns of attribution in a report: logos, similar motifs and positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seqnet.aliases import Floats
from seqnet.lookup import resolve
from seqnet.motifs.information import letter_heights
from seqnet.motifs.matrix import MotifInfo, Pfm
from seqnet.reports.evaluation_page import Cell, Column, PageTable, Picture, Section
from seqnet.reports.inline_svg import GRID, INK, MUTED, SERIES, inline_svg, page_style
from seqnet.reports.logos import draw_letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMN, _PANEL, _SIDES = 0.28, 1.15, 1.1
"""Width of a motif column, height of a panel, and room on both sides, in inches."""
_FEWEST_COLUMNS = 14
_LEAST = 0.004
"""Letters below this share of the highest stack are left out; nobody sees them, and each is a kilobyte."""
_MOST_BARS = 40


@dataclass(frozen=True, eq=False)
class SimilarMotif:
    """The motif of a collection that a pattern resembles most.

    Parameters
    ----------
    name
        Its alternate name, else its name.
    q_value
        Of the similarity.
    heights
        float64 (w, 4): of its letters in bits, on the strand of the match; None where they are not known.
    offset
        Its first column, counted from the pattern's first.
    """

    name: str
    q_value: float
    heights: Floats | None = None
    offset: int = 0


@dataclass(frozen=True, eq=False)
class ShownPattern:
    """A pattern, as reports show it.

    Parameters
    ----------
    name, task
        Texts.
    seqlets
        How many make it.
    contributions, counts
        float64 (w, 4): mean attributions of the observed bases, and counts of the bases.
    similar
        None where the collection holds no similar motif.
    positions
        float64 (seqlets,): bases from the middle of the row to that of the seqlet; None where not known.
    length
        Bases explained of a row.
    hits
        How many it has in the rows; None where they were not looked for.
    """

    name: str
    task: str
    seqlets: int
    contributions: Floats
    counts: Floats
    similar: SimilarMotif | None
    positions: Floats | None = None
    length: int = 0
    hits: int | None = None

    @property
    def contribution(self) -> float:
        """The mean attribution of a seqlet, over the pattern's columns."""
        return float(self.contributions.sum())


def pattern_table(patterns: Sequence[ShownPattern]) -> PageTable:
    """Return a row for each pattern."""
    with_hits = any(pattern.hits is not None for pattern in patterns)
    columns = [
        Column("pattern", numeric=False), Column("task", numeric=False), Column("seqlets"),
        Column("contribution", "mean sum of the attributions of a seqlet"),
        *([Column("hits", "matches of the pattern in the explained rows")] if with_hits else []),
        Column("most similar motif", numeric=False), Column("q-value", "of the similarity"),
    ]  # fmt: skip
    rows = []
    for pattern in patterns:
        similar = pattern.similar
        hits = (
            [Cell("NA" if pattern.hits is None else f"{pattern.hits:,}", pattern.hits)] if with_hits else []
        )
        rows.append([
            Cell(pattern.name), Cell(pattern.task), Cell(f"{pattern.seqlets:,}", pattern.seqlets),
            Cell(f"{pattern.contribution:.3g}", pattern.contribution), *hits,
            Cell("none" if similar is None else similar.name),
            Cell("NA") if similar is None else Cell(f"{similar.q_value:.2g}", similar.q_value),
        ])  # fmt: skip
    return PageTable("Patterns", columns, rows, sortable=True)


def pattern_section(pattern: ShownPattern, number: int) -> Section:
    """Return a section about one pattern.

    Parameters
    ----------
    number
        Unique in the page.
    """
    pictures = [logo_picture(pattern, number)]
    if pattern.positions is not None:
        pictures.append(_position_picture(pattern, pattern.positions, number))
    lead = f"{pattern.seqlets:,} seqlets; their attributions add up to {pattern.contribution:.3g} on average"
    if pattern.similar is not None:
        lead += f". Most similar motif: {pattern.similar.name} (q-value {pattern.similar.q_value:.2g})"
    return Section(f"pattern-{number}", pattern.name, f"{lead}.", pictures)


def logo_picture(pattern: ShownPattern, number: int) -> Picture:
    """Return the logos of a pattern's contributions and bases, and of the similar motif, aligned."""
    motif = Pfm(MotifInfo(pattern.name, nsites=float(pattern.seqlets)), pattern.counts)
    panels = [
        ("attribution", 0, pattern.contributions),
        ("bits", 0, letter_heights(motif, "information")),
    ]
    words = f"Logos of the mean attributions and of the bases of {pattern.name}"
    caption = "Mean attributions of the bases; information of the bases of the seqlets"
    similar = pattern.similar
    if similar is not None and similar.heights is not None:
        panels.append(("bits", similar.offset, similar.heights))
        words += f", and of the motif {similar.name}"
        caption += f"; {similar.name}"
    title = pattern.name if similar is None else f"{pattern.name}: {similar.name}"
    return Picture(title, f"{caption}.", _logos(panels, f"logos-{number}", f"{words}."))


def _logos(panels: Sequence[tuple[str, int, Floats]], name: str, alt: str) -> str:
    """Draw logos one below the other: label of the axis, first column, heights (w, 4)."""
    low = min(first for _, first, _ in panels)
    high = max(first + len(heights) for _, first, heights in panels)
    columns = max(high - low, _FEWEST_COLUMNS)
    with page_style():
        size = (_COLUMN * columns + _SIDES, _PANEL * len(panels) + 0.3)
        figure = _figure(size)
        for number, (label, first, heights) in enumerate(panels):
            axes = figure.add_subplot(len(panels), 1, number + 1)
            placed = np.zeros((high - low, 4))
            placed[first - low : first - low + len(heights)] = heights
            _draw_logo(axes, placed, label, columns, name)
            ticks = range(5, high + 1, 5)  # positions of the pattern, in all panels
            axes.set_xticks([tick - low for tick in ticks], [str(tick) for tick in ticks])
        return inline_svg(figure, name, alt)


def _figure(size: tuple[float, float]) -> Figure:
    """Return an empty figure."""
    figure: Figure = resolve("matplotlib.figure:Figure")(figsize=size, layout="constrained")
    return figure


def _draw_logo(axes: Axes, heights: Floats, label: str, columns: int, name: str) -> None:
    """Draw one logo."""
    up, down = (float(np.maximum(sign * heights, 0).sum(axis=1).max()) for sign in (1, -1))
    if label == "bits":
        up = 2.0
    axes.grid(visible=False)
    axes.set(xlim=(0.5, columns + 0.5), ylim=(-down, up if up or down else 1.0), ylabel=label)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    draw_letters(axes, np.where(np.abs(heights) >= _LEAST * max(up, down), heights, 0.0), name)


def _position_picture(pattern: ShownPattern, positions: Floats, number: int) -> Picture:
    """Return how far seqlets lie from the middle of their rows."""
    half = pattern.length / 2
    with page_style():
        figure = _figure((4.2, 2.9))
        axes = figure.add_subplot()
        edges = np.linspace(-half, half, min(_MOST_BARS, max(pattern.length // 5, 4)) + 1)
        counts = np.histogram(positions, edges)[0]
        axes.stairs(counts, edges, fill=True, alpha=0.35, color=SERIES[0])
        axes.stairs(counts, edges, color=SERIES[0], linewidth=1.3)
        axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=":")
        axes.grid(visible=True, axis="y", color=GRID)
        axes.set(xlim=(-half, half), xlabel="bases from the middle of the row", ylabel="seqlets")
        near = float(np.mean(np.abs(positions) <= half / 2))
        alt = f"Positions of the seqlets of {pattern.name}; {near:.0%} lie in the middle half of the row."
        picture = inline_svg(figure, f"positions-{number}", alt)
    return Picture("Positions", "Middles of the seqlets, along the rows as the model reads them.", picture)
