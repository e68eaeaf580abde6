"""MEME motif text, minimal and full, and the PSSM files that share its syntax.

The format: https://meme-suite.org/meme/doc/meme-format.html. A PSSM file of seqnet is MEME text
whose log-odds block holds scores in bits with all their digits, marked on the line above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, ClassVar

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError, shorten
from seqnet.formats.files.header import header_lines
from seqnet.formats.files.opening import to_bytes
from seqnet.formats.motifs.entries import Entries
from seqnet.formats.motifs.matrix_lines import SUM_ERROR, numbers
from seqnet.formats.motifs.matrix_rows import (
    alphabet_of,
    file_alphabet,
    file_background,
    probabilities,
    same_width,
    site_number,
    stated_sites,
)
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import DNA, RNA, Alphabet, Motif, MotifInfo, MotifSet, Ppm, Pssm, to_ppm
from seqnet.reporting import warn

MARK = "#seqnet-pssm bits"
"""The line above a log-odds block that carries scores in bits exactly."""
_CENTIBITS_FLOOR = -10000
"""What the MEME Suite writes for minus infinity in its integer log-odds (hundredths of a bit)."""
_KEY = re.compile(r"\b(\w+)\s*=\s*(\S+)")
_FULL = re.compile(r"\swidth\s*=\s*[0-9]")
"""Where names end on the MOTIF line of MEME's full output."""


def is_meme(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is MEME text."""
    return any(line.startswith("MEME version") for line in start)


# ---- reading ---------------------------------------------------------------------------------


@dataclass
class _Draft:
    """A motif while its blocks are read."""

    info: MotifInfo
    line: int
    probabilities: Floats | None = None
    scores: Floats | None = None
    pseudocount: str | None = None  # None: the log-odds block is not ours
    error: FormatError | None = None  # the first thing that is wrong with it


@dataclass
class _MemeReader:
    """The state of a MEME file while it is read line by line."""

    lines: Sequence[str]
    path: str
    place: int = 0  # index of the next line
    background: Background | None = None
    drafts: list[_Draft] = field(default_factory=list)
    mark: str | None = None  # the text of our line above a log-odds block
    alphabet: Alphabet = DNA
    one_strand: bool = False

    def read(self) -> Entries:
        """Read the whole file."""
        while self.place < len(self.lines):
            line = self.lines[self.place].strip().replace("\t", " ")
            self.place += 1
            for start, handle in self.HANDLERS.items():
                if f"{line} ".startswith(start):
                    self._handle(handle, line)
                    break
        motifs = Entries(self.path)
        for draft in self.drafts:
            with motifs.entry(draft.line) as entry:
                entry.info = draft.info
                entry.motif = self._finish(draft)
        motifs.background = self.background
        return motifs

    def _handle(self, handle: Callable[[_MemeReader, str], None], line: str) -> None:
        """Read on from a line that begins something."""
        try:
            handle(self, line)
        except FormatError as error:
            if handle in (_MemeReader._alphabet, _MemeReader._frequencies):  # they hold for all motifs
                raise
            draft = self.drafts[-1]
            draft.error = draft.error or error

    def _error(self, message: str) -> FormatError:
        """Return an error at the line read last."""
        return FormatError(self.path, message, self.place)

    def _alphabet(self, line: str) -> None:
        letters = line.split("=", 1)[1].strip() if "=" in line else ""
        dna_like = "DNA" in line.upper() or "RNA" in line.upper()
        if letters.upper() not in ("ACGT", "ACGU") and not (not letters and dna_like):
            raise self._error(f"alphabet is {shorten(letters or line)}; expected ACGT")
        rna = "RNA" in line.upper() and "DNA" not in line.upper()
        self.alphabet = alphabet_of(letters) if letters else (RNA if rna else DNA)
        if "=" not in line:  # a block of letters, up to its own end
            while self.place < len(self.lines):
                self.place += 1
                if self.lines[self.place - 1].startswith("END ALPHABET"):
                    break

    def _strands(self, line: str) -> None:
        self.one_strand = line.split()[1:] == ["+"]

    def _frequencies(self, _line: str) -> None:
        """Read letters and frequencies, wrapped over lines as they may be."""
        words: list[str] = []
        while self.place < len(self.lines) and len(words) < 8:
            more = self.lines[self.place].split()
            if (more or words) and (not more or more[0].upper() not in {*"ACGTU"}):
                break
            words += more
            self.place += 1
        letters = [word.upper().replace("U", "T") for word in words[::2]]
        values = numbers(" ".join(words[1::2])) or []
        if sorted(letters) != list("ACGT") or len(values) != 4:
            text = " ".join(words)[:60] or "nothing"
            raise self._error(f"background is {text!r}; expected A, C, G and T each with a frequency")
        if not abs(sum(values) - 1) <= SUM_ERROR:
            raise self._error(f"background sums to {sum(values):.4g}; expected 1 (±{SUM_ERROR})")
        try:
            frequencies = np.array([values[letters.index(base)] for base in "ACGT"])
            self.background = Background(frequencies, "motif file")
        except ValueError as error:
            raise self._error(str(error)) from error

    def _motif(self, line: str) -> None:
        full = _FULL.search(line)
        words = line[: full.start()].split() if full else line.split()
        _, name, alternate, *_ = [*words, "", ""]
        draft = _Draft(MotifInfo(name, alternate), self.place)
        self.drafts.append(draft)
        self.mark = None
        if not name:
            raise self._error("motif without a name")
        if full:  # full output states width, sites and E-value here
            keys = dict(_KEY.findall(line[full.start() :].replace("E-value", "Evalue")))
            draft.info = replace(draft.info, nsites=self._nsites(keys), evalue=keys.get("Evalue", ""))

    def _nsites(self, keys: dict[str, str]) -> float | None:
        """Return the stated number of sites, None where there is none above zero."""
        return site_number(keys.get("nsites", keys.get("sites", "0")), self.path, self.place)

    def _marked(self, line: str) -> None:
        self.mark = line[len(MARK) :].strip().removeprefix("pseudocount=")

    def _url(self, line: str) -> None:
        words = line.split(None, 1)
        if self.drafts and len(words) > 1:
            draft = self.drafts[-1]
            draft.info = replace(draft.info, url=words[1])

    def _draft(self) -> _Draft:
        """Return the motif that a matrix belongs to."""
        if not self.drafts:
            error = self._error("a matrix before the first MOTIF line")
            self.drafts.append(_Draft(MotifInfo(""), self.place, error=error))
        return self.drafts[-1]

    def _log_odds(self, line: str) -> None:
        draft, mark, self.mark = self._draft(), self.mark, None
        if draft.scores is not None:
            raise self._error(f"a second log-odds matrix of {draft.info.name}")
        draft.pseudocount = mark
        scores, places = self._matrix(line, draft)
        bad = np.isnan(scores).any(axis=1) | np.isposinf(scores).any(axis=1)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            message = f"row {row + 1} of {draft.info.name} holds a value that is no score"
            raise FormatError(self.path, message, places[row])
        draft.scores = scores

    def _letter_probabilities(self, line: str) -> None:
        draft = self._draft()
        if draft.probabilities is not None:
            raise self._error(f"a second probability matrix of {draft.info.name}")
        matrix, places = self._matrix(line, draft)
        draft.probabilities = probabilities(matrix, draft.info.name, self.path, places)

    def _matrix(self, line: str, draft: _Draft) -> tuple[Floats, list[int]]:
        """Read what a heading states and the rows of four under it, with their lines."""
        name, keys = draft.info.name, dict(_KEY.findall(line))
        if keys.get("alength", "4") != "4":
            raise self._error(f"alength of {name} is {keys['alength']}; expected 4")
        stated = keys.get("w")
        if stated is not None and not re.fullmatch("0*[1-9][0-9]{0,8}", stated):
            raise self._error(f"w of {name} is {shorten(stated)}; expected a whole number above 0")
        nsites = self._nsites(keys)
        draft.info = replace(
            draft.info,
            nsites=draft.info.nsites if nsites is None else nsites,
            evalue=keys.get("E", draft.info.evalue),
        )
        rows, places = self._rows(name)
        if not rows or (stated is not None and len(rows) != int(stated)):
            expected = stated or "at least one"
            raise FormatError(self.path, f"{name} has {len(rows)} rows; expected {expected}", self.place + 1)
        return np.array(rows), places

    def _rows(self, name: str) -> tuple[list[list[float]], list[int]]:
        """Read lines of numbers, which may follow blank lines, and return their line numbers."""
        rows: list[list[float]] = []
        places: list[int] = []
        while self.place < len(self.lines):
            line = self.lines[self.place]
            row = numbers(line)
            if row is None and (rows or line.strip()):
                break
            self.place += 1
            if row is None:
                continue
            if len(row) != 4:
                raise self._error(f"row {len(rows) + 1} of {name} has {len(row)} values; expected 4")
            rows.append(row)
            places.append(self.place)
        self._check_end(len(rows), name)
        return rows, places

    def _check_end(self, count: int, name: str) -> None:
        """Raise if what follows the rows of a matrix looks like one more."""
        ahead = next((n for n in range(self.place, len(self.lines)) if self.lines[n].strip()), self.place)
        line = self.lines[ahead].strip() if ahead < len(self.lines) else ""
        if ahead > self.place and len(numbers(line) or ()) == 4:
            raise FormatError(self.path, f"row {count + 1} of {name} after a blank line", ahead + 1)
        if ahead == self.place and numbers("".join(line.split()[:1])):
            message = f"row {count + 1} of {name} is {line[:40]!r}; expected four numbers"
            raise FormatError(self.path, message, ahead + 1)

    def _finish(self, draft: _Draft) -> Motif:
        """Turn a draft into a motif."""
        if draft.error is not None:
            raise draft.error
        draft.info = replace(draft.info, alphabet=self.alphabet, one_strand=self.one_strand)
        name, scores = draft.info.name, draft.scores
        ppm = None if draft.probabilities is None else Ppm(draft.info, draft.probabilities)
        if ppm is not None and scores is not None:
            same_width(name, (len(scores), ppm.width), self.path, draft.line)
        if scores is None or (ppm is not None and draft.pseudocount is None):
            if ppm is None:
                raise FormatError(self.path, f"{name} has no matrix", draft.line)
            return ppm
        if draft.pseudocount is None:
            scores = self._in_bits(scores)
        background = UNIFORM if self.background is None else self.background
        return Pssm(draft.info, scores, background, ppm, draft.pseudocount or "")

    def _in_bits(self, scores: Floats) -> Floats:
        """Return scores in bits from a block that does not give their unit."""
        if (scores == np.round(scores)).all():
            warn(f"{self.path}: integer log-odds are read as hundredths of a bit")
            return np.where(scores <= _CENTIBITS_FLOOR, -np.inf, scores / 100)
        warn(f"{self.path}: log-odds are read as bits")
        return scores

    HANDLERS: ClassVar[dict[str, Callable[[_MemeReader, str], None]]] = {
        "ALPHABET": _alphabet,
        "strands:": _strands,
        "Background letter frequencies": _frequencies,
        "MOTIF ": _motif,
        "URL ": _url,
        MARK: _marked,
        "log-odds matrix": _log_odds,
        "letter-probability matrix": _letter_probabilities,
    }


def read_meme(lines: Sequence[str], path: str) -> Entries:
    """Read MEME text: `Pssm` with only a log-odds block, or with one marked as ours; others as `Ppm`.

    Raises
    ------
    FormatError
        With the line, at an alphabet other than ACGT or a background that is none.
    """
    return _MemeReader(lines, path).read()


# ---- writing ---------------------------------------------------------------------------------


def write_meme(stream: BinaryIO, motifs: MotifSet, header: dict[str, str] | None = None) -> None:
    """Write MEME text; `Pssm` motifs with their scores, exactly."""
    background = file_background(motifs)
    frequencies = (UNIFORM if background is None else background).frequencies
    letters = "ACGU" if file_alphabet(motifs) == RNA else "ACGT"
    forward = letters == "ACGU" or all(motif.info.one_strand for motif in motifs.motifs)
    pairs = zip(letters, frequencies.tolist(), strict=True)
    lines = [
        "MEME version 4",
        *header_lines(header or {}).splitlines(),
        "",
        f"ALPHABET= {letters}",
        "",
        "strands: +" if forward else "strands: + -",
        "",
        "Background letter frequencies",
        " ".join(f"{base} {frequency!r}" for base, frequency in pairs),
    ]
    for motif in motifs.motifs:
        lines += _motif_lines(motif)
    stream.write(to_bytes("\n".join(lines) + "\n"))


def _motif_lines(motif: Motif) -> Iterator[str]:
    """Return the lines of one motif."""
    info = motif.info
    ppm = None if isinstance(motif, Pssm) and motif.ppm is None else to_ppm(motif)
    nsites = stated_sites(motif if ppm is None else ppm)
    keys = f"alength= 4 w= {motif.width}"
    stated = _key("nsites", "" if nsites is None else f"{nsites:.17g}") + _key("E", info.evalue)
    yield ""
    yield f"MOTIF {info.name} {'_'.join(info.alt_name.split())}".rstrip()
    if isinstance(motif, Pssm):
        yield f"{MARK} pseudocount={motif.pseudocount}"
        yield f"log-odds matrix: {keys}" + (stated if ppm is None else _key("E", info.evalue))
        yield from _rows(motif.scores)
    if ppm is not None:
        yield f"letter-probability matrix: {keys}{stated}"
        yield from _rows(ppm.probabilities)
    if info.url:
        yield f"URL {info.url}"


def _key(name: str, value: str) -> str:
    """Return `` name= value``, or nothing where there is no value."""
    return f" {name}= {value}" if value else ""


def _rows(matrix: Floats) -> Iterator[str]:
    """Return matrix rows with all their digits."""
    for row in matrix.tolist():
        yield " " + "  ".join(repr(value) for value in row)


# ---- background files ------------------------------------------------------------------------
