"""The learning curve of a training run."""

from __future__ import annotations

import io
from collections.abc import Sequence


def learning_curve(epochs: Sequence[int], train: Sequence[float], valid: Sequence[float], best: int) -> bytes:
    """Draw training and validation loss by epoch; returns an SVG that is the same every time."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "seqnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(epochs, train, color="0.6", label="train")
        axes.plot(epochs, valid, color="C0", label="valid")
        axes.axvline(best, color="C0", linewidth=0.8, linestyle=":", label=f"best epoch ({best})")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        buffer = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()
