import numpy as np
import pytest
import torch

from seqnet.model_inputs.inputs import SequenceInputs
from seqnet.training import batches as module
from seqnet.training.batches import EpochOrder, feed, mutate
from seqnet.training.config import Examples

CPU = torch.device("cpu")


@pytest.mark.parametrize("at_once", [0, 1, 2 * 5 * 4 * 4 * 4, 3 * 5 * 4 * 4 * 4 + 1, 1 << 20])
@pytest.mark.parametrize("done", [0, 3])
def test_batches_made_together_are_those_made_alone(monkeypatch, at_once, done):
    monkeypatch.setattr(module, "BYTES_AT_ONCE", at_once)
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 5, (23, 4), dtype=np.uint8)
    examples = Examples(SequenceInputs(codes), generator.random((23, 2)).astype(np.float32))
    order = EpochOrder(23, 5, seed=3, flips=True, max_shift=1)
    fed = list(feed(examples, order.batches(2, done), CPU))
    alone = list(order.batches(2, done))
    assert len(fed) == len(alone) == 5 - done
    for (batch, inputs, targets), expected in zip(fed, alone, strict=True):
        np.testing.assert_array_equal(batch.rows, expected.rows)
        made = examples.inputs.batch(expected.rows, CPU, expected.flip, expected.shift)
        assert torch.equal(inputs, made)
        assert inputs.stride() == made.stride()
        np.testing.assert_array_equal(targets.numpy(), examples.targets[expected.rows])


def test_no_more_is_made_at_a_time_than_it_says(monkeypatch):
    monkeypatch.setattr(module, "BYTES_AT_ONCE", 3 * 5 * 4 * 4 * 4 + 1)
    made = []

    class Counted(SequenceInputs):
        def batch(self, rows, *rest):
            made.append(len(rows))
            return super().batch(rows, *rest)

    examples = Examples(Counted(np.zeros((40, 4), np.uint8)), np.zeros((40, 1), np.float32))
    list(feed(examples, EpochOrder(40, 5).batches(1), CPU))
    assert made == [5, 15, 15, 5]


def test_a_share_of_the_bases_is_drawn_again_each_of_the_four_as_often():
    codes = np.zeros((200, 500), np.uint8)
    codes[:, 400:] = 4
    inputs = SequenceInputs(codes).batch(np.arange(200), CPU)
    inputs = torch.cat([inputs, torch.full((200, 1, 1, 500), 7.0)], 1)  # a signal
    torch.manual_seed(0)
    mutate(inputs, 0.2)
    counts = inputs[:, :4].sum((0, 2))
    assert inputs[:, :4].sum(1)[..., :400].eq(1).all()
    assert inputs[:, :4, :, 400:].eq(0).all()  # ambiguous bases stay, and so do signals
    assert inputs[:, 4].eq(7).all()
    expected = 200 * 400 * 0.2 / 4
    np.testing.assert_allclose(counts.sum(1)[1:].numpy(), expected, rtol=4 / expected**0.5)
    assert (counts[1:, :400] > 0).float().mean() > 0.99  # everywhere


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_base_or_all_are_drawn_again_and_the_layout_stays(share):
    inputs = SequenceInputs(np.zeros((50, 40), np.uint8)).batch(np.arange(50), CPU)
    before, strides = inputs.clone(), inputs.stride()
    mutate(inputs, share)
    assert inputs.stride() == strides
    assert inputs.sum(1).eq(1).all()
    changed = (inputs != before).any(1).float().mean()
    assert changed == pytest.approx(0.75 * share, abs=0.05)
