"""Scores of every window along sequences, on either strand, for one motif or the highest of several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np

from seqnet.aliases import Floats
from seqnet.genome.sequence import SequenceBlock, overlap_blocks
from seqnet.motifs.matrix import Pssm
from seqnet.motifs.scan import (
    BlockTrack,
    own_starts,
    reverse_window_scores,
    track_blocks,
    window_scores,
)
from seqnet.parallel import ordered_map

TrackStrand: TypeAlias = Literal["max", "+", "-"]
"""Which strand's score stands at a window's first base; ``max`` is the higher."""


def motif_tracks(
    blocks: Iterable[SequenceBlock], pssms: Sequence[Pssm], strand: TrackStrand, threads: int = 1
) -> Iterator[BlockTrack]:
    """Score every window of a stream of blocks by the motif that scores highest there.

    A base has a value if any motif's window that starts on it has a score.
    """
    if len(pssms) == 1 and strand == "max":
        yield from track_blocks(blocks, pssms[0], threads)
        return
    widths = [pssm.width for pssm in pssms]
    overlap = max(widths) - 1

    def work(block: SequenceBlock) -> BlockTrack:
        starts = min(own_starts(block, overlap), len(block.codes) - min(widths) + 1)
        values = np.full(max(0, starts), np.nan)
        for pssm in pssms:
            scores = _scores(block, pssm, strand)[: len(values)]
            np.fmax(values[: len(scores)], scores, out=values[: len(scores)])
        return BlockTrack(block, values)

    yield from ordered_map(work, overlap_blocks(blocks, overlap), threads)


def _scores(block: SequenceBlock, pssm: Pssm, strand: TrackStrand) -> Floats:
    """Score every window of one block."""
    if strand == "+":
        return window_scores(block.codes, pssm.scores)
    if strand == "-":
        return reverse_window_scores(block.codes, pssm.scores)
    (track,) = track_blocks([block._replace(last=True)], pssm)
    return track.values
