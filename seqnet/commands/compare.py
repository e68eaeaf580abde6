"""``seqnet compare``: which motifs of a collection each query motif resembles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._console import detail, progress_bar
from seqnet.commands._options import common_options, header_option, output_option, threads_option

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.motifs.compare import Distance, Match
    from seqnet.motifs.matrix import Motif, MotifSet

COLUMNS = (
    "query", "target", "target_alt_name", "offset", "orientation", "overlap", "score", "p_value",
    "e_value", "q_value",
)  # fmt: skip
DEFAULT_Q_VALUE = 0.5


class Settings(NamedTuple):
    """What counts as a match."""

    distance: Distance
    min_overlap: int
    q_value: float
    top: int | None


@click.command(
    "compare",
    cls=Command,
    short_help="Find similar motifs in a collection.",
    example="seqnet compare reb1.meme jaspar.meme | head\n"
    "seqnet compare filters.meme jaspar.meme --distance euclidean --q-value 0.05 --top 1 -o names.tsv",
)
@click.argument("queries")
@click.argument("collection", default="-")
@click.option("--motif", "motif_names", multiple=True, metavar="GLOB", help="Only these queries. Repeats.")
@click.option(
    "--distance",
    type=click.Choice(["pearson", "euclidean", "kullback-leibler"]),
    default="pearson",
    show_default=True,
    help="How columns are compared; sums are over the overlap, higher is more alike.",
)
@click.option(
    "--min-overlap",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Columns that must overlap, or the narrower motif's width.",
)
@click.option(
    "--q-value",
    type=click.FloatRange(0, 1),
    default=DEFAULT_Q_VALUE,
    show_default=True,
    help="Report matches with a q-value up to this; 1 reports all.",
)
@click.option("--top", type=click.IntRange(1), metavar="N", help="Report at most N matches per query.")
@threads_option(1)
@output_option()
@header_option
@common_options
def command(
    queries: str,
    collection: str,
    motif_names: tuple[str, ...],
    distance: Distance,
    min_overlap: int,
    q_value: float,
    top: int | None,
    threads: int,
    output: str,
    with_header: bool,
) -> None:
    """Find similar motifs in a collection.

    QUERIES and COLLECTION are motif files of any known format. Every query is laid against every
    motif at every offset on both strands; the best place counts. P-values are chances of as good a
    place for random columns of the collection; e- and q-values account for its size.
    """
    from seqnet.commands._motifs import load_motifs
    from seqnet.errors import UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.tables import write_rows

    if queries == collection == "-":
        raise UsageError("queries and collection cannot both come from stdin")
    options = {
        "queries": base_name(queries),
        "collection": base_name(collection),
        "distance": distance,
        "min-overlap": min_overlap,
        "q-value": q_value,
        "top": top,
    }
    with open_output(output) as stream:
        found, known = load_motifs(queries, motif_names), load_motifs(collection)
        settings = Settings(distance, min_overlap, q_value, top)
        rows = list(_rows(found, known, settings, (queries, collection), threads))
        write_rows(stream, COLUMNS, rows, provenance("compare", options) if with_header else None)


def _rows(
    queries: MotifSet, known: MotifSet, settings: Settings, paths: tuple[str, str], threads: int
) -> Iterator[tuple[object, ...]]:
    """Yield the matches of each query, in order."""
    from seqnet.motifs.compare import collect, compare
    from seqnet.parallel import ordered_map

    collection = collect(_probabilities(known, paths[1]))
    matrices = _probabilities(queries, paths[0])

    def work(query: Floats) -> list[Match]:
        return compare(query, collection, settings.distance, settings.min_overlap)

    with progress_bar("queries", len(matrices)) as progress:
        results = ordered_map(work, matrices, threads)
        for query, matches in zip(queries.motifs, results, strict=True):
            progress(1)
            kept = [match for match in matches if match.q_value <= settings.q_value][: settings.top]
            if not kept:
                detail(f"{query.info.name}: no match with a q-value up to {settings.q_value:g}")
            yield from (_row(query, known.motifs[match.target], match) for match in kept)


def _probabilities(motifs: MotifSet, path: str) -> list[Floats]:
    """Return the probabilities of each motif, float64 (w, 4)."""
    from seqnet.errors import SeqnetError
    from seqnet.motifs.matrix import to_ppm

    try:
        return [to_ppm(motif).probabilities for motif in motifs.motifs]
    except ValueError as error:
        raise SeqnetError(f"{path}: {error}") from error


def _row(query: Motif, target: Motif, match: Match) -> tuple[object, ...]:
    """Return the cells of one match."""
    names = (query.info.name, target.info.name, target.info.alt_name or None)
    place = (match.offset, "+" if match.strand > 0 else "-", match.overlap)
    return (*names, *place, match.score, match.p_value, match.e_value, match.q_value)
