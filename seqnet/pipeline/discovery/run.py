"""The step ``discover``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from seqnet.aliases import Floats
from seqnet.attribution.patterns import Pattern, find_patterns
from seqnet.attribution.references import References
from seqnet.attribution.seqlets import WIDTH, Seqlets, Singles, find_seqlets
from seqnet.datasets.checks import counted
from seqnet.errors import SeqnetError
from seqnet.formats import MOTIF_WRITERS, suffix_format
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import open_output, to_bytes
from seqnet.formats.motifs.any_format import motif_writer, write_motifs
from seqnet.formats.results.attribution_arrays import read_attribution_arrays
from seqnet.formats.results.tables import write_rows
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions
from seqnet.lookup import resolve
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm
from seqnet.parallel import usable_threads
from seqnet.pipeline.calls import takes
from seqnet.pipeline.discovery.hits import PatternHitTable, pattern_hits
from seqnet.pipeline.discovery.request import DiscoverRequest
from seqnet.pipeline.discovery.results import DiscoverResult, PatternTable, SeqletTable
from seqnet.pipeline.explanation.attributing import PreparedExplanation, attribute, prepare_explanation
from seqnet.pipeline.explanation.explainers import load_explainer
from seqnet.pipeline.explanation.filters import Names, known_motifs, most_similar
from seqnet.pipeline.explanation.results import Attribution
from seqnet.pipeline.inputs.models import model_label
from seqnet.pipeline.motifs.request import DEFAULT_P_VALUE
from seqnet.pipeline.tables import ColumnTable
from seqnet.reporting import note

_MADE_BEFORE = "made before"
"""What takes the place of a method's name."""


class _Compared(NamedTuple):
    """Attributions to one task, and those that their false discovery rate comes from."""

    attribution: Attribution
    null: Singles
    """float32 (m, L)."""


class _TaskPatterns(NamedTuple):
    """The patterns of one task."""

    attribution: Attribution
    seqlets: Seqlets
    patterns: list[Pattern]


@takes(DiscoverRequest)
def discover(request: DiscoverRequest) -> DiscoverResult:
    """Find the motifs that a model has learnt: patterns of attribution that recur.

    Parameters
    ----------
    request
        The fields of `DiscoverRequest`, which are the arguments of this function.

    Returns
    -------
    The patterns as motifs and as a table, and their seqlets.

    Raises
    ------
    SeqnetError
        If a file cannot be read or does not fit the model.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.discover("cnn.safetensors", regions="peaks.bed", genome="genome.fa")  # doctest: +SKIP
    >>> result.table.to_pandas()[["pattern", "seqlets", "target"]]  # doctest: +SKIP
    """
    form = suffix_format(request.output or "-", MOTIF_WRITERS, "meme")
    motif_writer(form)
    known = known_motifs(request.motifs, request.motif_rules)
    method, compared = _attributed(request) if request.attributions is None else _given(request)
    per_task = [_patterns(one, null, request) for one, null in compared]
    motifs = _motifs(per_task)
    names = most_similar(list(motifs), known, usable_threads(request.threads))
    named = MotifSet(tuple(
        replace(motif, info=replace(motif.info, alt_name="" if name == "." else name))
        for motif, name in zip(motifs, names.targets, strict=True)
    ))  # fmt: skip
    result = DiscoverResult(
        named, _table(per_task, motifs, names), _seqlet_table(per_task, motifs),
        tuple(pattern for each in per_task for pattern in each.patterns), _hits(per_task, motifs, request),
    )  # fmt: skip
    _write(request, method, result, form)
    if request.report is not None:
        # loads matplotlib
        resolve("seqnet.pipeline.discovery.report:write_discovery")(
            request.report, result, names, known, [*_positions(per_task)],
            max((each.attribution.observed.shape[1] for each in per_task), default=0),
            _header(request, method),
        )  # fmt: skip
    return result


def _attributed(request: DiscoverRequest) -> tuple[str, list[_Compared]]:
    """Compute attributions; return the method and those of each task."""
    explained = request.explanation
    prepared, methods = prepare_explanation(explained, takes_signals=False)
    attributions = attribute(prepared, methods[0])
    null = attribute(_shuffled(prepared, request), methods[0])
    return methods[0], [_Compared(one, other.observed) for one, other in zip(attributions, null, strict=True)]


def _given(request: DiscoverRequest) -> tuple[str, list[_Compared]]:
    """Read attributions; stretches of negative attribution take the place of shuffles."""
    assert request.attributions is not None
    arrays = read_attribution_arrays(request.attributions, request.onehot)
    n = len(arrays.codes)
    regions, starts = None, arrays.starts
    if arrays.places is not None:
        chrom, start, strand = arrays.places
        intervals = make_intervals(chrom, start, start + arrays.codes.shape[1], strand)
        regions, starts = make_regions(intervals, names=arrays.names), np.zeros(n, dtype=np.int64)
    index = np.minimum(arrays.codes, 3).astype(np.int64)[:, None]
    observed = np.take_along_axis(arrays.hypothetical, index, axis=1)[:, 0] * (arrays.codes < 4)
    unknown = np.full(n, np.nan)
    attribution = Attribution(
        _MADE_BEFORE, arrays.task or base_name(request.attributions).removesuffix(".npz"),
        np.array(arrays.names, dtype=object), arrays.codes, arrays.hypothetical, observed, unknown, unknown,
        unknown, np.arange(n), starts, regions=regions, stranded=True,
    )  # fmt: skip
    return _MADE_BEFORE, [_Compared(attribution, -observed)]


def _shuffled(prepared: PreparedExplanation, request: DiscoverRequest) -> PreparedExplanation:
    """Return the rows that are explained with their dinucleotides shuffled."""
    rows = prepared.rows
    assert rows.codes is not None
    chosen = np.flatnonzero(prepared.wanted.any(axis=1))
    codes = References(1, request.seed + 1).of(rows.codes[chosen])[:, 0]
    others = replace(rows, names=rows.names[chosen], codes=codes, regions=None, starts=rows.starts[chosen])
    return replace(
        prepared, rows=others, explainer=load_explainer(prepared.model, others, request.device),
        outputs=prepared.outputs[chosen], wanted=prepared.wanted[chosen],
    )  # fmt: skip


def _patterns(attribution: Attribution, null: Singles, request: DiscoverRequest) -> _TaskPatterns:
    """Return the patterns of one task."""
    assert attribution.codes is not None
    if attribution.observed.shape[1] < WIDTH:
        raise SeqnetError(f"{attribution.observed.shape[1]} bases are explained; patterns need {WIDTH}")
    seqlets = find_seqlets(attribution.observed, null, request.fdr)
    patterns = find_patterns(
        seqlets, attribution.hypothetical, attribution.observed, attribution.codes, request.min_seqlets
    )
    used = sum(map(len, patterns))
    note(
        f"{attribution.task}: {counted(len(seqlets.row), 'seqlet')} in {counted(len(attribution), 'row')} "
        f"at a false discovery rate of {request.fdr:g}; "
        f"{used} of them make {counted(len(patterns), 'pattern')}"
    )
    return _TaskPatterns(attribution, seqlets, patterns)


def _motifs(per_task: Sequence[_TaskPatterns]) -> tuple[Pfm, ...]:
    """Return the patterns as motifs, numbered task by task."""
    return tuple(
        Pfm(MotifInfo(f"{each.attribution.task}_{number}", nsites=float(len(pattern))), pattern.counts)
        for each in per_task
        for number, pattern in enumerate(each.patterns, 1)
    )


def _positions(per_task: Sequence[_TaskPatterns]) -> Iterator[Floats]:
    """Yield how far the seqlets of each pattern lie from the middle of their rows, in bases."""
    for each in per_task:
        middle = each.attribution.observed.shape[1] / 2
        for pattern in each.patterns:
            yield pattern.start + len(pattern.counts) / 2 - middle


def _hits(
    per_task: Sequence[_TaskPatterns], motifs: Sequence[Pfm], request: DiscoverRequest
) -> PatternHitTable | None:
    """Return the hits of the patterns, where they are wanted."""
    if request.hits in (None, False):
        return None
    named = iter(motifs)
    return pattern_hits([(each.attribution, [next(named) for _ in each.patterns]) for each in per_task])


def _table(per_task: Sequence[_TaskPatterns], motifs: Sequence[Pfm], names: Names) -> PatternTable:
    """Return a row for each pattern."""
    patterns = [(each.attribution.task, pattern) for each in per_task for pattern in each.patterns]
    return PatternTable(
        np.array([motif.info.name for motif in motifs], dtype=object),
        np.array([task for task, _ in patterns], dtype=object),
        np.array([len(pattern) for _, pattern in patterns], dtype=np.int64),
        np.array([pattern.contributions.sum() for _, pattern in patterns], dtype=np.float64),
        np.array(names.targets, dtype=object),
        names.q_values,
    )


def _seqlet_table(per_task: Sequence[_TaskPatterns], motifs: Sequence[Pfm]) -> SeqletTable:
    """Return a row for each seqlet of a pattern."""
    rows: list[tuple[object, ...]] = []
    named = iter(motifs)
    for each in per_task:
        for pattern in each.patterns:
            motif = next(named)
            rows += _seqlet_rows(each, pattern, motif)
    rows.sort(key=lambda row: (str(row[0]), row[1], row[3]))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    kinds = (object, np.int64, np.int64, object, np.float64, object, object, np.float64)
    chrom, start, end, name, score, strand, task, q_value = (
        np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)
    )
    return SeqletTable(chrom, start, end, name, score, strand, task, q_value)


def _seqlet_rows(task_patterns: _TaskPatterns, pattern: Pattern, motif: Pfm) -> list[tuple[object, ...]]:
    """Return the rows of one pattern's seqlets, in the coordinates of the genome where there is one.

    Where the pattern reaches beyond the bases of a row, its place ends with them.
    """
    attribution, seqlets = task_patterns.attribution, task_patterns.seqlets
    assert attribution.codes is not None
    members = pattern.members
    row = seqlets.row[members]
    known = attribution.codes[row] < 4
    begin = np.maximum(pattern.start, known.argmax(axis=1))
    width = np.minimum(pattern.start + motif.width, known.shape[1] - known[:, ::-1].argmax(axis=1)) - begin
    chrom, start, backward = attribution.places(row, begin, width)
    columns = (
        chrom, start, start + width, pattern.turned ^ backward, seqlets.score[members],
        seqlets.q_value[members],
    )  # fmt: skip
    return [
        (where, begin, end, motif.info.name, score, "-" if minus else "+", attribution.task, q_value)
        for where, begin, end, minus, score, q_value in zip(*(c.tolist() for c in columns), strict=True)
    ]


# ---- writing ---------------------------------------------------------------------------------


def _header(request: DiscoverRequest, method: str, p_value: float | None = None) -> dict[str, str]:
    """Return the provenance."""
    return provenance("discover", {
        "model": None if request.model is None else model_label(request.model),
        "attributions": None if request.attributions is None else base_name(request.attributions),
        "method": method, "rows": request.rows,
        "split": None if request.split == "all" else request.split, "fdr": request.fdr,
        "min-seqlets": request.min_seqlets, "seed": None if request.model is None else request.seed,
        "p-value": p_value,
    })  # fmt: skip


def _write(request: DiscoverRequest, method: str, result: DiscoverResult, form: str) -> None:
    """Write the outputs."""
    header = _header(request, method)
    if request.output is not None and result.motifs.motifs:
        with open_output(request.output) as stream:
            write_motifs(stream, result.motifs, form, header_for(request.header, header))
    elif request.output is not None:
        raise SeqnetError(
            f"no pattern has {request.min_seqlets} seqlets at a false discovery rate of {request.fdr:g}"
        )
    _write_table(request.seqlets, result.seqlets, header_for(request.header, header))
    if isinstance(request.hits, str) and result.hits is not None:
        of_hits = _header(request, method, DEFAULT_P_VALUE)
        _write_table(request.hits, result.hits, header_for(request.header, of_hits))
    if request.json_path is not None:
        with open_output(request.json_path) as stream:
            stream.write(to_bytes(json.dumps(_numbers(result, header), indent=1) + "\n"))


def _write_table(path: str | None, table: ColumnTable, header: dict[str, str] | None) -> None:
    """Write a table, where it has a path."""
    if path is not None:
        with open_output(path) as stream:
            write_rows(stream, list(table.columns()), table.rows(), header)


def _numbers(result: DiscoverResult, header: dict[str, str]) -> dict[str, object]:
    """Return all numbers of the patterns."""
    patterns = []
    for row, pattern in zip(result.table.rows(), result.patterns, strict=True):
        name, task, seqlets, contribution, target, q_value = row
        patterns.append({
            "pattern": name, "task": task, "seqlets": seqlets, "contribution": contribution,
            "target": None if target == "." else target,
            "q_value": None if np.isnan(q_value) else q_value,
            "contributions": pattern.contributions.tolist(), "counts": pattern.counts.tolist(),
        })  # fmt: skip
    return {"provenance": header, "patterns": patterns}
