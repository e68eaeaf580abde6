"""The step ``train_linear``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from seqnet.errors import UsageError
from seqnet.formats.files.header import base_name
from seqnet.inference.target_scale import fit_target_scale
from seqnet.linear.fit import STRENGTHS, Fitted, LabelledRows, fit_linear, stacked
from seqnet.linear.shared import SHARED_PENALTIES
from seqnet.linear.standardise import column_statistics
from seqnet.metrics.monitor import evaluate_outputs
from seqnet.networks.model import Model
from seqnet.pipeline.calls import takes
from seqnet.pipeline.training.data import TrainingData, load_training_data
from seqnet.pipeline.training.outputs import (
    FigureRow,
    TrainingResult,
    expect_outputs,
    model_header,
    write_outputs,
)
from seqnet.pipeline.training.request import TrainLinearRequest
from seqnet.pipeline.training.terms.kmer_term import ONLY_FOR, takes_terms
from seqnet.pipeline.training.terms.motif_term import FittedMotifs, collection_scores
from seqnet.pipeline.training.terms.rows import training_rows, validation_rows
from seqnet.pipeline.training.validation import evaluate_valid, valid_thresholds
from seqnet.reporting import progress_bar, warn

if TYPE_CHECKING:
    from seqnet.aliases import Floats, Json
    from seqnet.inference.terms.adding import Singles


@takes(TrainLinearRequest)
def train_linear(request: TrainLinearRequest) -> TrainingResult:
    """Train a linear model of k-mers, or of motifs, for each task; validation rows choose the L2 penalty.

    Parameters
    ----------
    request
        The fields of `TrainLinearRequest`, which are the arguments of this function.

    Returns
    -------
    The model with its metrics on the validation rows. Files are written where `output` is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, nothing can be learnt from the rows, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.train_linear(positives="bound.fa", negatives="shuffle", gapped=True)  # doctest: +SKIP
    >>> result.metrics[0]["auroc"]  # doctest: +SKIP
    0.93
    """
    expect_outputs(request)
    if request.motifs is not None:
        return _train_motifs(request, request.motifs)
    data = load_training_data(request, kmers=request.kmers, strands=request.strands)
    assert data.features is not None
    name = request.loss_for(data.task_type)
    features, mean, scale = _scaled_features(data)
    fitted = _fit(data, features, name, None if request.strength is None else (request.strength,))
    weights, bias = stacked(fitted)
    outputs = features[data.rows("valid")] @ weights.T + bias
    metrics = evaluate_valid(data, outputs)
    header = model_header(
        data, kind=request.kind, architecture=[], strands="forward", seed=request.seed,
        threads=request.thread_count,
        options={"loss": name, "strengths": [one.strength for one in fitted]}, metrics=metrics,
    )  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    if data.task_type == "regression":
        weights, bias, header["target_scale"] = _in_deviations(data, weights, bias)
    tensors = {
        "0.weight": weights.astype(np.float32),
        "0.bias": bias.astype(np.float32),
        "input.mean": mean,
        "input.scale": scale,
        "input.deviation": column_statistics(data.features[data.rows("train")])[1],
    }
    return write_outputs(request, Model(header, tensors), _history(data, fitted, metrics, outputs), None, {})


def _train_motifs(request: TrainLinearRequest, path: str) -> TrainingResult:
    """Train a linear model of the motifs of a file, one penalty for all tasks."""
    data = load_training_data(request, kmers=None, strands=request.strands)
    data = replace(data, files=(*data.files, path))
    loss = request.loss_for(data.task_type)
    if loss not in SHARED_PENALTIES or not takes_terms(data):
        raise UsageError(f"--motifs {ONLY_FOR}, with --loss bce or mse")
    scale = None if loss == "bce" else fit_target_scale("z", data.targets[data.rows("train")])
    train, valid = training_rows(data, scale, request.seed), validation_rows(data, scale, request.seed)[0]
    motifs = collection_scores(path, request.motif_rules, train.codes, both=request.strands == "both")
    fitted = FittedMotifs(motifs, train, valid, request.thread_count, request.seed)
    rows = len(train.codes)
    fit = fitted.fit(loss, None if request.strength is None else (_penalty(loss, request.strength, rows),))
    term = fitted.term_of(fit.weights, fit.bias)
    assert data.codes is not None
    codes = data.codes[data.rows("valid")]
    outputs = term.products(codes) if scale is None else scale.undo(term.products(codes))
    metrics = evaluate_valid(data, outputs)
    strength = 1 / (fit.penalty * rows) if loss == "bce" else fit.penalty * rows
    header = model_header(
        data, kind=request.kind, architecture=[], strands=request.strands, seed=request.seed,
        threads=request.thread_count,
        options={"loss": loss, "motifs": base_name(path), "strength": strength}, metrics=metrics,
    )  # fmt: skip
    header["thresholds"] = valid_thresholds(data, outputs)
    if scale is not None:
        header["target_scale"] = scale.stored()
    held, tensors = term.stored()
    fits = [Fitted(fit.weights[0], fit.bias[0], strength, fit.valid_loss)] * len(data.regions.tasks)
    history = _history(data, fits, metrics, outputs)
    return write_outputs(request, Model(header | held, tensors), history, None, {})


def _penalty(loss: str, strength: float, rows: int) -> float:
    """Return a strength, scikit-learn's C or alpha, as the penalty of the mean loss."""
    return 1 / (strength * rows) if loss == "bce" else strength / rows


def _in_deviations(data: TrainingData, weights: Floats, bias: Floats) -> tuple[Floats, Floats, Json]:
    """Return a solution in standard deviations of the targets, and the constants that undo it.

    So float32 holds it whatever the targets' units. The solution itself does not depend on them.
    """
    train = data.rows("train")
    scale = fit_target_scale("z", data.targets[train], data.weights_of(train))
    assert scale is not None
    return weights / scale.deviation[:, None], (bias - scale.center) / scale.deviation, scale.stored()


def _scaled_features(data: TrainingData) -> tuple[csr_matrix, Singles, Singles]:
    """Return the features that are fitted, CSR (n, d), and the means and scales (d,) that they had.

    Motif scores lie at other places and vary more in some motifs than in others: they are standardised by the
    training rows. Counts of k-mers are fitted as they are.
    """
    assert data.features is not None
    assert data.settings is not None
    if not data.settings.names:
        count = data.features.shape[1]
        return data.features, np.zeros(count, np.float32), np.ones(count, np.float32)
    mean, scale = column_statistics(data.features[data.rows("train")])
    dense = (data.features.toarray().astype(np.float64) - mean) / scale
    return csr_matrix(dense), mean, scale


def _fit(
    data: TrainingData, features: csr_matrix, loss: str, strengths: Sequence[float] | None
) -> list[Fitted]:
    """Solve every task, with a progress bar."""
    train, valid = data.rows("train"), data.rows("valid")
    fits = 1 if loss == "cross_entropy" else len(data.regions.tasks)
    with progress_bar("solutions", len(strengths or STRENGTHS[loss]) * fits) as progress:
        return fit_linear(
            loss,
            LabelledRows(features[train], data.targets[train], data.weights_of(train)),
            LabelledRows(features[valid], data.targets[valid], data.weights_of(valid)),
            strengths,
            progress,
            warn,
        )


def _history(
    data: TrainingData, fitted: Sequence[Fitted], metrics: Sequence[Json], outputs: Floats
) -> list[FigureRow]:
    """Return the log: a row for each fit."""
    tasks, targets = data.regions.tasks, data.targets[data.rows("valid")]
    if data.task_type == "multiclass":
        names, figures = ["all"], [{name: metrics[0][name] for name in ("accuracy", "auroc")}]
    else:
        names = list(tasks)
        figures = [
            evaluate_outputs(data.task_type, (task,), targets[:, [column]], outputs[:, [column]])
            for column, task in enumerate(tasks)
        ]
    return [
        {
            "task": name, "strength": one.strength, "valid_loss": one.valid_loss,
            **{f"valid_{key}": value for key, value in row.items()},
        }
        for name, one, row in zip(names, fitted, figures, strict=True)
    ]  # fmt: skip
