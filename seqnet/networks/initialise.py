"""The weights that training starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from seqnet.aliases import Floats
from seqnet.errors import SeqnetError, UsageError
from seqnet.networks.initialisers import INITIALISERS


def initialise(network: nn.Module, name: str, *, force: bool = False) -> None:
    """Draw every weight, normal around 0, and set biases to 0, from torch's random state.

    Norms and learnt slopes keep what they start with.

    Parameters
    ----------
    name
        Row of `INITIALISERS`.
    force
        Whether hidden layers may start at zero.

    Raises
    ------
    UsageError
        For zeros where there are hidden layers.
    """
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear | nn.LSTM)]
    deviation = INITIALISERS[name].deviation
    if len(layers) > 1 and not force and deviation(1, 1) == 0:
        raise UsageError(
            f"initial weights {name}: hidden units that start equal get equal gradients and stay identical; "
            "choose another, or --force"
        )
    for layer in layers:
        gates = 4 if isinstance(layer, nn.LSTM) else 1
        for key, weight in layer.named_parameters():
            if key.startswith("bias"):
                nn.init.zeros_(weight)
            else:
                nn.init.normal_(weight, 0.0, deviation(*_fans(weight, gates)))


def _fans(weight: Tensor, gates: int) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a unit; (out, in, ...) with positions last."""
    positions = int(np.prod(weight.shape[2:]))
    return weight.shape[1] * positions, weight.shape[0] // gates * positions


def prior_outputs(targets: Floats, output: str) -> Floats:
    """Return the outputs (T,) that predict the mean of known targets for everything.

    Parameters
    ----------
    targets
        float64 (n, T), or (n, T, L) at each of L positions, NaN where unknown.
    output
        Row of ``losses.OUTPUTS``: the logit of the mean for ``sigmoid``, its logarithm for
        ``softmax`` and ``exp``, the mean itself for ``identity``. A mean at the edge is moved half
        an example inwards; a task without known targets is 0.
    """
    targets = np.moveaxis(targets, 1, -1).reshape(-1, targets.shape[1])
    known = ~np.isnan(targets)
    count = known.sum(axis=0)
    mean = np.where(known, targets, 0.0).sum(axis=0) / np.maximum(count, 1)
    edge = 0.5 / np.maximum(count, 1)
    if output == "sigmoid":
        mean = np.clip(mean, edge, 1 - edge)
        outputs = np.log(mean / (1 - mean))
    elif output in ("softmax", "exp"):
        outputs = np.log(np.maximum(mean, edge))
    else:
        outputs = mean
    return np.where(count > 0, outputs, 0.0)


def set_output_bias(network: nn.Module, values: Floats) -> None:
    """Set the bias (T,) of the last layer.

    Raises
    ------
    SeqnetError
        If it has none, or not one for each value.
    """
    last = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)][-1]
    if last.bias is None:
        raise SeqnetError("the output layer has no bias to start at the prior")
    if len(last.bias) != len(values):
        found, wanted = len(last.bias), len(values)
        raise SeqnetError(f"the prior has {wanted} values; the last layer's bias has {found} (--prior-bias)")
    with torch.no_grad():
        last.bias.copy_(torch.from_numpy(values))


def motif_filters(scores: Sequence[Floats], width: int) -> Floats:
    """Return filters that score motifs on both strands.

    Parameters
    ----------
    scores
        PSSMs, float64 (w, 4), finite. A motif narrower than the filter is put in its middle; of a
        wider one the positions are taken whose best letters score most.
    width
        F.

    Returns
    -------
    filters
        float64 (2 motifs, 4, F): each motif, then its reverse complement.

    Raises
    ------
    ValueError
        If a score is not finite.
    """
    bank = np.zeros((2 * len(scores), 4, width))
    for number, matrix in enumerate(scores):
        if not np.isfinite(matrix).all():
            raise ValueError(f"motif {number + 1} holds scores that are not finite; use a pseudocount")
        kept = _best_part(matrix, width)
        left = (width - len(kept)) // 2
        bank[2 * number, :, left : left + len(kept)] = kept.T
        bank[2 * number + 1] = bank[2 * number, ::-1, ::-1]  # A C G T turned round is T G C A
    return bank


def _best_part(matrix: Floats, width: int) -> Floats:
    """Return the `width` neighbouring positions whose best letters score most."""
    best = np.concatenate([[0.0], np.cumsum(matrix.max(axis=1))])
    if len(matrix) <= width:
        return matrix
    start = int(np.argmax(best[width:] - best[:-width]))
    return matrix[start : start + width]


def first_convolution(network: nn.Module) -> nn.Conv2d:
    """Return the first convolution.

    Raises
    ------
    SeqnetError
        If there is none, or it does not see the four bases at once.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.groups == 1:
            return part
    raise SeqnetError("the network has no convolution for motifs to start in")


def set_first_filters(convolution: nn.Conv2d, bank: Floats) -> None:
    """Put filters (m, 4, F) into the first m of a convolution, blind to channels after the bases.

    Raises
    ------
    SeqnetError
        If there are more than the convolution has.
    """
    if len(bank) > convolution.out_channels:
        raise SeqnetError(
            f"{len(bank) // 2} motifs on both strands need {len(bank)} filters; the first convolution "
            f"has {convolution.out_channels}"
        )
    with torch.no_grad():
        convolution.weight[: len(bank)] = 0.0
        convolution.weight[: len(bank), :4, 0] = torch.from_numpy(bank).to(convolution.weight)
        if convolution.bias is not None:
            convolution.bias[: len(bank)] = 0.0
