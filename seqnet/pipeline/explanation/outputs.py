"""Attributions to files: the suffix picks what is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from seqnet.aliases import Floats, Ints
from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name, header_for, provenance
from seqnet.formats.files.opening import open_output
from seqnet.formats.results.attribution_arrays import one_hot_path
from seqnet.formats.results.tables import write_rows
from seqnet.formats.tracks.bigwig import write_bigwig
from seqnet.pipeline.explanation.request import TABLES, ExplainRequest, output_kind
from seqnet.pipeline.explanation.results import Attribution, ExplanationTable
from seqnet.pipeline.explanation.rows import ExplainedRows
from seqnet.pipeline.inputs.models import model_label
from seqnet.pipeline.motifs.pictures import image_format
from seqnet.pipeline.outputs import TASK, safe_name
from seqnet.reporting import note
from seqnet.reports.attributions import draw_attributions

METHOD = "{method}"
"""Placeholder of a method's name in a path."""
_BED = ("chrom", "start", "end", "name", "score", "strand")


def check_attribution_outputs(request: ExplainRequest, methods: Sequence[str], tasks: Sequence[str]) -> None:
    """Make sure that every set of attributions has its own output.

    Raises
    ------
    UsageError
        If one name would be used twice, or a table's name differs from method to method.
    """
    paths: list[str] = []
    for output in request.outputs:
        if output_kind(output) in TABLES:
            if METHOD in output or TASK in output:
                raise UsageError(
                    f"{output}: a table holds all methods and tasks; leave out what is in braces"
                )
            continue
        for stands_for, names, what in ((METHOD, methods, "methods"), (TASK, tasks, "tasks")):
            if len(names) > 1 and stands_for not in output:
                raise UsageError(f"{output}: there are {len(names)} {what}; put '{stands_for}' in the name")
        paths += [_path(output, method, task) for method in methods for task in tasks]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"two sets of attributions would be written to {twice}")


def _path(output: str, method: str, task: str) -> str:
    """Return an output's path for one method and task."""
    return output.replace(METHOD, method).replace(TASK, safe_name(task))


def write_attributions(
    request: ExplainRequest, attributions: Sequence[Attribution], table: ExplanationTable, rows: ExplainedRows
) -> tuple[str, ...]:
    """Write all outputs; return the files."""
    written: list[str] = []
    header = attribution_header(request, attributions)
    for output in request.outputs:
        kind = output_kind(output)
        if kind in TABLES:
            _write_table(output, kind, table, header_for(request.header, header))
            written.append(output)
            continue
        for each in attributions:
            path = _path(output, each.method, each.task)
            written.append(path)
            if kind == "bigwig":
                write_track(path, each, rows)
            elif kind == "npz":
                written.append(_write_arrays(path, each, header))
            else:
                _write_picture(path, each)
    return tuple(written)


def attribution_header(request: ExplainRequest, attributions: Sequence[Attribution]) -> dict[str, str]:
    """Return the provenance."""
    compared = any(not np.isnan(each.reference).all() for each in attributions)
    references = None if request.references is None else base_name(request.references)
    shown = {
        "model": model_label(request.model),
        "methods": tuple(dict.fromkeys(each.method for each in attributions)),
        "rows": request.rows,
        "split": None if request.split == "all" else request.split,
        "central": request.central,
        "references": references,
        "shuffles": request.shuffles if compared and references is None else None,
        "seed": request.seed if compared and references is None else None,
    }
    return provenance("explain", shown)


def _write_table(path: str, kind: str, table: ExplanationTable, header: dict[str, str] | None) -> None:
    """Write BED or TSV."""
    columns = table.columns()
    if kind == "bed":
        if table.regions is None:
            raise UsageError(f"{path}: sequences have no coordinates; write TSV")
        columns = {
            name: columns[name] if name != "score" else table.regions.scores for name in _BED
        } | columns
    with open_output(path) as stream:
        rows = zip(*(_cells(column) for column in columns.values()), strict=True)
        write_rows(stream, list(columns), rows, header)


def _cells(column: np.ndarray) -> Iterator[object]:
    """Yield the cells of a column, None for what is unknown."""
    for cell in column.tolist():
        yield None if isinstance(cell, float) and np.isnan(cell) else cell


def _write_arrays(path: str, attribution: Attribution, header: dict[str, str]) -> str:
    """Write hypothetical attributions and, in a second file, one-hot sequences; return the second file.

    Both have them under ``arr_0``, (n, 4, L), as ``modisco motifs -a ... -s ...`` reads them. Names, places
    and the task are for ``seqnet discover --attributions``.
    """
    beside = one_hot_path(path)
    names = np.array([str(name) for name in attribution.names], dtype=np.str_)
    with open_output(path) as stream:
        text = np.array("\n".join(f"{key}={value}" for key, value in header.items()))
        arrays = {"arr_0": attribution.hypothetical, "names": names, "provenance": text} | _places(
            attribution
        )
        if attribution.signals is not None:
            arrays["signals"] = attribution.signals
        np.savez(stream, allow_pickle=False, **arrays)
    with open_output(beside) as stream:
        np.savez(stream, arr_0=attribution.one_hot)
    return beside


def _places(attribution: Attribution) -> dict[str, np.ndarray]:
    """Return the task, and where the explained bases of each row lie in the genome or their sequence."""
    n, length = attribution.observed.shape
    places = attribution.places(np.arange(n), np.zeros(n, dtype=np.int64), length)
    arrays = {"task": np.array(attribution.task), "start": places.start}
    if attribution.regions is not None:
        chrom = np.array([str(name) for name in places.chrom], dtype=np.str_)
        arrays |= {"chrom": chrom, "strand": -places.backward.astype(np.int8)}
    return arrays


def _write_picture(path: str, attribution: Attribution) -> None:
    """Draw one row: the one with the highest output."""
    row = int(np.argmax(attribution.output))
    name = str(attribution.names[row])
    if len(attribution) > 1:
        note(f"{path}: shows {name}, which has the highest output of {len(attribution)} rows")
    place = "" if attribution.regions is None else f" {attribution.regions.intervals.locus(row)}"
    heights = attribution.one_hot[row] * attribution.observed[row]
    saturation = attribution.hypothetical[row] if attribution.method == "ism" else None
    title = f"{attribution.task} {attribution.method} {name}{place if place.strip() != name else ''}"
    picture = draw_attributions(title, heights, saturation, image_format(path), attribution.offset + 1)
    with open_output(path) as stream:
        stream.write(picture)


# ---- tracks ----------------------------------------------------------------------------------


def write_track(path: str, attribution: Attribution, rows: ExplainedRows) -> None:
    """Write observed attributions along the genome; where regions overlap, those of the nearest centre."""
    with write_bigwig(path, rows.lengths) as track:
        for contig in rows.lengths:
            places, values = along_contig(attribution, contig)
            ends = np.flatnonzero(np.diff(places) != 1) + 1
            for run in np.split(np.arange(len(places)), ends):
                if len(run):
                    track.add(contig, int(places[run[0]]), values[run])


def along_contig(attribution: Attribution, contig: str) -> tuple[Ints, Floats]:
    """Return the bases of a contig that have an attribution, in order, and their values: (m,) each."""
    regions = attribution.regions
    assert regions is not None
    intervals = regions.intervals
    on_contig = np.array(intervals.contig_names(), dtype=object) == contig
    parts: list[tuple[Ints, Floats, Ints]] = []
    inner = np.arange(attribution.observed.shape[1])
    for row in np.flatnonzero(on_contig).tolist():
        start, end = int(intervals.start[row]), int(intervals.end[row])
        place = attribution.places(np.full(len(inner), row), inner, 1).start
        there = (place >= start) & (place < end)
        distance = np.abs(2 * place + 1 - start - end)
        parts.append((place[there], attribution.observed[row][there].astype(np.float64), distance[there]))
    if not parts:
        return np.empty(0, np.int64), np.empty(0)
    places, values, distances = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.lexsort((distances, places))
    places, values = places[order], values[order]
    first = np.append(True, np.diff(places) != 0)[: len(places)]
    return places[first], values[first]
