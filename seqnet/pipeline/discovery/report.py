"""The report of a discovery: the contents of its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.formats.files.opening import open_output
from seqnet.motifs.information import letter_heights
from seqnet.motifs.matrix import Motif, MotifSet, reverse_complement_matrix
from seqnet.reports.evaluation_page import Card, Page, Section, render
from seqnet.reports.pattern_sections import ShownPattern, SimilarMotif, pattern_section, pattern_table
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.aliases import Floats
    from seqnet.pipeline.discovery.results import DiscoverResult
    from seqnet.pipeline.explanation.filters import Names


def write_discovery(
    path: str,
    result: DiscoverResult,
    names: Names,
    collection: MotifSet | None,
    positions: Sequence[Floats],
    length: int,
    facts: dict[str, str],
) -> None:
    """Write a page of the patterns.

    Parameters
    ----------
    names
        The most similar motif of each pattern.
    collection
        Where those are from.
    positions
        float64 (seqlets,) for each pattern: bases from the middle of the row to that of the seqlet.
    length
        Bases explained of a row.
    facts
        The provenance.
    """
    known = {} if collection is None else {motif.info.name: motif for motif in collection.motifs}
    hits = None if result.hits is None else result.hits.pattern
    shown = [
        ShownPattern(
            name, task, seqlets, pattern.contributions, pattern.counts, _similar(names, number, known),
            places, length, None if hits is None else int((hits == name).sum()),
        )
        for number, ((name, task, seqlets, *_), pattern, places) in enumerate(
            zip(result.table.rows(), result.patterns, positions, strict=True)
        )
    ]  # fmt: skip
    with open_output(path) as stream:
        stream.write(render(_page(shown, facts)))


def _similar(names: Names, number: int, known: dict[str, Motif]) -> SimilarMotif | None:
    """Return the motif that a pattern resembles, on the strand of the match."""
    match = names.matches[number]
    if match is None:
        return None
    heights = letter_heights(known[match.name], "information")
    if match.turned:
        heights = reverse_complement_matrix(heights)
    return SimilarMotif(names.targets[number], float(names.q_values[number]), heights, match.offset)


def _page(shown: Sequence[ShownPattern], facts: dict[str, str]) -> Page:
    """Put the page together."""
    tasks = list(dict.fromkeys(pattern.task for pattern in shown))
    named = [pattern.similar.name for pattern in shown if pattern.similar is not None]
    seqlets = np.array([pattern.seqlets for pattern in shown], dtype=np.int64)
    cards = [
        Card("patterns", f"{len(shown):,}", f"of {len(tasks)} task" + "s" * (len(tasks) != 1)),
        Card("seqlets in patterns", f"{int(seqlets.sum()):,}"),
        Card("patterns like a known motif", f"{len(named):,}", ", ".join(dict.fromkeys(named[:6]))),
    ]
    lead = (
        "A pattern is a cluster of seqlets, stretches of high attribution. A positive contribution "
        "raises the output of the task."
    )
    sections = [
        Section("patterns", "Patterns", lead, tables=[pattern_table(shown)]),
        *(pattern_section(pattern, number) for number, pattern in enumerate(shown, 1)),
        Section("provenance", "Provenance", facts=list(facts.items())),
    ]
    subtitle = f"Motifs that {facts.get('model', 'the model')} has learnt, from attributions to its inputs."
    return Page("Patterns of attribution", subtitle, cards, [], sections, __version__, command="discover")
