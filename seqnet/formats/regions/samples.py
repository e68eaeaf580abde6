"""The table of peak files that ``label --samples`` reads, and the table of peaks it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.numbers import parse_target
from seqnet.formats.files.opening import numbered_lines, open_input, to_bytes
from seqnet.genome.intervals import STRAND_SIGNS
from seqnet.genome.regions import UNKNOWN, Regions
from seqnet.numerals import is_unknown

_COLUMNS = ("task", "file", "min_score", "relaxed")


@dataclass(frozen=True)
class Sample:
    """The peaks of one task.

    Parameters
    ----------
    task
        Its name.
    path
        File of its peaks; None where there is none, so that the task is unknown everywhere.
    min_score
        Smallest score of a peak that counts; None for the command's own.
    relaxed
        File of peaks called less strictly, under which the task is unknown.
    """

    task: str
    path: str | None
    min_score: float | None = None
    relaxed: str | None = None


def read_samples(path: str) -> list[Sample]:
    """Read tab-separated lines of task, file, and perhaps smallest score and relaxed peaks.

    ``.`` or an empty field means that there is no value; a first line ``task file ...`` and lines that begin
    with ``#`` are left out. Files are found from the working folder.

    Raises
    ------
    FormatError
        With the line, at a wrong number of columns, a task named twice, or a score that is no number;
        and if there is no sample.
    """
    samples: dict[str, Sample] = {}
    with open_input(path) as stream:
        for number, line in numbered_lines(stream, path):
            fields = line.split("\t")
            if not line.strip() or line.startswith("#") or tuple(fields) == _COLUMNS[: len(fields)]:
                continue
            sample = _sample(fields, path, number)
            if sample.task in samples:
                raise FormatError(path, f"a second line for task {shorten(sample.task)}", number)
            samples[sample.task] = sample
    if not samples:
        raise FormatError(path, "holds no samples; expected lines of task and file, tab-separated")
    return list(samples.values())


def _sample(fields: list[str], path: str, number: int) -> Sample:
    """Read one line."""
    if not 2 <= len(fields) <= len(_COLUMNS):
        expected = "task, file, and perhaps min_score and relaxed"
        raise FormatError(path, f"expected 2 to 4 columns ({expected}), found {len(fields)}", number)
    task, peaks, score, relaxed = (None if text in ("", UNKNOWN) else text for text in _padded(fields))
    if task is None:
        raise FormatError(path, "a line without a task's name", number)
    smallest = None if score is None or is_unknown(score) else parse_target(score, "min_score", path, number)
    return Sample(task, peaks, smallest, relaxed)


def _padded(fields: list[str]) -> list[str]:
    """Return four fields."""
    return fields + [""] * (len(_COLUMNS) - len(fields))


@dataclass(frozen=True)
class Dropped:
    """Peaks of one task that do not count, all for one reason."""

    task: str
    reason: str
    peaks: Regions


def write_dropped(stream: BinaryIO, dropped: Iterable[Dropped], header: Mapping[str, str] | None) -> None:
    """Write peaks that do not count as BED6 with task and reason.

    Parameters
    ----------
    header
        Provenance entries; None leaves out them and the column line.
    """
    if header is not None:
        columns = "\t".join(["chrom", "start", "end", "name", "score", "strand", "task", "reason"])
        stream.write(to_bytes(f"{header_lines(header)}#{columns}\n"))
    for part in dropped:
        intervals = part.peaks.intervals
        rows = zip(
            intervals.contig_names(),
            intervals.start.tolist(),
            intervals.end.tolist(),
            part.peaks.names,
            part.peaks.scores,
            intervals.strand.tolist(),
            strict=True,
        )
        for contig, start, end, name, score, strand in rows:
            fields = (contig, start, end, name, score, STRAND_SIGNS[strand], part.task, part.reason)
            stream.write(to_bytes("\t".join(map(str, fields)) + "\n"))
