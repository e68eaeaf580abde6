"""``seqnet enrich``: which motifs positive sequences hold more often than negative ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._console import note, progress_bar
from seqnet.commands._options import (
    background_option,
    center_option,
    chroms_option,
    common_options,
    exact_option,
    genome_option,
    header_option,
    motif_options,
    on_bad_option,
    output_option,
    regions_option,
    scoring_options,
    soft_mask_option,
    threads_option,
)

if TYPE_CHECKING:
    from seqnet.aliases import Codes
    from seqnet.commands._motifs import ScoredMotifs, Threshold
    from seqnet.genome.alphabet import SoftMask
    from seqnet.genome.regions import Center, OnBad
    from seqnet.genome.sequence import Genome
    from seqnet.motifs.enrichment import Enrichment
    from seqnet.motifs.matrix import Spread
    from seqnet.motifs.scan import Scanner

COLUMNS = (
    "motif", "alt_name", "n_pos", "hits_pos", "n_neg", "hits_neg", "log2_enrichment", "auroc", "p_value",
    "q_value", "centrality_p",
)  # fmt: skip


class Source(NamedTuple):
    """Where one set of sequences comes from: a FASTA file, or regions of the genome."""

    sequences: str | None
    regions: str | None

    @property
    def path(self) -> str:
        """The file that makes the set, for messages."""
        return self.regions or self.sequences or "-"


class Cutting(NamedTuple):
    """How files become sequences, alike for both sets."""

    genome: str | None
    chroms: tuple[str, ...]
    on_bad: OnBad
    soft_mask: SoftMask
    width: int | None
    center: Center


@click.command(
    "enrich",
    cls=Command,
    short_help="Find motifs enriched in sequences.",
    example="seqnet enrich jaspar.meme peaks.fa --against background.fa\n"
    "seqnet enrich jaspar.meme --genome genome.fa --regions peaks.bed --width 100 \\\n"
    "    --against-regions flanks.bed -o enriched.tsv",
)
@click.argument("motifs")
@click.argument("sequences", required=False)
@click.option("--against", metavar="FASTA", help="Sequences to compare with.")
@genome_option
@regions_option
@click.option("--against-regions", metavar="BED", help="Regions of the genome to compare with.")
@click.option(
    "--width",
    type=click.IntRange(1),
    metavar="BASES",
    help="Cut windows of this width around the centres of regions; as they are when left out.",
)
@center_option
@chroms_option
@on_bad_option
@soft_mask_option
@motif_options
@background_option
@scoring_options
@click.option(
    "--p-value",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="P",
    help="A hit is a window with a p-value up to P (default 1e-4).",
)
@click.option("--score", type=float, metavar="BITS", help="A hit is a window that scores at least BITS.")
@exact_option
@click.option(
    "--sort-by",
    type=click.Choice(["p-value", "motif"]),
    default="p-value",
    show_default=True,
    help="Order of the rows; motif is the motif file's.",
)
@threads_option(1)
@output_option()
@header_option
@common_options
def command(
    motifs: str,
    sequences: str | None,
    against: str | None,
    genome: str | None,
    regions: str | None,
    against_regions: str | None,
    width: int | None,
    center: Center,
    chroms: tuple[str, ...],
    on_bad: OnBad,
    soft_mask: SoftMask,
    motif_names: tuple[str, ...],
    motif_format: str | None,
    background: str | None,
    pseudocount: str | None,
    pseudocount_spread: Spread,
    preset: str | None,
    p_value: float | None,
    score: float | None,
    exact: bool,
    sort_by: str,
    threads: int,
    output: str,
    with_header: bool,
) -> None:
    """Find motifs enriched in sequences.

    MOTIFS is a motif or PSSM file; the positives are SEQUENCES, FASTA (stdin when left out), or
    --regions of --genome, the negatives --against or --against-regions. Per motif: sequences, and
    those with a hit on either strand, of both sets; log2 of the ratio of their shares; auROC of the
    best score; Fisher's exact p (one-sided) and its q over the motifs; and centrality_p, whether
    the best sites of positives with a hit lie nearer the centre than chance.
    """
    from seqnet.commands._motifs import Scoring, Threshold, load_motifs, make_pssms
    from seqnet.errors import UsageError
    from seqnet.formats._open import open_output
    from seqnet.formats.header import base_name, provenance
    from seqnet.formats.tables import write_rows

    if p_value is not None and score is not None:
        raise UsageError("--p-value and --score exclude each other")
    cutting = Cutting(genome, chroms, on_bad, soft_mask, width, center)
    positives, negatives = Source(sequences, regions), Source(against, against_regions)
    _check_sources(motifs, positives, negatives, cutting)
    with open_output(output) as stream:
        found = load_motifs(motifs, motif_names, motif_format)
        scoring = Scoring(background, pseudocount, pseudocount_spread, preset)
        scored = make_pssms(found, scoring, keep=True, source=motifs)
        sets = _load_sets((positives, negatives), cutting)
        scanners, made_with = _scanners(scored, Threshold(p_value, score), exact)
        options = {
            "motifs": base_name(motifs),
            **_source_provenance(positives, negatives, cutting),
            **made_with,
            "sort-by": sort_by,
        }
        results = _judge(scanners, sets, threads)
        _note_windowless(scanners, results)
        rows = _rows(scanners, results, by_p_value=sort_by == "p-value")
        write_rows(stream, COLUMNS, rows, provenance("enrich", options) if with_header else None)


def _scanners(scored: ScoredMotifs, asked: Threshold, exact: bool) -> tuple[list[Scanner], dict[str, object]]:
    """Prepare the motifs for a threshold, the usual p-value without one; and say what they were made with."""
    from seqnet.commands._motifs import DEFAULT_P_VALUE, reachable_scanners, scoring_entries, worst_bound

    default = asked.p_value is None and asked.score is None
    threshold = asked._replace(p_value=DEFAULT_P_VALUE) if default else asked
    scanners = reachable_scanners(scored, threshold, exact=exact)
    limits = {"p-value": threshold.p_value, "score": threshold.score, "p-value-bound": worst_bound(scanners)}
    return scanners, {**scoring_entries(scored), **limits}


def _check_sources(motifs: str, positives: Source, negatives: Source, cutting: Cutting) -> None:
    """Refuse options that contradict each other, or lack something."""
    from seqnet.errors import UsageError

    pairs = (positives, "SEQUENCES", "--regions"), (negatives, "--against", "--against-regions")
    for source, sequences, regions in pairs:
        if source.sequences is not None and source.regions is not None:
            raise UsageError(f"give {sequences} or {regions}, not both")
    if negatives == Source(None, None):
        raise UsageError("nothing to compare with; give --against or --against-regions")
    _check_genome(any(source.regions is not None for source, *_ in pairs), cutting)
    if [motifs, positives.path, negatives.path, cutting.genome].count("-") > 1:
        raise UsageError("only one input can come from stdin")


def _check_genome(has_regions: bool, cutting: Cutting) -> None:
    """Refuse regions without a genome, and what is for regions alone without regions."""
    from seqnet.errors import UsageError

    if has_regions and cutting.genome is None:
        raise UsageError("--regions and --against-regions need --genome")
    if cutting.genome is not None and not has_regions:
        raise UsageError("--genome needs --regions or --against-regions")
    if cutting.width is not None and not has_regions:
        raise UsageError("--width needs --regions or --against-regions")
    if cutting.center != "auto" and cutting.width is None:
        raise UsageError("--center needs --width")


def _source_provenance(positives: Source, negatives: Source, cutting: Cutting) -> dict[str, object]:
    """Return what decides the sequences, for provenance lines."""
    from seqnet.formats.header import base_name

    def name(path: str | None) -> str | None:
        return None if path is None else base_name(path)

    return {
        "sequences": None if positives.regions else base_name(positives.path),
        "regions": name(positives.regions),
        "against": name(negatives.sequences),
        "against-regions": name(negatives.regions),
        "genome": name(cutting.genome),
        "chroms": ",".join(cutting.chroms) or None,
        "width": cutting.width,
        "center": None if cutting.width is None else cutting.center,
        "soft-mask": None if cutting.soft_mask == "ignore" else cutting.soft_mask,
    }


def _load_sets(sources: Sequence[Source], cutting: Cutting) -> list[list[Codes]]:
    """Read each set of sequences, the genome once."""
    from seqnet.commands._load import load_genome

    genome = None
    if cutting.genome is not None:
        genome = load_genome(cutting.genome, cutting.chroms, cutting.soft_mask)
    return [_load(source, genome, cutting) for source in sources]


def _load(source: Source, genome: Genome | None, cutting: Cutting) -> list[Codes]:
    """Read one set of sequences, uint8 (length,) each."""
    from seqnet.errors import SeqnetError
    from seqnet.formats.fasta import read_sequences

    if source.regions is not None:
        assert genome is not None
        return _cut(source.regions, genome, cutting)
    codes = [codes for _, codes in read_sequences(source.path, soft_mask=cutting.soft_mask)]
    if not codes:
        raise SeqnetError(f"{source.path}: holds no sequences")
    return codes


def _cut(path: str, genome: Genome, cutting: Cutting) -> list[Codes]:
    """Take the sequences of regions, or of windows around them."""
    from seqnet.commands._load import fit_to_genome
    from seqnet.errors import SeqnetError
    from seqnet.formats.bed import read_bed
    from seqnet.genome.extract import extract_sequences
    from seqnet.genome.regions import windows

    regions = read_bed(path)
    if cutting.chroms:
        regions = regions.take(regions.intervals.contig_index_in(list(genome.codes)) >= 0)
    regions = fit_to_genome(regions, genome, cutting.on_bad)
    if cutting.width is not None:
        regions, skipped = windows(regions, cutting.width, cutting.center, genome.lengths)
        if skipped:
            note(f"{path}: {skipped} windows of {cutting.width} bases pass a contig's end and were skipped")
        if not len(regions):
            raise SeqnetError(f"{path}: no window of {cutting.width} bases lies inside {genome.source}")
    return [codes for _, codes in extract_sequences(genome, regions.intervals, regions.names.tolist())]


def _judge(scanners: Sequence[Scanner], sets: Sequence[list[Codes]], threads: int) -> list[Enrichment]:
    """Judge every motif."""
    import numpy as np

    from seqnet.motifs.enrichment import enrichment
    from seqnet.motifs.scan import best_sites
    from seqnet.parallel import ordered_map

    positives, negatives = sets
    lengths = np.array([len(codes) for codes in positives], dtype=np.int64)

    def work(scanner: Scanner) -> Enrichment:
        found, other = best_sites(positives, scanner), best_sites(negatives, scanner)
        return enrichment(found, other, lengths, scanner.pssm.width)

    results = []
    with progress_bar("motifs", len(scanners)) as progress:
        for result in ordered_map(work, scanners, threads):
            results.append(result)
            progress(1)
    return results


def _note_windowless(scanners: Sequence[Scanner], results: Sequence[Enrichment]) -> None:
    """Say for which motifs some sequences have no window, those shorter than the motif above all."""
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
    import numpy as np

    from seqnet.formats.numbers import format_log_probability
    from seqnet.motifs.multiple import log_benjamini_hochberg

    log_p = np.array([result.log_p for result in results])
    log_q = log_benjamini_hochberg(log_p)
    order = np.argsort(log_p, kind="stable") if by_p_value else np.arange(len(results))
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
