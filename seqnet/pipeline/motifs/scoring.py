"""The step ``pssm``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats
from seqnet.formats import MOTIF_WRITERS, suffix_format
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.motifs.any_format import write_motifs
from seqnet.formats.results.tables import write_rows
from seqnet.motifs.matrix import MotifSet, Pssm
from seqnet.motifs.significance.thresholds import ThresholdRow, threshold_rows
from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.request import SCORE_FORMATS, PssmRequest, Threshold
from seqnet.pipeline.motifs.sources import (
    ScoredMotifs,
    make_pssms,
    make_scanners,
    motif_source,
    note_one_strand,
    selected_motifs,
    shared_strands,
)
from seqnet.pipeline.outputs import open_result
from seqnet.pipeline.tables import ColumnTable, columns_of, real_column, text_column


@dataclass(frozen=True, eq=False)
class ThresholdTable(ColumnTable):
    """The thresholds of motifs, a row for each p-value and for each strand where strands differ.

    Parameters
    ----------
    strand
        ``.`` where both strands are scanned and have the same threshold.
    score
        float64: the lowest score, bits, whose p-value is at most `p_value`. NaN where no score reaches it,
        as are the columns after it.
    score_p_value
        float64, the p-value at that score.
    relative_score
        float64: (score - lowest) / (highest - lowest); NaN where the lowest is minus infinity.
    hits_per_mb
        float64, hits expected in a megabase of background on the strands of the row.
    """

    motif: NDArray[np.object_]
    strand: NDArray[np.object_]
    p_value: Floats
    score: Floats
    score_p_value: Floats
    relative_score: Floats
    hits_per_mb: Floats

    @staticmethod
    def of_rows(rows: Sequence[ThresholdRow]) -> ThresholdTable:
        """Return rows as columns."""
        motif, strand, *numbers = columns_of(rows, len(ThresholdRow._fields))
        return ThresholdTable(text_column(motif), text_column(strand), *map(real_column, numbers))


@dataclass(frozen=True, eq=False)
class PssmResult:
    """Scored motifs.

    Parameters
    ----------
    motifs
        PSSMs, each with its background.
    thresholds
        The table that ``thresholds`` writes, with all digits; None without it.
    """

    motifs: MotifSet
    thresholds: ThresholdTable | None = None

    @property
    def pssms(self) -> list[Pssm]:
        """The motifs, in order."""
        return [motif for motif in self.motifs.motifs if isinstance(motif, Pssm)]


@takes(PssmRequest)
def pssm(request: PssmRequest) -> PssmResult:
    """Score motifs against a background: log2(p / background), in bits.

    Parameters
    ----------
    request
        The fields of `PssmRequest`, which are the arguments of this function.

    Returns
    -------
    The PSSMs; they are written too where an output is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> scored = seqnet.pssm("reb1.meme", background="from:genome.fa")  # doctest: +SKIP
    >>> seqnet.scan(scored.motifs, "genome.fa").counts  # doctest: +SKIP
    >>> seqnet.pssm("reb1.meme", thresholds=True).thresholds.to_pandas()  # doctest: +SKIP
    """
    formats = {name: MOTIF_WRITERS[name] for name in SCORE_FORMATS}
    to_format = request.to_format or suffix_format(request.output or "-", formats, "meme")
    table = None
    with open_result(request.output) as stream:
        collection = selected_motifs(request.motifs, request)
        scored = make_pssms(collection, request.scoring, keep=False)
        header = header_for(request.header, _header(scored, request))
        motifs = MotifSet(tuple(scored.pssms), scored.pssms[0].background)
        write_motifs(stream, motifs, to_format, header)
        if request.thresholds not in (None, False):
            note_one_strand(scored, request.strands, collection.source)
            table = ThresholdTable.of_rows(_threshold_table(scored, request, header))
    return PssmResult(motifs, table)


def _header(scored: ScoredMotifs, request: PssmRequest) -> dict[str, str]:
    """Return the provenance."""
    first = scored.pssms[0]
    return provenance(
        "pssm",
        {
            "motifs": base_name(motif_source(request.motifs)),
            "background": first.background.source,
            "pseudocount": first.pseudocount,
            "pseudocount-spread": None if request.preset else request.pseudocount_spread,
        },
    )


def _threshold_table(
    scored: ScoredMotifs, request: PssmRequest, header: dict[str, str] | None
) -> list[ThresholdRow]:
    """Return the thresholds of each motif at each p-value, and write them where a path is given."""
    levels, strands = list(request.p_values), request.strands
    with open_result(request.thresholds if isinstance(request.thresholds, str) else None) as stream:
        scanners = make_scanners(scored, Threshold(p_value=max(levels)), exact=request.exact, strands=strands)
        bound = f"{max(scanner.bound for scanner in scanners):.2g}"
        if header:
            scanned = shared_strands(scored, strands)
            header = {**header, **({"strands": scanned} if scanned else {}), "p-value-bound": bound}
        rows = [row for scanner in scanners for row in threshold_rows(scanner, levels)]
        # a score with all its digits, given to scan --score, selects the same windows
        cells = [(*r[:3], None if r.score is None else repr(r.score), *r[4:]) for r in rows]
        write_rows(stream, ThresholdRow._fields, cells, header)
    return rows
