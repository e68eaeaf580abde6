"""Bytes to values and back: the tables of formats, and nothing that loads them before use.

`FORMATS` lists every kind of file that seqnet reads: how it is recognised, what it holds, how it is named.
`MOTIF_READERS` and `MOTIF_WRITERS` say where the functions of motif formats live. Adding a format is one
module and one row.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, NamedTuple, TypeAlias


class Reader(NamedTuple):
    """How one format is read."""

    function: str
    """``module:attribute`` of the reading function: lines and path to values."""
    sniffer: str
    """``module:attribute`` of a function from the first lines to whether they are this format;
    empty for formats that must be named."""
    help: str


class Writer(NamedTuple):
    """How one format is written."""

    function: str
    suffixes: tuple[str, ...]
    holds: frozenset[str]
    """What a motif may carry that the format has room for, in addition to name and matrix."""
    help: str


BIGWIG_SUFFIXES = (".bw", ".bigWig", ".bigwig")
_MOTIFS = "seqnet.formats.motifs."

# in the order in which they are tried
MOTIF_READERS: dict[str, Reader] = {
    "meme": Reader(_MOTIFS + "meme:read_meme", _MOTIFS + "meme:is_meme", "MEME text, minimal or full"),
    "meme-xml": Reader(_MOTIFS + "meme_xml:read_meme_xml", _MOTIFS + "meme_xml:is_meme_xml", "MEME's XML"),
    "json": Reader(_MOTIFS + "tables:read_motif_json", _MOTIFS + "tables:is_motif_json", "JSON of seqnet"),
    "tsv": Reader(_MOTIFS + "tables:read_motif_tsv", _MOTIFS + "tables:is_motif_tsv", "TSV of seqnet"),
    "transfac": Reader(
        _MOTIFS + "transfac:read_transfac", _MOTIFS + "transfac:is_transfac", "TRANSFAC matrices"
    ),
    "homer": Reader(_MOTIFS + "homer:read_homer", _MOTIFS + "homer:is_homer", "HOMER motifs"),
    "log-odds": Reader(
        _MOTIFS + "homer:read_log_odds",
        _MOTIFS + "homer:is_log_odds",
        "HOCOMOCO's .pwm: PSSMs, a row per position",
    ),
    "jaspar": Reader(_MOTIFS + "jaspar:read_jaspar", _MOTIFS + "jaspar:is_jaspar", "JASPAR counts"),
    "cluster-buster": Reader(
        _MOTIFS + "homer:read_cluster_buster",
        _MOTIFS + "homer:is_cluster_buster",
        "Cluster-Buster and GimmeMotifs, a row per position",
    ),
    "sites": Reader(_MOTIFS + "sites:read_sites_motif", _MOTIFS + "sites:is_sites", "aligned sites"),
    "cis-bp": Reader(_MOTIFS + "plain:read_cisbp", _MOTIFS + "plain:is_cisbp", "CIS-BP, Pos A C G T"),
    "uniprobe": Reader(
        _MOTIFS + "plain:read_uniprobe", _MOTIFS + "plain:is_uniprobe", "UniPROBE, A: C: G: T:"
    ),
    "pfm": Reader(_MOTIFS + "plain:read_raw", _MOTIFS + "plain:is_raw", "numbers alone"),
    "pfm-rows": Reader(_MOTIFS + "plain:read_raw_by_base", "", "numbers alone, a row per base"),
    "pfm-columns": Reader(_MOTIFS + "plain:read_raw_by_position", "", "numbers alone, a row per position"),
}

_EVERYTHING = frozenset(
    {"alt_name", "nsites", "evalue", "url", "threshold", "background", "counts", "scores", "alphabet"}
)
MOTIF_WRITERS: dict[str, Writer] = {
    "meme": Writer(
        _MOTIFS + "meme:write_meme",
        (".meme", ".pssm", ".txt"),
        _EVERYTHING - {"threshold", "counts"},
        "MEME text; PSSMs with their scores",
    ),
    "jaspar": Writer(
        _MOTIFS + "jaspar:write_jaspar", (".jaspar",), frozenset({"alt_name", "counts"}), "JASPAR counts"
    ),
    "transfac": Writer(
        _MOTIFS + "transfac:write_transfac",
        (".transfac", ".dat"),
        frozenset({"alt_name", "counts"}),
        "TRANSFAC matrices",
    ),
    "homer": Writer(
        _MOTIFS + "homer:write_homer",
        (".motif", ".homer"),
        frozenset({"nsites", "threshold"}),
        "HOMER motifs",
    ),
    "cluster-buster": Writer(
        _MOTIFS + "homer:write_cluster_buster",
        (".cb",),
        frozenset({"alt_name", "counts"}),
        "Cluster-Buster counts",
    ),
    "uniprobe": Writer(
        _MOTIFS + "plain:write_uniprobe",
        (".uniprobe", ".pwm"),
        frozenset({"alphabet", "mixed alphabets"}),
        "UniPROBE probabilities",
    ),
    "cis-bp": Writer(
        _MOTIFS + "plain:write_cisbp",
        (".cisbp",),
        frozenset({"alt_name", "alphabet", "mixed alphabets"}),
        "CIS-BP probabilities",
    ),
    "pfm": Writer(
        _MOTIFS + "plain:write_raw", (".pfm",), frozenset({"counts"}), "the counts of one motif alone"
    ),
    "tsv": Writer(_MOTIFS + "tables:write_motif_tsv", (".tsv",), _EVERYTHING, "TSV, a row per position"),
    "json": Writer(
        _MOTIFS + "tables:write_motif_json", (".json",), _EVERYTHING | {"mixed alphabets"}, "JSON"
    ),
}


Kind: TypeAlias = Literal[
    "bigwig", "k-mer table", "model", "motifs", "background", "sites", "sequences", "regions",
    "contig sizes", "alignments", "variants", "patterns", "evaluation", "training",
]  # fmt: skip
"""What a file holds, in the words of ``seqnet show``."""


class Format(NamedTuple):
    """How one kind of file is recognised and named."""

    kind: Kind
    suffixes: tuple[str, ...]
    """How such files are named, compression aside."""
    help: str
    magic: tuple[bytes, ...] = ()
    """What the bytes, decompressed, begin with: one of these."""
    binary_sniffer: str = ""
    """``module:attribute`` of a function from the first bytes to whether they are this format."""
    sniffer: str = ""
    """The same from the first lines that are not blank."""


_SNIFF = "seqnet.formats.files.sniff:"
_RECORDS = "seqnet.formats.sequences.records:"


def _motif_suffixes(name: str) -> tuple[str, ...]:
    """Return the suffixes of a motif format."""
    return MOTIF_WRITERS[name].suffixes if name in MOTIF_WRITERS else ()


def _motif_rows() -> dict[str, Format]:
    """Return the rows of the motif formats that are recognised; aligned sites are another kind."""
    return {
        name: Format("motifs", _motif_suffixes(name), row.help, sniffer=row.sniffer)
        for name, row in MOTIF_READERS.items()
        if row.sniffer and name != "sites"
    }


# in the order in which they are tried: binary formats first, then text
FORMATS: dict[str, Format] = {
    "bigwig": Format(
        "bigwig", BIGWIG_SUFFIXES, "bigWig: a signal track", (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
    ),
    "bigbed": Format(
        "regions", (".bb", ".bigBed"), "bigBed", (b"\xeb\xf2\x89\x87", b"\x87\x89\xf2\xeb")
    ),
    "kmer-npz": Format("k-mer table", (".npz",), "k-mer counts as a sparse matrix", (b"PK\x03\x04",)),
    "kmer-parquet": Format("k-mer table", (".parquet",), "k-mer counts as columns", (b"PAR1",)),
    "safetensors": Format(
        "model", (".safetensors",), "a model of seqnet", binary_sniffer=_SNIFF + "is_safetensors"
    ),
    "twobit": Format("sequences", (".2bit",), "UCSC's 2bit", binary_sniffer=_RECORDS + "is_twobit"),
    "genbank": Format("sequences", (".gb", ".gbk"), "GenBank", binary_sniffer=_RECORDS + "is_genbank"),
    "embl": Format("sequences", (".embl",), "EMBL", binary_sniffer=_RECORDS + "is_embl"),
    "bam": Format("alignments", (".bam",), "BAM", (b"BAM\1",)),
    "cram": Format("alignments", (".cram",), "CRAM", (b"CRAM",)),
    "sam": Format("alignments", (".sam",), "SAM with its header", sniffer=_SNIFF + "is_sam"),
    "bcf": Format("variants", (".bcf",), "BCF", (b"BCF\2",)),
    "vcf": Format("variants", (".vcf",), "VCF", (b"##fileformat=VCF",)),
    "alignment": Format(
        "sites", (".aln", ".sto"), "Clustal and Stockholm alignments", sniffer=_SNIFF + "is_alignment"
    ),
    "kmer-tsv": Format("k-mer table", (), "k-mer counts as text", sniffer=_SNIFF + "is_kmer_text"),
    "patterns-json": Format(
        "patterns", (), "patterns as JSON of discover", sniffer=_SNIFF + "is_patterns_json"
    ),
    "evaluation-json": Format(
        "evaluation", (), "an evaluation as JSON of evaluate", sniffer=_SNIFF + "is_evaluation_json"
    ),  # before motif JSON: an evaluated model may have a part named motifs
    "training-json": Format(
        "training", (), "a training's summary as JSON", sniffer=_SNIFF + "is_training_json"
    ),
    **_motif_rows(),
    "matrix": Format(
        "motifs", (".pcm", ".ppm", ".xml"), "four rows of four", sniffer=_SNIFF + "is_four_by_four"
    ),
    "fasta": Format(
        "sequences", (".fa", ".fasta", ".fna", ".fas", ".ffn"), "FASTA", sniffer=_SNIFF + "is_fasta"
    ),
    "sites": Format("sites", (".sites",), "aligned sites, one per line", sniffer=_SNIFF + "is_site_lines"),
    "background": Format("background", (), "MEME's background", sniffer=_SNIFF + "is_background_lines"),
    "contig-sizes": Format(
        "contig sizes", (), "names and lengths of contigs", sniffer=_SNIFF + "is_size_lines"
    ),
    "bed": Format(
        "regions",
        (".bed", ".narrowPeak", ".broadPeak", ".gappedPeak", ".bg", ".bdg", ".bedGraph"),
        "BED, narrowPeak and the labelled-regions table", sniffer=_SNIFF + "is_bed_lines",
    ),
}  # fmt: skip
"""Every kind of file that is recognised by its content."""
_WITHOUT_A_ROW = (".csv", ".gff", ".gff3")
"""Suffixes of tables that options name, and of hits."""
_COMPRESSIONS = (".gz", ".bgz", ".bz2", ".xz")
_KNOWN_SUFFIXES = frozenset(
    suffix.lower()
    for suffix in (
        *_COMPRESSIONS,
        *_WITHOUT_A_ROW,
        *(suffix for row in FORMATS.values() for suffix in row.suffixes),
        *(suffix for writer in MOTIF_WRITERS.values() for suffix in writer.suffixes),
    )
)
"""The suffixes of files that seqnet reads or writes."""


def file_stem(path: str) -> str:
    """Return what a file is named after: its name without folder and known suffixes.

    Only suffixes of formats and compressions are taken off; other points belong to the name.

    Examples
    --------
    >>> file_stem("motifs/MA0004.1.pfm"), file_stem("M11070_2.00.txt"), file_stem("a.SPI1.narrowPeak.gz")
    ('MA0004.1', 'M11070_2.00', 'a.SPI1')
    """
    name = PurePath(path).name
    while (place := name.rfind(".")) > 0 and name[place:].lower() in _KNOWN_SUFFIXES:
        name = name[:place]
    return name


def suffix_format(path: str, writers: dict[str, Writer], default: str) -> str:
    """Return the format whose suffix `path` has, compression aside, else `default`."""
    plain = path.removesuffix(".gz").removesuffix(".bgz")
    for name, writer in writers.items():
        if plain.endswith(writer.suffixes):
            return name
    return default
