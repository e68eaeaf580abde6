"""The step ``compare``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Floats, Ints
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.results.tables import write_rows
from seqnet.motifs.compare import Match, collect_targets, compare_motif
from seqnet.motifs.matrix import Motif, to_ppm
from seqnet.motifs.significance.pvalue import SAME
from seqnet.motifs.strands import strands_of
from seqnet.parallel import ordered_map
from seqnet.pipeline.calls import takes
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.motifs.request_uses import CompareRequest
from seqnet.pipeline.motifs.sources import MotifCollection, load_motifs, usable_motifs
from seqnet.pipeline.outputs import open_result
from seqnet.pipeline.tables import ColumnTable, columns_of, real_column, text_column, whole_column
from seqnet.reporting import detail, note_none_left, progress_bar


@dataclass(frozen=True, eq=False)
class MatchTable(ColumnTable):
    """Which motifs of a collection each query resembles, a row a match.

    Parameters
    ----------
    offset
        int64, position of the target's first column in the orientation of the match, counted from the
        query's first column.
    orientation
        ``+`` or ``-``: the target's strand.
    """

    query: NDArray[np.object_]
    target: NDArray[np.object_]
    target_alt_name: NDArray[np.object_]
    offset: Ints
    orientation: NDArray[np.object_]
    overlap: Ints
    score: Floats
    p_value: Floats
    e_value: Floats
    q_value: Floats

    @staticmethod
    def of_rows(rows: Sequence[Sequence[object]]) -> MatchTable:
        """Return rows as columns."""
        query, target, alt_name, offset, strand, overlap, *numbers = columns_of(rows, len(COLUMNS))
        names = text_column(query), text_column(target), text_column(alt_name)
        score, p_value, e_value, q_value = map(real_column, numbers)
        place = whole_column(offset), text_column(strand), whole_column(overlap)
        return MatchTable(*names, *place, score, p_value, e_value, q_value)


COLUMNS = tuple([field.name for field in fields(MatchTable)])


@dataclass(frozen=True)
class CompareResult:
    """What `compare` found.

    Parameters
    ----------
    table
        The matches; None where they were written to a file.
    matches
        How many there are.
    """

    table: MatchTable | None
    matches: int


@takes(CompareRequest)
def compare(request: CompareRequest) -> CompareResult:
    """Find the motifs of a collection that query motifs resemble.

    Parameters
    ----------
    request
        The fields of `CompareRequest`, which are the arguments of this function.

    Returns
    -------
    The matches, where they are not written to a file; their number in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read or holds no usable motif.

    Examples
    --------
    >>> import seqnet
    >>> matches = seqnet.compare("filters.meme", "jaspar.meme", top=1).table  # doctest: +SKIP
    >>> matches.to_pandas()[["query", "target", "q_value"]]  # doctest: +SKIP
    """
    with open_result(request.output) as stream:
        rules = MotifRules.of(request.on_bad, request.on_duplicate)
        queries = load_motifs(request.queries, request.motif_names, rules=rules)
        known = load_motifs(request.collection, rules=rules)
        rows = list(_rows(queries, known, request))
        options = {
            "queries": base_name(queries.source),
            "collection": base_name(known.source),
            "distance": request.distance,
            "min-overlap": request.min_overlap,
            "strands": request.strands or "by alphabet",
            "q-value": request.q_value,
            "top": request.top,
        }
        write_rows(stream, COLUMNS, rows, header_for(request.header, provenance("compare", options)))
    return CompareResult(MatchTable.of_rows(rows) if request.output is None else None, len(rows))


def _rows(
    queries: MotifCollection, known: MotifCollection, request: CompareRequest
) -> Iterator[tuple[object, ...]]:
    """Yield the matches of each query, in order."""
    most = request.q_value * (1 + SAME)
    targets = _probabilities(known)
    asked = _probabilities(queries)
    of_rna = all(_is_forward(target) for target in targets)
    forward = {
        query: of_rna or _is_forward(query) if request.strands is None else request.strands == "forward"
        for query in asked
    }
    matrices = list(targets.values())
    collections = {way: collect_targets(matrices, forward=way) for way in set(forward.values())}

    def work(query: Motif) -> list[Match]:
        return compare_motif(asked[query], collections[forward[query]], request.distance, request.min_overlap)

    tried, smallest, any_kept = 0, 1.0, False
    with progress_bar("queries", len(asked)) as progress:
        results = ordered_map(work, list(asked), request.threads)
        for query, matches in zip(asked, results, strict=True):
            progress(1)
            kept = [match for match in matches if match.q_value <= most][: request.top]
            tried, any_kept = tried + len(matches), any_kept or bool(kept)
            smallest = min([smallest, *(match.q_value for match in matches)])
            if not kept:
                detail(f"{query.info.name}: no match with a q-value up to {request.q_value:g}")
            yield from (_row(query, list(targets)[match.target], match) for match in kept)
    if not any_kept:
        note_none_left(f"{tried:,} matches", request.q_value, smallest)


def _is_forward(motif: Motif) -> bool:
    """Return whether a motif has one strand only, as motifs of RNA have."""
    return strands_of(motif.info) == "forward"


def _probabilities(motifs: MotifCollection) -> dict[Motif, Floats]:
    """Return the probabilities of each motif, float64 (w, 4)."""
    return {motif: ppm.probabilities for motif, ppm in usable_motifs(motifs, to_ppm)}


def _row(query: Motif, target: Motif, match: Match) -> tuple[object, ...]:
    """Return the cells of one match."""
    names = (query.info.name, target.info.name, target.info.alt_name or None)
    place = (match.offset, "+" if match.strand > 0 else "-", match.overlap)
    return (*names, *place, match.score, match.p_value, match.e_value, match.q_value)
