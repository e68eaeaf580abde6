"""The plots of an evaluation: values in, inline SVG out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.reports.inline_svg import DASHES, GRID, INK, MUTED, PAPER, SERIES, inline_svg, page_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

MOST_LINES = 6
"""Lines with a colour of their own; with more tasks all are grey but the best, the middle, the worst."""
_SQUARE = (4.2, 3.9)
_POINTS = 160
_MOST_BARS = 40
_LONGEST_NAME = 18


class Line(NamedTuple):
    """One task's curve."""

    name: str
    x: Floats
    y: Floats
    value: float | None
    """What the legend shows and lines are ordered by."""


class Bar(NamedTuple):
    """One task's figure."""

    name: str
    value: float | None
    interval: tuple[float, float] | None
    chance: float


def short(name: str) -> str:
    """Return a name that fits a legend, its dollar signs no formulas."""
    fitting = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    return fitting.replace("$", r"\$")


def thin(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep at most 160 points of a curve, evenly along it, its ends among them."""
    if len(x) <= _POINTS:
        return x, y
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    chosen = np.unique(np.searchsorted(length, np.linspace(0, length[-1], _POINTS)))
    return x[chosen], y[chosen]


def _new(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return an empty figure of one panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.add_subplot()


def _draw_lines(axes: Axes, lines: Sequence[Line], *, step: bool) -> None:
    """Draw curves; beyond six, three of them are coloured and the others are grey."""
    draw = axes.step if step else axes.plot
    options: dict[str, Any] = {"where": "post"} if step else {}
    shown = [line for line in lines if len(line.x)]
    chosen = shown
    if len(shown) > MOST_LINES:
        ranked = sorted(shown, key=lambda line: -np.inf if line.value is None else line.value, reverse=True)
        chosen = [ranked[0], ranked[len(ranked) // 2], ranked[-1]]
        for line in shown:
            draw(*thin(line.x, line.y), color=MUTED, linewidth=0.6, alpha=0.45, **options)
    names = ("best", "median", "worst") if chosen is not shown else ("",) * len(chosen)
    for number, (line, role) in enumerate(zip(chosen, names, strict=True)):
        value = "" if line.value is None else f"  {line.value:.3f}"
        label = f"{short(line.name)}{value}" + (f" ({role})" if role else "")
        draw(
            *thin(line.x, line.y), color=SERIES[number], linestyle=DASHES[number % len(DASHES)],
            label=label, **options,
        )  # fmt: skip


def _unit_square(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Give a panel the axes of two shares."""
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), xlabel=xlabel, ylabel=ylabel, xticks=ticks, yticks=ticks)


def roc(lines: Sequence[Line], alt: str) -> str:
    """Draw ROC curves: x false-positive rate, y recall."""
    with page_style():
        figure, axes = _new(_SQUARE)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=":")
        _draw_lines(axes, lines, step=False)
        _unit_square(axes, "false positive rate", "true positive rate (recall)")
        axes.legend(loc="lower right")
        return inline_svg(figure, "roc", alt)


def precision_recall(lines: Sequence[Line], base_rate: float | None, alt: str) -> str:
    """Draw precision by recall, with the mean base rate as the line of chance."""
    with page_style():
        figure, axes = _new(_SQUARE)
        if base_rate is not None:
            axes.axhline(base_rate, color=MUTED, linewidth=0.9, linestyle=":")
        _draw_lines(axes, lines, step=False)
        _unit_square(axes, "recall", "precision")
        axes.legend(loc="best")
        return inline_svg(figure, "pr", alt)


def reliability(lines: Sequence[Line], alt: str) -> str:
    """Draw the observed share of positives by predicted probability; NaN in empty bins."""
    with page_style():
        figure, axes = _new(_SQUARE)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=":")
        for number, line in enumerate(lines[:MOST_LINES]):
            there = ~np.isnan(line.y)
            axes.plot(
                line.x[there], line.y[there], marker="o", markersize=4, color=SERIES[number],
                linestyle=DASHES[number % len(DASHES)], label=short(line.name), markeredgecolor=PAPER,
                markeredgewidth=0.6,
            )  # fmt: skip
        _unit_square(axes, "predicted probability", "observed share of positives")
        axes.legend(loc="upper left")
        return inline_svg(figure, "reliability", alt)


def score_distributions(panels: Sequence[tuple[str, Floats, Floats]], alt: str) -> str:
    """Draw histograms of scores, (task, positives' scores, negatives' scores), as shares of each class."""
    from matplotlib.figure import Figure

    columns = 1 if len(panels) == 1 else 2
    rows = -(-len(panels) // columns)
    with page_style():
        figure = Figure(figsize=(_SQUARE[0], 3.9 if rows < 3 else 1.5 * rows + 0.6), layout="constrained")
        for number, (name, positive, negative) in enumerate(panels):
            axes = figure.add_subplot(rows, columns, number + 1)
            both = np.concatenate([positive, negative])
            both = both[np.isfinite(both)]
            edges = np.linspace(both.min(), both.max() or 1, 26) if len(both) else np.linspace(0, 1, 26)
            if edges[0] == edges[-1]:
                edges = np.linspace(edges[0] - 0.5, edges[0] + 0.5, 26)
            kinds = ((negative, SERIES[6], "negatives"), (positive, SERIES[1], "positives"))
            for values, colour, label in kinds:
                counts = np.histogram(values, edges)[0] / max(len(values), 1)
                axes.stairs(counts, edges, fill=True, alpha=0.3, color=colour)
                axes.stairs(counts, edges, color=colour, linewidth=1.3, label=label)
            axes.set_title(short(name), fontsize=9.5, loc="left")
            axes.set_yscale("symlog", linthresh=0.01)
            axes.set_yticks([0.01, 0.1, 1], ["1 %", "10 %", "100 %"])
            axes.minorticks_off()
            axes.set_ylim(0, 1)
            if number == 0:
                axes.legend(loc="upper center", fontsize=7.5)
            if number >= len(panels) - columns:
                axes.set_xlabel("score")
        return inline_svg(figure, "scores", alt)


def task_bars(panels: Sequence[tuple[str, Sequence[Bar]]], alt: str) -> str:
    """Draw a dot per task with its interval and the tick of chance, a panel per metric.

    Beyond 40 tasks the dots are ranked and lose their names.
    """
    from matplotlib.figure import Figure

    count = len(panels[0][1])
    many = count > _MOST_BARS
    height = 3.6 if many else 0.9 + 0.27 * count
    order = np.argsort([np.inf if bar.value is None else -bar.value for bar in panels[0][1]], kind="stable")
    with page_style():
        figure = Figure(figsize=(8.6, height), layout="constrained")
        first = None
        for number, (label, bars) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), number + 1, sharey=first)
            first = first or axes
            _draw_bars(axes, [bars[i] for i in order], SERIES[number])
            axes.set_xlabel(label)
            axes.set_ylim(count - 0.4, -0.6)
            if many:
                axes.set_ylabel("tasks by rank" if number == 0 else "")
            else:
                axes.set_yticks(range(count), [short(bars[i].name) for i in order])
            axes.tick_params(labelleft=number == 0)
        return inline_svg(figure, "tasks", alt)


def _draw_bars(axes: Axes, bars: Sequence[Bar], colour: str) -> None:
    """Draw one panel of dots."""
    place = np.arange(len(bars))
    values = np.array([np.nan if bar.value is None else bar.value for bar in bars])
    chance = np.array([bar.chance for bar in bars])
    small = len(bars) > _MOST_BARS
    if not small:
        axes.hlines(place, chance, values, color=colour, linewidth=1, alpha=0.45)
    for row, bar in enumerate(bars):
        if bar.interval is not None:
            axes.hlines(row, *bar.interval, color=colour, linewidth=4, alpha=0.3)
    axes.plot(chance, place, linestyle="none", marker="|", markersize=3 if small else 9, color=MUTED)
    axes.plot(values, place, linestyle="none", marker="o", markersize=2.5 if small else 6, color=colour)
    low = min(0.0, float(np.nanmin(values, initial=0.0)))
    axes.set_xlim(low - 0.02, 1.02)
    axes.grid(axis="y", visible=False)


def learning(epochs: Floats, curves: Sequence[tuple[str, Floats]], best: int | None, alt: str) -> str:
    """Draw losses by epoch, a line each."""
    with page_style():
        figure, axes = _new((_SQUARE[0], 3.0))
        for number, (name, values) in enumerate(curves):
            axes.plot(epochs, values, color=SERIES[number], linestyle=DASHES[number], label=name)
        if best is not None:
            axes.axvline(best, color=MUTED, linewidth=0.9, linestyle=":")
        axes.set(xlabel="epoch", ylabel="loss")
        axes.legend(loc="best")
        return inline_svg(figure, "learning", alt)


def scatter(
    panels: Sequence[tuple[str, Floats, Floats]], alt: str, units: str = "", name: str = "scatter"
) -> str:
    """Draw prediction by target, (task, targets, predictions), as counts in squares.

    Parameters
    ----------
    units
        Of the axes; nothing for those of the labels.
    name
        Of the picture, where a page has several.
    """
    of_units = f" ({units})" if units else ""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    with page_style():
        figure = Figure(figsize=(2.9 * columns + 0.4, 2.8 * rows + 0.2), layout="constrained")
        for number, (task, truth, predicted) in enumerate(panels):
            axes = figure.add_subplot(rows, columns, number + 1)
            counts, x, y = np.histogram2d(truth, predicted, bins=36)
            there = np.argwhere(counts > 0)
            size = LogNorm(1, max(counts.max(), 2))(counts[counts > 0])
            axes.scatter(
                (x[there[:, 0]] + x[there[:, 0] + 1]) / 2, (y[there[:, 1]] + y[there[:, 1] + 1]) / 2,
                s=4 + 26 * np.asarray(size), color=SERIES[0], alpha=0.65, linewidths=0,
            )  # fmt: skip
            axes.set_title(short(task), fontsize=9.5, loc="left")
            axes.set_xlabel(f"target{of_units}")
            axes.set_ylabel(f"prediction{of_units}" if number % columns == 0 else "")
        return inline_svg(figure, name, alt)


def confusion(classes: Sequence[str], cells: Floats, alt: str) -> str:
    """Draw how often each true class (row) was called each class (column), shaded by share of the row."""
    count = len(classes)
    share = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    side = min(1.6 + 0.55 * count, 8)
    with page_style():
        figure, axes = _new((side, side))
        for row in range(count):
            for column in range(count):
                axes.add_patch(_cell(column, row, float(share[row, column])))
                if count <= 16:
                    text = f"{int(cells[row, column])}"
                    axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=INK)
        axes.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), xlabel="called", ylabel="true")
        axes.set_xticks(range(count), [short(name) for name in classes], rotation=45, ha="right")
        axes.set_yticks(range(count), [short(name) for name in classes])
        axes.grid(visible=False)
        return inline_svg(figure, "confusion", alt)


def _cell(column: int, row: int, share: float) -> Rectangle:
    """Return one square of a confusion matrix."""
    from matplotlib.patches import Rectangle

    return Rectangle(
        (column - 0.48, row - 0.48), 0.96, 0.96, facecolor=SERIES[0], alpha=0.06 + 0.6 * share, edgecolor=GRID
    )
