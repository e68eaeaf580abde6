"""Attributions of one sequence as a picture: letters as high as what they contribute, and every base's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.genome.alphabet import BASES
from seqnet.reports.logos import DPI, ImageFormat, draw_letters, house_style, saved

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

_BASE, _MOST_WIDTH = 0.11, 60.0
"""Width of a base and of the widest picture, in inches."""
_LOGO, _MAP, _LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 1.6, 0.8, 0.8, 0.8, 0.4, 0.4, 0.25
"""Heights of the panels, and room around and between them, in inches."""


def draw_attributions(
    title: str,
    heights: NDArray[np.float32],
    hypothetical: NDArray[np.float32] | None,
    image_format: ImageFormat,
    first: int = 1,
) -> bytes:
    """Draw the attributions of one sequence; the picture is the same every time.

    Parameters
    ----------
    heights
        float32 (4, L): of the letters A C G T, negative ones below the axis.
    hypothetical
        float32 (4, L): a heat map of them is drawn below the letters; None for none.
    first
        Number of the first position on the axis.
    """
    from matplotlib.figure import Figure

    length = heights.shape[1]
    base = min(_BASE, (_MOST_WIDTH - _LEFT - _RIGHT) / length)
    below = 0.0 if hypothetical is None else _GAP + _MAP
    width, height = _LEFT + base * length + _RIGHT, _TOP + _LOGO + below + _BOTTOM
    box = _LEFT / width, base * length / width
    with house_style():
        figure = Figure(figsize=(width, height), dpi=DPI)
        letters = figure.add_axes((box[0], (_BOTTOM + below) / height, box[1], _LOGO / height))
        _draw_heights(letters, heights, title)
        if hypothetical is None:
            _number(letters, length, first)
        else:
            letters.set_xticks([])
            grid = figure.add_axes((box[0], _BOTTOM / height, box[1], _MAP / height))
            bar = figure.add_axes(
                ((width - _RIGHT + 0.1) / width, _BOTTOM / height, 0.1 / width, _MAP / height)
            )
            figure.colorbar(_draw_map(grid, hypothetical), cax=bar)
            _number(grid, length, first)
        return saved(figure, image_format)


def _draw_heights(axes: Axes, heights: NDArray[np.float32], title: str) -> None:
    """Draw the letters on an axis that holds them all."""
    up, down = (float(np.maximum(sign * heights, 0).sum(axis=0).max()) for sign in (1, -1))
    axes.set_xlim(0.5, heights.shape[1] + 0.5)
    axes.set_ylim(-down, up if up or down else 1.0)
    axes.set_ylabel("attribution")
    axes.set_title(title, loc="left", parse_math=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.axhline(0, color="black")
    draw_letters(axes, heights.T.astype(np.float64), "attribution")


def _draw_map(axes: Axes, values: NDArray[np.float32]) -> AxesImage:
    """Draw a row for each base, red for what raises the output, blue for what lowers it."""
    limit = float(np.abs(values).max()) or 1.0
    extent = (0.5, values.shape[1] + 0.5, 3.5, -0.5)
    image = axes.imshow(
        values, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest", extent=extent
    )
    axes.set_yticks(range(4), list(BASES))
    return image


def _number(axes: Axes, length: int, first: int) -> None:
    """Label the positions at round numbers."""
    step = next((step for step in (5, 10, 20, 50, 100, 200, 500) if length <= 30 * step), 1000)
    places = [place for place in range(1, length + 1) if not (place + first - 1) % step] or [1]
    axes.set_xticks(places, [str(place + first - 1) for place in places])
