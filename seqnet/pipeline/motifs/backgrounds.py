"""The step ``background``, and the backgrounds that other steps score and simulate with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.motifs.background_file import read_background, write_background
from seqnet.formats.sequences.fasta import read_blocks
from seqnet.motifs.background import UNIFORM, Background, count_contexts, counted_background
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import watched
from seqnet.pipeline.motifs.request import BackgroundRequest
from seqnet.pipeline.outputs import open_result
from seqnet.reporting import detail, progress_bar

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask


@takes(BackgroundRequest)
def background(request: BackgroundRequest) -> Background:
    """Count the bases or words of sequences.

    Parameters
    ----------
    request
        The fields of `BackgroundRequest`, which are the arguments of this function.

    Returns
    -------
    The frequencies of all words of 1 to k + 1 letters; they are written too where an output is given.

    Raises
    ------
    SeqnetError
        If the file cannot be read, or a word never occurs and has no pseudocount.

    Examples
    --------
    >>> import seqnet
    >>> genome = seqnet.background("genome.fa", symmetric=True)  # doctest: +SKIP
    >>> seqnet.pssm("reb1.meme", background=genome).pssms[0].scores  # doctest: +SKIP
    """
    with open_result(request.output) as stream:
        counted = count_background(
            request.sequences,
            order=request.order,
            symmetric=request.symmetric,
            pseudocount=request.pseudocount,
            soft_mask=request.soft_mask,
        )
        write_background(stream, counted, header_for(request.header, _header(request)))
    return counted


def _header(request: BackgroundRequest) -> dict[str, str]:
    """Return the provenance."""
    options = {
        "sequences": base_name(request.sequences),
        "order": request.order,
        "strands": "both" if request.symmetric else "forward",
        "pseudocount": request.pseudocount or None,
        "soft-mask": None if request.soft_mask == "ignore" else request.soft_mask,
    }
    return provenance("background", options)


def resolve_background(spec: str | Background | None, own: Background | None = None) -> Background:
    """Return the background that ``--background`` asks for.

    Parameters
    ----------
    spec
        The option's value, or the background itself; None means the motif file's own, else uniform.
    own
        The motif file's.
    """
    if spec is None:
        return UNIFORM if own is None else own
    if isinstance(spec, Background):
        return spec
    if spec == "uniform":
        return UNIFORM
    if spec.startswith("from:"):
        return count_background(spec.removeprefix("from:"))
    if "," in spec:
        try:
            return Background(np.array([float(word) for word in spec.split(",")]), spec)
        except ValueError as error:
            raise UsageError(f"--background {spec}: {error}") from error
    return read_background(spec)


def count_background(
    path: str,
    *,
    order: int = 0,
    symmetric: bool = True,
    pseudocount: float = 0.0,
    soft_mask: SoftMask = "ignore",
) -> Background:
    """Count the bases or words of a FASTA file; on both strands by default."""
    with progress_bar("bases") as progress:
        counts = count_contexts(
            watched(read_blocks(path, soft_mask=soft_mask, unique=False), progress), order
        )
    detail(f"{path}: {int(counts[0].sum())} bases counted")
    try:
        return counted_background(
            counts, f"from:{base_name(path)}", symmetric=symmetric, pseudocount=pseudocount
        )
    except ValueError as error:
        raise SeqnetError(f"{path}: {error}") from error
