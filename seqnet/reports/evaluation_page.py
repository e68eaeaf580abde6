"""A report: one page that opens offline, on paper and on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Card:
    """A headline figure.

    Parameters
    ----------
    label, value, detail
        Text: what it is, the figure, and what goes with it.
    place, low, high, chance
        Where figure, interval and chance lie on a scale of 0 to 1; None draws no scale.
    """

    label: str
    value: str
    detail: str = ""
    place: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None


@dataclass(frozen=True)
class Picture:
    """A plot with its caption."""

    title: str
    caption: str
    svg: str
    wide: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    label: str
    help: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and the number that it is sorted by (None: by the text, last if NA)."""

    text: str
    number: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table; its first column names the rows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sortable: bool = False
    last_is_summary: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading."""

    anchor: str
    title: str
    lead: str = ""
    pictures: Sequence[Picture] = ()
    tables: Sequence[PageTable] = ()
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    subtitle: str
    cards: Sequence[Card]
    warnings: Sequence[str]
    sections: Sequence[Section]
    version: str
    command: str = "evaluate"
    about: Sequence[tuple[str, str]] = field(default_factory=tuple)


def render(page: Page) -> bytes:
    """Return the page as HTML, the same bytes every time."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("seqnet.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("evaluation.html").render(page=page).encode()
