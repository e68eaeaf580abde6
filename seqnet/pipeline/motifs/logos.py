"""The step ``logo``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqnet.errors import SeqnetError
from seqnet.motifs.matrix import Motif
from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.pictures import draw_motifs, image_format, write_logos
from seqnet.pipeline.motifs.request_uses import LogoRequest
from seqnet.pipeline.motifs.sources import make_pssms, selected_motifs

MOST = 100
"""Motifs in one picture; more are hard to look at and slow to open."""


@dataclass(frozen=True)
class LogoResult:
    """What `logo` drew.

    Parameters
    ----------
    svg
        The picture; None where it was written to a file.
    motifs
        Names of the motifs drawn.
    """

    svg: str | None
    motifs: tuple[str, ...]

    def _repr_svg_(self) -> str | None:
        """Return the picture, which notebooks show."""
        return self.svg


@takes(LogoRequest)
def logo(request: LogoRequest) -> LogoResult:
    """Draw sequence logos.

    Parameters
    ----------
    request
        The fields of `LogoRequest`, which are the arguments of this function.

    Returns
    -------
    The SVG text, where the picture is not written to a file; the motifs' names in any case.

    Raises
    ------
    SeqnetError
        If motifs cannot be read or drawn, or are more than a picture holds.

    Examples
    --------
    >>> import seqnet
    >>> seqnet.logo("reb1.meme", orientation="both")  # a notebook shows it  # doctest: +SKIP
    >>> seqnet.logo("reb1.meme", "reb1.png").motifs  # doctest: +SKIP
    """
    if request.output is not None:
        image_format(request.output)
    collection = selected_motifs(request.motifs, request)
    drawn: Sequence[Motif] = collection.motifs.motifs
    if len(drawn) > MOST:
        raise SeqnetError(
            f"{collection.source}: {len(drawn)} motifs; a picture holds up to {MOST} (choose with --motif)"
        )
    if request.height == "log-odds":
        drawn = make_pssms(collection, request.scoring, keep=True).pssms
    style = (request.height, request.small_sample, request.orientation, request.scale, request.columns)
    names = tuple(motif.info.name for motif in drawn)
    if request.output is None:
        return LogoResult(draw_motifs("svg", drawn, *style).decode(), names)
    write_logos(request.output, drawn, *style)
    return LogoResult(None, names)
