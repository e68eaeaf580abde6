"""Pools of edited sequences: what a window reaches of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seqnet.inference.sharing.edited import Edited, Unedited
from seqnet.kernels.layers.maxima import maxima


def covered_values(
    state: Edited, first: int, width: int, span: int, stride: int, *, outside: float
) -> Tensor:
    """Return the values that a sliding layer reads, from position `first` on; one value outside the sequence.

    Parameters
    ----------
    width, span, stride
        Of the layer: its outputs, and the positions of each and between two.
    """
    w, b, count, bases, channels = state.x.shape
    begin = min(first, state.start)  # a stride may pass over the edit
    end = max(first + (width - 1) * stride + span, state.start + w)
    values = state.x.new_empty(end - begin, b, count, bases, channels)
    place = state.start - begin
    if state.differs:
        state.added(state.windows(), values[place : place + w])
    else:
        values[place : place + w] = state.x
    if place:
        values[:place] = state.around(begin, place)
    if (behind := end - state.start - w) > 0:
        values[place + w :] = state.around(state.start + w, behind)
    return state.fill_outside(values, outside, begin)[first - begin :]


def pooled_maxima(rows: Tensor, width: int, span: int, stride: int) -> Tensor:
    """Return maxima of `span` positions of (w, ...), every `stride`."""
    out = rows.new_empty(width, *rows.shape[1:])
    if rows.dtype == torch.float32 and rows.device.type == "cpu":
        maxima(rows.flatten(1).numpy(), span, stride, out.flatten(1).numpy())
        return out
    reach = (width - 1) * stride + 1
    out.copy_(rows[:reach:stride])
    for shift in range(1, span):
        torch.maximum(out, rows[shift : shift + reach : stride], out=out)
    return out


def pooled_sums(x: Tensor, offset: int, width: int, span: int, stride: int) -> Tensor:
    """Return sums of `span` positions, zeros around them.

    The parameters are those of `seqnet.inference.sharing.edited_weights.convolved_by_taps`.
    """
    reach = (width - 1) * stride + span
    before, behind = max(0, -offset), max(0, offset + reach - x.shape[0])
    padded = functional.pad(x, (0, 0, 0, 0, 0, 0, 0, 0, before, behind))
    first, last = offset + before, (width - 1) * stride + 1
    sums = padded[first : first + last : stride].clone()
    for shift in range(1, span):
        sums += padded[first + shift : first + shift + last : stride]
    return sums


def widen_last(edited: Edited, length: int, span: int, stride: int) -> None:
    """Divide means of a last window that is not full by the positions that it has, of `length`."""
    last = edited.unedited.length - 1
    positions = length - last * stride
    if positions >= span:
        return
    for place in range(edited.width):
        edit, rest = divmod(last - edited.start - place, max(1, edited.step))
        if not rest and 0 <= edit < edited.count:
            edited.x[place, :, edit] *= span / positions


def maxima_between(state: Edited, unedited: Unedited, stride: int) -> Tensor:
    """Return maxima side by side where windows of edits begin at different places of them: (b K R, C, 1, L).

    Those that a window may reach are computed, and put between those of the unedited sequence.

    Parameters
    ----------
    unedited
        The maxima of the unedited sequences, L of them.
    """
    reached, spare = (state.width - 2) // stride + 2, stride - 1
    read = covered_values(state, state.start - spare, 1, spare + reached * stride, 1, outside=-torch.inf)
    edits = torch.arange(state.count, device=read.device)
    starts = state.start + state.step * edits
    first = starts.div(stride, rounding_mode="floor")
    places = first * stride - starts + spare + torch.arange(reached * stride, device=read.device)[:, None]
    values = read[places, :, edits]  # (reached stride, K, b, R, C)
    most = values.view(reached, stride, *values.shape[1:]).amax(1)
    return _between(state, unedited, first, most.transpose(0, 1))


def _between(state: Edited, unedited: Unedited, first: Tensor, values: Tensor) -> Tensor:
    """Return unedited values with others put in their place for each edit, (b K R, C, 1, L).

    Parameters
    ----------
    first
        int64 (K,): where they begin; they may reach past the ends.
    values
        (K, places, b, R, C).
    """
    count, places, b, bases, channels = values.shape
    margin = max(0, -int(first[0]), int(first[-1]) + places - unedited.length)
    size = unedited.length + 2 * margin
    whole = values.new_empty(b, count, bases, channels, size)
    inside = whole[..., margin : margin + unedited.length]
    inside.copy_(state.taken(unedited.output)[:, None, None, :, 0])
    edits, at = torch.arange(count, device=values.device), torch.arange(places, device=values.device)
    whole[:, edits[:, None], :, :, margin + first[:, None] + at] = values
    return inside.flatten(0, 2).unsqueeze(2)
