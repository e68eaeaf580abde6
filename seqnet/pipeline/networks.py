"""The steps ``train_dense``, ``train_cnn`` and ``train_denoise``.

What trains is loaded when a step is called, since it imports torch; requests are checked without it.
"""

from __future__ import annotations

from seqnet.lookup import resolve
from seqnet.pipeline.calls import takes
from seqnet.pipeline.denoising.request import TrainDenoiseRequest
from seqnet.pipeline.training.outputs import TrainingResult, expect_outputs
from seqnet.pipeline.training.request import TrainCnnRequest, TrainDenseRequest, TrainRequest


@takes(TrainDenseRequest)
def train_dense(request: TrainDenseRequest) -> TrainingResult:
    """Train a fully connected network on k-mers, standardised on the training rows.

    With tracks the mean of each over a region is a feature too.

    Parameters
    ----------
    request
        The fields of `TrainDenseRequest`, which are the arguments of this function.

    Returns
    -------
    The model with its metrics on the validation rows and its history. Files are written where `output` is
    given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, nothing can be learnt from the rows, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.train_dense(features="k.npz", labels="regions.bed", hidden=[64])  # doctest: +SKIP
    >>> result.history[-1]["valid_loss"]  # doctest: +SKIP
    0.31
    """
    return _trained("seqnet.pipeline.training.run:dense_network", request)


@takes(TrainCnnRequest)
def train_cnn(request: TrainCnnRequest) -> TrainingResult:
    """Train a convolutional network on sequences, tracks or both, and keep the best epoch's weights.

    Parameters
    ----------
    request
        The fields of `TrainCnnRequest`, which are the arguments of this function.

    Returns
    -------
    The model with its metrics on the validation rows and its history; after a dry run the layers. Files are
    written where `output` is given.

    Raises
    ------
    SeqnetError
        If a file cannot be read, nothing can be learnt from the rows, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.train_cnn(regions="regions.bed", genome="genome.fa", epochs=5)  # doctest: +SKIP
    >>> result.model.tasks, result.metrics[0]["auroc"]  # doctest: +SKIP
    (('REB1',), 0.91)
    >>> result = seqnet.train_cnn(
    ...     positives="bound.fa", negatives="shuffle", output="cnn.safetensors"
    ... )  # doctest: +SKIP
    """
    return _trained("seqnet.pipeline.training.run:cnn_network", request)


@takes(TrainDenoiseRequest)
def train_denoise(request: TrainDenoiseRequest) -> TrainingResult:
    """Train a network that makes deep tracks of noisy ones, and keep the best epoch's weights.

    Parameters
    ----------
    request
        The fields of `TrainDenoiseRequest`, which are the arguments of this function.

    Returns
    -------
    The model, the metrics of each denoised track and of the noisy ones, and the history; after a
    dry run the layers. Files are written where `output` is given. Rows that are counted are windows.

    Raises
    ------
    SeqnetError
        If a file cannot be read, nothing can be learnt from it, or fields contradict each other.

    Examples
    --------
    >>> import seqnet
    >>> result = seqnet.train_denoise(
    ...     signals="shallow.bw", target_tracks="deep.bw", preset="coda", output="denoise.safetensors"
    ... )  # doctest: +SKIP
    >>> result.metrics[0]["pearson"]  # doctest: +SKIP
    0.87
    """
    return _trained("seqnet.pipeline.denoising.training:denoising_network", request)


def _trained(place: str, request: TrainRequest) -> TrainingResult:
    """Train what a request asks for by a function of `seqnet.lookup.resolve`."""
    expect_outputs(request)
    result: TrainingResult = resolve(place)(request)
    return result
