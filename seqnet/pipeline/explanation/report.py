"""The report of an explanation: the contents of its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from seqnet.formats.files.opening import open_output
from seqnet.pipeline.explanation.results import Attribution
from seqnet.reports.attribution_sections import ShownRow, row_section, row_table
from seqnet.reports.evaluation_page import Card, Page, Section, render
from seqnet.version import __version__

MOST_ROWS_SHOWN = 12
"""Rows of each method and task that are drawn."""


def write_explanation(path: str, attributions: Sequence[Attribution], facts: Mapping[str, str]) -> None:
    """Write a page of the rows with the highest sums of attributions, by method and task.

    Parameters
    ----------
    facts
        The provenance.
    """
    shown = [row for each in attributions for row in _highest(each)]
    gaps = np.concatenate([each.completeness for each in attributions])
    known = gaps[~np.isnan(gaps)]
    tasks = dict.fromkeys(each.task for each in attributions)
    methods = dict.fromkeys(each.method for each in attributions)
    count = sum(map(len, attributions))
    cards = [
        Card("rows explained", f"{count:,}", f"of {len(tasks)} task" + "s" * (len(tasks) != 1)),
        Card("method", ", ".join(methods)),
        Card(
            "largest gap of completeness", f"{known.max():.1e}" if len(known) else "NA",
            "relative to the sum of |attributions|" if len(known) else "the method has none",
        ),
    ]  # fmt: skip
    lead = f"The rows with the highest sums of attributions, at most {MOST_ROWS_SHOWN} of a method and task."
    sections = [
        Section("rows", "Rows of highest attribution", lead, tables=[row_table(shown)]),
        *(row_section(row, number) for number, row in enumerate(shown, 1)),
        Section("provenance", "Provenance", facts=list(facts.items())),
    ]
    subtitle = f"What each base contributes to the outputs of {facts.get('model', 'the model')}."
    page = Page("Attributions", subtitle, cards, [], sections, __version__, command="explain")
    with open_output(path) as stream:
        stream.write(render(page))


def _highest(attribution: Attribution) -> Iterator[ShownRow]:
    """Yield the rows with the highest sums of attributions."""
    sums = attribution.observed.sum(axis=1, dtype=np.float64)
    for row in np.argsort(-sums, kind="stable")[:MOST_ROWS_SHOWN].tolist():
        name = str(attribution.names[row])
        place = "" if attribution.regions is None else attribution.regions.intervals.locus(row)
        heights = (attribution.one_hot[row] * attribution.observed[row]).T.astype(np.float64)
        yield ShownRow(
            name, "" if place == name else place, attribution.task, attribution.method,
            float(attribution.output[row]), float(attribution.reference[row]),
            float(attribution.completeness[row]), heights, attribution.offset + 1,
        )  # fmt: skip
