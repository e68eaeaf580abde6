"""The motifs of a file one by one: each as it was read, or with the error that prevents that.

Readers put together `Entries`; which of them matter, and what happens to those that cannot be read or
share a name, is decided in one place for all formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from seqnet.errors import FormatError, shorten
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, Pssm
from seqnet.reporting import warn

OnBadMotif: TypeAlias = Literal["error", "skip"]
OnDuplicate: TypeAlias = Literal["error", "rename"]
NumberedLine: TypeAlias = tuple[int, str]


@dataclass
class Entry:
    """One motif of a file, or why it cannot be read.

    Parameters
    ----------
    path
        Its file.
    line
        Where it begins, in formats with lines.
    info
        Its names, as far as they were read.
    motif
        None where it cannot be read.
    error
        Why not.
    """

    path: str
    line: int | None
    info: MotifInfo = field(default_factory=lambda: MotifInfo(""))
    motif: Motif | None = None
    error: FormatError | None = None


class Entries:
    """The motifs of a file, in its order.

    Parameters
    ----------
    path
        The file, for messages.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.background: Background | None = None
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    @contextmanager
    def entry(self, line: int | None = None) -> Iterator[Entry]:
        """Add an entry for the block to fill; a `FormatError` of the block becomes the entry's.

        The block sets the names as soon as it knows them, so that a selection by name can leave out
        a motif that cannot be read.
        """
        entry = Entry(self.path, line)
        self.entries.append(entry)
        try:
            yield entry
            if entry.motif is None or not entry.motif.info.name:
                raise FormatError(self.path, "motif without a name", line)
            entry.info = entry.motif.info
        except FormatError as error:
            entry.motif, entry.error = None, error

    @staticmethod
    def of(motifs: MotifSet, source: str) -> Entries:
        """Return motifs that are at hand as entries.

        Parameters
        ----------
        source
            What messages call them.
        """
        entries = Entries(source)
        entries.background = motifs.background
        for motif in motifs.motifs:
            with entries.entry() as entry:
                entry.motif = motif
        return entries

    def chosen(
        self, names: Sequence[str] = (), on_bad: OnBadMotif = "error", on_duplicate: OnDuplicate = "error"
    ) -> MotifSet:
        """Return the motifs whose name or alternate name matches a pattern; all without patterns.

        Motifs that do not match are left out whatever is wrong with them.

        Parameters
        ----------
        names
            Patterns with ``*`` and ``?``.
        on_bad
            Whether a motif that cannot be read is an error, or is left out with a warning.
        on_duplicate
            Whether two motifs of one name are an error, or the later ones are renamed (``NAME_2``).

        Raises
        ------
        FormatError
            With the line, as `on_bad` and `on_duplicate` say; if nothing matches, or none of what does
            can be read.
        """
        renamed = self._new_names() if on_duplicate == "rename" else {}
        places = range(len(self.entries))
        kept = [n for n in places if _matches(self.entries[n], renamed.get(n), names)]
        if not self.entries:
            raise FormatError(self.path, "holds no motifs")
        if not kept:
            raise FormatError(self.path, f"no motif is named {' or '.join(names)}")
        motifs: list[Motif] = []
        seen: dict[str, Entry] = {}
        for place in kept:
            entry = self.entries[place]
            if entry.motif is None:
                _bad(entry, on_bad, alone=len(kept) == 1)
                continue
            motif = _named(entry, entry.motif, renamed.get(place))
            first = seen.setdefault(motif.info.name, entry)
            if first is not entry:
                second = _second(entry, first)
                message = f"{second.message} ('--on-duplicate rename' keeps both)"
                raise FormatError(second.path, message, second.line)
            motifs.append(motif)
        if not motifs:
            count = f"the {len(kept)} motifs" if len(kept) > 1 else "the motif"
            raise FormatError(self.path, f"holds no usable motif: {count} cannot be read")
        return MotifSet(tuple(motifs), self.background)

    def first(self) -> Motif:
        """Return the first motif; whatever is wrong with the others does not matter.

        Raises
        ------
        FormatError
            If there is none, or it cannot be read.
        """
        if not self.entries:
            raise FormatError(self.path, "holds no motifs")
        first = self.entries[0]
        if first.motif is None:
            raise first.error or FormatError(self.path, "holds no motifs")
        return first.motif

    def faults(self) -> Iterator[FormatError]:
        """Yield an error for each motif that cannot be read or has a name that was there before."""
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.error is not None:
                yield entry.error
            elif (first := seen.setdefault(entry.info.name, entry)) is not entry:
                yield _second(entry, first)

    def usable(self) -> MotifSet:
        """Return the motifs that can be read, of each name the first."""
        first: dict[str, Motif] = {}
        for entry in self.entries:
            if entry.motif is not None:
                first.setdefault(entry.info.name, entry.motif)
        return MotifSet(tuple(first.values()), self.background)

    def _new_names(self) -> dict[int, str]:
        """Return new names, by place, of the readable motifs whose name was there before."""
        taken = {entry.info.name for entry in self.entries if entry.motif is not None}
        seen: set[str] = set()
        renamed: dict[int, str] = {}
        for place, entry in enumerate(self.entries):
            if entry.motif is None:
                continue
            name = entry.info.name
            if name in seen:
                renamed[place] = unused_name(name, taken)
                taken.add(renamed[place])
            seen.add(name)
        return renamed


def concatenated(parts: Sequence[Entries], path: str) -> Entries:
    """Return the motifs of several files, `path` for messages, one after the other without background."""
    entries = Entries(path)
    entries.entries = [entry for part in parts for entry in part.entries]
    return entries


def _bad(entry: Entry, on_bad: OnBadMotif, *, alone: bool) -> None:
    """Raise the error of an entry, or warn that it is left out."""
    error = entry.error or FormatError(entry.path, "cannot be read", entry.line)
    if on_bad == "skip":
        warn(f"{error}; motif skipped")
    elif alone:
        raise error
    else:
        message = f"{error.message} ('--on-bad skip' leaves out such motifs)"
        raise FormatError(error.path, message, error.line) from error


def _second(entry: Entry, first: Entry) -> FormatError:
    """Return the error of a motif whose name another one had before."""
    other = "" if entry.path == first.path else f"; the first is in {first.path}"
    return FormatError(entry.path, f"a second motif named {shorten(entry.info.name)}{other}", entry.line)


def _named(entry: Entry, motif: Motif, name: str | None) -> Motif:
    """Return a motif under its new name, where it has one, and say so."""
    if name is None:
        return motif
    error = FormatError(entry.path, f"a second motif named {shorten(entry.info.name)}", entry.line)
    warn(f"{error}; renamed to {name}")
    return with_name(motif, name)


def unused_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, with the smallest number from 2 on behind it."""
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def with_name(motif: Motif, name: str) -> Motif:
    """Return a motif under another name."""
    info = replace(motif.info, name=name)
    if isinstance(motif, Pssm) and motif.ppm is not None:
        return replace(motif, info=info, ppm=replace(motif.ppm, info=replace(motif.ppm.info, name=name)))
    return replace(motif, info=info)


def _matches(entry: Entry, new_name: str | None, patterns: Sequence[str]) -> bool:
    """Return whether a name of an entry matches any pattern; True where there are no patterns."""
    names = (entry.info.name, entry.info.alt_name, *([] if new_name is None else [new_name]))
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def cut_records(
    lines: Sequence[str], begins: Callable[[str], bool] = lambda line: line.startswith(">")
) -> Iterator[list[NumberedLine]]:
    """Yield the numbered lines of each motif, without blank lines and comments.

    A motif begins at each line that `begins` accepts; the text before the first one comes by itself.
    """
    record: list[NumberedLine] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if record and begins(line):
            yield record
            record = []
        record.append((number, line))
    if record:
        yield record
