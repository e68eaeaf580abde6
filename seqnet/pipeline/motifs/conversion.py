"""The step ``convert``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats import MOTIF_WRITERS, suffix_format
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.motifs.any_format import lost_in, motif_writer, read_motif_entries, write_motifs
from seqnet.formats.motifs.entries import Entries, concatenated
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, MotifSet
from seqnet.motifs.transform import reverse_complemented, trimmed
from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.request import ConvertRequest
from seqnet.pipeline.motifs.sources import check_motif_format, motif_source
from seqnet.reporting import note, warn

PLACE = "{format}"
"""Is replaced in the output's name by the format, where there are several."""


@dataclass(frozen=True, eq=False)
class ConvertResult:
    """Motifs put together.

    Parameters
    ----------
    motifs
        Those that are left, in the order of the files, with the background that all files state.
    skipped
        How many motifs were left out because `trim` leaves none of their positions.
    files
        The files written.
    """

    motifs: MotifSet
    skipped: int
    files: tuple[str, ...] = ()


@takes(ConvertRequest)
def convert(request: ConvertRequest) -> ConvertResult:
    """Read motifs of any format, put them together, and change or rewrite them.

    Parameters
    ----------
    request
        The fields of `ConvertRequest`, which are the arguments of this function.

    Returns
    -------
    The motifs; they are written too where an output is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, a format is unknown, or no motif is left.

    Examples
    --------
    >>> import seqnet
    >>> motifs = seqnet.convert(["a.meme", "b.homer"], trim=0.5).motifs  # doctest: +SKIP
    >>> seqnet.convert(motifs, "all.{format}", to_formats=["homer", "json"]).files  # doctest: +SKIP
    """
    outputs = [] if request.output is None else _outputs(request.to_formats, request.output)
    sources = _sources(request)
    names = [motif_source(each) for each in sources]
    together = _together(sources, request)
    changed = _changed(together, " ".join(names), request.trim, reverse=request.reverse_complement)
    header = header_for(request.header, _header(names, request))
    written = [(path, _text(changed, name, header)) for name, path in outputs]  # all, before any is kept
    for path, content in written:
        with open_output(path) as stream:
            stream.write(content)
    skipped = len(together.motifs) - len(changed.motifs)
    return ConvertResult(changed, skipped, tuple(path for path, _ in written))


def _sources(request: ConvertRequest) -> tuple[str | MotifSet, ...]:
    """Return the files or values, stdin if there are none."""
    if isinstance(request.motifs, str | MotifSet):
        return (request.motifs,)
    return tuple(request.motifs) or ("-",)


def _header(names: Sequence[str], request: ConvertRequest) -> dict[str, str]:
    """Return the provenance."""
    options = {
        "motifs": " ".join(map(base_name, names)),
        "trim": request.trim,
        "reverse-complement": request.reverse_complement or None,
    }
    return provenance("convert", options)


def _outputs(to_formats: Sequence[str], output: str) -> list[tuple[str, str]]:
    """Return format and path of each output."""
    formats = list(dict.fromkeys(to_formats)) or [suffix_format(output, MOTIF_WRITERS, "meme")]
    for name in formats:
        motif_writer(name)
    if len(formats) > 1 and PLACE not in output:
        raise UsageError(f"several formats need {PLACE} in -o, as in -o 'motifs.{PLACE}'")
    return [(name, output.replace(PLACE, name)) for name in formats]


def _together(sources: Sequence[str | MotifSet], request: ConvertRequest) -> MotifSet:
    """Read all files and put their motifs together."""
    check_motif_format(request.motif_format)
    rules = request.rules
    skip = rules.on_bad == "skip" and len(sources) > 1
    parts = list(_parts(sources, request.motif_format, skip=skip))
    motifs = concatenated(parts, " ".join(map(motif_source, sources))).chosen(request.motif_names, *rules)
    return MotifSet(motifs.motifs, _common_background([part.background for part in parts]))


def _parts(sources: Sequence[str | MotifSet], motif_format: str | None, *, skip: bool) -> Iterator[Entries]:
    """Read each file; those that hold no motif are an error, or left out with a warning."""
    for source in sources:
        try:
            part = _entries(source, motif_format)
            if not len(part):
                raise FormatError(motif_source(source), "holds no motifs")
        except FormatError as error:
            if not skip:
                raise
            warn(f"{error}; file skipped")
            continue
        yield part


def _entries(source: str | MotifSet, motif_format: str | None) -> Entries:
    """Return the motifs of a file or value one by one."""
    if isinstance(source, str):
        return read_motif_entries(source, motif_format)
    return Entries.of(source, motif_source(source))


def _common_background(stated: Sequence[Background | None]) -> Background | None:
    """Return the background that all files state, None where they differ."""
    first = stated[0] if stated else None
    if first is not None and all(
        other is not None and np.array_equal(other.frequencies, first.frequencies) for other in stated
    ):
        return first
    if any(background is not None for background in stated):
        warn("the files state different backgrounds; none is kept")
    return None


def _changed(motifs: MotifSet, source: str, trim: float | None, *, reverse: bool) -> MotifSet:
    """Cut and turn motifs; those without any position left are skipped, and named."""
    kept = list(motifs.motifs) if trim is None else list(_trimmed(motifs.motifs, trim))
    if not kept:
        raise SeqnetError(f"{source}: no motif has a position of {trim:g} bits")
    try:
        turned = [reverse_complemented(motif) for motif in kept] if reverse else kept
    except ValueError as error:
        raise SeqnetError(f"{source}: {error}") from error
    return MotifSet(tuple(turned), motifs.background)


def _trimmed(motifs: Sequence[Motif], bits: float) -> Iterator[Motif]:
    """Yield motifs without their uninformative flanks."""
    for motif in motifs:
        try:
            yield trimmed(motif, bits)
        except ValueError as error:
            warn(f"{error}; skipped")


def _text(motifs: MotifSet, motif_format: str, header: dict[str, str] | None) -> bytes:
    """Write motifs in memory, and report what the format loses."""
    buffer = io.BytesIO()
    write_motifs(buffer, motifs, motif_format, header)
    lost = lost_in(motifs, motif_format)
    if lost:
        note(f"{motif_format} has no room for {', '.join(lost)}; left out")
    return buffer.getvalue()
