"""BED, narrowPeak and the labelled-regions table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import BinaryIO

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError, shorten
from seqnet.formats import FORMATS
from seqnet.formats.files.header import header_lines, parse_header_line
from seqnet.formats.files.numbers import format_number, parse_coordinate, parse_target
from seqnet.formats.files.opening import STANDARD, numbered_lines, open_input, to_bytes
from seqnet.formats.files.sandbox import lent_child, path_in_child
from seqnet.formats.files.sniff import expecting
from seqnet.genome.intervals import STRAND_SIGNS, STRANDS, make_intervals
from seqnet.genome.regions import UNKNOWN, Center, Regions, stray_summits
from seqnet.genome.splitting.splits import SPLITS, known_split
from seqnet.numerals import plain
from seqnet.reporting import warn

COLUMNS = ("chrom", "start", "end", "name", "score", "strand", "split")
"""The fixed columns of the labelled-regions table; task columns follow."""
_BIGBED = FORMATS["bigbed"].magic
"""How bigBed files begin, in either byte order."""
_NARROW_PEAK_COLUMNS = 10
_FAR_SUMMIT = 10**17
"""Replaces all summits that are as far or further from the start of their peak."""
_NAN = float("nan")
_SINGLE = np.full(256, np.inf)
"""The number that one character means; infinite for other characters."""
_SINGLE[[ord(digit) for digit in "0123456789"]] = np.arange(10)
_SINGLE[ord(UNKNOWN)] = np.nan
_CHUNK = 4096
"""Rows whose targets are turned into text at a time."""


@dataclass
class _Rows:
    """The columns of a BED file while it is read."""

    contig: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    score: list[str] = field(default_factory=list)
    strand: list[int] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    summit: list[int] = field(default_factory=list)
    targets: list[Floats] = field(default_factory=list)
    line: list[int] = field(default_factory=list)


def read_bed(
    path: str,
    *,
    tasks: Sequence[str] | None = None,
    labelled: bool = False,
    center: Center | None = None,
) -> Regions:
    """Read BED (3 to 12 columns or more), narrowPeak, either as bigBed, or a labelled-regions table.

    A column line ``#chrom start end name score strand split TASK...`` makes it the latter.

    Parameters
    ----------
    path
        File, or ``-``.
    tasks
        Task names of a labelled table that lost its column line.
    labelled
        Whether a table that seems to have lost its column line is an error.
    center
        How centres of the regions will be taken, if at all. A summit outside its region is an error where
        summits count; elsewhere such summits are counted in a warning and left out.

    Raises
    ------
    FormatError
        With the line, at anything that is not BED.
    """
    with expecting(path, "regions"), open_input(path) as stream:
        lines = numbered_lines(stream, path)
        if stream.peek(4)[:4] in _BIGBED:
            if path == STANDARD:
                raise FormatError(path, "is bigBed, which cannot be read from a pipe; name the file")
            lines = bigbed_lines(path)
        return read_bed_lines(lines, path, tasks=tasks, labelled=labelled, center=center)


def read_bed_lines(
    lines: Iterable[tuple[int, str]],
    path: str,
    *,
    tasks: Sequence[str] | None = None,
    labelled: bool = False,
    center: Center | None = None,
) -> Regions:
    """Read BED from (number, text) lines; otherwise as `read_bed`."""
    reader = _BedReader(path, None if tasks is None else tuple(tasks), labelled)
    for number, line in lines:
        reader.feed(number, line)
    return _with_known_summits(reader.regions(), center)


def _with_known_summits(regions: Regions, center: Center | None) -> Regions:
    """Refuse summits outside their region where they count; otherwise leave them out and say so."""
    wrong = stray_summits(regions)
    if not len(wrong):
        return regions
    first = int(wrong[0])
    summit, line = int(regions.summits[first]), int(regions.lines[first])
    width = int(regions.intervals.end[first] - regions.intervals.start[first])
    shown = f"is {summit}" if abs(summit) < _FAR_SUMMIT else f"has {len(str(_FAR_SUMMIT))} digits or more"
    expected = f"expected 0 to {width - 1}, or -1 for none"
    if center in ("auto", "summit"):
        message = f"the summit in column 10 {shown}, outside a peak of {width} bases; {expected}"
        raise FormatError(regions.source, f"{message} (--center midpoint uses no summits)", line)
    warn(
        f"{regions.source}:{line}: the summit in column 10 {shown}, outside a peak of {width} bases; "
        f"{len(wrong)} such summits are not used"
    )
    summits = regions.summits.copy()
    summits[wrong] = -1
    return replace(regions, summits=summits)


class _BedReader:
    """The state of a BED file between two lines."""

    def __init__(self, path: str, tasks: tuple[str, ...] | None, labelled: bool) -> None:
        self._path = path
        self._tasks = tasks
        self._named = tasks is not None
        self._labelled = labelled
        self._column_line: list[str] | None = None
        self._header: dict[str, str] = {}
        self._rows = _Rows()

    def feed(self, number: int, line: str) -> None:
        """Read one line."""
        if line.startswith("#"):
            self._comment(number, line)
        elif line.strip() and not line.startswith(("track", "browser")):
            most = -1 if self._tasks is None else len(COLUMNS)  # the targets are read as they are
            fields = line.split("\t", most)
            self._row(number, fields if len(fields) > 2 else line.split(None, most))

    def _comment(self, number: int, line: str) -> None:
        """Take provenance and the column line from a comment."""
        entry = parse_header_line(line)
        if entry:
            self._header.setdefault(*entry)
            return
        columns = line[1:].split("\t")
        if tuple(columns[: len(COLUMNS)]) != COLUMNS:
            return
        if self._column_line is not None and columns != self._column_line:
            raise FormatError(self._path, "a second column line that differs from the first", number)
        if len(set(columns)) < len(columns):
            raise FormatError(self._path, "two columns of one name", number)
        if self._named and tuple(columns[len(COLUMNS) :]) != self._tasks:
            named = ", ".join(self._tasks or ())
            raise FormatError(self._path, f"the column line has other tasks than {named}", number)
        if self._column_line is None and self._rows.line and not self._named:
            raise FormatError(self._path, "a column line after rows that have none", number)
        self._column_line = columns
        self._tasks = tuple(columns[len(COLUMNS) :])

    def _row(self, number: int, fields: list[str]) -> None:
        """Take one region."""
        if len(fields) < 3:
            actual = f"{len(fields)} column" + "s" * (len(fields) != 1)
            raise FormatError(self._path, f"expected at least 3 columns, found {actual}", number)
        rows = self._rows
        rows.contig.append(fields[0])
        rows.start.append(self._integer(fields[1], "start", number))
        rows.end.append(self._integer(fields[2], "end", number))
        rows.score.append(fields[4] if len(fields) > 4 else UNKNOWN)
        rows.strand.append(self._strand(fields[5] if len(fields) > 5 else UNKNOWN, number))
        name = fields[3] if len(fields) > 3 else UNKNOWN
        rows.name.append(f"{fields[0]}:{fields[1]}-{fields[2]}" if name == UNKNOWN else name)
        rows.line.append(number)
        if self._tasks is None:
            if self._labelled and _looks_labelled(fields):
                message = "looks like a labelled-regions table without its column line; give --tasks"
                raise FormatError(self._path, message, number)
            rows.split.append(UNKNOWN)
            rows.summit.append(_summit(fields))
        else:
            self._labels(fields, number)

    def _labels(self, fields: list[str], number: int) -> None:
        """Take split and targets of one region."""
        assert self._tasks is not None
        targets = fields[len(COLUMNS)] if len(fields) > len(COLUMNS) else ""
        columns = min(len(fields), len(COLUMNS)) + (len(fields) > len(COLUMNS)) * (1 + targets.count("\t"))
        expected = len(COLUMNS) + len(self._tasks)
        if columns != expected:
            message = f"expected {expected} columns ({len(self._tasks)} tasks), found {columns}"
            raise FormatError(self._path, message, number)
        given = fields[len(COLUMNS) - 1]
        split = given if given in SPLITS else known_split(given)
        if split is None:
            message = f"split is {shorten(given)}; expected train, valid, test or {UNKNOWN}"
            raise FormatError(self._path, message, number)
        self._rows.split.append(split)
        self._rows.summit.append(-1)
        self._rows.targets.append(self._targets(targets, number))

    def _targets(self, text: str, number: int) -> Floats:
        """Read the targets of one row, with a short way for single characters."""
        assert self._tasks is not None
        if len(text) == 2 * len(self._tasks) - 1 and text.isascii():
            values: Floats = _SINGLE[np.frombuffer(text.encode(), dtype=np.uint8)[::2]]
            if not np.isinf(values).any():
                return values
        texts = text.split("\t") if self._tasks else []
        with suppress(ValueError):  # all at once; one by one only to name what is wrong
            numbers = [_NAN if word == UNKNOWN else float(word) for word in texts]
            if plain(text) and sum(map(isfinite, numbers)) + texts.count(UNKNOWN) == len(texts):
                return np.array(numbers, dtype=np.float64)
        pairs = zip(texts, self._tasks, strict=True)
        row = [parse_target(text, task, self._path, number) for text, task in pairs]
        return np.array(row, dtype=np.float64)

    def _integer(self, text: str, what: str, number: int) -> int:
        """Read a coordinate."""
        return parse_coordinate(text, what, self._path, number)

    def _strand(self, text: str, number: int) -> int:
        """Read a strand sign."""
        if text not in STRANDS:
            raise FormatError(self._path, f"strand is {shorten(text)}; expected +, - or .", number)
        return STRANDS[text]

    def regions(self) -> Regions:
        """Return what was read."""
        rows = self._rows
        n = len(rows.contig)
        tasks = self._tasks or ()
        return Regions(
            make_intervals(rows.contig, rows.start, rows.end, rows.strand),
            np.array(rows.name, dtype=object),
            np.array(rows.score, dtype=object),
            np.array(rows.split, dtype=object),
            tasks,
            np.array(rows.targets, dtype=np.float64).reshape(n, len(tasks)),
            np.array(rows.summit, dtype=np.int64),
            np.array(rows.line, dtype=np.int64),
            self._path,
            self._header,
        )


def _looks_labelled(fields: Sequence[str]) -> bool:
    """Tell a row of a labelled-regions table from BED: a split, or none and then numbers."""
    if len(fields) < len(COLUMNS):
        return False
    split, targets = fields[len(COLUMNS) - 1], fields[len(COLUMNS) :]
    if split != UNKNOWN:  # narrowPeak has a number there
        return split in SPLITS
    known = [text for text in targets if text != UNKNOWN]
    return bool(known) and all(text.replace(".", "", 1).isdigit() for text in known)


def _summit(fields: list[str]) -> int:
    """Return narrowPeak's summit offset as it is; -1 for rows that are not narrowPeak or have none."""
    if len(fields) != _NARROW_PEAK_COLUMNS:
        return -1
    text = fields[9].strip()
    if not text.removeprefix("-").isdecimal():
        return -1
    try:
        for other in fields[6:9]:
            float(other)
    except ValueError:
        return -1
    if len(text) >= len(str(_FAR_SUMMIT)):  # more than the column holds, leading zeros or not
        return -_FAR_SUMMIT if text.startswith("-") else _FAR_SUMMIT
    return int(text)


def write_regions(
    stream: BinaryIO,
    regions: Regions,
    header: dict[str, str] | None,
    values: Sequence[Sequence[str]] | None = None,
) -> None:
    """Write a labelled-regions table.

    Parameters
    ----------
    header
        Provenance entries; None leaves out them and the column line.
    values
        Text of each row's task columns; the targets when None.
    """
    if header is not None:
        columns = "\t".join([*COLUMNS, *regions.tasks])
        stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))
    cells = _target_texts(regions.targets) if values is None else ("\t".join(row) for row in values)
    intervals = regions.intervals
    rows = zip(
        intervals.contig_names(),
        intervals.start.tolist(),
        intervals.end.tolist(),
        regions.names,
        regions.scores,
        [STRAND_SIGNS[s] for s in intervals.strand.tolist()],
        regions.splits,
        cells,
        strict=True,
    )
    gap = "\t" if regions.tasks else ""
    stream.writelines(
        to_bytes(f"{contig}\t{start}\t{end}\t{name}\t{score}\t{strand}\t{split}{gap}{texts}\n")
        for contig, start, end, name, score, strand, split, texts in rows
    )


def _target_texts(targets: Floats) -> Iterator[str]:
    """Yield the targets of each row as text, with a short way for 0, 1 and unknown."""
    for begin in range(0, len(targets), _CHUNK):
        part = targets[begin : begin + _CHUNK]
        unknown = np.isnan(part)
        if not part.shape[1] or not (unknown | (part == 0) | (part == 1)).all():
            yield from ("\t".join(map(format_number, row)) for row in part.tolist())
            continue
        letters = np.full((len(part), 2 * part.shape[1]), ord("\t"), dtype=np.uint8)
        letters[:, ::2] = np.where(unknown, ord(UNKNOWN), ord("0") + (part == 1))
        for row in letters:
            yield row[:-1].tobytes().decode("ascii")


def bigbed_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, text) of each entry of a bigBed file, as BED has it, contig by contig.

    The process that guards the library reads it (`bigwig_worker`).

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    number = 0
    with lent_child("seqnet.formats.tracks.bigwig_worker", path, "the bigBed library") as child:
        for contig, _length in child.ask("open_bed", path=path_in_child(path))["contigs"]:
            for start, end, rest in child.ask("entries", contig=contig)["entries"]:
                number += 1
                yield number, f"{contig}\t{start}\t{end}" + (f"\t{rest}" if rest else "")
