"""What a reader of the metrics should beware of, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seqnet.metrics.bootstrap import FEWEST_BLOCKS
from seqnet.metrics.evaluate import OTHER_REGIONS, TaskMetrics, Values
from seqnet.metrics.registry import HEADLINES, METRICS

_FEW_POSITIVES = 20
_SHOWN = 3
"""Tasks that a sentence names; the others are counted."""
_RATES_DIFFER = 1.5
_MISCALIBRATED = 0.1


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What is known in addition to the metrics.

    Parameters
    ----------
    split
        The rows evaluated; ``.`` where the labels have no splits.
    training_base_rates
        By task, where they are known.
    negatives
        Kind of negative to the number of rows of that kind.
    trained_contigs, evaluated_contigs
        Contigs of the training rows and of the rows evaluated, where they are known.
    baselines
        Name to (difference of the first headline metric, its interval).
    better_baselines
        Name of a baseline to (task, figure of the predictions, figure of the baseline) where its first
        headline metric is the higher one, the largest difference first; and the number of tasks compared.
    tiled_contigs
        Contigs of the genome-wide figures, none without such figures.
    trained_rows
        Rows evaluated, of `rows`, that lie in stretches of the genome that were trained on; None if unknown.
    apart
        Whether whole stretches of the genome are held out, so that rows of one contig are no neighbours.
    tiles_apart
        Whether tiles of training rows are left out of the genome-wide figures.
    carried
        Rows evaluated, of `rows`, of split ``train`` in the predictions.
    may_be_trained
        Whether nothing says which of the rows evaluated were trained on.
    """

    split: str = "test"
    training_base_rates: Mapping[str, float] = field(default_factory=dict)
    negatives: Mapping[str, int] = field(default_factory=dict)
    trained_contigs: Sequence[str] = ()
    evaluated_contigs: Sequence[str] = ()
    baselines: Mapping[str, tuple[float | None, tuple[float, float] | None]] = field(default_factory=dict)
    tiled_contigs: Sequence[str] = ()
    better_baselines: Mapping[str, tuple[Sequence[tuple[str, float, float]], int]] = field(
        default_factory=dict
    )
    trained_rows: int | None = None
    apart: bool = False
    tiles_apart: bool = False
    rows: int = 0
    carried: int = 0
    may_be_trained: bool = False


def cautions(metrics: TaskMetrics, around: Circumstances) -> list[str]:
    """Return warnings, the gravest first."""
    rows = list(zip(metrics.tasks, metrics.rows, strict=False))
    binary = metrics.kind == "binary"
    return [
        *trained_on(around),
        *_tiles_trained_on(around),
        *(_undefined(rows) if metrics.kind in ("binary", "multiclass") else _constant(rows)),
        *(_flattering(rows) if binary else []),
        *_no_better(around),
        *_better_in_tasks(around, METRICS[metrics.kind][HEADLINES[metrics.kind][0]].label),
        *(_sampled(around) if binary else []),
        *(_base_rates(metrics, around) if binary else []),
        *(_few_positives(rows) if binary else []),
        *(_calibration(metrics, rows) if binary else []),
        *_too_few_blocks(metrics),
    ]


def undefined_metrics(metrics: TaskMetrics) -> list[dict[str, object]]:
    """Return which metrics of which tasks are undefined, and why."""
    listed: list[dict[str, object]] = []
    for task, row in zip(metrics.tasks, metrics.rows, strict=False):
        missing = [name for name, value in row.items() if value is None]
        if missing:
            listed.append({"task": task, "metrics": missing, "reason": _reason(metrics, row)})
    return listed


def _reason(metrics: TaskMetrics, row: Values) -> str:
    """Say why metrics of a task are undefined."""
    if not row["n"]:
        return "no row with a known target"
    if metrics.kind in ("regression", "counts"):
        return "predictions or targets are constant, or no row lies in a peak"
    reasons = []
    if row["positives"] in (0, row["n"]):
        reasons.append("no positives" if row["positives"] == 0 else "no negatives")
    if metrics.kind == "binary" and row["threshold"] is None:
        reasons.append("no threshold was chosen")
    if not metrics.scores_are_probabilities:
        reasons.append("scores are no probabilities")
    return "; ".join(reasons) or "not defined for a row of this table"


def first_names(tasks: Sequence[str]) -> str:
    """Return the first few names, and how many more there are.

    Examples
    --------
    >>> first_names(["A", "B", "C", "D", "E"])
    'A, B, C and 2 more'
    """
    more = f" and {len(tasks) - _SHOWN} more" if len(tasks) > _SHOWN else ""
    return ", ".join(tasks[:_SHOWN]) + more


def percent(share: float) -> str:
    """Return a share as per cent with two digits that count.

    Examples
    --------
    >>> percent(0.004), percent(0.1234), percent(1.0)
    ('0.4 %', '12 %', '100 %')
    """
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.2g} %"


def _decimal(value: float) -> str:
    """Return a share as print does it: ``.97``."""
    return f"{value:.2f}".removeprefix("0")


def trained_on(around: Circumstances) -> list[str]:
    """Warn of rows that the model has seen."""
    if around.split == "train":
        return [
            "these rows were trained on: the figures show how well they were learnt, not how well others do"
        ]
    if around.trained_rows and around.split != "all":
        return [
            f"{around.trained_rows} of {around.rows} evaluated rows lie in stretches that the model was "
            "trained on: the figures are too good" + "; --split test leaves them out" * (around.split == ".")
        ]
    if around.carried and around.split == ".":
        return [
            f"{around.carried} of {around.rows} evaluated rows have split 'train' in the predictions: the "
            "figures are too good; labels with a split column leave those rows out"
        ]
    if around.may_be_trained:
        return [
            "the rows have no split: if the model was trained on some of them, the figures are too good; a "
            "column of splits leaves those out"
        ]
    if around.apart:
        return []
    shared = sorted(set(around.trained_contigs) & set(around.evaluated_contigs))
    if not shared or around.split == "all":
        return ["rows that were trained on are among those evaluated"] if shared else []
    return [
        f"training rows lie on {first_names(shared)} too: "
        "neighbours and duplicates may make the figures too good"
    ]


def _tiles_trained_on(around: Circumstances) -> list[str]:
    """Warn of genome-wide figures of contigs that the model has seen, where its rows were held out."""
    shared = set(around.trained_contigs) & (set(around.tiled_contigs) - set(around.evaluated_contigs))
    if not shared or around.tiles_apart:
        return []
    listed = first_names([contig for contig in around.tiled_contigs if contig in shared])
    return [
        f"the genome-wide figures are of {listed} too, where the model was trained: they are too good; "
        "--chroms chooses contigs"
    ]


def _undefined(rows: Sequence[tuple[str, Values]]) -> list[str]:
    """Name tasks of one class."""
    without = [task for task, row in rows if not row["positives"]]
    only = [task for task, row in rows if row["positives"] and row["positives"] == row["n"]]
    texts = [(without, "no positives"), (only, "no negatives")]
    return [
        f"{first_names(tasks)}: {what} among the evaluated rows, so auROC and auPRC are undefined (NA)"
        for tasks, what in texts
        if tasks
    ]


def _constant(rows: Sequence[tuple[str, Values]]) -> list[str]:
    """Name tasks without a correlation."""
    constant = [task for task, row in rows if row["n"] and row["pearson"] is None]
    return [
        f"{first_names(constant)}: constant predictions or targets, so correlations are undefined (NA)"
    ] * bool(constant)


def _flattering(rows: Sequence[tuple[str, Values]]) -> list[str]:
    """Name tasks whose auROC hides that most calls are false."""
    warnings = []
    for task, row in rows:
        auroc, auprc, rate = row["auroc"], row["auprc"], row["base_rate"]
        if auroc is not None and auprc is not None and rate is not None and auroc >= 0.85 and auprc < 0.5:
            warnings.append((task, auroc, auprc, rate))
    said = [
        f"{task}: auROC {_decimal(auroc)} but auPRC {_decimal(auprc)} at a base rate of {percent(rate)}: "
        "the ranking is good, but precision is low at most thresholds"
        for task, auroc, auprc, rate in warnings[:_SHOWN]
    ]
    more = len(warnings) - _SHOWN
    return [*said, f"the same holds for {more} more tasks"] if more > 0 else said


def _no_better(around: Circumstances) -> list[str]:
    """Name baselines that are as good."""
    said = []
    for name, (gain, interval) in around.baselines.items():
        if gain is not None and gain <= 0:
            said.append(f"the baseline {name} is as good or better (difference {gain:+.3f})")
        elif interval is not None and interval[0] <= 0:
            said.append(
                f"the gain over the baseline {name} may be chance: {gain:+.3f}, "
                f"95 % interval {interval[0]:+.3f} to {interval[1]:+.3f}"
            )
    return said


def _better_in_tasks(around: Circumstances, label: str) -> list[str]:
    """Count the tasks in which a baseline is the better one, and name the worst of them."""
    said = []
    for name, (tasks, compared) in around.better_baselines.items():
        if tasks and compared > 1:
            most = ", ".join(
                f"{task} ({label} {_decimal(theirs)}, predictions {_decimal(ours)})"
                for task, ours, theirs in tasks[:_SHOWN]
            )
            said.append(f"the baseline {name} is better in {len(tasks)} of {compared} tasks, most in {most}")
    return said


def _sampled(around: Circumstances) -> list[str]:
    """Warn of negatives that were drawn."""
    drawn = {kind: n for kind, n in around.negatives.items() if kind != OTHER_REGIONS and n}
    if not drawn:
        return []
    listed = ", ".join(f"{n} {kind}" for kind, n in drawn.items())
    beside = (
        "see the genome-wide figures"
        if around.tiled_contigs
        else "--tiles with --peaks gives the genome-wide figure"
    )
    return [
        f"negatives were sampled ({listed}): base rates and auPRC are those of this sample, not of a genome; "
        + beside
    ]


def _base_rates(metrics: TaskMetrics, around: Circumstances) -> list[str]:
    """Warn where classes are not as frequent as in training."""
    pairs = [
        (around.training_base_rates[task], row["base_rate"])
        for task, row in zip(metrics.tasks, metrics.rows, strict=False)
        if task in around.training_base_rates and row["base_rate"]
    ]
    if not pairs:
        return []
    trained = sum(pair[0] for pair in pairs) / len(pairs)
    evaluated = sum(pair[1] or 0.0 for pair in pairs) / len(pairs)
    if max(trained, evaluated) < _RATES_DIFFER * min(trained, evaluated):
        return []
    return [
        f"base rates differ: {percent(trained)} of training rows are positive, {percent(evaluated)} of the "
        "evaluated rows; probabilities are off by that much"
    ]


def _few_positives(rows: Sequence[tuple[str, Values]]) -> list[str]:
    """Name tasks whose figures move easily."""
    few = [task for task, row in rows if row["positives"] and row["positives"] < _FEW_POSITIVES]
    if not few:
        return []
    return [f"{first_names(few)}: fewer than {_FEW_POSITIVES} positives, so the figures move easily"]


def _calibration(metrics: TaskMetrics, rows: Sequence[tuple[str, Values]]) -> list[str]:
    """Warn of probabilities that cannot be taken at their word."""
    if not metrics.scores_are_probabilities:
        return ["scores lie outside 0 to 1: they are ranked, but log loss, Brier score and ECE are undefined"]
    off = [task for task, row in rows if row["ece"] is not None and row["ece"] > _MISCALIBRATED]
    if not off:
        return []
    return [f"{first_names(off)}: probabilities are off by more than {_MISCALIBRATED:.0%} on average (ECE)"]


def _too_few_blocks(metrics: TaskMetrics) -> list[str]:
    """Say why there are no intervals."""
    if metrics.blocks is None or metrics.blocks >= FEWEST_BLOCKS:
        return []
    return [
        f"no intervals: the rows make {metrics.blocks} of the {FEWEST_BLOCKS} blocks that resampling needs; "
        "--block-size takes smaller ones, which are more but less independent"
    ]
