"""The outputs of a network for sequences and for edits of each at one place, layer by layer.

No layer of the unedited sequences is held longer than the next one takes: many sequences with few edits each,
such as those of variants, are limited by memory where all layers are held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqnet.aliases import Ints, Progress, no_progress
from seqnet.genome.variants import SequenceEdits
from seqnet.inference.batched import Strands, filled_up
from seqnet.inference.sharing.edited import Edited, Rows, Unedited, edited_input
from seqnet.inference.sharing.edited_layers import EditedLayers, State, as_whole, with_dense
from seqnet.inference.sharing.edited_weights import Dense, EditedWeights
from seqnet.inference.sharing.substitutions import with_both_strands
from seqnet.model_inputs.inputs import Inputs
from seqnet.networks.modules import GlobalPool
from seqnet.parallel import ordered_map


class LockstepLayers(EditedLayers):
    """Layers that take the unedited sequences along."""

    def all_features(self, groups: Iterator[Edited], layers: Iterable[nn.Module]) -> Tensor:
        """Return the features, (n, F), of unedited inputs, and behind them those of groups of edits of them.

        An iterator, because whoever holds the unedited inputs holds what all layers make of them.
        """
        states: list[State] = list(groups)
        for layer, dense in with_dense(layers):
            states = [self._step(state, layer, dense) for state in states]
        parts = [states[0].unedited.output, *(as_whole(state).x for state in states)]
        return torch.cat([part.flatten(1) for part in parts])

    def _apply(self, state: State, layer: nn.Module) -> State:
        if isinstance(state, Edited) and state.width >= state.unedited.length:
            state = as_whole(state)  # windows that hold all of a sequence save nothing
        return super()._apply(state, layer)

    def _of(self, module: nn.Module, state: State) -> Unedited:
        x = state.unedited.output
        return state.unedited.behind(module, lambda: module(x.flatten(1) if isinstance(module, Dense) else x))

    def _of_joined(
        self,
        module: nn.Module,
        state: State,
        parts: Sequence[State],
        join: Callable[[Sequence[Tensor]], Tensor],
    ) -> Unedited:
        return state.unedited.behind(module, lambda: join([part.unedited.output for part in parts]))

    def _sides(self, state: Edited, pool: GlobalPool) -> Tensor:  # noqa: ARG002  all have the same
        values, length = state.unedited.values, state.unedited.length
        first = min(max(0, state.start), length)
        end = min(max(first, state.start + state.width), length)
        parts = [part.amax(1) for part in (values[:, :first], values[:, end:]) if part.shape[1]]
        if not parts:
            return values.new_full((len(values), 1, values.shape[2]), -torch.inf)
        return (parts[0] if len(parts) == 1 else torch.maximum(*parts)).unsqueeze(1)


class Lockstep:
    """Computes a network's outputs for sequences and edits of them.

    Parameters
    ----------
    network
        In evaluation mode; its weights must not change any more. It may be one that `speed_up` made.
    at_once
        Edits that are computed at a time, whatever their number, so that their bits do not depend on it.
    """

    def __init__(self, network: nn.Sequential, at_once: int) -> None:
        self._network, self.at_once = network, at_once
        self._layers = LockstepLayers(EditedWeights(network))

    def outputs(self, x: Tensor, place: int, letters: Tensor, rows: Tensor) -> Tensor:
        """Return the outputs of sequences, and with other bases from one place on.

        Parameters
        ----------
        x
            (b, C, 1, L), the four bases first; b a multiple of `at_once`.
        place
            Position of the first edited base.
        letters
            int64 (e, m): the bases of edits, 4 for none; e a multiple of `at_once`.
        rows
            int64 (e,): the sequence that each one is an edit of.

        Returns
        -------
        (b + e, T), those of the unedited sequences first.
        """
        length, width = x.shape[3], letters.shape[1]

        def of_chain(chain: nn.Sequential, read: Tensor, turned: bool) -> Tensor:
            if not turned:
                return self._of_chain(chain, read, place, letters, rows)
            return self._of_chain(chain, read, length - place - width, other_strand(letters), rows)

        def spread(features: Tensor) -> Tensor:
            return torch.cat([features, features.index_select(0, rows)])

        return with_both_strands(self._network, x, of_chain, spread, self.at_once)

    def _of_chain(self, chain: nn.Sequential, x: Tensor, place: int, letters: Tensor, rows: Tensor) -> Tensor:
        """Return what `outputs` does, of a chain whose first layer is no tower and of one strand."""
        return self._layers.all_features(self._groups(x, place, letters, rows), chain)

    def _groups(self, x: Tensor, place: int, letters: Tensor, rows: Tensor) -> Iterator[Edited]:
        """Yield edits of the inputs, `at_once` at a time."""
        unedited = Unedited(x)
        pieces = (torch.split(part, self.at_once) for part in (letters, rows))
        for bases, numbers in zip(*pieces, strict=True):
            own, each = _in_groups(numbers)
            grouped = bases.T.reshape(letters.shape[1], -1, 1, each)
            yield edited_input(unedited, grouped, place, rows=own)


def _in_groups(rows: Tensor) -> tuple[Rows, int]:
    """Return the sequences of edits, and how many there are of each; as a slice where they are alike.

    A slice of a layer takes no copy.
    """
    first, last = int(rows[0]), int(rows[-1])
    each, rest = divmod(len(rows), last + 1 - first)
    alike = torch.arange(first, last + 1, device=rows.device).repeat_interleave(each)
    if not rest and torch.equal(rows, alike):
        return slice(first, last + 1), each
    return rows, 1


def other_strand(letters: Tensor) -> Tensor:
    """Return edits (e, m) as read from the other strand."""
    turned = letters.flip(1)
    return torch.where(turned < 4, 3 - turned, turned)


def predict_edits(
    lockstep: Lockstep,
    inputs: Inputs,
    edits: SequenceEdits,
    *,
    device: torch.device,
    strands: Strands = "forward",
    threads: int = 1,
    progress: Progress = no_progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a network's outputs for sequences, float32 (n, T), and for edits of them, (e, T).

    The other parameters are those of `predict_logits`. What an edit gives does not depend on the others.
    """
    size = lockstep.at_once

    def outputs(own: Ints) -> NDArray[np.float32]:
        first, end = np.searchsorted(edits.rows, [own[0], own[-1] + 1])
        some = filled_up(np.arange(first, end), -(-(end - first) // size) * size)
        letters = torch.from_numpy(edits.letters[some].astype(np.int64)).to(device)
        rows = torch.from_numpy(edits.rows[some] - own[0]).to(device)
        filled = filled_up(own, size)
        with torch.inference_mode():
            logits = lockstep.outputs(inputs.batch(filled, device), edits.place, letters, rows)
            if strands == "both":
                flipped = inputs.batch(filled, device, np.ones(len(filled), dtype=bool))
                place = flipped.shape[3] - edits.place - letters.shape[1]
                logits = (logits + lockstep.outputs(flipped, place, other_strand(letters), rows)) / 2
        logits = torch.cat([logits[: len(own)], logits[len(filled) :][: end - first]])
        parts: NDArray[np.float32] = logits.float().cpu().numpy()
        return parts

    everything = np.arange(len(inputs))
    batches = [everything[start : start + size] for start in range(0, len(inputs), size)]
    plain, edited = [], []
    for own, part in zip(batches, ordered_map(outputs, iter(batches), threads), strict=True):
        plain.append(part[: len(own)])
        edited.append(part[len(own) :])
        progress(len(part))
    return np.concatenate(plain), np.concatenate(edited)
