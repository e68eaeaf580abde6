"""Predictions of the haplotypes of samples in regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np

from seqnet.aliases import Codes, Floats, no_progress
from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.numbers import UNKNOWN
from seqnet.formats.files.opening import STANDARD, to_bytes
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.variants.records import VariantFile, open_variants
from seqnet.formats.variants.writers import clean_names
from seqnet.genome.contig_names import require_one_style
from seqnet.genome.extract import padded_stretch
from seqnet.genome.regions import Regions
from seqnet.genome.sequence import Genome
from seqnet.genome.variants import Variant, apply_variants
from seqnet.pipeline.inputs.genome import cut_regions
from seqnet.pipeline.inputs.models import chosen_tasks
from seqnet.pipeline.outputs import memory_rows, open_result
from seqnet.pipeline.variants.effects import ReadyModel
from seqnet.pipeline.variants.fields import DIGITS, EXACT_DIGITS, number_texts
from seqnet.pipeline.variants.genotypes import (
    HAPLOTYPE_FLAGS,
    Haplotype,
    Outside,
    haplotypes_of,
    last_touched,
    outside_of,
)
from seqnet.pipeline.variants.request import VariantsRequest
from seqnet.pipeline.variants.results import HaplotypeTable, VariantsResult
from seqnet.pipeline.variants.rows import RowChecker, VariantRow
from seqnet.pipeline.variants.windows import WindowTracks
from seqnet.reporting import meter, note

_COLUMNS = ("chrom", "start", "end", "name", "sample", "haplotype", "variants")
_REGIONS_AT_ONCE = 256
_NOTHING = Outside()


class _Window(NamedTuple):
    """A region's window, the rows that touch it, and those near it, which a shorter haplotype may need."""

    contig: str
    start: int
    end: int
    name: str
    rows: list[VariantRow]
    near: list[VariantRow]


class _Entry(NamedTuple):
    """A haplotype, and which rows of the predictions are its reference's and its own."""

    window: _Window
    sample: str
    copy: int
    haplotype: Haplotype
    reference: int
    row: int


def predict_haplotypes(
    request: VariantsRequest,
    variants: str,
    genome: Genome,
    ready: ReadyModel,
    tracks: WindowTracks,
    header: dict[str, str] | None,
) -> VariantsResult:
    """Predict the haplotypes of samples in regions, to a table.

    Parameters
    ----------
    variants
        VCF or BCF with genotypes.
    ready, tracks
        The model, and its signal tracks.
    header
        Entries of the table's header; None leaves out the column line too.

    Raises
    ------
    SeqnetError
        If a file cannot be read or does not fit the others.
    """
    if request.format == "vcf":
        raise UsageError("--haplotypes writes a table: give -o NAME.tsv")
    assert request.regions is not None
    regions = cut_regions(
        read_bed(request.regions), genome, "error", restricted=bool(request.chroms), width=ready.width,
        center="midpoint",
    )  # fmt: skip
    with open_variants(variants) as opened:
        samples = _samples(opened, str(request.haplotypes))
        checker = RowChecker(genome, opened.path, request.on_mismatch, normalize=False)
        windows = _with_rows(regions, opened, checker, genome, restricted=bool(request.chroms))
        checker.finish()
    run = _Haplotypes(request, ready, genome, tracks, opened.path, header)
    with open_result(request.output) as stream:
        run.write(stream, windows, samples)
        rows = memory_rows(stream) if request.output is None else []
    for flag, count in sorted(run.flags.items()):
        note(f"{opened.path}: {count} haplotypes {flag}: {HAPLOTYPE_FLAGS.get(flag, flag)}")
    return VariantsResult(
        run.tasks, checker.rows, run.count, checker.skipped, dict(run.flags),
        None if request.output is not None else HaplotypeTable.of(rows),
        () if request.output in (None, STANDARD) else (str(request.output),),
    )  # fmt: skip


def _samples(opened: VariantFile, named: str) -> list[tuple[int, str]]:
    """Return number and name of the samples."""
    names = opened.samples
    if not names:
        raise FormatError(opened.path, "has no samples, whose haplotypes --haplotypes predicts")
    if named == "all":
        return list(enumerate(names))
    if named not in names:
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        raise SeqnetError(f"{opened.path}: has no sample {named!r}; it has {shown}")
    return [(names.index(named), named)]


def _with_rows(
    regions: Regions, opened: VariantFile, checker: RowChecker, genome: Genome, *, restricted: bool
) -> list[_Window]:
    """Return the windows with the rows that touch each, and those within one width of it.

    Parameters
    ----------
    restricted
        Whether the genome is restricted (``--chroms``), so that rows on other contigs do not matter.
    """
    places = regions.intervals
    contigs, names = places.contig_names(), regions.names.tolist()
    windows = [
        _Window(str(contig), start, end, name, [], [])
        for contig, start, end, name in zip(
            contigs, places.start.tolist(), places.end.tolist(), names, strict=True
        )
    ]
    on_contig: dict[str, list[_Window]] = {}
    for window in windows:
        on_contig.setdefault(window.contig, []).append(window)
    starts, widest = {}, int((places.end - places.start).max(initial=0))
    for contig, some in on_contig.items():
        some.sort(key=lambda window: window.start)
        starts[contig] = np.array([window.start for window in some], dtype=np.int64)
    names_seen: set[str] = set()
    for record in opened.records:
        names_seen.add(record.contig)
        some = on_contig.get(record.contig, [])
        if not some:
            if record.contig not in genome.codes and not restricted:
                checker.checked(record)  # an error, a flag or a skipped row
            continue
        behind = last_touched(record)
        first = int(np.searchsorted(starts[record.contig], record.start - 2 * widest))
        last = int(np.searchsorted(starts[record.contig], behind + widest, side="right"))
        row = checker.checked(record) if first < last else None
        for window in some[first:last] if row is not None else ():
            touched = window.start <= behind and record.start < window.end
            (window.rows if touched else window.near).append(row)  # type: ignore[arg-type]
    if restricted:
        require_one_style(opened.path, names_seen, genome.source, genome.codes)
    return windows


def haplotype_window(
    codes: Codes, start: int, end: int, variants: Sequence[Variant], outside: Outside = _NOTHING
) -> tuple[Codes, str]:
    """Return a window of a contig with variants applied, uint8 (end - start,), and why it is not known.

    What is longer than the window is cut around its centre, what is shorter filled up with the haplotype's
    bases on both sides, an odd one from the left: as if a longer stretch had been edited and cut.

    Parameters
    ----------
    codes
        uint8 (length,): the contig.
    variants
        Inside the window.
    outside
        The haplotype's variants outside the window.
    """
    edited = apply_variants(codes, start, end, variants)
    change = len(edited) - (end - start)
    if change >= 0:
        first = change // 2
        return edited[first : first + end - start], ""
    before, after = -(change // 2), -change + change // 2
    low, high = _reach_before(start, before, outside), _reach_after(end, after, outside)
    flag = outside.flag(start - low, start) or outside.flag(end, end + high)
    if flag:
        return edited, flag
    left = [each for each in outside.variants if start - low <= each.start < start]
    right = [each for each in outside.variants if end <= each.start < end + high]
    parts = (
        _applied(codes, start - low, start, left)[-before:],
        _applied(codes, end, end + high, right)[:after],
    )
    return np.concatenate([parts[0], edited, parts[1]]), ""


def _applied(codes: Codes, start: int, end: int, variants: Sequence[Variant]) -> Codes:
    """Return a stretch with variants applied, N where it lies outside the contig."""
    first, last = max(0, start), min(len(codes), end)
    before, after = padded_stretch(codes, start, first), padded_stretch(codes, last, end)
    return np.concatenate([before, apply_variants(codes, first, last, variants), after])


def _reach_before(start: int, count: int, outside: Outside) -> int:
    """Return how many bases of the contig before a position make so many of the haplotype, or more."""
    reach = 0
    while True:
        some = [each for each in outside.variants if start - reach < each.end <= start]
        lost = sum(each.end - each.start - len(each.alt) for each in some)
        farther = max(reach, count + lost, *(start - each.start for each in some), 0)
        if farther == reach:
            return reach
        reach = farther


def _reach_after(end: int, count: int, outside: Outside) -> int:
    """Return how many bases of the contig behind a position make so many of the haplotype, or more."""
    reach = 0
    while True:
        some = [each for each in outside.variants if end <= each.start < end + reach]
        lost = sum(each.end - each.start - len(each.alt) for each in some)
        farther = max(reach, count + lost, *(each.end - end for each in some), 0)
        if farther == reach:
            return reach
        reach = farther


class _Haplotypes:
    """Predicts and writes windows."""

    def __init__(
        self,
        request: VariantsRequest,
        ready: ReadyModel,
        genome: Genome,
        tracks: WindowTracks,
        path: str,
        header: dict[str, str] | None,
    ) -> None:
        self._request, self._ready, self._genome = request, ready, genome
        self._tracks, self._path, self._header = tracks, path, header
        self._chosen = chosen_tasks(ready.predictor.tasks, request.task_names)
        self.tasks = tuple(ready.predictor.tasks[number] for number in self._chosen)
        self._digits = EXACT_DIGITS if request.output is None else DIGITS
        self.flags: Counter[str] = Counter()
        self.count = 0

    def write(self, stream: BinaryIO, windows: Sequence[_Window], samples: Sequence[tuple[int, str]]) -> None:
        """Write a row for each haplotype."""
        if self._header is not None or self._request.output is None:
            numbers = [
                f"{kind}_{task}" for task in clean_names(self.tasks) for kind in ("ref", "alt", "delta")
            ]
            line = "\t".join([*_COLUMNS, *numbers, "flag"])
            above = "" if self._request.output is None else header_lines(self._header or {}) + "#"
            stream.write(to_bytes(f"{above}{line}\n"))
        with meter("windows", len(windows)) as bar:
            for begin in range(0, len(windows), _REGIONS_AT_ONCE):
                some = windows[begin : begin + _REGIONS_AT_ONCE]
                stream.writelines(self._lines(some, samples))
                bar.advance(len(some))

    def _lines(self, windows: Sequence[_Window], samples: Sequence[tuple[int, str]]) -> Iterator[bytes]:
        """Yield the lines of some windows; each distinct haplotype is predicted once."""
        entries: list[_Entry] = []
        distinct: list[tuple[_Window, Codes]] = []
        for window in windows:
            codes = self._genome.codes[window.contig]
            reference = len(distinct)
            unedited, _flag = haplotype_window(codes, window.start, window.end, ())
            known: dict[bytes, int] = {unedited.tobytes(): reference}
            distinct.append((window, unedited))
            for sample, name in samples:
                for copy, (haplotype, edited) in enumerate(self._edited(window, sample, codes), 1):
                    if haplotype.flag:
                        self._refuse(window, name, haplotype.flag)
                    elif edited.tobytes() not in known:
                        known[edited.tobytes()] = len(distinct)
                        distinct.append((window, edited))
                    row = known.get(edited.tobytes(), reference)
                    entries.append(_Entry(window, name, copy, haplotype, reference, row))
        values = self._predicted(distinct)
        for each in entries:
            yield self._line(each, values[each.reference], values[each.row])
            self.count += 1

    def _edited(self, window: _Window, sample: int, codes: Codes) -> Iterator[tuple[Haplotype, Codes]]:
        """Yield the haplotypes of a sample with their bases, uint8 (width,)."""
        start, end = window.start, window.end
        columns = [row.record.samples for row in window.rows]
        near = [row.record.samples for row in window.near]
        for copy, haplotype in enumerate(haplotypes_of(window.rows, columns, sample, start, end, self._path)):
            if haplotype.flag:
                yield haplotype, codes[:0]
                continue
            outside = outside_of(window.near, near, sample, copy, end, self._path)
            edited, flag = haplotype_window(codes, start, end, haplotype.variants, outside)
            yield haplotype._replace(flag=flag), edited

    def _refuse(self, window: _Window, sample: str, flag: str) -> None:
        """Count a haplotype that cannot be predicted, or stop at it."""
        self.flags[flag] += 1
        if self._request.unphased == "error":
            place = f"{window.contig}:{window.start + 1}-{window.end}"
            raise SeqnetError(
                f"{self._path}: sample {sample} in {place}: {HAPLOTYPE_FLAGS.get(flag, flag)}; "
                "--unphased skip leaves such out"
            )

    def _predicted(self, windows: Sequence[tuple[_Window, Codes]]) -> Floats:
        """Return the model's outputs, float64 (n, T)."""
        contigs = [window.contig for window, _ in windows]
        starts = [window.start for window, _ in windows]
        tracks = self._tracks.of(contigs, starts, self._ready.width)
        predictor = self._ready.predictor
        logits = predictor.logits(np.stack([codes for _, codes in windows]), tracks, no_progress)
        return predictor.in_units(logits).astype(np.float64)

    def _line(self, entry: _Entry, ref: Floats, alt: Floats) -> bytes:
        """Return the line of a haplotype."""
        window, haplotype = entry.window, entry.haplotype
        cells = [
            window.contig,
            str(window.start),
            str(window.end),
            window.name,
            entry.sample,
            str(entry.copy),
        ]
        cells.append(",".join(haplotype.names) or UNKNOWN)
        for task in self._chosen:
            other = float("nan") if haplotype.flag else float(alt[task])
            cells += number_texts(np.array([ref[task], other, other - ref[task]]), self._digits)
        return to_bytes("\t".join([*cells, haplotype.flag or UNKNOWN]) + "\n")
