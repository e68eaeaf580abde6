"""The outputs of a network for every substitution of a base; only what an edit reaches is computed."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from seqnet.inference.sharing.edited import edited_input
from seqnet.inference.sharing.edited_layers import EditedLayers, total_stride
from seqnet.inference.sharing.edited_weights import EditedWeights
from seqnet.networks.masking import Masking
from seqnet.networks.modules import Siamese, Towers

_EDITS = 300
"""About how many edits are computed at a time: weights are read seldom, and values fit the caches."""


class Substitutions:
    """Computes a network's outputs for substitutions.

    Parameters
    ----------
    network
        In evaluation mode; its weights must not change any more.
    """

    def __init__(self, network: nn.Sequential) -> None:
        self._network, self._weights = network, EditedWeights(network)

    def applies(self, x: Tensor) -> bool:
        """Return whether `outputs` takes inputs (b, C, 1, L).

        Pools that leave out padding see all of a sequence; towers and two strands must end without positions.
        """
        network = self._network
        if isinstance(network, Masking) or not len(network):
            return False
        first = network[0]
        if isinstance(first, Siamese | Towers):
            with torch.inference_mode():
                return bool(first(x[:1]).ndim == 2)
        return True

    def outputs(self, x: Tensor, start: int, end: int) -> Tensor:
        """Return the outputs with every base at some positions.

        Parameters
        ----------
        x
            (b, C, 1, L), the four bases first.
        start, end
            The positions, P = end - start.

        Returns
        -------
        (b, P, 4, T); where the base is the observed one, the outputs of the sequence as it is.
        """
        first, rest, length = self._network[0], self._network[1:], x.shape[3]
        if isinstance(first, Siamese):
            chain = _as_chain(first.block)
            one = self._of_chain(chain, x, start, end)
            other = self._of_chain(chain, first.turned(x), length - end, length - start)
            features = (one + other.flip(1).flip(2)) / 2
        elif isinstance(first, Towers):
            sequence = self._of_chain(_as_chain(first.sequence), x[:, :4], start, end)
            signal = first.signal(x[:, 4:])[:, None, None]
            features = torch.cat([sequence, signal.expand(*sequence.shape[:3], -1)], dim=-1)
        else:
            return self._of_chain(self._network, x, start, end)
        outputs: Tensor = rest(features.flatten(0, 2))
        return outputs.view(*features.shape[:3], -1)

    def _of_chain(self, chain: nn.Sequential, x: Tensor, start: int, end: int) -> Tensor:
        """Return what `outputs` does, of a chain whose first layer is no tower and of one strand."""
        known = (x[:, :4, 0, start:end].sum(1) > 0).all(1)
        found: Tensor | None = None
        # apart, because ambiguous bases have four alternatives and others three
        for rows in (known.nonzero()[:, 0], (~known).nonzero()[:, 0]):
            for piece in _pieces(rows, _rows_at_once(chain, end - start)):
                outputs = self._of_rows(chain, x[piece], start, end)
                if found is None:
                    found = outputs.new_empty(len(x), *outputs.shape[1:])
                found[piece] = outputs
        assert found is not None
        return found

    def _of_rows(self, chain: nn.Sequential, x: Tensor, start: int, end: int) -> Tensor:
        """Return what `_of_chain` does, of sequences that are edited together."""
        layers, stride = EditedLayers(chain, self._weights, x), total_stride(chain)
        plain = layers.plain.flatten(1)
        found = plain[:, None, None].repeat(1, end - start, 4, 1)
        bases = x[:, :4, 0]
        observed = torch.where(bases.sum(1) > 0, bases.argmax(1), 4)
        every = torch.arange(4, device=x.device)
        most = max(1, _EDITS // (3 * len(x)))
        for first, count in _phases(start, end, stride, most):
            places = first + stride * torch.arange(count, device=x.device)
            own = observed[:, places]
            known = bool((own < 4).all())
            letters = (own.unsqueeze(-1) + every[1:]) % 4 if known else every.expand(*own.shape, 4)
            edits = layers.outputs(edited_input(x, letters, first, stride, count)).view(*letters.shape, -1)
            index = letters.unsqueeze(-1).expand_as(edits)
            found[:, places - start] = found[:, places - start].scatter(2, index, edits)
        return found


def _as_chain(module: nn.Module) -> nn.Sequential:
    return module if isinstance(module, nn.Sequential) else nn.Sequential(module)


def _rows_at_once(chain: nn.Sequential, positions: int) -> int:
    """Return how many sequences are edited together."""
    edits = 3 * -(-positions // total_stride(chain))
    return max(1, _EDITS // edits)


def _pieces(rows: Tensor, size: int) -> Iterator[Tensor]:
    """Cut rows into pieces of one size, the last filled up, so that arithmetic never depends on how many."""
    for begin in range(0, len(rows), size):
        piece = rows[begin : begin + size]
        yield torch.cat([piece, piece[-1:].expand(size - len(piece))])


def _phases(start: int, end: int, stride: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield positions that share windows' places in all layers: the first, and how many, every stride-th."""
    for phase in range(start, min(end, start + stride)):
        count = -(-(end - phase) // stride)
        for begin in range(0, count, most):
            yield phase + begin * stride, min(most, count - begin)
