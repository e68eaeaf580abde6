"""The step ``show``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import Kind
from seqnet.formats.files.kept import kept_input
from seqnet.formats.files.opening import kept_copy, open_output, open_raw, to_bytes
from seqnet.formats.files.sniff import START, kind_of
from seqnet.formats.kmers.kmer_table import read_kmer_table
from seqnet.formats.motifs.background_file import read_background
from seqnet.formats.motifs.sites import read_sites
from seqnet.formats.reads.bam import alignment_kind, open_bam
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.regions.contig_sizes import read_contig_sizes
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.formats.variants.records import open_variants
from seqnet.kmers.settings import FEATURES
from seqnet.lookup import resolve
from seqnet.motifs.information import consensus, information
from seqnet.motifs.matrix import DNA, Motif, Pssm, to_ppm
from seqnet.motifs.pseudocounts import DEFAULT_NSITES
from seqnet.pipeline.calls import takes
from seqnet.pipeline.description.lines import Description, to_lines
from seqnet.pipeline.description.models import describe_model, ranked_coefficients
from seqnet.pipeline.description.request import ShowRequest
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.motifs.sources import load_motifs
from seqnet.reporting import note

if TYPE_CHECKING:
    from seqnet.aliases import Floats


@takes(ShowRequest)
def show(request: ShowRequest) -> Description:
    """Describe a file.

    Parameters
    ----------
    request
        The fields of `ShowRequest`, which are the arguments of this function.

    Returns
    -------
    Facts, the first of which is the kind of file, a table of what the file holds, and further tables.

    Raises
    ------
    SeqnetError
        If the file cannot be read or is of no known kind.

    Examples
    --------
    >>> import seqnet
    >>> dict(seqnet.show("jaspar.meme").facts)  # doctest: +SKIP
    {'kind': 'motifs', 'motifs': 2}
    >>> seqnet.show("linear.safetensors", coefficients=True).rows[:10]  # doctest: +SKIP
    """
    output = nullcontext() if request.output is None else open_output(request.output)
    with output as stream, kept_input(request.file):
        description = _describe(request)
        if stream is not None:
            stream.write(to_bytes(to_lines(description)))
    if description.advice:
        note(description.advice)
    return description


def _describe(request: ShowRequest) -> Description:
    """Describe a file by its kind."""
    path = request.file
    if request.coefficients:
        return ranked_coefficients(path)
    kind = kind_of(path)
    if kind == "motifs":
        description = _motifs(path, MotifRules.of(request.on_bad, request.on_duplicate))
    else:
        description = DESCRIBERS[kind](path)
    return description._replace(facts=[("kind", kind), *description.facts])


def _motifs(path: str, rules: MotifRules) -> Description:
    """Describe motifs: width, sites, information and consensus of each."""
    motifs = load_motifs(path, rules=rules).motifs

    def row(motif: Motif) -> tuple[object, ...]:
        info = motif.info
        form = type(motif).__name__.lower()
        if isinstance(motif, Pssm) and motif.ppm is None:
            return (info.name, info.alt_name, form, motif.width, info.nsites, None, None)
        ppm = to_ppm(motif)
        sites = DEFAULT_NSITES if ppm.info.nsites is None else ppm.info.nsites
        bits = float(information(ppm.probabilities, sites).sum())
        letters = consensus(ppm.probabilities)
        return (info.name, info.alt_name, form, motif.width, ppm.info.nsites, round(bits, 3), letters)

    facts: list[tuple[str, object]] = [("motifs", len(motifs.motifs))]
    if motifs.background is not None:
        facts.append(("background", _frequencies(motifs.background.frequencies)))
    alphabets = sorted({motif.info.alphabet for motif in motifs.motifs})
    if alphabets != [DNA]:
        facts.append(("alphabet", " and ".join(alphabets)))
    columns = ("name", "alt_name", "form", "width", "nsites", "bits", "consensus")
    return Description(facts, columns, [row(motif) for motif in motifs.motifs])


def _frequencies(values: Floats) -> str:
    """Write the four frequencies of a background."""
    return " ".join(f"{base} {value:.4f}" for base, value in zip("ACGT", values, strict=True))


def _background(path: str) -> Description:
    """Describe a background file."""
    background = read_background(path)
    facts = [("order", background.order), ("frequencies", _frequencies(background.frequencies))]
    return Description([*facts, ("same on both strands", "yes" if background.symmetric else "no")])


def _sites(path: str) -> Description:
    """Describe aligned sites."""
    letters = read_sites(path).letters
    return Description([("sites", len(letters)), ("width", letters.shape[1])])


def _sequences(path: str) -> Description:
    """Describe FASTA records: length, GC share and ambiguous bases of each."""
    rows: list[tuple[object, ...]] = []
    total, widths = np.zeros(5, dtype=np.int64), set[int]()
    for name, codes in read_sequences(path, unique=False):
        counts = np.bincount(codes, minlength=5)
        total += counts
        widths.add(len(codes))
        rows.append((name, len(codes), _gc(counts.tolist()), int(counts[4])))
    facts: list[tuple[str, object]] = [
        ("sequences", len(rows)),
        ("bases", int(total.sum())),
        ("gc", _gc(total.tolist())),
        ("ambiguous", int(total[4])),
        ("lengths", f"{min(widths, default=0)} to {max(widths, default=0)}"),
    ]
    return Description(facts, ("name", "length", "gc", "ambiguous"), rows)


def _gc(counts: Sequence[int]) -> float | None:
    """Return the share of C and G among unambiguous bases."""
    clear = sum(counts[:4])
    return round((counts[1] + counts[2]) / clear, 4) if clear else None


def _regions(path: str) -> Description:
    """Describe regions: contigs, widths, and the targets of a labelled table."""
    regions = read_bed(path)
    if not len(regions):
        raise FormatError(path, "holds no regions")
    widths = regions.intervals.end - regions.intervals.start
    facts: list[tuple[str, object]] = [
        ("regions", len(regions)),
        ("contigs", len(set(regions.intervals.contig_names()))),
        ("widths", f"{widths.min()} to {widths.max()}, median {np.median(widths):g}"),
        ("with summit", int((regions.summits >= 0).sum())),
        ("with strand", int((regions.intervals.strand != 0).sum())),
    ]
    facts += [
        (f"split {split}", int((regions.splits == split).sum()))
        for split in dict.fromkeys(regions.splits.tolist())
        if split != "."
    ]
    rows = [
        (task, int((column > 0).sum()), int((column == 0).sum()), int(np.isnan(column).sum()))
        for task, column in zip(regions.tasks, regions.targets.T, strict=True)
    ]
    return Description(facts, ("task", "positive", "zero", "unknown") if rows else (), rows)


def _bigwig(path: str) -> Description:
    """Describe a bigWig: its contigs."""
    copy = kept_copy(path)
    try:
        with open_bigwig(copy) as reader:
            lengths = reader.lengths
    except SeqnetError as error:
        raise SeqnetError(str(error).replace(copy, path)) from error
    facts = [("contigs", len(lengths)), ("bases", sum(lengths.values()))]
    return Description(facts, ("contig", "length"), list(lengths.items()))


def _contig_sizes(path: str) -> Description:
    """Describe a table of contigs."""
    lengths = read_contig_sizes(path)
    facts = [("contigs", len(lengths)), ("bases", sum(lengths.values()))]
    return Description(facts, ("contig", "length"), list(lengths.items()))


def _kmer_table(path: str) -> Description:
    """Describe a k-mer table, or one of motif scores."""
    table = read_kmer_table(path)
    settings = table.settings.facts().items()
    facts = [("values" if key == FEATURES else key, value) for key, value in settings]
    return Description([("rows", len(table.names)), ("features", len(table.features)), *facts])


def _alignments(path: str) -> Description:
    """Describe reads: their number, and that of each contig."""
    with open_raw(path) as stream:
        if alignment_kind(stream.peek(START)) == "CRAM":
            raise FormatError(path, "is CRAM, which needs its genome; 'samtools view -b' makes BAM of it")
        with open_bam(stream, path) as bam:
            counts = np.zeros(len(bam.lengths) + 1, dtype=np.int64)  # reads without a contig are the last
            for reads in bam.batches:
                counts += np.bincount(reads.contig % len(counts), minlength=len(counts))
            lengths, is_sorted = bam.lengths, bam.is_sorted
    facts: list[tuple[str, object]] = [
        ("reads", int(counts.sum())), ("without a contig", int(counts[-1])), ("contigs", len(lengths)),
        ("bases", sum(lengths.values())), ("sorted by place", "yes" if is_sorted else "no"),
    ]  # fmt: skip
    rows = [(name, length, int(n)) for (name, length), n in zip(lengths.items(), counts, strict=False)]
    return Description(facts, ("contig", "length", "reads"), rows)


def _variants(path: str) -> Description:
    """Describe variants: rows, samples, and the rows of each contig."""
    rows = Counter[str]()
    alternatives = 0
    with open_variants(path) as file:
        for record in file.records:
            rows[record.contig] += 1
            alternatives += len(record.alts)
        samples = len(file.samples)
    facts: list[tuple[str, object]] = [
        ("rows", sum(rows.values())), ("alternative alleles", alternatives), ("samples", samples),
    ]  # fmt: skip
    return Description(facts, ("contig", "rows"), list(rows.items()))


def _model(path: str) -> Description:
    """Describe a model."""
    return describe_model(path)


def _result(function: str) -> Callable[[str], Description]:
    """Return a function of `description.results`, which is loaded when it is called: few files need it."""

    def describe(path: str) -> Description:
        description: Description = resolve(f"seqnet.pipeline.description.results:{function}")(path)
        return description

    return describe


DESCRIBERS: dict[Kind, Callable[[str], Description]] = {
    "background": _background,
    "sites": _sites,
    "sequences": _sequences,
    "regions": _regions,
    "contig sizes": _contig_sizes,
    "bigwig": _bigwig,
    "k-mer table": _kmer_table,
    "model": _model,
    "alignments": _alignments,
    "variants": _variants,
    "patterns": _result("describe_patterns"),
    "evaluation": _result("describe_evaluation"),
    "training": _result("describe_training"),
}
