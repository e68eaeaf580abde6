"""The step ``coverage``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seqnet.errors import SeqnetError
from seqnet.formats.files.header import base_name, header_for, header_lines, provenance
from seqnet.formats.files.kept import temporary_rows
from seqnet.formats.files.opening import to_bytes
from seqnet.pipeline.calls import takes
from seqnet.pipeline.coverage.counting import NO_SHIFT, Source, open_source
from seqnet.pipeline.coverage.request import CoverageRequest
from seqnet.pipeline.coverage.writing import DepthTable, Outputs, Piled, PileUp, Spool, Track, tracks_of
from seqnet.reporting import note, progress_bar


@dataclass(frozen=True, eq=False)
class CoverageResult:
    """A signal track, or the files that hold it, and how many reads were counted.

    Parameters
    ----------
    track
        The values along the contigs; None where they were written to a file.
    counts
        ``rows``: reads, or rows of BED, in the input; ``passed``: those that filters and sampling let
        through; ``counted``: cuts, fragments or reads; ``bad``: rows outside the genome, skipped or clipped;
        ``outside`` and ``clipped``: what was counted that lay outside its contig, or was clipped at its end.
    factor
        By which depths were multiplied; 1 without normalisation.
    outputs
        The files written.
    """

    track: DepthTable | None
    counts: Mapping[str, int]
    factor: float
    outputs: tuple[str, ...] = ()


@takes(CoverageRequest)
def coverage(request: CoverageRequest) -> CoverageResult:
    """Make a signal track from aligned reads.

    Parameters
    ----------
    request
        The fields of `CoverageRequest`, which are the arguments of this function.

    Returns
    -------
    The track, where it is not written to a file; counts in any case.

    Raises
    ------
    SeqnetError
        If the input cannot be read, nothing in it is counted, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.coverage("fragments.bed.gz", "fragments", genome="genome.fa")  # doctest: +SKIP
    >>> result.counts["counted"], result.track.to_pandas()  # doctest: +SKIP
    >>> seqnet.coverage("atac.bam", "cuts", "atac.bw", shift=(4, -4), normalize="cpm")  # doctest: +SKIP
    """
    with open_source(request) as source:
        if request.count == "cuts" and request.shift is None:
            note(f"{request.reads}: cuts are not shifted (--shift 0,0)")
        tracks = tracks_of(request)
        piles = PileUp(source, tracks, request)
        with progress_bar(request.count) as progress:
            piled = piles.piled(progress)
            if request.normalize == "none":
                factor = 1.0
                track = _write(piled, source, tracks, factor, request)
            else:
                with temporary_rows(request.tmpdir) as stream:
                    spool = Spool(stream)
                    for each in piled:
                        spool.keep(each)
                    factor = _factor(source, piles, request)
                    track = _write(spool.piled(), source, tracks, factor, request)
        _report(source, piles, request)
    tally = source.tally
    counts = {
        "rows": tally.rows, "passed": tally.passed, "counted": tally.counted, "bad": tally.bad,
        "outside": piles.outside, "clipped": piles.cut,
    }  # fmt: skip
    outputs = tuple(each.path for each in tracks if each.path is not None)
    return CoverageResult(track, counts, factor, outputs)


def _write(
    piled: Iterable[Piled], source: Source, tracks: Sequence[Track], factor: float, request: CoverageRequest
) -> DepthTable | None:
    """Write depths to the outputs; return them where there is none."""
    names, lengths = list(source.lengths), _wanted(source)
    head = _head(source, factor, request)
    with Outputs(tracks, lengths, head, not request.skip_zeros) as outputs:
        for each in piled:
            outputs.write(each.track, names, each.runs, factor)
        if not source.tally.counted:
            raise _nothing(source, request)
    return outputs.table() if request.output is None else None


def _wanted(source: Source) -> dict[str, int]:
    """Return the contigs to count on, with their lengths."""
    return {name: source.lengths[name] for name in source.wanted}


def _factor(source: Source, piles: PileUp, request: CoverageRequest) -> float:
    """Return what every value is multiplied by."""
    if not piles.total:
        raise _nothing(source, request)
    if request.normalize == "cpm":
        return 1e6 / source.tally.counted
    return (request.effective_size or sum(_wanted(source).values())) / piles.total


def _nothing(source: Source, request: CoverageRequest) -> SeqnetError:
    """Return the error of an input in which nothing is to be counted."""
    tally = source.tally
    actual = f"{tally.passed} of {tally.rows} reads pass the filters"
    hint = "; reads without a mate are fragments with --extend N" if request.count == "fragments" else ""
    return SeqnetError(f"{request.reads}: no {request.count} to count: {actual}{hint}")


def _head(source: Source, factor: float, request: CoverageRequest) -> bytes:
    """Return the provenance of a bedGraph."""
    filters = {
        "min_mapq": request.min_mapq, "exclude_flags": request.exclude_flags,
        "include_flags": request.include_flags,
    }  # fmt: skip
    entries = {
        "input": base_name(request.reads),
        "count": request.count,
        "shift": "{},{}".format(*(request.shift or NO_SHIFT)) if request.count == "cuts" else None,
        "extend": request.extend,
        **(filters if source.kind == "alignments" else {}),
        "subsample": request.subsample,
        "seed": None if request.subsample is None else request.seed,
        "bin": request.width,
        "normalize": request.normalize,
        "effective_size": request.effective_size,
        "factor": None if request.normalize == "none" else repr(factor),
        "contigs": tuple(source.wanted) if request.chroms else None,
    }
    return to_bytes(header_lines(header_for(request.header, provenance("coverage", entries)) or {}))


def _report(source: Source, piles: PileUp, request: CoverageRequest) -> None:
    """Note how many reads were counted and how many were left out."""
    tally, path = source.tally, request.reads
    what = "reads" if source.kind == "alignments" else "rows"
    note(f"{path}: {tally.counted} {request.count} of {tally.passed} {what}, of {tally.rows} in all")
    if tally.bad:
        note(f"{path}: {tally.bad} rows outside {request.genome}, or that cover nothing: {request.on_bad}")
    if piles.outside or piles.cut:
        ends = f"{piles.outside} outside their contigs left out, {piles.cut} cut at an end of theirs"
        note(f"{path}: {request.count}: {ends}")
