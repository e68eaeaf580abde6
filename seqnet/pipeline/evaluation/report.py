"""The evaluation report: the contents of its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqnet.formats.files.header import base_name
from seqnet.formats.files.opening import open_output
from seqnet.genome.splitting.splits import SPLITS
from seqnet.metrics.bootstrap import FEWEST_BLOCKS
from seqnet.metrics.evaluate import TaskMetrics
from seqnet.metrics.registry import ASINH_PEARSON, HEADLINES, METRICS
from seqnet.pipeline.evaluation.patterns import patterns_section
from seqnet.pipeline.evaluation.plots import curve_pictures, task_picture, training_picture
from seqnet.pipeline.evaluation.results import figure_text
from seqnet.pipeline.evaluation.training_log import Training, parts_section
from seqnet.reports.evaluation_page import Card, Cell, Column, Page, PageTable, Section, render
from seqnet.version import __version__

if TYPE_CHECKING:
    from seqnet.aliases import Json
    from seqnet.pipeline.evaluation.results import Baseline, Evaluation
    from seqnet.reports.pattern_sections import ShownPattern

_CARDS = {
    "binary": ("auroc", "auprc", "recall_at_10_fdr", "brier", "ece"),
    "regression": ("pearson", ASINH_PEARSON, "spearman", "r2", "mse", "peak_pearson"),
    "counts": ("pearson", "spearman", "poisson_deviance", "peak_pearson"),
    "multiclass": ("accuracy", "f1", "auroc", "log_loss"),
}
_SCALED = ("auroc", "auprc", "pearson", "spearman", "accuracy", "f1", "recall_at_10_fdr", "peak_pearson",
           ASINH_PEARSON)  # fmt: skip


def write_report(
    path: str, evaluation: Evaluation, title: str | None, training: Training, patterns: list[ShownPattern]
) -> None:
    """Write the report."""
    with open_output(path) as stream:
        stream.write(render(report_page(evaluation, title, training, patterns)))


def report_page(
    evaluation: Evaluation, title: str | None, training: Training, patterns: list[ShownPattern]
) -> Page:
    """Put the page together."""
    figures = evaluation.task_metrics
    tasks = f"{len(figures.tasks)} task" + "s" * (len(figures.tasks) != 1)
    rows = evaluation.rows_evaluated.replace("'", "“", 1).replace("'", "”", 1)
    units = (
        f" Figures are in the track's units, {evaluation.units}, unless they say asinh."
        if evaluation.units
        else ""
    )
    subtitle = f"{len(evaluation.targets):,} rows of {evaluation.labels}, {rows}, {tasks}.{units}"
    sections = [
        Section("curves", "Curves", _curve_lead(evaluation), pictures=curve_pictures(evaluation)),
        _tasks_section(evaluation),
        *_genome_section(evaluation),
        *_negatives_section(evaluation),
        *parts_section(evaluation, training),
        *_baseline_section(evaluation),
        *_ablation_section(evaluation),
        *([patterns_section(patterns)] if patterns else []),
        *_training_section(training, evaluation),
        _provenance_section(evaluation),
    ]
    return Page(
        title or evaluation.name, subtitle, _cards(evaluation), evaluation.warnings, sections, __version__
    )


def _span(bounds: tuple[float, float] | None, sign: str = "-") -> str:
    """Return an interval as text, empty without one; `sign` ``+`` shows plus signs too."""
    return "" if bounds is None else f"{bounds[0]:{sign}.3f} to {bounds[1]:{sign}.3f}"


def _cards(evaluation: Evaluation) -> list[Card]:
    """Return the headline figures."""
    figures = evaluation.task_metrics
    several = len(figures.rows) > 1
    cards = []
    for metric in filter(figures.metrics.__contains__, _CARDS[figures.kind]):
        info = METRICS[figures.kind][metric]
        value, bounds = figures.summary.get(metric), figures.interval(figures.names[-1], metric)
        details = [f"95 % interval {_span(bounds)}"] if bounds else []
        chance = {"auroc": 0.5, "auprc": figures.summary.get("base_rate")}.get(metric)
        if metric == "auprc" and chance is not None:
            details.append(f"chance gives the base rate, {chance:.3f}")
        if metric == "auroc":
            details.append("chance gives .5")
        if info.better == "lower":
            details.append("lower is better")
        scaled = metric in _SCALED and value is not None and 0 <= value <= 1
        low, high = (max(bounds[0], 0), min(bounds[1], 1)) if bounds and scaled else (None, None)
        label = f"{info.label}, mean of tasks" if several and figures.kind != "multiclass" else info.label
        cards.append(
            Card(label, figure_text(metric, value), "; ".join(details), value if scaled else None, low, high,
                 chance if scaled else None)
        )  # fmt: skip
    if evaluation.tiles:
        wide = evaluation.tiles[-1]
        detail = f"{evaluation.tile_places}; base rate {figure_text('', wide.base_rate)}"
        if wide.auprc_low is not None and wide.auprc_high is not None:
            detail += f"; 95 % interval {_span((wide.auprc_low, wide.auprc_high))}"
        place = wide.auprc
        label = "auPRC, genome-wide" + (", mean of tasks" if several else "")
        cards.insert(2, Card(label, figure_text("", place), detail, place, chance=wide.base_rate))
    return cards


def _curve_lead(evaluation: Evaluation) -> str:
    """Explain how to read the curves."""
    if evaluation.task_metrics.kind == "binary":
        return "Dotted lines are what chance, or perfect calibration, would give."
    return "Where predictions and targets agree, and where not."


def _tasks_section(evaluation: Evaluation) -> Section:
    """Return the figures of each task."""
    figures = evaluation.task_metrics
    lead = "Each heading sorts the table. " if len(figures.tasks) > 1 else ""
    if figures.blocks is not None and figures.blocks >= FEWEST_BLOCKS:
        lead += (
            f"Intervals: the middle 95 % of 200 resamples of {figures.blocks} blocks "
            f"({evaluation.block_size:,} bases, or a group)."
        )
    else:
        lead += "Without intervals."
    if evaluation.thresholds_from:
        lead += f" F1 and MCC are at thresholds from {evaluation.thresholds_from}."
    return Section("tasks", "Each task", lead, task_picture(evaluation), [_task_table(figures)])


def _task_table(figures: TaskMetrics) -> PageTable:
    """Return every metric of every task."""
    metrics = METRICS[figures.kind]
    used = [name for name in metrics if any(row.get(name) is not None for row in figures.rows)]
    columns = [Column("task", numeric=False), *[Column(metrics[m].label, metrics[m].help) for m in used]]
    rows = [
        [
            Cell(name),
            *[
                Cell(figure_text(m, row.get(m)), row.get(m), _detail(figures, name, m))
                for m in used
            ],
        ]
        for name, row in zip(figures.names, figures.rows, strict=True)
    ]  # fmt: skip
    several = len(figures.rows) > len(figures.tasks)
    return PageTable(
        "Metrics by task", columns, rows, sortable=len(figures.tasks) > 1, last_is_summary=several
    )


def _detail(figures: TaskMetrics, name: str, metric: str) -> str:
    """Return the interval of a headline metric as text."""
    return _span(figures.interval(name, metric)) if metric in HEADLINES[figures.kind] else ""


def _genome_section(evaluation: Evaluation) -> list[Section]:
    """Return the genome-wide figures next to those of the rows."""
    if not evaluation.tiles:
        return []
    balanced = dict(zip(evaluation.task_metrics.names, evaluation.task_metrics.rows, strict=True))
    labels = ("tiles", "positives", "base rate", "auROC", "auPRC", "base rate, rows", "auPRC, rows")
    columns = [Column("task", numeric=False), *map(Column, labels)]
    rows = []
    for row in evaluation.tiles:
        beside = balanced.get(row.task, {})
        pairs = [
            ("n", row.n), ("positives", row.positives), ("", row.base_rate), ("", row.auroc),
            ("", row.auprc), ("", beside.get("base_rate")), ("", beside.get("auprc")),
        ]  # fmt: skip
        rows.append([Cell(row.task), *[Cell(figure_text(name, value), value) for name, value in pairs]])
    lead = (
        f"{evaluation.tile_places[:1].upper()}{evaluation.tile_places[1:]}; a tile is positive when its "
        "middle lies in a peak. These figures show the quality of a genome-wide track, next to those of the "
        "rows."
    )
    summary = evaluation.tiles[-1].task == "mean"
    return [
        Section("genome", "Along the genome", lead,
                tables=[PageTable("Genome-wide figures", columns, rows, True, summary)])
    ]  # fmt: skip


def _negatives_section(evaluation: Evaluation) -> list[Section]:
    """Return the figures against each kind of negative, where there are several."""
    if len(evaluation.negatives) < 2:
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
            *[Cell(figure_text(m, figures.summary.get(m)), figures.summary.get(m)) for m in metrics],
        ]
        for kind, (n, figures) in evaluation.negatives.items()
    ]
    lead = "The positives against one kind of negative at a time; “other regions” are peaks of other tasks."
    return [
        Section(
            "negatives", "Each kind of negative", lead, tables=[PageTable("Mean of tasks", columns, rows)]
        )
    ]


def _baseline_section(evaluation: Evaluation) -> list[Section]:
    """Return the baselines next to the model."""
    if not evaluation.baselines:
        return []
    lead = "Simpler predictions of the same rows" if evaluation.units is None else "The inputs as they are"
    lead += ". Gains are over the tasks that both have."
    tables = [_beside_table(evaluation, evaluation.baselines)]
    if len(evaluation.task_metrics.tasks) > 1 and evaluation.task_metrics.kind != "multiclass":
        tables.append(_beside_tasks(evaluation))
    return [Section("baselines", "Baselines", lead, tables=tables)]


def _beside_tasks(evaluation: Evaluation) -> PageTable:
    """Return the headline figures of each task under the model and the baselines, and the smallest gain."""
    kind = evaluation.task_metrics.kind
    of_all = [evaluation.task_metrics, *[other.task_metrics for other in evaluation.baselines]]
    tables = [dict(zip(figures.tasks, figures.rows, strict=False)) for figures in of_all]
    columns = [Column("task", numeric=False)]
    for metric in HEADLINES[kind]:
        label = METRICS[kind][metric].label
        columns += [Column(label), *[Column(f"{label}, {other.name}") for other in evaluation.baselines]]
        columns.append(Column(f"{label}, gain", "over the best of the baselines"))
    rows = []
    for task in evaluation.task_metrics.tasks:
        cells = [Cell(task)]
        for metric in HEADLINES[kind]:
            ours, *theirs = (table.get(task, {}).get(metric) for table in tables)
            known = [value for value in theirs if value is not None]
            gain = None if ours is None or not known else ours - max(known)
            cells += [Cell(figure_text(metric, value), value) for value in (ours, *theirs)]
            cells.append(Cell("NA" if gain is None else f"{gain:+.3f}", gain))
        rows.append(cells)
    return PageTable("By task", columns, rows, sortable=True)


def _ablation_section(evaluation: Evaluation) -> list[Section]:
    """Return what the model does without each of its inputs."""
    if not evaluation.ablations:
        return []
    lead = "The same model with one input replaced by a constant. The gain is what the input adds."
    return [
        Section("inputs", "Without an input", lead, tables=[_beside_table(evaluation, evaluation.ablations)])
    ]


def _beside_table(evaluation: Evaluation, others: Sequence[Baseline]) -> PageTable:
    """Return the figures of other predictions under the model's."""
    kind = evaluation.task_metrics.kind
    metrics = tuple(others[0].differences)
    labels = [METRICS[kind][m].label for m in metrics]
    columns = [Column("predictions", numeric=False), Column("tasks"), *map(Column, labels),
               *[Column(f"{label}, gain of the model") for label in labels]]  # fmt: skip
    ours = evaluation.task_metrics
    rows = [[Cell(evaluation.name), Cell(str(len(ours.tasks))),
             *[_metric_cell(ours, m) for m in metrics], *[Cell("")] * len(metrics)]]  # fmt: skip
    for baseline in others:
        gains = [
            Cell("NA" if value is None else f"{value:+.3f}", value, _span(bounds, "+"))
            for value, bounds in baseline.differences.values()
        ]
        figures = baseline.task_metrics
        rows.append(
            [
                Cell(baseline.name),
                Cell(str(len(figures.tasks))),
                *[_metric_cell(figures, m) for m in metrics],
                *gains,
            ]
        )
    return PageTable("Mean of tasks", columns, rows)


def _metric_cell(figures: TaskMetrics, metric: str) -> Cell:
    """Return the summary figure of some metrics with its interval."""
    value = figures.summary.get(metric)
    return Cell(figure_text(metric, value), value, _span(figures.interval(figures.names[-1], metric)))


def _training_section(training: Training, evaluation: Evaluation) -> list[Section]:
    """Return what was trained on what, and the learning curve."""
    header = training.header
    pictures = training_picture(training.history, header)
    if header is None and not pictures:
        return []
    facts: list[tuple[str, str]] = []
    if header is not None:
        splits = header.get("splits") or {}
        facts += [
            (f"{split} rows", " on ".join([f"{splits[split]['rows']:,}", *_contigs(splits[split])]))
            for split in SPLITS
            if split in splits
        ]
        spec = header.get("input") or {}
        facts += [
            ("model", str(header.get("command", header.get("kind", "")))),
            ("input", str(spec.get("type")) + (f", {spec['width']} bases" if spec.get("width") else "")),
            ("strands", str(header.get("strands"))),
            ("seed", str(header.get("seed"))),
            *_option_facts(header.get("options") or {}),
        ]
    rates = evaluation.training_base_rates  # of regressions and counts the means of the targets
    if rates:
        mean = float(np.mean(list(rates.values())))
        if evaluation.task_metrics.kind in ("binary", "multiclass"):
            facts.append(("training base rate, mean of tasks", f"{mean:.3f}"))
        else:
            facts.append(("training mean, mean of tasks", f"{mean:.6g}"))
    return [Section("training", "Training", "What the model was trained on, and how.", pictures, facts=facts)]


def _option_facts(options: Json) -> list[tuple[str, str]]:
    """Return the options of a training in words; those that are off or empty are left out."""
    return [
        (name.replace("-", " "), "yes" if value is True else str(value))
        for name, value in options.items()
        if name != "strengths" and value is not None and value is not False and value not in ({}, [], "")
    ]


def _contigs(split: Json) -> list[str]:
    """Return the contigs of a split as one text; none of rows without coordinates."""
    return [_listed(split["contigs"])] if split["contigs"] else []


def _listed(names: Sequence[str]) -> str:
    """Return names, cut after six."""
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _provenance_section(evaluation: Evaluation) -> Section:
    """Return what made the page."""
    header = evaluation.model or {}
    facts = [
        ("seqnet", __version__), ("predictions", evaluation.name), ("labels", evaluation.labels),
        ("rows", evaluation.rows_evaluated), ("target type", evaluation.task_metrics.kind),
        *[(f"{base_name(name)}, SHA-256", digest) for name, digest in (header.get("inputs") or {}).items()],
        *[(f"trained with {name}", str(version)) for name, version in (header.get("versions") or {}).items()],
    ]  # fmt: skip
    return Section("provenance", "Provenance", facts=facts)
