"""The score tracks that ``scan --track`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqnet.commands._console import detail, progress_bar
from seqnet.commands._paths import MOTIF, path_per_motif
from seqnet.commands._scan_source import whole_genome
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.commands._scan_options import ScanOptions
    from seqnet.commands._scan_source import Blocks
    from seqnet.motifs.matrix import Pssm


def scan_to_tracks(pssms: Sequence[Pssm], options: ScanOptions) -> None:
    """Write the score of every window as bigWig, a file a motif or the highest of all in one."""
    files = _track_files(pssms, options)
    genome, stream = whole_genome(options.source)
    for path, group in files.items():
        _write_track(path, group, genome.lengths, stream(), options)


def _track_files(pssms: Sequence[Pssm], options: ScanOptions) -> dict[str, Sequence[Pssm]]:
    """Say which motifs go to which file."""
    path = options.track
    assert path is not None
    if options.track_max:
        if MOTIF in path:
            raise UsageError(f"--track-max writes one track; leave {MOTIF} out of {path}")
        return {path: pssms}
    if len(pssms) > 1 and MOTIF not in path:
        message = f"--track: {options.motifs} holds {len(pssms)} motifs; put {MOTIF} in the path, or choose"
        raise UsageError(f"{message} with --motif, or take the highest with --track-max")
    paths = path_per_motif(path, [pssm.info.name for pssm in pssms], "--track")
    return {own: [pssm] for own, pssm in zip(paths, pssms, strict=True)}


def _write_track(
    path: str, pssms: Sequence[Pssm], lengths: dict[str, int], source: Blocks, options: ScanOptions
) -> None:
    """Write one track; windows without a score, or below the least value asked for, are gaps."""
    import numpy as np

    from seqnet.formats.bigwig import write_bigwig
    from seqnet.motifs.tracks import motif_tracks

    missing = below = 0
    with write_bigwig(path, lengths, gaps=True) as writer, progress_bar("bases", source.total) as progress:
        blocks = source.watched(progress)
        for block, scores in motif_tracks(blocks, pssms, options.track_strand or "max", options.threads):
            values = _values(scores, options.rectify)
            missing += int(np.isnan(values).sum())
            if options.track_min is not None:
                low = values < options.track_min
                below += int(low.sum())
                values[low] = np.nan
            writer.add(block.name, block.offset, values)
        low_ones = "" if options.track_min is None else f", {below} below {options.track_min:g}"
        detail(f"{path}: {writer.covered} windows, {missing} without a score{low_ones}")


def _values(scores: Floats, rectify: bool) -> Floats:
    """Return what a track holds of scores: NaN where there is none, not below zero if rectified."""
    import numpy as np

    values = np.maximum(scores, 0.0) if rectify else scores
    return np.where(np.isneginf(values), np.nan, values)
