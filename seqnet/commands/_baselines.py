"""Cheap models of the same rows, reported beside a network (``--baselines``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqnet.commands._console import progress_bar
from seqnet.commands._options import combine
from seqnet.errors import UsageError

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.commands._training_data import TrainingData
    from seqnet.motifs.matrix import Pssm

baseline_options = combine(
    click.option("--baselines", is_flag=True,
                 help="Report a linear model (squared hinge) of gapped k-mers, fitted to the same training "
                 "rows, beside the network. Binary targets only."),
    click.option("--baseline-motifs", metavar="MOTIFS",
                 help="With --baselines, report the score of the best window too, of the motif of this file "
                 "that tells the training rows apart best."),
)  # fmt: skip


CLOSE_ENOUGH = 1e-3
"""How near the optimum a baseline is solved: a third of the time of `TOLERANCE`, the same order of rows."""


class Baselines(NamedTuple):
    """The options of this module as values."""

    baselines: bool
    baseline_motifs: str | None

    @staticmethod
    def take(options: dict[str, Any]) -> Baselines:
        """Take them out of a command's, and see that they fit together."""
        taken = Baselines(*(options.pop(name) for name in Baselines._fields))
        if taken.baseline_motifs is not None and not taken.baselines:
            raise UsageError("--baseline-motifs needs --baselines")
        return taken

    def check(self, task_type: str) -> None:
        """Refuse targets that the baselines are not for."""
        if self.baselines and task_type != "binary":
            raise UsageError(f"--baselines are for binary targets, not for {task_type}")

    def judge(self, data: TrainingData, strands: str) -> Json:
        """Fit the baselines and judge them on the validation rows; say and return how good they are.

        Parameters
        ----------
        strands
            How the network reads sequences.

        Returns
        -------
        Name of a baseline to its metrics, as those of the model; nothing where none is asked for.
        """
        if not self.baselines:
            return {}
        from seqnet.commands._judging import judge_binary

        if self.baseline_motifs is not None and data.codes is None:
            raise UsageError("--baseline-motifs needs sequences, not a k-mer table")
        # a typo in the motif file is found before the longer work
        pssms = [] if self.baseline_motifs is None else _pssms(self.baseline_motifs)
        targets = data.targets[data.rows("valid")]
        words = "k-mers of the table" if data.codes is None else "gapped k-mers"
        outputs = {f"{words}, linear": _linear(data, strands)}
        if pssms:
            outputs["best motif window"] = _best_windows(data, pssms)
        return {name: judge_binary(data, targets, found, name) for name, found in outputs.items()}


def _linear(data: TrainingData, strands: str) -> Floats:
    """Return a linear model's outputs of the validation rows, float64 (n, T)."""
    from seqnet.kmers.counting import count_codes
    from seqnet.kmers.settings import GAPPED, KmerSettings
    from seqnet.training.linear import STRENGTHS, LabelledRows, fit_linear, stacked

    rows = [data.rows(split) for split in ("train", "valid")]
    if data.codes is None:
        assert data.features is not None
        features = [data.features[part] for part in rows]
    else:
        settings = KmerSettings(tuple(GAPPED), strands, "sqrt")
        features = [count_codes(data.codes[part], settings) for part in rows]
    train, valid = (
        LabelledRows(x, data.targets[part], data.weights_of(part))
        for x, part in zip(features, rows, strict=True)
    )
    solutions = len(data.regions.tasks) * len(STRENGTHS["hinge"])
    with progress_bar("baseline fits", solutions) as progress:
        fitted = fit_linear("hinge", train, valid, progress=progress, tolerance=CLOSE_ENOUGH)
    weights, bias = stacked(fitted)
    outputs: Floats = valid.features @ weights.T + bias
    return outputs


def _pssms(path: str) -> list[Pssm]:
    """Read motifs as PSSMs."""
    from seqnet.commands._motifs import Scoring, load_motifs, make_pssms

    return list(make_pssms(load_motifs(path), Scoring(), keep=True, source=path).pssms)


def _best_windows(data: TrainingData, pssms: list[Pssm]) -> Floats:
    """Return each validation row's best score, task by task under the motif that does best in training.

    Rows without a window come last: they have no site.
    """
    import numpy as np

    from seqnet.motifs.scan import best_scores
    from seqnet.training.metrics import binary_metrics

    assert data.codes is not None
    train, valid = data.rows("train"), data.rows("valid")
    found = np.zeros((len(valid), len(data.regions.tasks)))
    best = np.full(found.shape[1], -1.0)
    for pssm in pssms:
        scores = best_scores(data.codes[train], pssm)
        other: Floats | None = None
        for column, task in enumerate(data.regions.tasks):
            auroc = binary_metrics(task, data.targets[train, column], scores).auroc
            if auroc is not None and auroc > best[column]:
                other = best_scores(data.codes[valid], pssm) if other is None else other
                best[column], found[:, column] = auroc, other
    return found
