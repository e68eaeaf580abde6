"""``seqnet show``: what a file holds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from seqnet.commands._command import Command
from seqnet.commands._description import Description, to_lines
from seqnet.commands._options import common_options, output_option

if TYPE_CHECKING:
    from seqnet.aliases import Floats


@click.command(
    "show",
    cls=Command,
    short_help="Describe a file.",
    example="seqnet show jaspar.meme | head\nseqnet show linear.safetensors --coefficients | head",
)
@click.argument("file", default="-")
@click.option("--coefficients", is_flag=True, help="The k-mers of a linear model, the weightiest first.")
@output_option()
@common_options
def command(file: str, coefficients: bool, output: str) -> None:
    """Describe a file.

    FILE is anything seqnet reads, compressed or not: motifs, PSSMs, backgrounds, sites, sequences,
    regions, bigWigs, k-mer tables, models. Facts come as 'key<tab>value', then a table of what the
    file holds; of a model its metrics and its layers.
    """
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import STANDARD, open_input, open_output

    with open_output(output) as stream:
        if file != STANDARD:
            stream.write(_text(file, coefficients))
            return
        with tempfile.NamedTemporaryFile(prefix="seqnet-") as spool:
            with open_input(file) as source:
                shutil.copyfileobj(source, spool)
            spool.flush()
            try:
                stream.write(_text(spool.name, coefficients))
            except SeqnetError as error:
                raise SeqnetError(str(error).replace(spool.name, STANDARD)) from error


def _text(path: str, coefficients: bool) -> bytes:
    """Describe a file in lines."""
    from seqnet.commands._show_model import coefficient_lines
    from seqnet.formats._open import to_bytes
    from seqnet.formats.kinds import kind_of

    if coefficients:
        return to_bytes(coefficient_lines(path))
    kind = kind_of(path)
    return to_bytes(to_lines(kind, DESCRIBERS[kind](path)))


def _motifs(path: str) -> Description:
    """Describe motifs: width, sites, information and consensus of each."""
    from seqnet.formats.motifs import read_motifs
    from seqnet.motifs.information import consensus, information
    from seqnet.motifs.matrix import Motif, Pssm, to_ppm
    from seqnet.motifs.pseudocounts import DEFAULT_NSITES

    found = read_motifs(path)

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

    facts: list[tuple[str, object]] = [("motifs", len(found.motifs))]
    if found.background is not None:
        facts.append(("background", _frequencies(found.background.frequencies)))
    columns = ("name", "alt_name", "form", "width", "nsites", "bits", "consensus")
    return Description(facts, columns, [row(motif) for motif in found.motifs])


def _frequencies(values: Floats) -> str:
    """Write the four frequencies of a background."""
    return " ".join(f"{base} {value:.4f}" for base, value in zip("ACGT", values, strict=True))


def _background(path: str) -> Description:
    """Describe a background file."""
    from seqnet.formats.meme import read_background

    found = read_background(path)
    facts = [("order", found.order), ("frequencies", _frequencies(found.frequencies))]
    return Description([*facts, ("same on both strands", "yes" if found.symmetric else "no")])


def _sites(path: str) -> Description:
    """Describe aligned sites."""
    from seqnet.formats.sites import read_sites

    letters = read_sites(path).letters
    return Description([("sites", len(letters)), ("width", letters.shape[1])])


def _sequences(path: str) -> Description:
    """Describe FASTA records: length, GC share and ambiguous bases of each."""
    import numpy as np

    from seqnet.formats.fasta import read_sequences

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
    import numpy as np

    from seqnet.errors import FormatError
    from seqnet.formats.bed import read_bed

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
    from seqnet.formats.bigwig import open_bigwig

    with open_bigwig(path) as reader:
        lengths = reader.lengths
    facts = [("contigs", len(lengths)), ("bases", sum(lengths.values()))]
    return Description(facts, ("contig", "length"), list(lengths.items()))


def _kmer_table(path: str) -> Description:
    """Describe a k-mer table."""
    from seqnet.formats.kmer_table import read_kmer_table

    table = read_kmer_table(path)
    settings = table.settings.facts().items()
    return Description([("rows", len(table.names)), ("features", len(table.features)), *settings])


def _model(path: str) -> Description:
    """Describe a model."""
    from seqnet.commands._show_model import describe_model

    return describe_model(path)


DESCRIBERS: dict[str, Callable[[str], Description]] = {
    "motifs": _motifs,
    "background": _background,
    "sites": _sites,
    "sequences": _sequences,
    "regions": _regions,
    "bigwig": _bigwig,
    "k-mer table": _kmer_table,
    "model": _model,
}
