"""The outputs of a network for every substitution of a base; only what an edit reaches is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from seqnet.inference.sharing.edited import Edited, Unedited, edited_input
from seqnet.inference.sharing.edited_layers import EditedLayers, State, as_whole, total_stride
from seqnet.inference.sharing.edited_weights import EditedWeights
from seqnet.networks.masking import Masking
from seqnet.networks.modules import GlobalPool, Siamese, Towers

_EDITS, _MOST_EDITS = 300, 400
"""How many edits are computed at a time, of several sequences and of one alone: weights are read seldom, and
values fit the caches."""


class KeptLayers(EditedLayers):
    """The layers of a chain whose unedited sequences are all held, for many edits of the same sequences.

    Parameters
    ----------
    chain
        In evaluation mode.
    x
        (b, C, 1, L): the unedited sequences.
    """

    def __init__(self, chain: nn.Sequential, weights: EditedWeights, x: Tensor) -> None:
        super().__init__(weights)
        self._outputs: dict[nn.Module, Tensor] = {}
        self._unedited: dict[nn.Module, Unedited] = {}
        self._extremes: dict[nn.Module, tuple[Tensor, Tensor]] = {}
        hooks = [module.register_forward_hook(self._keep) for module in chain.modules()]
        try:
            self.plain: Tensor = chain(x)
        finally:
            for hook in hooks:
                hook.remove()
        self._chain = chain

    def _keep(self, module: nn.Module, _inputs: object, output: Tensor) -> None:
        self._outputs[module] = output

    def features(self, edited: Edited) -> Tensor:
        """Return what the chain makes of edited inputs, (n, F)."""
        return as_whole(self._through(edited, self._chain)).x.flatten(1)

    def _of(self, module: nn.Module, state: State) -> Unedited:  # noqa: ARG002  known before
        if module not in self._unedited:
            self._unedited[module] = Unedited(self._outputs[module])
        return self._unedited[module]

    def _of_joined(self, module: nn.Module, state: State, parts: Sequence[State], join: object) -> Unedited:
        del parts, join  # known before
        return self._of(module, state)

    def _sides(self, state: Edited, pool: GlobalPool) -> Tensor:
        values, length = state.unedited.values, state.unedited.length
        if pool not in self._extremes:
            low = values.new_full((len(values), 1, values.shape[2]), -torch.inf)
            before = torch.cat([low, values.cummax(1).values], dim=1)
            behind = torch.cat([values.flip(1).cummax(1).values.flip(1), low], dim=1)
            self._extremes[pool] = before, behind
        before, behind = self._extremes[pool]
        starts = state.start + state.step * torch.arange(state.count, device=values.device)
        return torch.maximum(
            before[:, starts.clamp(0, length)], behind[:, (starts + state.width).clamp(0, length)]
        )


class Substitutions:
    """Computes a network's outputs for substitutions.

    Parameters
    ----------
    network
        In evaluation mode; its weights must not change any more.
    """

    def __init__(self, network: nn.Sequential) -> None:
        self._network, self._weights = network, EditedWeights(network)

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
        length = x.shape[3]

        def of_chain(chain: nn.Sequential, read: Tensor, turned: bool) -> Tensor:
            if not turned:
                return self._of_chain(chain, read, start, end)
            return self._of_chain(chain, read, length - end, length - start).flip(1).flip(2)

        def spread(features: Tensor) -> Tensor:
            return features[:, None, None].expand(-1, end - start, 4, -1)

        return with_both_strands(self._network, x, of_chain, spread)

    def _of_chain(self, chain: nn.Sequential, x: Tensor, start: int, end: int) -> Tensor:
        """Return what `outputs` does, of a chain whose first layer is no tower and of one strand."""
        known = (x[:, :4, 0, start:end].sum(1) > 0).all(1)
        values: Tensor | None = None
        # apart, because ambiguous bases have four alternatives and others three
        for rows in (known.nonzero()[:, 0], (~known).nonzero()[:, 0]):
            for piece in _pieces(rows, _rows_at_once(chain, end - start)):
                outputs = self._of_rows(chain, x[piece], start, end)
                if values is None:
                    values = outputs.new_empty(len(x), *outputs.shape[1:])
                values[piece] = outputs
        assert values is not None
        return values

    def _of_rows(self, chain: nn.Sequential, x: Tensor, start: int, end: int) -> Tensor:
        """Return what `_of_chain` does, of sequences that are edited together."""
        layers, stride = KeptLayers(chain, self._weights, x), total_stride(chain)
        unedited, plain = Unedited(x), layers.plain.flatten(1)
        values = plain[:, None, None].repeat(1, end - start, 4, 1)
        bases = x[:, :4, 0]
        observed = torch.where(bases.sum(1) > 0, bases.argmax(1), 4)
        every = torch.arange(4, device=x.device)
        most = max(1, _MOST_EDITS // (3 * len(x)))
        for first, count in _phases(start, end, stride, most):
            places = first + stride * torch.arange(count, device=x.device)
            own = observed[:, places]
            known = bool((own < 4).all())
            letters = (own.unsqueeze(-1) + every[1:]) % 4 if known else every.expand(*own.shape, 4)
            edited = edited_input(unedited, letters.unsqueeze(0), first, stride)
            edits = layers.features(edited).view(*letters.shape, -1)
            index = letters.unsqueeze(-1).expand_as(edits)
            values[:, places - start] = values[:, places - start].scatter(2, index, edits)
        return values


def edits_apply(network: nn.Sequential, x: Tensor) -> bool:
    """Return whether edits can be computed where they reach in a network of inputs (b, C, 1, L).

    Pools that leave out padding see all of a sequence; towers and two strands must end without positions.
    """
    if isinstance(network, Masking) or not len(network):
        return False
    first = network[0]
    if isinstance(first, Siamese | Towers):
        with torch.inference_mode():
            return bool(first(x[:1]).ndim == 2)
    return True


def with_both_strands(
    network: nn.Sequential,
    x: Tensor,
    of_chain: Callable[[nn.Sequential, Tensor, bool], Tensor],
    spread: Callable[[Tensor], Tensor],
    rows_at_once: int | None = None,
) -> Tensor:
    """Return a network's outputs of edits, (..., T), its first layer perhaps of towers or two strands.

    Parameters
    ----------
    x
        (b, C, 1, L).
    of_chain
        From a chain, sequences, and whether these are of the other strand, to edits' features (..., F).
    spread
        From features of sequences, (b, F'), to (..., F').
    rows_at_once
        How many edits go through the layers behind towers at a time; None for all.
    """
    first, rest = network[0], network[1:]
    if isinstance(first, Siamese):
        chain = _as_chain(first.block)
        features = (of_chain(chain, x, False) + of_chain(chain, first.turned(x), True)) / 2
    elif isinstance(first, Towers):
        sequence = of_chain(_as_chain(first.sequence), x[:, :4], False)
        features = torch.cat([sequence, spread(first.signal(x[:, 4:]))], dim=-1)
    else:
        return of_chain(network, x, False)
    rows = features.flatten(0, -2)
    outputs = torch.cat([rest(part) for part in torch.split(rows, rows_at_once or len(rows))])
    return outputs.view(*features.shape[:-1], -1)


def _as_chain(module: nn.Module) -> nn.Sequential:
    return module if isinstance(module, nn.Sequential) else nn.Sequential(module)


def _rows_at_once(chain: nn.Sequential, positions: int) -> int:
    """Return how many sequences are edited together: a power of two, of which batches are multiples."""
    edits = 3 * -(-positions // total_stride(chain))
    most = max(1, _EDITS // edits)
    return 1 << most.bit_length() - 1


def _pieces(rows: Tensor, size: int) -> Iterator[Tensor]:
    """Cut rows into pieces of one size, the last filled up, so that arithmetic never depends on how many."""
    for begin in range(0, len(rows), size):
        piece = rows[begin : begin + size]
        yield torch.cat([piece, piece[-1:].expand(size - len(piece))])


def _phases(start: int, end: int, stride: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield positions that share windows' places in all layers: the first, and how many, every stride-th."""
    for phase in range(start, min(end, start + stride)):
        count = -(-(end - phase) // stride)
        size = -(-count // -(-count // most))  # pieces alike, because small ones take longer
        for begin in range(0, count, size):
            yield phase + begin * stride, min(size, count - begin)
