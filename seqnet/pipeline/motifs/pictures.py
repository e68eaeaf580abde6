"""Logos to files: the suffix picks the format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.opening import STANDARD, open_output, written_through
from seqnet.motifs.information import Height, letter_heights
from seqnet.motifs.matrix import Motif, reverse_complement_matrix
from seqnet.reports.logos import ImageFormat, Logo, draw_logos

if TYPE_CHECKING:
    from seqnet.motifs.information import SmallSample

Orientation: TypeAlias = Literal["forward", "reverse", "both"]


def image_format(path: str) -> ImageFormat:
    """Return the picture format that a file's suffix names, ``svg`` for stdout, pipes and devices."""
    for name in get_args(ImageFormat):
        if path.lower().endswith(f".{name}"):
            image: ImageFormat = name
            return image
    if path == STANDARD or written_through(path):
        return "svg"
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
    picture = draw_motifs(image_format(path), motifs, kind, small_sample, orientation, scale, columns)
    with open_output(path) as stream:
        stream.write(picture)


def draw_motifs(
    chosen: ImageFormat,
    motifs: Sequence[Motif],
    kind: Height,
    small_sample: SmallSample,
    orientation: Orientation = "forward",
    scale: float = 1.0,
    columns: int = 1,
) -> bytes:
    """Return the picture that `write_logos` writes."""
    try:
        logos = [logo for motif in motifs for logo in _logos(motif, kind, small_sample, orientation)]
    except ValueError as error:
        raise SeqnetError(str(error)) from error
    return draw_logos(logos, kind, chosen, scale, columns)


def _logos(motif: Motif, kind: Height, small_sample: SmallSample, orientation: Orientation) -> list[Logo]:
    """Return the logos of one motif."""
    title = f"{motif.info.name} {motif.info.alt_name}".rstrip()
    heights = letter_heights(motif, kind, small_sample)
    forward = Logo(title, heights)
    reverse = Logo(f"{title} (reverse complement)", reverse_complement_matrix(heights))
    return {"forward": [forward], "reverse": [reverse], "both": [forward, reverse]}[orientation]
