"""The step ``enrich``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes, Floats, Ints
from seqnet.datasets.shuffles import low_complexity
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.numbers import format_log_probability
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.results.tables import write_rows
from seqnet.genome.alphabet import LOWER
from seqnet.genome.extract import extract_sequences
from seqnet.kernels.shuffle import shuffle_sequences
from seqnet.kernels.ties import round_scores
from seqnet.metrics.warnings import percent
from seqnet.motifs.enrichment import Enrichment, enrichment
from seqnet.motifs.scan import Scanner, best_sites
from seqnet.motifs.significance.multiple import log_benjamini_hochberg
from seqnet.parallel import ordered_map
from seqnet.pipeline.calls import takes
from seqnet.pipeline.inputs.genome import cut_regions, load_genome, read_records
from seqnet.pipeline.labels.drawing import draw_negatives
from seqnet.pipeline.motifs.request_uses import GC, SHUFFLE, EnrichRequest
from seqnet.pipeline.motifs.sources import (
    ScoredMotifs,
    make_pssms,
    note_one_strand,
    reachable_scanners,
    scoring_entries,
    selected_motifs,
    shared_strands,
    worst_bound,
)
from seqnet.pipeline.outputs import open_result
from seqnet.pipeline.tables import ColumnTable, columns_of, real_column, text_column, whole_column
from seqnet.reporting import note, progress_bar, warn

if TYPE_CHECKING:
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import Regions
    from seqnet.genome.sequence import Genome

SIMPLE_SHARE = 0.02
"""Share of simple repeats among the positives from which on shuffles are warned about."""
MASKED_SHARE = 0.5
"""That of soft-masked bases; in the human genome every second base is one."""


@dataclass(frozen=True, eq=False)
class EnrichmentTable(ColumnTable):
    """How often positive and negative sequences hold each motif, a row a motif.

    Probabilities below the smallest float64 are 0 here; the file has their digits.

    Parameters
    ----------
    n_pos, hits_pos, n_neg, hits_neg
        int64: sequences of each set, and those with a hit.
    centrality_p
        float64, NaN where not computed.
    """

    motif: NDArray[np.object_]
    alt_name: NDArray[np.object_]
    n_pos: Ints
    hits_pos: Ints
    n_neg: Ints
    hits_neg: Ints
    log2_enrichment: Floats
    auroc: Floats
    p_value: Floats
    q_value: Floats
    centrality_p: Floats

    @staticmethod
    def of_rows(rows: Sequence[Sequence[object]]) -> EnrichmentTable:
        """Return rows as columns."""
        motif, alt_name, *counts, ratio, auroc, p_value, q_value, central = columns_of(rows, len(COLUMNS))
        n_pos, hits_pos, n_neg, hits_neg = map(whole_column, counts)
        return EnrichmentTable(
            text_column(motif), text_column(alt_name), n_pos, hits_pos, n_neg, hits_neg,
            real_column(ratio), real_column(auroc), real_column(p_value), real_column(q_value),
            real_column(central),
        )  # fmt: skip


COLUMNS = tuple([field.name for field in fields(EnrichmentTable)])


@dataclass(frozen=True)
class EnrichResult:
    """What `enrich` found.

    Parameters
    ----------
    table
        A row a motif; None where it was written to a file.
    windowless
        Motif to sequences that have no window it could score, which count as sequences without a hit.
    """

    table: EnrichmentTable | None
    windowless: Mapping[str, int]


@takes(EnrichRequest)
def enrich(request: EnrichRequest) -> EnrichResult:
    """Find motifs that one set of sequences holds more often than another.

    Parameters
    ----------
    request
        The fields of `EnrichRequest`, which are the arguments of this function.

    Returns
    -------
    The table, where it is not written to a file; counts in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read or holds no sequences, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> table = seqnet.enrich("jaspar.meme", "peaks.fa", against="flanks.fa").table  # doctest: +SKIP
    >>> table.to_pandas().query("q_value < 0.05")  # doctest: +SKIP
    """
    with open_result(request.output) as stream:
        motifs = selected_motifs(request.motifs, request)
        scored = make_pssms(motifs, request.scoring, keep=True)
        note_one_strand(scored, request.strands, motifs.source)
        sets = _load_sets(request)
        scanners, made_with = _scanners(scored, request)
        options = {
            "motifs": base_name(motifs.source),
            **_source_provenance(request),
            **made_with,
            "sort-by": request.sort_by,
        }
        results = _enrichments(scanners, sets, request.threads)
        _note_windowless(scanners, results)
        rows = list(_rows(scanners, results, by_p_value=request.sort_by == "p-value"))
        write_rows(stream, COLUMNS, rows, header_for(request.header, provenance("enrich", options)))
    windowless = {
        scanner.pssm.info.name: int(result.windowless)
        for scanner, result in zip(scanners, results, strict=True)
    }
    return EnrichResult(EnrichmentTable.of_rows(rows) if request.output is None else None, windowless)


def _scanners(scored: ScoredMotifs, request: EnrichRequest) -> tuple[list[Scanner], dict[str, object]]:
    """Prepare the motifs for a threshold, by default the usual p-value; return the settings used too."""
    threshold = request.threshold
    scanners = reachable_scanners(scored, threshold, exact=request.exact, strands=request.strands)
    limits = {"p-value": threshold.p_value, "score": request.score, "p-value-bound": worst_bound(scanners)}
    strands = shared_strands(scored, request.strands)
    return scanners, {**scoring_entries(scored), "strands": strands, **limits}


def _source_provenance(request: EnrichRequest) -> dict[str, object]:
    """Return what decides the sequences, for provenance lines."""

    def name(path: str | None) -> str | None:
        return None if path is None else base_name(path)

    return {
        "sequences": None if request.regions else base_name(request.positives),
        "regions": name(request.regions),
        "against": name(None if request.against_regions else request.negatives),
        "against-regions": name(request.against_regions),
        "genome": name(request.genome),
        "chroms": tuple(request.chroms) or None,
        "width": request.width,
        "center": None if request.width is None else request.center,
        "seed": request.seed if request.negatives in (SHUFFLE, GC) else None,
        "soft-mask": None if request.soft_mask == "ignore" else request.soft_mask,
    }


def _load_sets(request: EnrichRequest) -> list[list[Codes]]:
    """Read each set of sequences, the genome once."""
    genome = None
    shuffles = request.negatives == SHUFFLE
    flagged: SoftMask = "flag" if shuffles and request.soft_mask == "ignore" else request.soft_mask
    if request.genome is not None:
        genome = load_genome(request.genome, request.chroms, flagged)
    if request.negatives == GC:
        assert genome is not None
        regions = _regions(str(request.regions), genome, request)
        return [_taken(table, genome) for table in (regions, _matched(regions, genome, request.seed))]
    positives = _load(request.sequences or "-", request.regions, genome, request, flagged)
    if not shuffles:
        return [positives, _load(request.negatives, request.against_regions, genome, request, flagged)]
    return _with_shuffles(positives, request.seed)


def _with_shuffles(positives: list[Codes], seed: int) -> list[list[Codes]]:
    """Return sequences and a shuffle of each with the same dinucleotides; warn where it is no fair match.

    Parameters
    ----------
    positives
        Lower case may be flagged.
    """
    ends = np.cumsum([0, *map(len, positives)])
    joined = np.concatenate(positives)
    masked = float((joined >= LOWER).mean()) if len(joined) else 0.0
    joined &= np.uint8(LOWER - 1)
    plain = [joined[begin:end] for begin, end in pairwise(ends)]
    simple = low_complexity(plain)
    for share, limit, what in (
        (simple, SIMPLE_SHARE, "simple repeats"), (masked, MASKED_SHARE, "soft-masked repeats"),
    ):  # fmt: skip
        if share > limit:
            warn(
                f"{percent(share)} of the positives are {what}, which shuffles break up: motifs of repeats "
                "will seem enriched; --against gc or other sequences are the better comparison"
            )
    note(f"compared with {len(positives)} dinucleotide shuffles of the positives (--against)")
    shuffled = shuffle_sequences(joined, ends, seed)
    return [plain, [shuffled[begin:end] for begin, end in pairwise(ends)]]


def _matched(regions: Regions, genome: Genome, seed: int) -> Regions:
    """Draw as many windows of the genome as there are regions, with the same GC content."""
    held = genome.restrict(regions.intervals.contigs)
    labelled = regions.with_targets(["positive"], np.ones((len(regions), 1)))
    return draw_negatives(labelled, held, None, [], ratio=1.0, margin=None, seed=seed, anywhere=True).regions


def _load(
    path: str, regions: str | None, genome: Genome | None, request: EnrichRequest, soft_mask: SoftMask
) -> list[Codes]:
    """Read one set of sequences, uint8 (length,) each: of regions where there are any, else of a file."""
    if regions is not None:
        assert genome is not None
        return _taken(_regions(regions, genome, request), genome)
    return [codes for _, codes in read_records(path, soft_mask)]


def _regions(path: str, genome: Genome, request: EnrichRequest) -> Regions:
    """Read regions, as windows around them where a width is given."""
    return cut_regions(
        read_bed(path, center=None if request.width is None else request.center),
        genome, request.on_bad,
        restricted=bool(request.chroms), width=request.width, center=request.center,
    )  # fmt: skip


def _taken(regions: Regions, genome: Genome) -> list[Codes]:
    """Return the sequences of regions."""
    return [codes for _, codes in extract_sequences(genome, regions.intervals, regions.names.tolist())]


def _enrichments(scanners: Sequence[Scanner], sets: Sequence[list[Codes]], threads: int) -> list[Enrichment]:
    """Test every motif for enrichment."""
    positives, negatives = sets
    lengths = np.array([len(codes) for codes in positives], dtype=np.int64)

    def work(scanner: Scanner) -> Enrichment:
        best, other = best_sites(positives, scanner), best_sites(negatives, scanner)
        return enrichment(best, other, lengths, scanner.pssm.width)

    results = []
    with progress_bar("motifs", len(scanners)) as progress:
        for result in ordered_map(work, scanners, threads):
            results.append(result)
            progress(1)
    return results


def _note_windowless(scanners: Sequence[Scanner], results: Sequence[Enrichment]) -> None:
    """Warn about motifs for which some sequences are too short or have no window."""
    affected = [n for n, result in enumerate(results) if result.windowless]
    if affected:
        worst = max(affected, key=lambda n: results[n].windowless)
        result, name = results[worst], scanners[worst].pssm.info.name
        more = f" and fewer or as many for {len(affected) - 1} more motifs" if len(affected) > 1 else ""
        note(
            f"{result.windowless} of {result.n_pos + result.n_neg} sequences have no window that {name} "
            f"could score{more}; they count as sequences without a hit"
        )


def _rows(
    scanners: Sequence[Scanner], results: Sequence[Enrichment], *, by_p_value: bool
) -> Iterator[tuple[object, ...]]:
    """Yield the rows; equal p-values keep the order of the motifs."""
    log_p = np.array([result.log_p for result in results])
    log_q = log_benjamini_hochberg(log_p)
    order = np.argsort(round_scores(log_p), kind="stable") if by_p_value else np.arange(len(results))
    for row in order.tolist():
        info, result = scanners[row].pssm.info, results[row]
        central = result.log_centrality_p
        yield (
            info.name,
            info.alt_name or None,
            *result[:6],
            format_log_probability(result.log_p),
            format_log_probability(float(log_q[row])),
            None if central is None else format_log_probability(central),
        )
