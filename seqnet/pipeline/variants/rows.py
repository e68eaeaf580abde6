"""Rows of a variant file against the genome: which alleles have an effect, and why others have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from seqnet.aliases import Codes, Floats
from seqnet.errors import FormatError, shorten
from seqnet.formats.variants.records import VariantRecord
from seqnet.genome.alphabet import AMBIGUOUS, decode
from seqnet.genome.contig_names import unknown_contig
from seqnet.genome.sequence import Genome
from seqnet.genome.variants import Placements, encode_allele, left_aligned, placements, trimmed_variant
from seqnet.pipeline.variants.request import OnMismatch
from seqnet.reporting import note, warn

NO_ALT, STAR, SYMBOLIC, BREAKEND = "NO_ALT", "STAR", "SYMBOLIC", "BREAKEND"
AMBIGUOUS_ALLELE, SAME, LONG, N_WINDOW = "AMBIGUOUS_ALLELE", "SAME", "LONG", "N_WINDOW"
REF_MISMATCH, UNKNOWN_CONTIG = "REF_MISMATCH", "UNKNOWN_CONTIG"
FLAGS = {
    NO_ALT: "the row has no alternative allele",
    STAR: "the allele is missing because of a deletion upstream",
    SYMBOLIC: "the allele is symbolic, such as <DEL>",
    BREAKEND: "the allele is a breakend",
    AMBIGUOUS_ALLELE: "an allele has letters other than A, C, G and T",
    SAME: "the alleles are equal",
    LONG: "an allele does not fit into the model's window",
    N_WINDOW: "more than half of the window is ambiguous or outside the contig",
    REF_MISMATCH: "REF is not what the genome has",
    UNKNOWN_CONTIG: "the genome does not have the contig",
}
"""Why an allele has no effect."""
_BYTES_AT_ONCE = 1 << 25
"""Of rows that are held together: those of many samples are long."""
_LIKELY = 0.5
"""Share of the mismatches that a cause has to explain."""
_MANY = 0.1
"""Share of mismatches from which another assembly is likely."""
_COMPLEMENT = bytes([3, 2, 1, 0, AMBIGUOUS])


class Allele(NamedTuple):
    """One alternative allele of a row."""

    contig: str
    placed: Placements | None
    """Its places on the contig; None where it has no effect."""
    flag: str
    """Why it has none; empty where it has one."""


class Effects(NamedTuple):
    """What alleles do; rows without an effect are NaN."""

    ref: Floats
    """float64 (n, T): with the reference allele."""
    alt: Floats
    """float64 (n, T): with the alternative allele."""
    flags: list[str]
    """Why there is no effect, one per allele; empty where there is one."""
    more: dict[str, Floats]
    """Other numbers by name, float64 (n, T) each."""


class VariantRow(NamedTuple):
    """A row with its alternative alleles."""

    record: VariantRecord
    alleles: list[Allele]


class RowChecker:
    """Compares rows with a genome, and counts what is odd about them.

    Parameters
    ----------
    genome
        Its contigs; with `restricted`, rows on others are left out.
    path
        The file of variants, for messages.
    on_mismatch
        How to handle rows that do not fit.
    normalize
        Whether rows are rewritten at their leftmost place.
    """

    def __init__(self, genome: Genome, path: str, on_mismatch: OnMismatch, *, normalize: bool) -> None:
        self._genome, self._path, self._rule, self._normalize = genome, path, on_mismatch, normalize
        self.flags: Counter[str] = Counter()
        self.rows = self.skipped = self.moved = 0
        self._mismatches = _Mismatches(path, genome.source)

    @property
    def failed(self) -> bool:
        """Whether a row did not fit and that is an error: the rest is only counted."""
        return self._rule == "error" and self._mismatches.count > 0

    def checked(self, record: VariantRecord) -> VariantRow | None:
        """Return a row with its alleles; None where it is left out."""
        self.rows += 1
        codes = self._genome.codes.get(record.contig)
        if codes is None:
            return self._misfit(record, UNKNOWN_CONTIG)
        ref = encode_allele(record.ref)
        if ref is None:
            self._refuse(record, "REF", record.ref)
        assert ref is not None
        if not _agrees(codes, record.start, ref) and not all(_flag_of(alt) for alt in record.alts):
            self._mismatches.add(record, codes, ref)
            return self._misfit(record, REF_MISMATCH)
        if self._normalize:
            record = self._normalised(record, codes, ref)
            ref = encode_allele(record.ref) or ref
        if not record.alts:
            return self._counted(VariantRow(record, [Allele(record.contig, None, NO_ALT)]))
        return self._counted(
            VariantRow(record, [self._allele(record, codes, ref, alt) for alt in record.alts])
        )

    def _allele(self, record: VariantRecord, codes: Codes, ref: bytes, text: bytes) -> Allele:
        """Place one allele."""
        flag = _flag_of(text)
        alt = b"" if flag else encode_allele(text)
        if alt is None:
            self._refuse(record, "ALT", text)
        assert alt is not None
        if not flag and (AMBIGUOUS in ref or AMBIGUOUS in alt):
            flag = AMBIGUOUS_ALLELE
        elif not flag and ref == alt:
            flag = SAME
        if flag:
            return Allele(record.contig, None, flag)
        return Allele(record.contig, placements(codes, trimmed_variant(record.start, ref, alt)), "")

    def _refuse(self, record: VariantRecord, column: str, text: bytes) -> None:
        """Raise about an allele that is no text of nucleotides."""
        shown = shorten(text.decode("utf-8", "replace"))
        raise FormatError(self._path, f"{column} is {shown}; expected nucleotide letters", record.line)

    def _counted(self, row: VariantRow) -> VariantRow:
        """Count the flags of a row."""
        self.flags.update(allele.flag for allele in row.alleles if allele.flag)
        return row

    def _misfit(self, record: VariantRecord, flag: str) -> VariantRow | None:
        """Handle a row that does not fit the genome."""
        if flag == UNKNOWN_CONTIG and self._rule == "error":
            known = self._genome.codes
            text = unknown_contig("variants", record.contig, self._genome.source, known)
            raise FormatError(self._path, text, record.line)
        if self._rule == "flag":
            count = max(1, len(record.alts))
            return self._counted(VariantRow(record, [Allele(record.contig, None, flag)] * count))
        self.skipped += 1
        self.flags[flag] += 1
        return None

    def _normalised(self, record: VariantRecord, codes: Codes, ref: bytes) -> VariantRecord:
        """Rewrite a row at its leftmost place; rows with other than nucleotide alleles stay."""
        alts = [encode_allele(alt) for alt in record.alts if not _flag_of(alt)]
        known = [alt for alt in alts if alt is not None]
        if not known or len(known) < len(record.alts) or any(AMBIGUOUS in text for text in (ref, *known)):
            return record
        start, texts = left_aligned(codes, record.start, [ref, *known])
        if start == record.start and texts == [ref, *known]:
            return record
        self.moved += 1
        letters = [_letters(text) for text in texts]
        return record.rewritten(start, letters[0], tuple(letters[1:]))

    def finish(self) -> None:
        """Report flags and skipped rows.

        Raises
        ------
        FormatError
            If rows did not fit and that is an error: how many, the first one, and the likely cause.
        """
        if self.failed:
            raise self._mismatches.error(self.rows)
        if self.moved:
            note(f"{self._path}: {self.moved} rows rewritten at their leftmost place")
        if self.skipped:
            warn(f"{self._path}: {self.skipped} of {self.rows} rows skipped")
        for flag, count in sorted(self.flags.items()):
            more = self._mismatches.cause(self.rows) if flag == REF_MISMATCH else ""
            note(f"{self._path}: {count} {flag}: {FLAGS[flag]}{more}")


class _Mismatches:
    """Rows whose REF is not what the genome has, and what may explain them."""

    def __init__(self, path: str, genome: str) -> None:
        self._path, self._genome = path, genome
        self.count = 0
        self._first = ("", 0)
        self._causes: Counter[str] = Counter()

    def add(self, record: VariantRecord, codes: Codes, ref: bytes) -> None:
        """Count a row, and what would make it fit."""
        start = record.start
        if not self.count:
            bases = "no base" if start < 0 else decode(codes[start : start + len(ref)]) or "no base"
            shown = record.ref.decode("utf-8", "replace")
            place = f"{record.contig}:{start + 1}"
            self._first = (f"REF is {_short(shown)} at {place}, where {self._genome} has {_short(bases)}",
                           record.line)  # fmt: skip
        self.count += 1
        alts = [code for code in map(encode_allele, record.alts) if code]
        if any(_agrees(codes, start, alt) for alt in alts):
            self._causes["REF and ALT look swapped"] += 1
        if _agrees(codes, start + 1, ref):
            self._causes["positions look 0-based"] += 1
        if _agrees(codes, start, bytes(_COMPLEMENT[code] for code in reversed(ref))):
            self._causes["alleles look like those of the other strand"] += 1

    def cause(self, rows: int) -> str:
        """Return the likely cause as the end of a message; empty where there is none."""
        name, count = max(self._causes.items(), key=lambda item: item[1], default=("", 0))
        if count > _LIKELY * self.count:
            return f"; {name} in {count} of them"
        if self.count > _MANY * rows and rows > 1:
            return "; is the genome another assembly than the variants'?"
        return ""

    def error(self, rows: int) -> FormatError:
        """Return the error about all of them."""
        first, line = self._first
        text = f"{first}; so {self.count} of {rows} rows do not fit{self.cause(rows)}"
        return FormatError(self._path, f"{text} (--on-mismatch flag|skip goes on)", line)


def _short(text: str) -> str:
    """Return an allele as a message shows it."""
    return text if len(text) <= 20 else f"{text[:17]}..."


def _letters(codes: bytes) -> bytes:
    """Return the letters of an allele's codes."""
    return codes.translate(b"ACGTN" + bytes(251))


def _flag_of(text: bytes) -> str:
    """Return why an allele is no text of nucleotides; empty where it is one."""
    if text == b"*":
        return STAR
    if text.startswith(b"<") and text.endswith(b">"):
        return SYMBOLIC
    if b"[" in text or b"]" in text or text.startswith(b".") or text.endswith(b"."):
        return BREAKEND
    return ""


def _agrees(codes: Codes, start: int, ref: bytes) -> bool:
    """Return whether a contig has an allele at a place; ambiguous bases of either agree with any."""
    bases = codes[max(0, start) : max(0, start) + len(ref)].tobytes()
    if start < 0 or len(bases) < len(ref):
        return False
    if bases == ref:
        return True
    return all(one == two or AMBIGUOUS in (one, two) for one, two in zip(bases, ref, strict=True))


def in_chunks(rows: Iterator[VariantRow], most: int) -> Iterator[list[VariantRow]]:
    """Gather rows until they have `most` alleles or more, or many bytes."""
    chunk: list[VariantRow] = []
    alleles = size = 0
    for row in rows:
        chunk.append(row)
        alleles += len(row.alleles)
        size += row.record.size
        if alleles >= most or size >= _BYTES_AT_ONCE:
            yield chunk
            chunk, alleles, size = [], 0, 0
    if chunk:
        yield chunk


def flag_description(mapping: Mapping[str, str] = FLAGS) -> str:
    """Return what the flags mean, for a header line."""
    return "Why an allele has no effect: " + ", ".join(f"{name} ({text})" for name, text in mapping.items())
