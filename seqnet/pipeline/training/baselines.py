"""Cheap models of the same rows, reported with a network (``--baselines``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seqnet.errors import UsageError
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import GAPPED, KmerSettings
from seqnet.linear.fit import STRENGTHS, LabelledRows, fit_linear, stacked
from seqnet.metrics import binary_metrics
from seqnet.motifs.scan import best_scores
from seqnet.motifs.strands import strands_of
from seqnet.pipeline.motifs.request import MotifRules, Scoring
from seqnet.pipeline.motifs.sources import load_motifs, make_pssms
from seqnet.pipeline.training.validation import evaluate_valid
from seqnet.reporting import progress_bar

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.motifs.matrix import Pssm
    from seqnet.pipeline.training.data import TrainingData


CLOSE_ENOUGH = 1e-3
"""How near the optimum a baseline is solved: a third of the time of `TOLERANCE`, the same order of rows."""


def evaluate_baselines(
    path: str | None, data: TrainingData, strands: str, rules: MotifRules
) -> dict[str, list[Json]]:
    """Fit the baselines and evaluate them on the validation rows; note and return their metrics.

    Parameters
    ----------
    path
        Motifs whose best windows are a baseline too.
    strands
        How the network reads sequences.
    rules
        How motifs of no use are handled.

    Returns
    -------
    Name of a baseline to its metrics, as those of the model.
    """
    if path is not None and data.codes is None:
        raise UsageError("--baseline-motifs needs sequences, not a k-mer table")
    # a typo in the motif file is found before the longer work
    pssms = [] if path is None else _pssms(path, rules)
    words = "gapped k-mers"
    if data.settings is not None and data.codes is None:
        words = f"{'motif scores' if data.settings.names else 'k-mers'} of the table"
    outputs = {f"{words}, linear": _linear(data, strands)}
    if pssms:
        outputs["best motif window"] = _best_windows(data, pssms)
    return {name: evaluate_valid(data, predictions, name) for name, predictions in outputs.items()}


def _linear(data: TrainingData, strands: str) -> Floats:
    """Return a linear model's outputs of the validation rows, float64 (n, T)."""
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


def _pssms(path: str, rules: MotifRules) -> list[Pssm]:
    """Read motifs as PSSMs."""
    return list(make_pssms(load_motifs(path, rules=rules), Scoring(), keep=True).pssms)


def _best_windows(data: TrainingData, pssms: list[Pssm]) -> Floats:
    """Return each validation row's best score, task by task under the motif that does best in training.

    Rows without a window come last: they have no site.
    """
    assert data.codes is not None
    train, valid = data.rows("train"), data.rows("valid")
    outputs = np.zeros((len(valid), len(data.regions.tasks)))
    best = np.full(outputs.shape[1], -1.0)
    for pssm in pssms:
        strands = strands_of(pssm.info)
        scores = best_scores(data.codes[train], pssm, strands)
        other: Floats | None = None
        for column, task in enumerate(data.regions.tasks):
            auroc = binary_metrics(task, data.targets[train, column], scores).auroc
            if auroc is not None and auroc > best[column]:
                other = best_scores(data.codes[valid], pssm, strands) if other is None else other
                best[column], outputs[:, column] = auroc, other
    return outputs
