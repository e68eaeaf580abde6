"""Curves of training runs and of experiments on a model."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqnet.lookup import resolve
from seqnet.reports.inline_svg import INK, SERIES, inline_svg, page_style
from seqnet.reports.logos import ImageFormat, saved

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LABELS = 60
_COLOURS = tuple(f"C{number}" for number in range(10))
_EFFECTS = (7.0, 3.6)
"""Inches of a picture of effects."""


def _drawn(size: tuple[float, float], draw: Callable[[Axes], None], image: ImageFormat) -> bytes:
    """Return a figure of one panel, the same bytes every time."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "seqnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        if image != "svg":
            return saved(figure, image)
        buffer = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def mean_by_epoch(epochs: Sequence[int], values: Sequence[float]) -> tuple[list[int], list[float]]:
    """Return the epochs in order, and the mean value of each over the networks that have it.

    Examples
    --------
    >>> mean_by_epoch([1, 2, 1], [0.5, 0.4, 0.7])
    ([1, 2], [0.6, 0.4])
    """
    by_epoch: dict[int, list[float]] = {}
    for epoch, value in zip(epochs, values, strict=True):
        by_epoch.setdefault(epoch, []).append(value)
    steps = sorted(by_epoch)
    return steps, [sum(by_epoch[step]) / len(by_epoch[step]) for step in steps]


def learning_curve(
    epochs: Sequence[int],
    train: Sequence[float],
    valid: Sequence[float],
    best: int | None,
    label: str = "loss",
    image: ImageFormat = "svg",
) -> bytes:
    """Draw training and validation loss by epoch; returns an image that is the same every time.

    Parameters
    ----------
    best
        The epoch whose weights are kept; None where there are several.
    """

    def draw(axes: Axes) -> None:
        axes.plot(epochs, train, color="0.6", label="train")
        axes.plot(epochs, valid, color="C0", label="valid")
        if best is not None:
            axes.axvline(best, color="C0", linewidth=0.8, linestyle=":", label=f"best epoch ({best})")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.legend(frameon=False)

    return _drawn((5, 3.2), draw, image)


class EffectLine(NamedTuple):
    """Effects that belong together, such as those of one orientation by distance."""

    name: str
    places: list[float]
    labels: list[str]
    """Of the places; empty texts where the place is a number."""
    means: list[float]
    lows: list[float]
    highs: list[float]


def effect_curves(lines: Sequence[EffectLine], xlabel: str, image: ImageFormat = "svg") -> bytes:
    """Draw means and intervals; returns an image that is the same every time.

    Lines with labels are drawn as points over them, the others as curves.
    """
    return _drawn(_EFFECTS, lambda axes: _effects(axes, lines, xlabel, _COLOURS, "0.7"), image)


def effects_in_page(lines: Sequence[EffectLine], xlabel: str, name: str, alt: str) -> str:
    """Draw what `effect_curves` draws for a page; `name` and `alt` as of `inline_svg`."""
    with page_style():
        figure = resolve("matplotlib.figure:Figure")(figsize=_EFFECTS, layout="constrained")
        _effects(figure.add_subplot(), lines, xlabel, SERIES, INK)
        return inline_svg(figure, name, alt)


def _effects(axes: Axes, lines: Sequence[EffectLine], xlabel: str, colours: Sequence[str], ink: str) -> None:
    """Draw lines over an axis of no effect."""
    axes.axhline(0, color=ink, linewidth=0.8)
    for number, line in enumerate(lines):
        _draw_effects(axes, line, colours[number % len(colours)], labelled=number == 0)
    axes.set_xlabel(xlabel)
    axes.set_ylabel("interaction" if xlabel else "effect")
    if lines:
        axes.legend(frameon=False, fontsize=8)


def _draw_effects(axes: Axes, line: EffectLine, color: str, *, labelled: bool) -> None:
    """Draw one line; the first labels the places."""
    name = line.name.replace("$", r"\$")
    if not any(line.labels):
        axes.plot(line.places, line.means, color=color, label=name)
        axes.fill_between(line.places, line.lows, line.highs, color=color, alpha=0.2, linewidth=0)
        return
    spans = [
        [mean - low for mean, low in zip(line.means, line.lows, strict=True)],
        [high - mean for mean, high in zip(line.means, line.highs, strict=True)],
    ]
    axes.errorbar(line.places, line.means, spans, fmt="o", color=color, label=name, markersize=4)
    if len(line.labels) <= _MOST_LABELS and labelled:
        labels = [label.replace("$", r"\$") for label in line.labels]
        axes.set_xticks(line.places, labels, rotation=60, ha="right", fontsize=8)
