"""The step ``predict``."""

from __future__ import annotations

from seqnet.errors import UsageError
from seqnet.lookup import resolve
from seqnet.networks.model import Model, spread_names
from seqnet.pipeline.calls import takes
from seqnet.pipeline.denoising.targets import denoises
from seqnet.pipeline.inputs.models import load_model, model_source
from seqnet.pipeline.inputs.signals import ordered_source
from seqnet.pipeline.prediction.model import load_predictor
from seqnet.pipeline.prediction.request import PredictRequest
from seqnet.pipeline.prediction.results import PredictResult
from seqnet.pipeline.prediction.rows import predict_features, predict_regions, predict_sequences
from seqnet.pipeline.prediction.tiles import predict_genome
from seqnet.reporting import detail


@takes(PredictRequest)
def predict(request: PredictRequest) -> PredictResult:
    """Predict with a trained model: regions, sequences, a k-mer table, or a genome in tiles.

    Parameters
    ----------
    request
        The fields of `PredictRequest`, which are the arguments of this function.

    Returns
    -------
    The predictions, where they are not written to a file; counts in any case.

    Raises
    ------
    SeqnetError
        If a file cannot be read, does not fit the model, or a prediction is no finite number.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.predict("cnn.safetensors", regions="regions.bed", genome="g.fa")  # doctest: +SKIP
    >>> result.predictions.to_pandas().nlargest(10, "REB1")  # doctest: +SKIP
    >>> seqnet.predict("cnn.safetensors", genome="genome.fa", tile=50, output="{task}.bw")  # doctest: +SKIP
    """
    model = load_model(request.model)
    if request.reads_tracks_alone:
        return _denoised(request, model)
    source = model_source(request.model)
    tracks = ordered_source(request.tracks, model, source)  # reported before anything else is read
    if denoises(model):
        raise UsageError(f"{source} denoises whole tracks: give --signal alone")
    predictor = load_predictor(
        model, device=request.device, threads=request.threads, prior=request.prior,
        precision=request.precision, spread=request.spread,
    )  # fmt: skip
    if predictor.ways:
        detail(f"convolutions {predictor.ways}")
    if request.tile is not None:
        return predict_genome(predictor, model, tracks, request)
    if request.regions is not None:
        return predict_regions(predictor, model, tracks, request)
    return (predict_sequences if request.features is None else predict_features)(predictor, model, request)


def _denoised(request: PredictRequest, model: Model) -> PredictResult:
    """Denoise the tracks that are given."""
    if not denoises(model):
        request.check()
    if request.spread:
        spread_names(model)
    result: PredictResult = resolve("seqnet.pipeline.prediction.denoised:denoise")(model, request)
    return result
