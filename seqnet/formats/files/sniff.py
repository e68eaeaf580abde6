"""The kind of a file, recognised by its content."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seqnet.aliases import Json
from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import FORMATS, Kind
from seqnet.formats.files.number_tables import is_contig_sizes
from seqnet.formats.files.opening import kept_copy, open_input
from seqnet.formats.motifs.matrix_lines import SNIFFED_LINES, layout
from seqnet.lookup import resolve

START = 1 << 16
"""Bytes that are looked at."""
_WORD = re.compile(r"[ACGTU]+\s+[-+.\deE]+", re.IGNORECASE)
_SITE = re.compile(r"[ACGTURYSWKMBDHVN.-]+", re.IGNORECASE)
_DISCOVERY = (re.compile(r'"command"\s*:\s*"discover"'), re.compile(r'"patterns"\s*:\s*\['))
_EVALUATION = (re.compile(r'"command"\s*:\s*"evaluate"'),)
_TRAINING = (re.compile(r'^\{\s*"schema_version"\s*:\s*\d+\s*,\s*"kind"\s*:\s*"'),)
"""Fields of the JSON of a command; they do not match inside texts, where quotes are escaped."""
_SAM = ("@HD\t", "@SQ\t", "@RG\t", "@PG\t", "@CO\t")


CALLED: dict[Kind, str] = {
    "bigwig": "a bigWig", "k-mer table": "a k-mer table", "model": "a model", "motifs": "motifs",
    "background": "a background", "sites": "aligned sites", "sequences": "sequences", "regions": "regions",
    "contig sizes": "names and lengths of contigs", "alignments": "aligned reads",
    "variants": "variants", "patterns": "patterns of 'seqnet discover'", "evaluation": "an evaluation",
    "training": "a training's summary",
}  # fmt: skip
"""What a message calls a file of each kind."""
_HINTS: dict[tuple[Kind, Kind], str] = {
    ("motifs", "sequences"): "'seqnet build-pwm' makes a motif of aligned sites",
    ("motifs", "sites"): "'seqnet build-pwm' makes a motif of aligned sites",
    ("motifs", "regions"): "'seqnet build-pwm' with --genome makes a motif of regions",
    ("motifs", "model"): "'seqnet predict' applies a model",
    ("model", "motifs"): "'seqnet scan' searches for motifs",
    ("model", "training"): "the model is the file of the same name in .safetensors",
    ("sites", "regions"): "regions need --genome",
    ("sites", "motifs"): "'seqnet convert' and 'seqnet pssm' read motifs",
    (
        "sequences",
        "regions",
    ): "give regions by --regions with --genome; 'seqnet label' labels peaks for training",
    ("regions", "motifs"): "'seqnet scan' finds the regions that motifs match",
    ("k-mer table", "regions"): "'seqnet kmer-featurize' makes a k-mer table of regions",
    ("k-mer table", "sequences"): "'seqnet kmer-featurize' makes a k-mer table of sequences",
    ("background", "sequences"): "'from:FASTA' and 'seqnet background' count sequences",
    ("regions", "model"): "'seqnet predict' applies a model, 'seqnet evaluate --model' evaluates one",
    ("variants", "regions"): "'seqnet variants --saturation' predicts every substitution in --regions",
    ("bigwig", "regions"): "'seqnet coverage' makes a bigWig of intervals",
    ("bigwig", "alignments"): "'seqnet coverage' makes a bigWig of reads",
    ("motifs", "patterns"): "'seqnet discover -o' writes patterns as motifs",
    ("regions", "evaluation"): "'seqnet evaluate --compare' compares evaluations",
    ("regions", "alignments"): "'seqnet coverage' counts reads; a peak caller finds regions",
}
"""What helps where the first was expected and the second found."""


class KindError(FormatError):
    """A file holds something of another kind than its place on the command line is for.

    Parameters
    ----------
    error
        What went wrong when it was read.
    expected, found
        The two kinds.
    """

    def __init__(self, error: FormatError, expected: Kind, found: Kind) -> None:
        self.expected, self.found = expected, found
        hint = _HINTS.get((expected, found))
        kinds = f"the file holds {CALLED[found]}, not {CALLED[expected]}" + (f"; {hint}" if hint else "")
        super().__init__(error.path, f"{error.message} ({kinds})", error.line)


@contextmanager
def expecting(path: str, expected: Kind, *others: Kind) -> Iterator[None]:
    """Add to a `FormatError` of the block about `path` what the file is, where it is of another kind.

    Parameters
    ----------
    expected
        What the block reads.
    others
        Kinds that it reads too.

    Raises
    ------
    KindError
        In place of the error.
    """
    try:
        yield
    except KindError:
        raise
    except FormatError as error:
        kind = None if error.path != path else known_kind(path)
        if kind is None or kind in (expected, *others):
            raise
        raise KindError(error, expected, kind) from error


@contextmanager
def recognising(path: str, *fine: Kind) -> Iterator[None]:
    """Add to a `FormatError` of the block about `path` what the file holds, unless that is one of `fine`.

    For files that are of no kind of their own, such as JSON; `expecting` is for others.
    """
    try:
        yield
    except FormatError as error:
        kind = None if error.path != path else known_kind(path)
        if kind is None or kind in fine:
            raise
        raise FormatError(path, f"{error.message} (the file holds {CALLED[kind]})", error.line) from error


def read_json(path: str) -> Json:
    """Read a file of JSON.

    Raises
    ------
    FormatError
        If it is none, naming what it holds instead.
    """
    with open_input(path) as stream:
        data = stream.read()
    with recognising(path, "patterns", "evaluation", "training"):  # damaged JSON is not another kind
        try:
            content: Json = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise FormatError(path, f"is no JSON: {error}") from error
    return content


def known_kind(path: str) -> Kind | None:
    """Return the kind of a file, None for pipes and where it is not recognised."""
    try:
        return kind_of(path) if Path(kept_copy(path)).is_file() else None
    except (SeqnetError, OSError, ValueError):
        return None


def kind_of(path: str) -> Kind:
    """Recognise a file, compressed or not, by its beginning.

    Raises
    ------
    FormatError
        If it is empty, or of no kind that is known.
    """
    return FORMATS[recognised_format(path)].kind


def recognised_format(path: str) -> str:
    """Return the row of `FORMATS` that a file, compressed or not, begins like.

    Raises
    ------
    FormatError
        If it is empty, or like none.
    """
    with open_input(path) as stream:
        start = stream.read(START)
    if not start.strip():
        raise FormatError(path, "is empty")
    for name, row in FORMATS.items():
        if row.magic and start.startswith(row.magic):
            return name
        if row.binary_sniffer and resolve(row.binary_sniffer)(start):
            return name
    text = start.decode("utf-8", "replace").lstrip("\ufeff")
    lines = [line for line in text.splitlines() if line.strip()]  # control characters may leave none
    text_kind = text_format(lines) if lines and b"\0" not in start else None
    if text_kind is None:
        raise FormatError(path, "is of no kind that seqnet reads")
    return text_kind


def text_format(lines: Sequence[str]) -> str | None:
    """Return the row of `FORMATS` that a text begins like: at least one line, none blank; None for none."""
    rows = ((name, row.sniffer) for name, row in FORMATS.items() if row.sniffer)
    return next((name for name, sniffer in rows if resolve(sniffer)(lines)), None)


# ---- the sniffers of formats without a module for their text ------------------------------------


def is_safetensors(start: bytes) -> bool:
    """Return whether a file begins with the JSON header of safetensors, with metadata in it."""
    return start[8:9] == b"{" and b'"__metadata__"' in start


def is_sam(start: Sequence[str]) -> bool:
    """Return whether a text begins with a header of SAM."""
    return start[0].startswith(_SAM)


def is_alignment(start: Sequence[str]) -> bool:
    """Return whether a text is a Clustal or Stockholm alignment."""
    return start[0].startswith(("CLUSTAL", "MUSCLE", "# STOCKHOLM"))


def is_kmer_text(start: Sequence[str]) -> bool:
    """Return whether a text has the column line of a table of names."""
    return any(line.startswith("#name\t") for line in start)


def is_patterns_json(start: Sequence[str]) -> bool:
    """Return whether a text begins as the JSON of ``discover``."""
    return _is_json_with(start, _DISCOVERY)


def is_evaluation_json(start: Sequence[str]) -> bool:
    """Return whether a text begins as the JSON of ``evaluate``."""
    return _is_json_with(start, _EVALUATION)


def is_training_json(start: Sequence[str]) -> bool:
    """Return whether a text begins as the JSON of ``train``, which is the header of a model first."""
    return _is_json_with(start, _TRAINING)


def is_four_by_four(start: Sequence[str]) -> bool:
    """Return whether a text is four rows of four under a header, which is a motif either way."""
    rows = _rows(start)
    return bool(rows) and rows[0].startswith(">") and layout(rows) != "neither"


def is_fasta(start: Sequence[str]) -> bool:
    """Return whether the first line of a text, comments aside, is a header."""
    return _first(start).startswith(">")


def is_site_lines(start: Sequence[str]) -> bool:
    """Return whether a text begins with a line of letters."""
    return _SITE.fullmatch(_first(start)) is not None


def is_background_lines(start: Sequence[str]) -> bool:
    """Return whether a text begins with a word and its frequency."""
    return _WORD.fullmatch(_first(start)) is not None


def is_size_lines(start: Sequence[str]) -> bool:
    """Return whether a text is names and lengths."""
    return is_contig_sizes(start[:SNIFFED_LINES])


def is_bed_lines(start: Sequence[str]) -> bool:
    """Return whether a text begins with a contig and two whole numbers."""
    fields = _first(start).split()
    return len(fields) >= 3 and all(field.isdigit() for field in fields[1:3])


def _is_json_with(start: Sequence[str], fields: Sequence[re.Pattern[str]]) -> bool:
    """Return whether a text begins as a JSON object, and holds each of some fields."""
    text = "\n".join(start)
    return text.lstrip().startswith("{") and all(field.search(text) for field in fields)


def _rows(lines: Sequence[str]) -> list[str]:
    """Return the lines that are no comments."""
    return [line for line in lines if not line.startswith(("#", ";", "track", "browser"))]


def _first(lines: Sequence[str]) -> str:
    """Return the first line that is no comment; empty where there is none."""
    return next(iter(_rows(lines)), "").strip()
