"""Sequence logos: a motif as stacked letters (Schneider and Stephens 1990)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.alphabet import BASES
from seqnet.motifs.information import Height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline

ImageFormat: TypeAlias = Literal["svg", "png", "pdf"]

COLOURS = {"A": "#009e73", "C": "#0072b2", "G": "#e69f00", "T": "#cc3311"}
"""The usual green, blue, orange and red, in hues that colour-blind readers tell apart: those of Okabe and
Ito (2008), with the darker red of Tol's vibrant scheme, which contrasts better with the orange."""

DPI = 200
"""Pixels per inch of a PNG."""

COLUMN, PANEL = 0.25, 1.2
"""Width of a motif column and height of a panel above its axis, in inches at scale 1."""

FILL = 0.94
"""Width of a letter as a share of its column, so that like neighbours do not run together."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 0.6, 0.15, 0.35, 0.3
"""Room around a panel for title, ticks and labels, in inches at scale 1."""

_LABELS: dict[Height, str] = {
    "information": "bits",
    "probability": "probability",
    "log-odds": "log-odds (bits)",
}
_HIGHEST: dict[Height, float] = {"information": 2.0, "probability": 1.0}
"""Upper end of the axis where it is fixed."""

_METADATA: dict[ImageFormat, dict[str, Any]] = {
    "svg": {"Date": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
}
"""What would differ between two runs or versions, left out."""

_LENGTHS: dict[Any, float] = {
    "font.size": 9.0,
    "axes.linewidth": 0.8,
    "axes.titlepad": 6.0,
    "axes.labelpad": 4.0,
    "lines.linewidth": 0.8,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.8,
    "xtick.major.pad": 2.5,
    "ytick.major.size": 3.0,
    "ytick.major.width": 0.8,
    "ytick.major.pad": 3.0,
}
"""Settings in points at scale 1."""

_LONGEST_TITLE = 60


class Logo(NamedTuple):
    """One panel: a motif's name and the heights of its letters, (w, 4), columns A C G T."""

    title: str
    heights: Floats


class _Axis(NamedTuple):
    """The vertical axis that all panels share."""

    label: str
    low: float
    high: float

    @property
    def length(self) -> float:
        """Height of a panel, in inches at scale 1; twice as much where letters hang below zero."""
        return PANEL if self.low == 0 else 2 * PANEL


def draw_logos(
    logos: Sequence[Logo], kind: Height, image_format: ImageFormat, scale: float = 1.0, columns: int = 1
) -> bytes:
    """Draw logos as an image that is the same every time.

    Letters are outlines, equally wide in all panels; the tallest is farthest from the axis. Letters of
    height zero are left out, negative ones hang below the axis, and -inf is drawn like the lowest finite
    height of its motif (where none is negative, as deep as the highest is high). In an SVG, each
    letter is a group ``logo-1-position-3-A``, counted from 1.

    Parameters
    ----------
    kind
        What the heights are: 0 to 2 bits, 0 to 1, or scores as far up and down as they reach; all
        panels share the axis.
    scale
        Size of the whole picture; at 1 a column is 0.25 inches wide and a panel 1.2 inches high
        (2.4 with letters below zero).
    columns
        Number of panels side by side; they are filled row by row.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    if not logos:
        raise ValueError("there are no motifs to draw")
    panels = [Logo(_title(logo.title), _finite(logo.heights)) for logo in logos]
    with house_style(scale):
        figure = _draw(panels, _axis(kind, panels), scale, min(columns, len(panels)))
        return saved(figure, image_format)


@contextmanager
def house_style(scale: float = 1.0) -> Iterator[None]:
    """Draw in one style, whatever the reader's is, with lengths in points times a scale."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({name: scale * length for name, length in _LENGTHS.items()})
        mpl.rcParams.update({"svg.hashsalt": "seqnet", "svg.fonttype": "path"})
        yield


def saved(figure: Figure, image_format: ImageFormat) -> bytes:
    """Return a figure as an image that is the same every time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=image_format, metadata=_METADATA[image_format])
    return buffer.getvalue()


def _axis(kind: Height, panels: Sequence[Logo]) -> _Axis:
    """Return the axis: fixed, or for scores as far up and down as the tallest stacks reach."""
    if kind in _HIGHEST:
        return _Axis(_LABELS[kind], 0.0, _HIGHEST[kind])
    up, down = (
        float(max(np.maximum(sign * panel.heights, 0).sum(axis=1).max() for panel in panels))
        for sign in (1, -1)
    )
    return _Axis(_LABELS[kind], 0.0 - down, up or (0.0 if down else 1.0))


def _draw(panels: Sequence[Logo], axis: _Axis, scale: float, columns: int) -> Figure:
    """Return a figure with one panel per logo, filled row by row."""
    from matplotlib.figure import Figure

    rows = -(-len(panels) // columns)
    widest = max(max(len(panel.heights) * COLUMN, _title_width(panel.title)) for panel in panels)
    slot_width, slot_height = _LEFT + widest + _RIGHT, _TOP + axis.length + _BOTTOM
    width, height = columns * slot_width, rows * slot_height
    figure = Figure(figsize=(scale * width, scale * height), dpi=DPI)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        left, bottom = column * slot_width + _LEFT, (rows - 1 - row) * slot_height + _BOTTOM
        size = len(panel.heights) * COLUMN / width, axis.length / height
        axes = figure.add_axes((left / width, bottom / height, *size), gid=f"logo-{number + 1}")
        _draw_axes(axes, panel, axis)
        draw_letters(axes, panel.heights, f"logo-{number + 1}")
    return figure


def _draw_axes(axes: Axes, panel: Logo, axis: _Axis) -> None:
    """Draw what surrounds the letters."""
    width = len(panel.heights)
    axes.set_xlim(0.5, width + 0.5)
    axes.set_ylim(axis.low, axis.high)
    axes.set_xticks(_positions(width))
    ticks = _ticks(axis)
    axes.set_yticks(ticks, [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks])
    axes.set_ylabel(axis.label)
    axes.set_title(panel.title, loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    if axis.low < 0:
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="x", length=0)
        axes.axhline(0, color="black")


def draw_letters(axes: Axes, heights: Floats, name: str) -> None:
    """Draw letters of heights (w, 4), each exactly as high as its height, in groups named after `name`."""
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    for position, column in enumerate(heights, start=1):
        for letter, bottom, height in _stack(column):
            place = Affine2D().scale(FILL, height).translate(position - FILL / 2, bottom)
            axes.add_artist(
                PathPatch(
                    _outline(letter),
                    facecolor=COLOURS[letter],
                    linewidth=0,
                    transform=place + axes.transData,
                    clip_on=False,
                    snap=False,
                    gid=f"{name}-position-{position}-{letter}",
                )
            )


def _stack(column: Floats) -> Iterator[tuple[str, float, float]]:
    """Yield letter, lower edge and height of a column (4,), from the axis outwards."""
    above = below = 0.0
    for i in np.argsort(np.abs(column), kind="stable"):
        height = float(column[i])
        if height > 0:
            yield BASES[i], above, height
            above += height
        elif height < 0:
            below += height
            yield BASES[i], below, -height


def _finite(heights: Floats) -> Floats:
    """Return the heights (w, 4) with -inf at the lowest finite one, below the axis in any case."""
    finite = heights[np.isfinite(heights)]
    lowest = finite.min(initial=0)
    return np.where(np.isneginf(heights), lowest if lowest < 0 else -finite.max(initial=0), heights)


def _ticks(axis: _Axis) -> list[float]:
    """Return round numbers along an axis."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins=2 if axis.low == 0 else 6, steps=[1, 2, 5, 10])
    ticks = locator.tick_values(axis.low, axis.high)
    return [float(tick) for tick in ticks if axis.low <= tick <= axis.high]


def _positions(width: int) -> list[int]:
    """Return the positions to label, counted from 1: all of a short motif, every fifth of a wide one."""
    return list(range(1, width + 1)) if width <= 30 else [1, *range(5, width + 1, 5)]


@cache
def _outline(letter: str) -> Outline:
    """Return the outline of a letter, stretched to the unit square."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    outline = TextPath((0, 0), letter, size=100, prop=FontProperties(fname=_font("DejaVuSans-Bold.ttf")))
    box = outline.get_extents()
    fit = Affine2D().translate(-box.x0, -box.y0).scale(1 / box.width, 1 / box.height)
    return outline.transformed(fit)


def _title(title: str) -> str:
    """Return a title cut to what fits, with ? for what the font cannot draw."""
    from matplotlib.font_manager import get_font

    known = get_font(_font("DejaVuSans.ttf")).get_charmap()
    drawn = "".join(letter if letter.isprintable() and ord(letter) in known else "?" for letter in title)
    return drawn if len(drawn) <= _LONGEST_TITLE else drawn[: _LONGEST_TITLE - 1] + "…"


def _title_width(title: str) -> float:
    """Return the width of a title at scale 1, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    prop = FontProperties(fname=_font("DejaVuSans.ttf"), size=1.2 * _LENGTHS["font.size"])
    return text_to_path.get_text_width_height_descent(title, prop, ismath=False)[0] / 72


def _font(name: str) -> Path:
    """Return the path of a font that comes with matplotlib."""
    import matplotlib as mpl

    return Path(mpl.get_data_path(), "fonts", "ttf", name)
