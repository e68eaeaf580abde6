"""Edits that share values: a change to one does not change the others."""

import pytest
import torch

from seqnet.inference.sharing.edited import Edited, Unedited

CHANNELS, WIDTH = 3, 4


def edits(differs, start=2):
    """Two edits of each of two sequences of 12 positions."""
    torch.manual_seed(0)
    return Edited(
        torch.randn(WIDTH, 2, 2, 1, CHANNELS), differs, start, 3, Unedited(torch.randn(2, CHANNELS, 1, 12))
    )


def scaled(differs, start):
    """The same, whose differences are still to be multiplied."""
    made = edits(differs, start)
    made.differences()
    made.scale = torch.tensor([2.0, -1.0, 0.5])
    return made


@pytest.mark.parametrize("start", [2, -2, 8])
@pytest.mark.parametrize("differs", [False, True])
@pytest.mark.parametrize("form", ["values", "differences"])
@pytest.mark.parametrize("make", [edits, scaled])
def test_shared_edits_do_not_change_the_original(make, differs, start, form):
    original = make(differs, start)
    before = original.x.clone()
    shared = original.share()
    found = getattr(shared, form)()
    torch.testing.assert_close(original.x, before, rtol=0, atol=0)
    torch.testing.assert_close(found, getattr(original, form)())
    writable = original.share().writable()
    assert writable.x.data_ptr() != original.x.data_ptr()
    torch.testing.assert_close(writable.values(), original.values())


def test_a_pending_scale_multiplies_differences_in_both_forms():
    plain, factor = edits(True), torch.tensor([2.0, -1.0, 0.5])
    difference = plain.x.clone()
    torch.testing.assert_close(scaled(True, 2).differences(), difference * factor)
    torch.testing.assert_close(scaled(True, 2).values(), plain.windows() + difference * factor)


@pytest.mark.parametrize("start", [-5, -1, 0, 7, 11, 20])
@pytest.mark.parametrize("step", [0, 1, 3])
def test_positions_outside_the_sequence_are_filled(start, step):
    count = 4 if step else 1
    x = torch.zeros(WIDTH, 2, count, 2, CHANNELS)
    held = Edited(x, True, start, step, Unedited(torch.zeros(2, CHANNELS, 1, 12)))
    filled = held.fill_outside(x, 1.0)
    places = start + torch.arange(WIDTH)[:, None] + step * torch.arange(count)
    outside = ((places < 0) | (places >= 12)).float()
    assert torch.equal(filled, outside[:, None, :, None, None].expand_as(filled))
