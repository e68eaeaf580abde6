"""Pictures and the report of experiments on a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from seqnet.formats.files.opening import open_output
from seqnet.reports.curves import EffectLine, effects_in_page
from seqnet.reports.evaluation_page import Card, Cell, Column, Page, PageTable, Picture, Section, render
from seqnet.version import __version__

Cells: TypeAlias = dict[str, object]
"""A row of the table by column."""
_MOST_DRAWN, _MOST_ROWS = 40, 200
"""Changes in a picture, and rows in a table, those of the largest effects."""
_HELP = {
    "mean": "mean effect on the output before the final activation, or in the units of a regression",
    "low": "lower end of the 95 % interval (Student's t)", "high": "its upper end",
    "n": "windows, or shuffles of a stretch", "effect_pair": "mean effect of both motifs",
    "effect_a": "mean effect of the first motif alone", "effect_b": "mean effect of the second motif alone",
    "distance": "bases between the motifs", "site": "inserted bases", "start": "first base, from 0",
}  # fmt: skip
_TEXTS = ("motif", "strand", "site", "motif_a", "strand_a", "motif_b", "strand_b", "chrom", "name", "region",
          "task")  # fmt: skip


def rows_as_cells(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[Cells]:
    """Return rows by column."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def effect_lines(rows: Sequence[Cells]) -> list[EffectLine]:
    """Return what a picture shows: pairs by distance, other changes side by side."""
    lines: dict[str, EffectLine] = {}
    for row in rows:
        pair = "distance" in row
        name = f"{_change(row)}  {row['task']}" if pair else str(row["task"])
        line = lines.setdefault(name, EffectLine(name, [], [], [], [], []))
        line.places.append(_number(row, "distance") if pair else float(len(line.places)))
        line.labels.append("" if pair else _change(row))
        for values, key in ((line.means, "mean"), (line.lows, "low"), (line.highs, "high")):
            values.append(_number(row, "mean" if row[key] is None else key))
    return list(lines.values())


def write_perturbation(path: str, rows: Sequence[Cells], windows: int, facts: Mapping[str, str]) -> None:
    """Write a page of the effects: the largest, a picture of each task, and the provenance.

    Parameters
    ----------
    windows
        How many windows were changed.
    facts
        The provenance.
    """
    ordered = sorted(rows, key=lambda row: -abs(_number(row, "mean")))
    pair = bool(rows) and "distance" in rows[0]
    tasks = list(dict.fromkeys(str(row["task"]) for row in rows))
    largest = [
        Card(
            f"largest {'interaction' if pair else 'effect'}",
            f"{_number(row, 'mean'):.3g}",
            _change_and_task(row),
        )
        for row in ordered[:1]
    ]
    cards = [
        Card("windows changed", f"{windows:,}"),
        Card(
            "changes",
            f"{len(rows) // max(1, len(tasks)):,}",
            f"of {len(tasks)} task" + "s" * (len(tasks) != 1),
        ),
        *largest,
    ]
    shown = ordered[:_MOST_ROWS]
    left = f" The page shows the largest {len(shown)} of {len(rows)}." if len(shown) < len(rows) else ""
    what = "An interaction is the effect of both motifs less those of each alone" if pair else (
        "An effect is the output of the changed window less that of the window as it was"
    )  # fmt: skip
    sections = [
        *(_task_section(rows, task, number) for number, task in enumerate(tasks, 1)),
        Section("effects", "Largest effects", f"{what}.{left}", tables=[_table(shown)] if shown else []),
        Section("provenance", "Provenance", facts=list(facts.items())),
    ]
    subtitle = f"What changes of the sequence do to the outputs of {facts.get('model', 'the model')}."
    page = Page("Effects of changes", subtitle, cards, [], sections, __version__, command="perturb")
    with open_output(path) as stream:
        stream.write(render(page))


def _task_section(rows: Sequence[Cells], task: str, number: int) -> Section:
    """Return the picture of a task."""
    own = [row for row in rows if row["task"] == task]
    pair = "distance" in own[0]
    if not pair:
        own = sorted(own, key=lambda row: -_number(row, "mean"))
        own = own if len(own) <= _MOST_DRAWN else [*own[: _MOST_DRAWN // 2], *own[-_MOST_DRAWN // 2 :]]
    lines = [line._replace(name=line.name.removesuffix(f"  {task}")) for line in effect_lines(own)]
    words = (
        "interaction of two motifs by the bases between them" if pair else "mean effects, with 95 % intervals"
    )
    svg = effects_in_page(lines, "distance, bp" if pair else "", f"task-{number}", f"{task}: {words}")
    caption = "Bands are 95 % intervals; + and - are the motifs' strands." if pair else (
        f"The {len(own)} changes of highest and lowest effect." if len(own) == _MOST_DRAWN else "All changes."
    )  # fmt: skip
    return Section(f"task-{number}-effects", task, "", [Picture(words.capitalize(), caption, svg, wide=True)])


def _table(rows: Sequence[Cells]) -> PageTable:
    """Return the numbers of changes."""
    columns = [Column(name, _HELP.get(name, ""), numeric=name not in _TEXTS) for name in rows[0]]
    return PageTable("Effects", columns, [list(_cells(row)) for row in rows], sortable=True)


def _cells(row: Cells) -> Iterator[Cell]:
    for name, value in row.items():
        if value is None:
            yield Cell("NA")
        elif name in _TEXTS:
            yield Cell(str(value))
        else:
            number = _number(row, name)
            yield Cell(str(value) if isinstance(value, int) else f"{number:.4g}", number)


def _change(row: Cells) -> str:
    """Return a name of what was changed."""
    if "distance" in row:
        return f"{row['motif_a']}{row['strand_a']} {row['motif_b']}{row['strand_b']}"
    return f"{row['motif']}{row['strand']}" if "motif" in row else str(row["name"])


def _change_and_task(row: Cells) -> str:
    """Return a change with its task."""
    apart = f", {row['distance']} bp apart" if "distance" in row else ""
    return f"{_change(row)}{apart}: {row['task']}"


def _number(row: Cells, name: str) -> float:
    return float(str(row[name]))
