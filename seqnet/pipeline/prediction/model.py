"""A model made ready to predict, checks of predictions, and headers of what is written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Progress
from seqnet.datasets.padded import pad_sequences
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.files.header import header_for, provenance
from seqnet.formats.files.numbers import UNKNOWN, format_doubles, format_singles
from seqnet.formats.results.scores import BASE_RATES, TASK_TYPE, THRESHOLDS
from seqnet.inference.device import torch_device
from seqnet.inference.linear_predictor import LinearPredictor, is_linear, linear_predictor
from seqnet.inference.prior import decision_thresholds
from seqnet.kmers.counting import count_kmers
from seqnet.lookup import resolve
from seqnet.networks.model import FEATURE_TYPES, Model, spread_names
from seqnet.parallel import usable_threads
from seqnet.pipeline.inputs.model_inputs import AnyLengths, ModelInputs, TableRows, WindowCodes
from seqnet.pipeline.inputs.models import model_label
from seqnet.pipeline.prediction.request import PredictRequest
from seqnet.reporting import note, warn

if TYPE_CHECKING:
    from seqnet.inference.predictor import Predictor

Singles = NDArray[np.float32]
ModelPredictor: TypeAlias = "Predictor | LinearPredictor"
"""A model made ready to predict."""
_ON_PROCESSOR = ("auto", "cpu")


def load_predictor(
    model: Model,
    *,
    device: str,
    threads: int,
    prior: float | None = None,
    precision: Literal["float32", "bf16"] = "float32",
    spread: bool = False,
) -> ModelPredictor:
    """Make a model ready, on a device and with its arithmetic; linear ones without torch on a processor.

    Parameters
    ----------
    threads
        0 for all processors.
    prior, spread
        See `Predictor`.
    """
    if spread:
        spread_names(model)  # refused before torch is loaded
    threads = usable_threads(threads)
    motifs = is_linear(model) and model.input["type"] not in FEATURE_TYPES
    if motifs or (is_linear(model) and precision == "float32" and device in _ON_PROCESSOR):
        return linear_predictor(model, threads=threads, prior=prior)
    place = torch_device(device, 1)  # threads each take a batch of their own
    if precision == "bf16" and not resolve("seqnet.inference.precision:native_bf16")(place):
        raise UsageError(f"--precision bf16: {place.type} here does not compute in bfloat16 by itself")
    if precision == "bf16" and place.type == "cpu":
        _refuse_wrong_bf16(model)
    predictor: Predictor = resolve("seqnet.inference.predictor:Predictor")(
        model, place, threads=threads, prior=prior, precision=precision, spread=spread
    )
    return predictor


def _refuse_wrong_bf16(model: Model) -> None:
    """Refuse bfloat16 where processors here get a convolution of the model wrong in it."""
    if model.input["type"] in FEATURE_TYPES:
        return
    wrong = resolve("seqnet.inference.precision:wrong_in_bf16")(
        resolve("seqnet.inference.ready_network:restored")(model)[0]
    )
    if wrong:
        raise UsageError(f"--precision bf16: torch computes {wrong} wrong in bfloat16 on this processor")


def predicted(predictor: ModelPredictor, inputs: ModelInputs, progress: Progress) -> Singles:
    """Predict what `seqnet.pipeline.inputs.model_inputs` made, float32 (n, T)."""
    if isinstance(inputs, TableRows):
        return predictor.from_table(inputs.table, progress)
    if isinstance(inputs, WindowCodes):
        return predictor.from_codes(inputs.codes, progress)
    settings = predictor.kmer_settings
    if isinstance(inputs, AnyLengths):
        if settings is not None:
            table = count_kmers(inputs.records, settings, threads=predictor.threads)
            return predictor.from_table(table, progress)
        if isinstance(predictor, LinearPredictor):
            rows = pad_sequences([record.codes for record in inputs.records], inputs.width)
            return predictor.from_codes(rows.codes, progress)
        return network_predictor(predictor).from_inputs(
            resolve("seqnet.model_inputs.inputs:ragged_inputs")(
                [record.codes for record in inputs.records], inputs.width
            ),
            progress,
        )
    if settings is not None:
        return predictor.from_codes(inputs.codes(), progress, inputs.means())
    return network_predictor(predictor).from_inputs(inputs.for_network, progress)


def network_predictor(predictor: ModelPredictor) -> Predictor:
    """Return the predictor of a network."""
    assert not isinstance(predictor, LinearPredictor)
    return predictor


def header_of(request: PredictRequest, model: Model, **more: object) -> dict[str, str] | None:
    """Return the entries of a text output's header: how it was made, and how to evaluate it.

    ``evaluate`` reads the last three: the type of the tasks, the base rates of training, and the scores
    from which rows are called positive, on the scale of the predictions.
    """
    kind = model.header.get("task_type", "binary")
    rates = model.header.get("base_rates") or {}
    thresholds = decision_thresholds(model, request.prior)
    shown = {
        "model": model_label(request.model),
        **more,
        "prior": request.prior,
        "precision": None if request.precision == "float32" else request.precision,
        TASK_TYPE: kind,
    }
    if rates and kind in ("binary", "multiclass"):
        shown[BASE_RATES] = {task: f"{rate:.6g}" for task, rate in rates.items()}
    if thresholds:
        shown[THRESHOLDS] = {task: repr(value) for task, value in thresholds.items()}
    return header_for(request.header, provenance("predict", shown))


class PredictionChecker:
    """Looks at predictions before they are written.

    Parameters
    ----------
    tasks
        T names.
    missing
        ``gap`` turns what is no finite number into a gap, counted; ``error`` stops.
    """

    def __init__(self, tasks: tuple[str, ...], missing: Literal["error", "gap"]) -> None:
        self._tasks = tasks
        self._gaps_allowed = missing == "gap"
        self.gaps = 0
        """How many predictions became gaps."""

    def checked(self, values: Singles, where: Callable[[int], str]) -> Singles:
        """Return predictions (n, T) with NaN at gaps.

        Parameters
        ----------
        where
            From a row to its place, for messages.

        Raises
        ------
        SeqnetError
            Naming the first task and place without a finite number.
        """
        wrong = ~np.isfinite(values)
        if not wrong.any():
            return values
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        if not self._gaps_allowed:
            what = "no number" if np.isnan(values[row, column]) else "infinite"
            raise SeqnetError(
                f"the prediction of {self._tasks[column]} at {where(row)} is {what}; "
                "--missing gap leaves such out"
            )
        self.gaps += int(wrong.sum())
        return np.where(wrong, np.float32("nan"), values)

    def say(self) -> None:
        """Report how many predictions became gaps."""
        if self.gaps:
            warn(f"{self.gaps} predictions are no finite numbers and were left out")


def texts(values: Singles) -> list[list[str]]:
    """Return predictions as text, gaps as unknown."""
    rows = format_doubles(values.astype(np.float64)) if values.dtype == np.float64 else format_singles(values)
    if np.isnan(values).any():
        rows = [[UNKNOWN if text == "nan" else text for text in row] for row in rows]
    return rows


def note_trained(model: Model, contigs: Collection[str]) -> None:
    """Say which of the predicted contigs the model was trained on."""
    trained = set(model.header["splits"]["train"]["contigs"]) & set(contigs)
    if trained:
        note(f"{len(trained)} of {len(contigs)} contigs were trained on")
