"""Logos to files: the suffix picks the format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from seqnet.motifs.heights import Height
    from seqnet.motifs.information import SmallSample
    from seqnet.motifs.matrix import Motif
    from seqnet.reports.logos import ImageFormat, Logo

Orientation: TypeAlias = Literal["forward", "reverse", "both"]


def image_format(path: str) -> ImageFormat:
    """Return the picture format that a file's suffix names, ``svg`` for stdout."""
    from seqnet.errors import UsageError
    from seqnet.reports.logos import ImageFormat

    if path == "-":
        return "svg"
    for name in get_args(ImageFormat):
        if path.lower().endswith(f".{name}"):
            found: ImageFormat = name
            return found
    raise UsageError(f"{path}: pictures are .svg, .png or .pdf")


def write_logos(
    path: str,
    motifs: Sequence[Motif],
    kind: Height,
    small_sample: SmallSample,
    orientation: Orientation = "forward",
    scale: float = 1.0,
    columns: int = 1,
) -> None:
    """Draw motifs into one file, each as it is, turned to the other strand, or both."""
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import open_output
    from seqnet.reports.logos import draw_logos

    chosen = image_format(path)
    try:
        logos = [logo for motif in motifs for logo in _logos(motif, kind, small_sample, orientation)]
    except ValueError as error:
        raise SeqnetError(str(error)) from error
    with open_output(path) as stream:
        stream.write(draw_logos(logos, kind, chosen, scale, columns))


def _logos(motif: Motif, kind: Height, small_sample: SmallSample, orientation: Orientation) -> list[Logo]:
    """Return the logos of one motif."""
    from seqnet.motifs.heights import letter_heights
    from seqnet.motifs.matrix import reverse_complement_matrix
    from seqnet.reports.logos import Logo

    title = f"{motif.info.name} {motif.info.alt_name}".rstrip()
    heights = letter_heights(motif, kind, small_sample)
    forward = Logo(title, heights)
    reverse = Logo(f"{title} (reverse complement)", reverse_complement_matrix(heights))
    return {"forward": [forward], "reverse": [reverse], "both": [forward, reverse]}[orientation]
