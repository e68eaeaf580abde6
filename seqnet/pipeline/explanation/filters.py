"""Motifs of a network's first layer: found, named and written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from seqnet.aliases import Bools, Floats, Ints
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats import MOTIF_WRITERS, suffix_format
from seqnet.formats.files.header import header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.motifs.any_format import motif_writer, write_motifs
from seqnet.lookup import resolve
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm
from seqnet.pipeline.explanation.request import ExplainRequest
from seqnet.pipeline.explanation.results import FilterTable
from seqnet.pipeline.inputs.models import model_label, model_source
from seqnet.pipeline.motifs.comparison import compare
from seqnet.pipeline.motifs.request import MotifRules
from seqnet.pipeline.motifs.sources import load_motifs
from seqnet.reporting import detail, note

if TYPE_CHECKING:
    from seqnet.attribution.networks import ExplainedNetwork, StrandBatch

MOST_ROWS_HELD = 200
"""Rows that the influence of filters is measured on."""
MOST_Q = 0.1
"""q-value up to which a motif of the collection names a filter."""


class NamedMatch(NamedTuple):
    """How a motif of the collection lies on the motif that it names."""

    name: str
    """In the collection."""
    offset: int
    """Its first column, counted from the other motif's first."""
    turned: bool
    """Whether it is read from the other strand."""


class Names(NamedTuple):
    """The most similar motif of each filter or pattern."""

    targets: list[str]
    """Alternate names, else names; ``.`` where none is similar."""
    q_values: Floats
    matches: list[NamedMatch | None]
    nearest: list[str]
    """The most similar motif of each, however little; ``.`` without a collection."""
    nearest_q: Floats


class FilterSource(Protocol):
    """A network and its rows, as `seqnet.pipeline.explanation.explainers.NetworkExplainer` has them."""

    explained: ExplainedNetwork
    batch: int
    """Rows at a time."""

    def load(self, rows: Ints) -> StrandBatch:
        """Return rows as the network reads them."""
        ...


def explain_filters(
    request: ExplainRequest,
    source: FilterSource | None,
    wanted: Bools,
    threads: int,
    known: MotifSet | None,
) -> tuple[FilterTable, MotifSet]:
    """Return the first layer's filters as a table and as motifs, which are written.

    Parameters
    ----------
    source
        None for models that are no networks of sequences.
    wanted
        bool (n, T): the rows that are explained, whose windows are looked at, and the tasks.
    known
        Motifs that filters are named by.
    """
    if source is None or not source.explained.bases:
        raise UsageError(f"--filters: {model_source(request.model)} has no filters over bases")
    form = suffix_format(request.filters or "-", MOTIF_WRITERS, "meme")
    motif_writer(form)
    members = len(source.explained.networks)
    measured = [_measured(source, wanted, member) for member in range(members)]
    counts, sites, influence = map(np.concatenate, zip(*measured, strict=True))
    least: int = resolve("seqnet.attribution.filters:LEAST_SITES")
    usable = np.flatnonzero(sites >= least)
    if not len(usable):
        raise SeqnetError(f"--filters: no filter has {least} sites")
    if len(usable) < len(sites):
        note(f"{len(sites) - len(usable)} of {len(sites)} filters have fewer than {least} sites")
    order = usable[np.argsort(-influence[usable], kind="stable")]
    motifs = [
        Pfm(
            MotifInfo(_filter_name(number, len(sites) // members, members), nsites=float(sites[number])),
            counts[number],
        )
        for number in order.tolist()
    ]
    names = most_similar(motifs, known, threads)
    named = [
        replace(motif, info=replace(motif.info, alt_name=name if name != "." else ""))
        for motif, name in zip(motifs, names.targets, strict=True)
    ]
    motif_set = MotifSet(tuple(named))
    table = FilterTable(
        np.array([motif.info.name for motif in motifs], dtype=object), sites[order], influence[order],
        np.array(names.targets, dtype=object), names.q_values, np.array(names.nearest, dtype=object),
        names.nearest_q,
    )  # fmt: skip
    _write(request, motif_set, table, form)
    return table, motif_set


def _filter_name(number: int, filters: int, members: int) -> str:
    """Return what a filter is called; filters of an ensemble are those of its networks in turn.

    Examples
    --------
    >>> _filter_name(4, 10, 1), _filter_name(14, 10, 2)
    ('filter5', 'member2_filter5')
    """
    member, own = divmod(number, filters)
    return f"member{member + 1}_filter{own + 1}" if members > 1 else f"filter{own + 1}"


def _measured(source: FilterSource, wanted: Bools, member: int) -> tuple[Floats, Ints, Floats]:
    """Return counts (F, w, 4), sites (F,) and influence (F,) of the filters of a network."""
    rows = np.flatnonzero(wanted.any(axis=1))
    tasks = np.flatnonzero(wanted.any(axis=0))
    batches = [rows[start : start + source.batch] for start in range(0, len(rows), source.batch)]
    some = rows[:: -(-len(rows) // MOST_ROWS_HELD)]
    held = [some[start : start + source.batch] for start in range(0, len(some), source.batch)]
    try:
        sites = resolve("seqnet.attribution.filters:filter_sites")(
            source.explained, batches, source.load, member
        )
    except ValueError as error:
        raise SeqnetError(f"--filters: {error}") from error
    influence = resolve("seqnet.attribution.filters:filter_influence")
    change: Floats = influence(source.explained, held, source.load, sites.mean, member)
    return sites.counts, sites.sites, change[:, tasks].max(axis=1)


def known_motifs(motifs: str | MotifSet | None, rules: MotifRules) -> MotifSet | None:
    """Read the motifs that others are named by, once, as the file may be a pipe."""
    return None if motifs is None else load_motifs(motifs, rules=rules).motifs


def most_similar(motifs: list[Pfm], collection: MotifSet | None, threads: int) -> Names:
    """Return the most similar motif of a collection for each motif; named up to a q-value of `MOST_Q`."""
    none, unknown = ["."] * len(motifs), np.full(len(motifs), np.nan)
    names = Names(none, unknown, [None] * len(motifs), none.copy(), unknown.copy())
    if collection is None or not motifs:
        return names
    matches = compare(MotifSet(tuple(motifs)), collection, top=1, q_value=1.0, threads=threads).table
    assert matches is not None
    place = {motif.info.name: number for number, motif in enumerate(motifs)}
    for query, target, alt_name, offset, orientation, _, _, _, _, q_value in matches.rows():
        number = place[query]
        name = target if alt_name == "." else alt_name
        names.nearest[number], names.nearest_q[number] = name, q_value
        if q_value <= MOST_Q:
            names.targets[number], names.q_values[number] = name, q_value
            names.matches[number] = NamedMatch(target, offset, orientation == "-")
    if all(match is None for match in names.matches) and not np.isnan(names.nearest_q).all():
        best = int(np.nanargmin(names.nearest_q))
        note(
            f"no motif has a q-value up to {MOST_Q:g}; the smallest is {names.nearest_q[best]:.2g}, of "
            f"{motifs[best].info.name} and {names.nearest[best]}"
        )
    return names


def _write(request: ExplainRequest, motifs: MotifSet, table: FilterTable, form: str) -> None:
    """Write the motifs, and report the most influential ones."""
    assert request.filters is not None
    rows = list(table.rows())
    for name, sites, influence, target, *_ in rows[:10]:
        detail(f"{name}: influence {influence:.3g}, {sites} sites" + (f", {target}" if target != "." else ""))
    shown = {name: f"{influence:.4g}" for name, _, influence, *_ in rows}
    nearest = {name: f"{near} (q {q:.2g})" for name, *_, near, q in rows if near != "."}
    facts = {"model": model_label(request.model), "influence": shown, "nearest": nearest or None}
    entries = provenance("explain", facts)
    header = header_for(request.header, entries)
    with open_output(request.filters) as stream:
        write_motifs(stream, motifs, form, header)
