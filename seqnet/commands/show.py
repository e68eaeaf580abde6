"""``seqnet show``: what a file holds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from seqnet.commands._command import Command
from seqnet.commands._options import common_options, output_option

if TYPE_CHECKING:
    from seqnet.aliases import Floats


class Description(NamedTuple):
    """Facts about a file, and a table of its parts."""

    facts: Sequence[tuple[str, object]]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()


@click.command(
    "show",
    cls=Command,
    short_help="Describe a file.",
    example="seqnet show jaspar.meme | head\nseqnet show model.safetensors",
)
@click.argument("file", default="-")
@output_option()
@common_options
def command(file: str, output: str) -> None:
    """Describe a file.

    FILE is anything seqnet reads, compressed or not: motifs, PSSMs, backgrounds, sites, sequences,
    regions, bigWigs, k-mer tables, models. Facts come as 'key<tab>value', then a table of what the
    file holds.
    """
    from seqnet.errors import SeqnetError
    from seqnet.formats._open import STANDARD, open_input, open_output

    with open_output(output) as stream:
        if file != STANDARD:
            stream.write(_text(file))
            return
        with tempfile.NamedTemporaryFile(prefix="seqnet-") as spool:
            with open_input(file) as source:
                shutil.copyfileobj(source, spool)
            spool.flush()
            try:
                stream.write(_text(spool.name))
            except SeqnetError as error:
                raise SeqnetError(str(error).replace(spool.name, STANDARD)) from error


def _text(path: str) -> bytes:
    """Describe a file in lines."""
    from seqnet.formats._open import to_bytes
    from seqnet.formats.kinds import kind_of

    kind = kind_of(path)
    found = DESCRIBERS[kind](path)
    lines = ["\t".join(map(_cell, fact)) for fact in (("kind", kind), *found.facts)]
    if found.columns:
        lines.append("#" + "\t".join(found.columns))
    lines += ["\t".join(map(_cell, row)) for row in found.rows]
    return to_bytes("\n".join(lines) + "\n")


def _cell(value: object) -> str:
    """Write one value."""
    if value is None or value == "":
        return "."
    return f"{value:.6g}" if isinstance(value, float) else str(value)


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
    """Describe a model: what it is, what it was trained on, how well it did."""
    from seqnet.formats.model_file import read_model

    model = read_model(path)
    header = model.header
    plain = ("kind", "strands", "seed", "command")
    facts = [(f"model {key}" if key == "kind" else key, header.get(key)) for key in plain]
    facts += [("input", header["input"]["type"]), ("width", header["input"]["width"])]
    facts += [("parameters", sum(array.size for array in model.tensors.values()))]
    facts += [(f"split {name}", summary["rows"]) for name, summary in header.get("splits", {}).items()]
    metrics = header.get("metrics") or []
    columns = tuple(metrics[0]) if metrics else ("task",)
    rows = [tuple(row.values()) for row in metrics] or [(task,) for task in model.tasks]
    return Description(facts, columns, rows)


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
