"""The evaluation report: what stands on its page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import seqnet
from seqnet.commands._evaluate_plots import curve_pictures, task_picture, training_picture
from seqnet.errors import FormatError
from seqnet.formats._open import open_input, open_output
from seqnet.formats.header import base_name
from seqnet.genome.splits import SPLITS
from seqnet.reports.evaluation_page import Card, Cell, Column, Page, Section, Table, render
from seqnet.training.metrics.bootstrap import FEWEST_BLOCKS
from seqnet.training.metrics.judging import Judgement
from seqnet.training.metrics.names import HEADLINES, METRICS, ROW_COUNTS

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.commands._evaluation import Baseline, Evaluation

_CARDS = {
    "binary": ("auroc", "auprc", "recall_at_10_fdr", "brier", "ece"),
    "regression": ("pearson", "spearman", "r2", "mse", "peak_pearson"),
    "counts": ("pearson", "spearman", "poisson_deviance", "peak_pearson"),
    "multiclass": ("accuracy", "f1", "auroc", "log_loss"),
}
_SCALED = ("auroc", "auprc", "pearson", "spearman", "accuracy", "f1", "recall_at_10_fdr", "peak_pearson")


@dataclass(frozen=True, eq=False)
class Training:
    """What is known of the training.

    Parameters
    ----------
    header
        The model's header, None where it is not at hand.
    history
        Column to values by epoch, empty without a log.
    """

    header: Json | None
    history: dict[str, list[float]]


def training_record(path: str | None, model: str | None, header: Json | None) -> Training:
    """Read the training log: as named, or beside the model.

    Raises
    ------
    FormatError
        If the file named is neither a model's JSON nor its table of metrics.
    """
    import json

    table = None if model is None else Path(model.removesuffix(".safetensors") + ".metrics.tsv")
    if path is not None:
        with open_input(path) as stream:
            data = stream.read()
        if data.lstrip()[:1] == b"{":
            try:
                header = json.loads(data)
            except ValueError as error:
                raise FormatError(path, f"is no JSON: {error}") from error
            table = Path(path.removesuffix(".json") + ".metrics.tsv")
        else:
            history = _history(data)
            if not history:
                raise FormatError(path, "is no training log; expected X.json or X.metrics.tsv")
            return Training(header, history)
    if table is None or not table.exists():
        return Training(header, {})
    with open_input(str(table)) as stream:
        return Training(header, _history(stream.read()))


def _history(data: bytes) -> dict[str, list[float]]:
    """Return the columns of a training log that has epochs, else nothing."""
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode()), delimiter="\t"))
        columns = {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except (UnicodeDecodeError, TypeError, ValueError):
        return {}
    return columns if "epoch" in columns else {}


def _number(text: str) -> float:
    """Return a number, NaN for NA."""
    return float("nan") if text == "NA" else float(text)


def write_report(path: str, found: Evaluation, title: str | None, training: Training) -> None:
    """Write the report."""
    with open_output(path) as stream:
        stream.write(render(report_page(found, title, training)))


def report_page(found: Evaluation, title: str | None, training: Training) -> Page:
    """Put the page together."""
    judged = found.judgement
    tasks = f"{len(judged.tasks)} task" + "s" * (len(judged.tasks) != 1)
    rows = "all rows" if found.split == "all" else f"split “{found.split}”"
    subtitle = f"{len(found.targets):,} rows of {found.labels}, {rows}, {tasks}."
    sections = [
        Section("curves", "Curves", _curve_lead(found), pictures=curve_pictures(found)),
        _tasks_section(found),
        *_genome_section(found),
        *_negatives_section(found),
        *_baseline_section(found),
        *_ablation_section(found),
        *_training_section(training, found),
        _provenance_section(found),
    ]
    return Page(title or found.name, subtitle, _cards(found), found.warnings, sections, seqnet.__version__)


def figure_text(metric: str, value: float | None) -> str:
    """Return a metric as text: three decimals, whole counts, NA where undefined."""
    if value is None:
        return "NA"
    if metric in ROW_COUNTS:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _span(bounds: tuple[float, float] | None, sign: str = "-") -> str:
    """Return an interval as text, empty without one; `sign` ``+`` shows plus signs too."""
    return "" if bounds is None else f"{bounds[0]:{sign}.3f} to {bounds[1]:{sign}.3f}"


def _cards(found: Evaluation) -> list[Card]:
    """Return the headline figures."""
    judged = found.judgement
    several = len(judged.rows) > 1
    cards = []
    for metric in _CARDS[judged.kind]:
        info = METRICS[judged.kind][metric]
        value, bounds = judged.summary.get(metric), judged.interval(judged.names[-1], metric)
        details = [f"95 % interval {_span(bounds)}"] if bounds else []
        chance = {"auroc": 0.5, "auprc": judged.summary.get("base_rate")}.get(metric)
        if metric == "auprc" and chance is not None:
            details.append(f"chance gives the base rate, {chance:.3f}")
        if metric == "auroc":
            details.append("chance gives .5")
        if info.better == "lower":
            details.append("lower is better")
        scaled = metric in _SCALED and value is not None and 0 <= value <= 1
        low, high = (max(bounds[0], 0), min(bounds[1], 1)) if bounds and scaled else (None, None)
        label = f"{info.label}, mean of tasks" if several and judged.kind != "multiclass" else info.label
        cards.append(
            Card(label, figure_text(metric, value), "; ".join(details), value if scaled else None, low, high,
                 chance if scaled else None)
        )  # fmt: skip
    if found.tiles:
        wide = found.tiles[-1]
        detail = f"every tile of {_listed(found.tile_contigs)}; base rate {figure_text('', wide.base_rate)}"
        place = wide.auprc
        label = "auPRC, genome-wide" + (", mean of tasks" if several else "")
        cards.insert(2, Card(label, figure_text("", place), detail, place, chance=wide.base_rate))
    return cards


def _curve_lead(found: Evaluation) -> str:
    """Say how to read the curves."""
    if found.judgement.kind == "binary":
        return "Dotted lines are what chance, or perfect calibration, would give."
    return "Where predictions and targets agree, and where not."


def _tasks_section(found: Evaluation) -> Section:
    """Return the figures of each task."""
    judged = found.judgement
    lead = "Each heading sorts the table. " if len(judged.tasks) > 1 else ""
    if judged.blocks is not None and judged.blocks >= FEWEST_BLOCKS:
        lead += (
            f"Intervals: the middle 95 % of 200 resamples of {judged.blocks} blocks "
            f"({found.block_size:,} bases, or a group)."
        )
    else:
        lead += "Without intervals."
    if found.thresholds_from:
        lead += f" F1 and MCC are at thresholds from {found.thresholds_from}."
    return Section("tasks", "Each task", lead, task_picture(found), [_task_table(judged)])


def _task_table(judged: Judgement) -> Table:
    """Return every metric of every task."""
    metrics = METRICS[judged.kind]
    used = [name for name in metrics if any(row.get(name) is not None for row in judged.rows)]
    columns = [Column("task", numeric=False), *[Column(metrics[m].label, metrics[m].help) for m in used]]
    rows = [
        [
            Cell(name),
            *[
                Cell(figure_text(m, row.get(m)), row.get(m), _detail(judged, name, m))
                for m in used
            ],
        ]
        for name, row in zip(judged.names, judged.rows, strict=True)
    ]  # fmt: skip
    several = len(judged.rows) > len(judged.tasks)
    return Table("Metrics by task", columns, rows, sortable=len(judged.tasks) > 1, last_is_summary=several)


def _detail(judged: Judgement, name: str, metric: str) -> str:
    """Return the interval of a headline metric as text."""
    return _span(judged.interval(name, metric)) if metric in HEADLINES[judged.kind] else ""


def _genome_section(found: Evaluation) -> list[Section]:
    """Return the genome-wide figures beside those of the rows."""
    if not found.tiles:
        return []
    balanced = dict(zip(found.judgement.names, found.judgement.rows, strict=True))
    labels = ("tiles", "positives", "base rate", "auROC", "auPRC", "base rate, rows", "auPRC, rows")
    columns = [Column("task", numeric=False), *map(Column, labels)]
    rows = []
    for row in found.tiles:
        beside = balanced.get(row.task, {})
        pairs = [
            ("n", row.n), ("positives", row.positives), ("", row.base_rate), ("", row.auroc),
            ("", row.auprc), ("", beside.get("base_rate")), ("", beside.get("auprc")),
        ]  # fmt: skip
        rows.append([Cell(row.task), *[Cell(figure_text(name, value), value) for name, value in pairs]])
    lead = (
        f"Every tile of {_listed(found.tile_contigs)}, a positive when its middle lies in a peak. This is "
        "what a genome-wide track is worth; the figures of the labelled rows stand beside."
    )
    summary = found.tiles[-1].task == "mean"
    return [
        Section("genome", "Along the genome", lead,
                tables=[Table("Genome-wide figures", columns, rows, True, summary)])
    ]  # fmt: skip


def _negatives_section(found: Evaluation) -> list[Section]:
    """Return the figures against each kind of negative, where there are several."""
    if len(found.negatives) < 2:
        return []
    metrics = ("base_rate", "auroc", "auprc")
    columns = [
        Column("negatives", numeric=False),
        Column("rows"),
        *[Column(METRICS["binary"][m].label) for m in metrics],
    ]
    words = {"neg_gc": "genomic, same GC (neg_gc)", "neg_shuf": "shuffled (neg_shuf)"}
    rows = [
        [
            Cell(words.get(kind, kind)),
            Cell(f"{n:,}", n),
            *[Cell(figure_text(m, judged.summary.get(m)), judged.summary.get(m)) for m in metrics],
        ]
        for kind, (n, judged) in found.negatives.items()
    ]
    lead = "The positives against one kind of negative at a time; “other regions” are peaks of other tasks."
    return [
        Section("negatives", "Each kind of negative", lead, tables=[Table("Mean of tasks", columns, rows)])
    ]


def _baseline_section(found: Evaluation) -> list[Section]:
    """Return the baselines beside the model."""
    if not found.baselines:
        return []
    lead = "Simpler predictions of the same rows. Gains are over the tasks that both have."
    tables = [_beside_table(found, found.baselines)]
    if len(found.judgement.tasks) > 1 and found.judgement.kind != "multiclass":
        tables.append(_beside_tasks(found))
    return [Section("baselines", "Beside baselines", lead, tables=tables)]


def _beside_tasks(found: Evaluation) -> Table:
    """Return the headline figures of each task under the model and the baselines, and the smallest gain."""
    kind = found.judgement.kind
    judgements = [found.judgement, *[other.judgement for other in found.baselines]]
    tables = [dict(zip(judged.tasks, judged.rows, strict=False)) for judged in judgements]
    columns = [Column("task", numeric=False)]
    for metric in HEADLINES[kind]:
        label = METRICS[kind][metric].label
        columns += [Column(label), *[Column(f"{label}, {other.name}") for other in found.baselines]]
        columns.append(Column(f"{label}, gain", "over the best of the baselines"))
    rows = []
    for task in found.judgement.tasks:
        cells = [Cell(task)]
        for metric in HEADLINES[kind]:
            ours, *theirs = (table.get(task, {}).get(metric) for table in tables)
            known = [value for value in theirs if value is not None]
            gain = None if ours is None or not known else ours - max(known)
            cells += [Cell(figure_text(metric, value), value) for value in (ours, *theirs)]
            cells.append(Cell("NA" if gain is None else f"{gain:+.3f}", gain))
        rows.append(cells)
    return Table("By task", columns, rows, sortable=True)


def _ablation_section(found: Evaluation) -> list[Section]:
    """Return what the model does without each of its inputs."""
    if not found.ablations:
        return []
    lead = "The same model with one input replaced by a constant. The gain is what the input adds."
    return [Section("inputs", "Without an input", lead, tables=[_beside_table(found, found.ablations)])]


def _beside_table(found: Evaluation, others: Sequence[Baseline]) -> Table:
    """Return the figures of other predictions under the model's."""
    kind = found.judgement.kind
    metrics = HEADLINES[kind]
    labels = [METRICS[kind][m].label for m in metrics]
    columns = [Column("predictions", numeric=False), Column("tasks"), *map(Column, labels),
               *[Column(f"{label}, gain of the model") for label in labels]]  # fmt: skip
    rows = [[Cell(found.name), Cell(str(len(found.judgement.tasks))),
             *[_judged_cell(found.judgement, m) for m in metrics], *[Cell("")] * len(metrics)]]  # fmt: skip
    for baseline in others:
        gains = [
            Cell("NA" if value is None else f"{value:+.3f}", value, _span(bounds, "+"))
            for value, bounds in baseline.differences.values()
        ]
        judged = baseline.judgement
        rows.append(
            [
                Cell(baseline.name),
                Cell(str(len(judged.tasks))),
                *[_judged_cell(judged, m) for m in metrics],
                *gains,
            ]
        )
    return Table("Mean of tasks", columns, rows)


def _judged_cell(judged: Judgement, metric: str) -> Cell:
    """Return a judgement's summary figure with its interval."""
    value = judged.summary.get(metric)
    return Cell(figure_text(metric, value), value, _span(judged.interval(judged.names[-1], metric)))


def _training_section(training: Training, found: Evaluation) -> list[Section]:
    """Return what was trained on what, and the learning curve."""
    header = training.header
    pictures = training_picture(training.history, header)
    if header is None and not pictures:
        return []
    facts: list[tuple[str, str]] = []
    if header is not None:
        splits = header.get("splits") or {}
        facts += [
            (f"{split} rows", f"{splits[split]['rows']:,} on {_listed(splits[split]['contigs'])}")
            for split in SPLITS
            if split in splits
        ]
        spec = header.get("input") or {}
        facts += [
            ("model", str(header.get("command", header.get("kind", "")))),
            ("input", f"{spec.get('type')}, {spec.get('width')} bases"),
            ("strands", str(header.get("strands"))),
            ("seed", str(header.get("seed"))),
            *_option_facts(header.get("options") or {}),
        ]
    rates = found.training_base_rates
    if rates:
        mean = float(np.mean(list(rates.values())))
        facts.append(("training base rate, mean of tasks", f"{mean:.3f}"))
    return [Section("training", "Training", "What the model was trained on, and how.", pictures, facts=facts)]


def _option_facts(options: Json) -> list[tuple[str, str]]:
    """Return the options of a training in words; those that are off or empty are left out."""
    return [
        (name.replace("-", " "), "yes" if value is True else str(value))
        for name, value in options.items()
        if name != "strengths" and value is not None and value is not False and value not in ({}, [], "")
    ]


def _listed(names: Sequence[str]) -> str:
    """Return names, cut after six."""
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _provenance_section(found: Evaluation) -> Section:
    """Return what made the page."""
    header = found.model or {}
    facts = [
        ("seqnet", seqnet.__version__), ("predictions", found.name), ("labels", found.labels),
        ("split", found.split), ("target type", found.judgement.kind),
        *[(f"{base_name(name)}, SHA-256", digest) for name, digest in (header.get("inputs") or {}).items()],
        *[(f"trained with {name}", str(version)) for name, version in (header.get("versions") or {}).items()],
    ]  # fmt: skip
    return Section("provenance", "Provenance", facts=facts)
