"""Attributions of a model's outputs on rows: read, chosen, computed and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqnet.aliases import Bools, Codes, Floats, Ints
from seqnet.attribution.contributions import Contributions
from seqnet.attribution.methods import DEFAULT_METHOD, METHODS, WITHOUT_RULES
from seqnet.attribution.references import AttributionPlan, References
from seqnet.datasets.padded import pad_sequences
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.sequences.fasta import read_sequences
from seqnet.lookup import resolve
from seqnet.networks.model import FEATURE_TYPES, SCORES_TYPE, Model
from seqnet.parallel import ordered_map, usable_threads
from seqnet.pipeline.denoising.targets import denoises
from seqnet.pipeline.explanation.explainers import (
    Explainer,
    load_explainer,
    positions_explained,
    unfinished,
)
from seqnet.pipeline.explanation.outputs import check_attribution_outputs
from seqnet.pipeline.explanation.request import ExplainRequest
from seqnet.pipeline.explanation.results import Attribution
from seqnet.pipeline.explanation.rows import ExplainedRows, load_rows, wanted_rows
from seqnet.pipeline.inputs.models import chosen_tasks, load_model, model_source
from seqnet.pipeline.inputs.signals import ordered_source
from seqnet.reporting import detail, note, progress_bar

MOST_GAP = 1e-3
"""Attributions that should add up may miss by so much of their absolute sum."""


@dataclass(frozen=True, eq=False)
class PreparedExplanation:
    """A model, its rows, and which of them are explained for which task.

    Parameters
    ----------
    outputs, wanted
        float64 and bool (n, T).
    """

    model: Model
    rows: ExplainedRows
    explainer: Explainer
    outputs: Floats
    wanted: Bools
    plan: AttributionPlan
    threads: int


def prepare_explanation(
    request: ExplainRequest, *, takes_signals: bool = True
) -> tuple[PreparedExplanation, tuple[str, ...]]:
    """Read all that an explanation needs; return it and the methods to use.

    Parameters
    ----------
    takes_signals
        Whether models with signal tracks can be explained.
    """
    model = load_model(request.model)
    source = model_source(request.model)
    if not takes_signals and model.input.get("signals"):
        raise UsageError(f"{source} reads signal tracks, which shuffles do not have")
    tracks = ordered_source(request.tracks, model, source)  # reported before anything else is read
    if denoises(model):
        raise UsageError(f"{source} denoises whole tracks; models of regions are explained")
    if request.only_filters and model.input["type"] in FEATURE_TYPES:
        raise UsageError(f"--filters: {source} has no filters over bases")
    methods = () if request.only_filters else chosen_methods(request, model)
    tasks = sorted(chosen_tasks(model.tasks, request.tasks))
    check_attribution_outputs(request, methods, [model.tasks[task] for task in tasks])
    if "ism" in methods and model.header["architecture"]:
        _report_whole(model)
    rows = load_rows(request, model, tracks)
    explainer = load_explainer(model, rows, request.device)
    threads = usable_threads(request.threads)
    outputs = explainer.outputs(threads)
    wanted = wanted_rows(request, model, rows, outputs, tasks)
    plan = _plan(request, rows.width)
    return PreparedExplanation(model, rows, explainer, outputs, wanted, plan, threads), methods


# ---- methods ---------------------------------------------------------------------------------


def chosen_methods(request: ExplainRequest, model: Model) -> tuple[str, ...]:
    """Return the methods to use: those named, or the default one where it applies.

    Raises
    ------
    UsageError
        If a method that was named does not apply to the model.
    """
    reasons = {method: _refusal(method, request, model) for method in METHODS}
    for method in request.methods:
        if reasons[method] is not None:
            raise UsageError(f"--method {method}: {reasons[method]}")
    if request.methods:
        return request.methods
    reason = reasons[DEFAULT_METHOD]
    if reason is None:
        return (DEFAULT_METHOD,)
    if reasons[WITHOUT_RULES] is not None:
        raise UsageError(f"no method applies to the model: {reasons[WITHOUT_RULES]}")
    note(f"method {WITHOUT_RULES}: {reason.partition(';')[0]}")  # without the advice to use it
    return (WITHOUT_RULES,)


def _refusal(method: str, request: ExplainRequest, model: Model) -> str | None:
    """Return why a method does not apply to a model, None where it does."""
    row, kind = METHODS[method], model.input["type"]
    if kind == SCORES_TYPE:
        return "the model reads a table of motif scores, not bases"
    if kind == "kmers" and row.kmers is None:
        return "a model of k-mers is no smooth function of bases; use ism or deeplift"
    if model.header.get("kmer_term") is not None and not row.reads_terms:
        return "the model's k-mer term is no smooth function of bases; use ism or deeplift"
    if model.header.get("motif_term") is not None and not row.reads_terms:
        return "it has no rule for the motifs of the model; use ism or deeplift"
    if kind == "signals" and method == WITHOUT_RULES:
        return "the model reads no sequence; use gradient, or deeplift with --signal-reference mean"
    if not row.takes_references:
        return None
    if kind == "signals" and request.signal_reference == "fixed":
        return "the model reads no sequence to shuffle; give --signal-reference mean"
    layers = model.header["architecture"]
    without = resolve("seqnet.networks.describe:layers_without_rule")(layers, "rescale") if layers else []
    return f"the layer {without[0]} has no rule for {method}; use ism" if without else None


def _report_whole(model: Model) -> None:
    """Report which layers are computed whole for every substitution."""
    without = resolve("seqnet.networks.describe:layers_without_rule")(model.header["architecture"], "edits")
    if without:
        detail(f"ism: everything from the layer {without[0]} on is computed whole")


def _plan(request: ExplainRequest, length: int) -> AttributionPlan:
    """Return what attributions are computed of sequences of a length."""
    sequences = None if request.references is None else _given_references(request.references, length)
    within = None
    if request.shuffle_range is not None:
        first, last = request.shuffle_range
        if last > length:
            raise UsageError(f"--shuffle-range {first}-{last}: sequences have {length} bases")
        within = first - 1, last
    references = References(
        request.shuffles, request.seed, within, sequences, request.signal_reference == "mean"
    )
    return AttributionPlan(references, positions_explained(length, request.central))


def _given_references(path: str, length: int) -> Codes:
    """Read references, uint8 (N, length)."""
    records = list(read_sequences(path))
    for record in records:
        if len(record.codes) != length:
            raise SeqnetError(
                f"{path}: {record.name} has {len(record.codes)} bases; expected {length}, as sequences have"
            )
    if not records:
        raise SeqnetError(f"{path}: holds no sequences")
    return pad_sequences([record.codes for record in records], length).codes


# ---- computing -------------------------------------------------------------------------------


def attribute(prepared: PreparedExplanation, method: str) -> list[Attribution]:
    """Return the attributions of one method, task by task."""
    explainer, rows, plan = prepared.explainer, prepared.rows, prepared.plan
    wanted = prepared.wanted
    union = np.flatnonzero(wanted.any(axis=1))
    pieces = [union[start : start + explainer.batch] for start in range(0, len(union), explainer.batch)]

    def work(piece: Ints) -> dict[int, Contributions]:
        return explainer.explain(method, piece, wanted[piece], plan)

    parts: dict[int, list[Contributions]] = {}
    with progress_bar("rows", len(union)) as progress:
        for piece, by_task in zip(pieces, ordered_map(work, pieces, prepared.threads), strict=True):
            progress(len(piece))
            for task, contributions in by_task.items():
                parts.setdefault(task, []).append(_cut(contributions, plan))
    return [
        _joined(
            parts[task], np.flatnonzero(wanted[:, task]), rows, prepared.outputs[:, task], method,
            prepared.model.tasks[task], plan,
        )
        for task in sorted(parts)
    ]  # fmt: skip


def _cut(contributions: Contributions, plan: AttributionPlan) -> Contributions:
    """Return contributions of the positions that are explained."""
    if plan.span is None:
        return contributions
    some = slice(*plan.span)
    signals = contributions.signals
    return contributions._replace(
        hypothetical=contributions.hypothetical[:, :, some].copy(),
        observed=contributions.observed[:, some].copy(),
        signals=None if signals is None else signals[:, :, some].copy(),
    )


def _joined(
    parts: Sequence[Contributions],
    chosen: Ints,
    rows: ExplainedRows,
    outputs: Floats,
    method: str,
    task: str,
    plan: AttributionPlan,
) -> Attribution:
    """Return the contributions of the chosen rows together, after checking them."""
    hypothetical = np.concatenate([part.hypothetical for part in parts])
    observed = np.concatenate([part.observed for part in parts])
    signals = None
    if parts[0].signals is not None:
        signals = np.concatenate([part.signals for part in parts if part.signals is not None])
    unknown = np.full(len(chosen), np.nan)
    reference, gap = unknown, unknown
    if parts[0].reference is not None:
        reference = np.concatenate([part.reference for part in parts if part.reference is not None])
        gap = np.concatenate([part.completeness for part in parts if part.completeness is not None])
        gap[np.isnan(gap)] = np.inf  # outputs beyond all numbers add up to nothing
    _check(rows, chosen, observed, gap, method, task)
    offset = 0 if plan.span is None else plan.span[0]
    codes = None if rows.codes is None else rows.codes[chosen, offset : offset + observed.shape[1]]
    regions = None if rows.regions is None else rows.regions.take(chosen)
    return Attribution(
        method, task, rows.names[chosen], codes, hypothetical, observed, outputs[chosen], reference, gap,
        chosen, rows.starts[chosen] + offset, offset, signals, regions, rows.stranded,
    )  # fmt: skip


def _check(
    rows: ExplainedRows, chosen: Ints, observed: np.ndarray, gap: Floats, method: str, task: str
) -> None:
    """Raise if attributions are no finite numbers, or do not add up where they should."""
    for wrong, what in (
        (unfinished(observed), "are no finite numbers"),
        (gap > MOST_GAP, "do not add up to the difference from the references"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            number = int(chosen[row])
            name = rows.names[number]
            where = name if rows.regions is None else f"{rows.regions.intervals.locus(number)} ({name})"
            miss = f" by {gap[row]:.2g} of their absolute sum" if gap[row] > MOST_GAP else ""
            raise SeqnetError(f"attributions of {task} by {method} at {where} {what}{miss}")
