"""The score tracks that ``scan --track`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import UsageError
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.kernels.ties import round_scores
from seqnet.motifs.scan import motif_tracks
from seqnet.motifs.strands import KERNEL_STRANDS, strands_of
from seqnet.pipeline.motifs.sources import motif_source
from seqnet.pipeline.outputs import MOTIF, path_per_motif
from seqnet.pipeline.scan.longest import LongestSequence
from seqnet.pipeline.scan.results import ScanResult
from seqnet.pipeline.scan.sequences import Blocks, whole_genome
from seqnet.reporting import detail, progress_bar

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.kernels.windows import Strand
    from seqnet.motifs.matrix import MotifInfo, Pssm
    from seqnet.pipeline.scan.request import ScanRequest


def scan_to_tracks(pssms: Sequence[Pssm], options: ScanRequest) -> ScanResult:
    """Write the score of every window as bigWig, a file a motif or the highest of all in one."""
    files = _track_files(pssms, options)
    genome, stream = whole_genome(options.source)
    for path, group in files.items():
        _write_track(path, group, genome.lengths, stream(), options)
    return ScanResult(tracks=tuple(files))


def _track_files(pssms: Sequence[Pssm], options: ScanRequest) -> dict[str, Sequence[Pssm]]:
    """Say which motifs go to which file."""
    path = options.track
    assert path is not None
    if options.track_max:
        if MOTIF in path:
            raise UsageError(f"--track-max writes one track; leave {MOTIF} out of {path}")
        return {path: pssms}
    if len(pssms) > 1 and MOTIF not in path:
        holder = motif_source(options.motifs)
        message = f"--track: {holder} holds {len(pssms)} motifs; put {MOTIF} in the path, or choose"
        raise UsageError(f"{message} with --motif, or take the highest with --track-max")
    paths = path_per_motif(path, [pssm.info.name for pssm in pssms], "--track")
    return {own: [pssm] for own, pssm in zip(paths, pssms, strict=True)}


def _write_track(
    path: str, pssms: Sequence[Pssm], lengths: dict[str, int], source: Blocks, options: ScanRequest
) -> None:
    """Write one track; windows without a score, or below the least value requested, are gaps."""
    missing = below = 0
    least = None if options.track_min is None else float(round_scores(options.track_min))
    with write_bigwig(path, lengths, gaps=True) as writer, progress_bar("bases", source.total) as progress:
        longest = LongestSequence(pssms)
        blocks = longest.watched(source.watched(progress))
        strands = [_strand_in_track(pssm.info, options) for pssm in pssms]
        for block, scores in motif_tracks(blocks, pssms, strands, options.threads):
            values = _values(scores, options.rectify)
            missing += int(np.isnan(values).sum())
            if least is not None:
                low = round_scores(values) < least
                below += int(low.sum())
                values[low] = np.nan
            writer.add(block.name, block.offset, values)
        longest.warn()
        low_ones = "" if options.track_min is None else f", {below} below {options.track_min:g}"
        detail(f"{path}: {writer.covered} windows, {missing} without a score{low_ones}")


def _values(scores: Floats, rectify: bool) -> Floats:
    """Return what a track holds of scores: NaN where there is none, not below zero if rectified."""
    values = np.maximum(scores, 0.0) if rectify else scores
    return np.where(np.isneginf(values), np.nan, values)


def _strand_in_track(info: MotifInfo, options: ScanRequest) -> Strand:
    """Return whose score of a motif's windows a track holds."""
    if options.track_strand in ("+", "-"):
        return options.track_strand
    return KERNEL_STRANDS[strands_of(info, options.strands)]
