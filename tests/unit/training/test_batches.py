import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.training.batches import EpochOrder, Position


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 5), st.integers(0, 3))
def test_every_row_is_seen_exactly_once_by_one_process(n, batch_size, world, epoch):
    if batch_size < world or 0 < n < world:
        with pytest.raises(ValueError, match="each needs a row"):
            EpochOrder(n, batch_size, rank=world - 1, world=world)
        return
    orders = [EpochOrder(n, batch_size, 7, True, 3, rank, world) for rank in range(world)]
    shares = [list(order.batches(epoch)) for order in orders]
    assert {len(share) for share in shares} == {orders[0].steps()}
    seen = np.concatenate([np.empty(0, np.int64), *[batch.rows for share in shares for batch in share]])
    assert sorted(seen.tolist()) == list(range(n))
    alone = {}
    for batch in EpochOrder(n, batch_size, 7, True, 3).batches(epoch):
        alone |= {row: (f, s) for row, f, s in zip(*batch[:3], strict=True)}
    for step in zip(*shares, strict=True):
        sizes = [len(batch.rows) for batch in step]
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
        assert {batch.total for batch in step} == {sum(sizes)}
        for batch in step:  # strand and shift are the row's, whichever process reads it
            for row, f, s in zip(*batch[:3], strict=True):
                assert alone[row] == (f, s)


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_going_on_from_a_position_gives_what_was_left():
    order = EpochOrder(103, 10, seed=3, flips=True, max_shift=5)
    whole = [batch for epoch in (1, 2) for batch in order.batches(epoch)]
    position, done = Position(1, 0), 0
    while position.epoch < 3:
        rest = list(order.batches(position.epoch, position.batch))
        if position.epoch == 1:
            rest += list(order.batches(2))
        assert len(rest) == len(whole) - done
        assert all(same(a, b) for a, b in zip(rest, whole[done:], strict=True))
        position, done = order.after(position), done + 1
    assert position == (3, 0)


def test_epochs_and_seeds_differ_and_repeat():
    def rows(seed, epoch):
        return np.concatenate([b.rows for b in EpochOrder(50, 8, seed).batches(epoch)]).tolist()

    assert rows(1, 1) == rows(1, 1)
    assert len({tuple(rows(seed, epoch)) for seed in (0, 1) for epoch in (1, 2, 3)}) == 6


def test_strands_are_half_and_shifts_are_even():
    flip, shift = [], []
    for batch in EpochOrder(40_000, 512, seed=1, flips=True, max_shift=2).batches(1):
        flip.append(batch.flip)
        shift.append(batch.shift)
    assert np.concatenate(flip).mean() == pytest.approx(0.5, abs=0.02)
    values, counts = np.unique(np.concatenate(shift), return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert counts / 40_000 == pytest.approx(0.2, abs=0.02)
    for batch in EpochOrder(100, 10).batches(1):
        assert not batch.flip.any()
        assert not batch.shift.any()
