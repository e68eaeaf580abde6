"""MEME motif text, minimal and full, and the PSSM and background files that share its syntax.

The format: https://meme-suite.org/meme/doc/meme-format.html. A PSSM file of seqnet is MEME text
whose log-odds block holds scores in bits with all their digits, marked on the line above it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, ClassVar

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input, to_bytes
from seqnet.formats.header import header_lines
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, Ppm, Pssm, to_ppm

log = logging.getLogger(__name__)

MARK = "#seqnet-pssm bits"
"""Stands above a log-odds block that carries scores in bits exactly."""
_CENTIBITS_FLOOR = -10000
"""What the MEME Suite writes for minus infinity in its integer log-odds (hundredths of a bit)."""
_SUM_ERROR, _SUM_WARNING, _SUM_EXACT = 0.1, 0.01, 1e-9
_KEY = re.compile(r"(\w+)\s*=\s*(\S+)")


def is_meme(start: Sequence[str]) -> bool:
    """Tell whether the beginning of a file is MEME text."""
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


@dataclass
class _MemeReader:
    """The state of a MEME file while it is read line by line."""

    lines: Sequence[str]
    path: str
    place: int = 0  # index of the next line
    background: Background | None = None
    drafts: list[_Draft] = field(default_factory=list)
    mark: str | None = None
    renormalised: bool = False

    def read(self) -> MotifSet:
        """Read the whole file."""
        while self.place < len(self.lines):
            line = self.lines[self.place].strip().replace("\t", " ")
            self.place += 1
            for start, handle in self.HANDLERS.items():
                if f"{line} ".startswith(start):
                    handle(self, line)
                    break
        motifs = tuple(self._finish(draft) for draft in self.drafts)
        return MotifSet(motifs, self.background)

    def _error(self, message: str, back: int = 1) -> FormatError:
        """Return an error at the line read last (or `back` lines before the next)."""
        return FormatError(self.path, message, self.place - back + 1)

    def _alphabet(self, line: str) -> None:
        letters = line.split("=", 1)[1].strip() if "=" in line else ""
        dna_like = "DNA" in line.upper() or "RNA" in line.upper()
        if letters.upper() not in ("ACGT", "ACGU") and not (not letters and dna_like):
            raise self._error(f"alphabet is {letters or line!r}; expected ACGT")
        if "=" not in line:  # a block of letters, up to its own end
            while self.place < len(self.lines):
                self.place += 1
                if self.lines[self.place - 1].startswith("END ALPHABET"):
                    break

    def _frequencies(self, _line: str) -> None:
        """Read letters and frequencies, wrapped over lines as they may be."""
        words: list[str] = []
        while self.place < len(self.lines) and len(words) < 8:
            more = self.lines[self.place].split()
            if not more or more[0].upper() not in {*"ACGTU"}:
                break
            words += more
            self.place += 1
        values = dict(zip((w.upper().replace("U", "T") for w in words[::2]), words[1::2], strict=False))
        try:
            frequencies = np.array([float(values[base]) for base in "ACGT"])
            self.background = Background(frequencies, "motif file")
        except (KeyError, ValueError):
            found = " ".join(words) or "nothing"
            message = f"background is {found!r}; expected A, C, G and T each with a frequency"
            raise self._error(message) from None

    def _motif(self, line: str) -> None:
        words = line.split()
        if len(words) < 2:
            raise self._error("motif without a name")
        alternate = words[2] if len(words) > 2 and words[2] != "width" else ""
        info = MotifInfo(words[1], alternate)
        if "=" in line:  # full output states width, sites and E-value here
            keys = dict(_KEY.findall(line.replace("E-value", "Evalue")))
            info = replace(info, nsites=self._nsites(keys), evalue=keys.get("Evalue", ""))
        if info.name in {draft.info.name for draft in self.drafts}:
            raise self._error(f"a second motif named {info.name!r}")
        self.drafts.append(_Draft(info, self.place))

    def _nsites(self, keys: dict[str, str]) -> float | None:
        """Return the stated number of sites, None where there is none above zero."""
        text = keys.get("nsites", keys.get("sites", ""))
        try:
            value = float(text or 0)
        except ValueError:
            raise self._error(f"nsites is {text!r}; expected a number") from None
        return value if value > 0 else None

    def _marked(self, line: str) -> None:
        self.mark = line[len(MARK) :].strip().removeprefix("pseudocount=")

    def _url(self, line: str) -> None:
        if self.drafts:
            draft = self.drafts[-1]
            draft.info = replace(draft.info, url=line.split(None, 1)[1])

    def _draft(self) -> _Draft:
        """Return the motif that a matrix belongs to."""
        if not self.drafts:
            raise self._error("a matrix before the first MOTIF line")
        return self.drafts[-1]

    def _log_odds(self, line: str) -> None:
        draft, mark, self.mark = self._draft(), self.mark, None
        draft.pseudocount = mark
        scores = self._matrix(dict(_KEY.findall(line)), draft)
        if mark is None and (scores == np.round(scores)).all():
            log.warning("%s: integer log-odds are read as hundredths of a bit", self.path)
            scores = np.where(scores <= _CENTIBITS_FLOOR, -np.inf, scores / 100)
        draft.scores = scores

    def _letter_probabilities(self, line: str) -> None:
        draft = self._draft()
        if draft.probabilities is not None:
            raise self._error(f"a second probability matrix of {draft.info.name}")
        keys = dict(_KEY.findall(line))
        nsites = self._nsites(keys)
        draft.info = replace(
            draft.info,
            nsites=draft.info.nsites if nsites is None else nsites,
            evalue=keys.get("E", draft.info.evalue),
        )
        first = self.place
        draft.probabilities = self._normalised(self._matrix(keys, draft), draft, first)

    def _matrix(self, keys: dict[str, str], draft: _Draft) -> Floats:
        """Read rows of four numbers: w of them, or all that follow."""
        name, stated = draft.info.name, keys.get("w")
        if keys.get("alength", "4") != "4":
            raise self._error(f"alength of {name} is {keys['alength']}; expected 4")
        if stated is not None and not stated.isdigit():
            raise self._error(f"w of {name} is {stated!r}; expected a whole number")
        rows: list[list[float]] = []
        while self.place < len(self.lines) and (stated is None or len(rows) < int(stated)):
            row = _numbers(self.lines[self.place])
            if row is None and not (self.lines[self.place].strip() or rows):
                self.place += 1  # a blank line between the heading and the rows
                continue
            if row is None:
                break
            self.place += 1
            if len(row) != 4:
                raise self._error(f"row {len(rows) + 1} of {name} has {len(row)} values; expected 4")
            rows.append(row)
        if not rows or (stated is not None and len(rows) < int(stated)):
            expected = stated or "at least one"
            raise self._error(f"{name} has {len(rows)} rows; expected {expected}", 0)
        return np.array(rows)

    def _normalised(self, matrix: Floats, draft: _Draft, first: int) -> Floats:
        """Return rows that sum to 1, refusing those far from it."""
        totals = matrix.sum(axis=1)
        off = np.abs(totals - 1)
        bad = ~np.isfinite(totals) | (off > _SUM_ERROR) | (matrix < 0).any(axis=1)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            reason = f"sums to {totals[row]:.4g}; expected 1 (±{_SUM_ERROR})"
            if not (matrix[row] >= 0).all():
                reason = "holds a value that is no probability"
            message = f"row {row + 1} of {draft.info.name} {reason}"
            raise FormatError(self.path, message, first + row + 1)
        if off.max() > _SUM_WARNING and not self.renormalised:
            self.renormalised = True
            log.warning(
                "%s: rows of %s sum to 1 only within %.2g; normalised",
                self.path, draft.info.name, off.max(),
            )  # fmt: skip
        return np.where(off[:, None] > _SUM_EXACT, matrix / totals[:, None], matrix)

    def _finish(self, draft: _Draft) -> Motif:
        """Turn a draft into a motif."""
        ppm = None if draft.probabilities is None else Ppm(draft.info, draft.probabilities)
        if draft.scores is None or (ppm is not None and draft.pseudocount is None):
            if ppm is None:
                raise FormatError(self.path, f"{draft.info.name} has no matrix", draft.line)
            return ppm
        background = self.background or UNIFORM
        return Pssm(draft.info, draft.scores, background, ppm, draft.pseudocount or "")

    HANDLERS: ClassVar[dict[str, Callable[[_MemeReader, str], None]]] = {
        "ALPHABET": _alphabet,
        "Background letter frequencies": _frequencies,
        "MOTIF ": _motif,
        "URL ": _url,
        MARK: _marked,
        "log-odds matrix": _log_odds,
        "letter-probability matrix": _letter_probabilities,
    }


def _numbers(line: str) -> list[float] | None:
    """Return the numbers of a matrix row, None for any other line."""
    try:
        return [float(word) for word in line.split()] or None
    except ValueError:
        return None


def read_meme(lines: Sequence[str], path: str) -> MotifSet:
    """Read MEME text.

    Motifs with only a log-odds block, or with one marked as ours, come as `Pssm`; others as `Ppm`.

    Raises
    ------
    FormatError
        With the line, where the text breaks the format.
    """
    return _MemeReader(lines, path).read()


# ---- writing ---------------------------------------------------------------------------------


def write_meme(stream: BinaryIO, motifs: MotifSet, header: dict[str, str] | None = None) -> None:
    """Write MEME text; `Pssm` motifs with their scores, exactly."""
    background = motifs.background or next(
        (motif.background for motif in motifs.motifs if isinstance(motif, Pssm)), UNIFORM
    )
    pairs = zip("ACGT", background.frequencies.tolist(), strict=True)
    lines = [
        "MEME version 4",
        *header_lines(header or {}).splitlines(),
        "",
        "ALPHABET= ACGT",
        "",
        "strands: + -",
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
    yield ""
    yield f"MOTIF {info.name} {info.alt_name}".rstrip()
    if isinstance(motif, Pssm):
        yield f"{MARK} pseudocount={motif.pseudocount}"
        yield f"log-odds matrix: alength= 4 w= {motif.width}" + _key("E", info.evalue)
        yield from _rows(motif.scores)
    if not isinstance(motif, Pssm) or motif.ppm is not None:
        ppm = to_ppm(motif)
        sites = "" if ppm.info.nsites is None else f"{ppm.info.nsites:.17g}"
        keys = f"alength= 4 w= {ppm.width}" + _key("nsites", sites) + _key("E", info.evalue)
        yield f"letter-probability matrix: {keys}"
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


def read_background(path: str) -> Background:
    """Read a MEME background file (``kmer probability`` lines); its order-0 rows.

    Raises
    ------
    FormatError
        With the line, or if a base is missing or has no frequency above zero.
    """
    found: dict[str, float] = {}
    with open_input(path) as stream:
        for number, line in numbered_lines(stream, path):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            numbers = _numbers(" ".join(words[1:])) if len(words) == 2 else None
            if not numbers or not set(words[0].upper()) <= set("ACGTU"):
                raise FormatError(path, f"expected 'kmer probability', found {line[:40]!r}", number)
            if not 0 < numbers[0] <= 1:
                message = f"probability of {words[0]} is {words[1]}; expected one above 0, at most 1"
                raise FormatError(path, message, number)
            found[words[0].upper().replace("U", "T")] = numbers[0]
    missing = [base for base in "ACGT" if base not in found]
    if missing:
        raise FormatError(path, f"has no frequency for {', '.join(missing)}")
    return Background(np.array([found[base] for base in "ACGT"]), path.rsplit("/", 1)[-1])
