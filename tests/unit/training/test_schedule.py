"""Schedules against torch's."""

import itertools

import pytest
import torch

from seqnet.networks.schedules import SCHEDULES
from seqnet.training.schedule import Moment, rate_at

STEPS, EPOCH = 40, 8


def ours(name, losses=(), **options):
    return [
        rate_at(name, Moment(step, STEPS, EPOCH, losses[: step // EPOCH], **options)) for step in range(STEPS)
    ]


def theirs(make, per_epoch=False, losses=(), kind=torch.optim.AdamW):
    """Learning rates and momenta of torch's schedulers."""
    optimiser = kind([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimiser)
    found = []
    for step in range(STEPS):
        if per_epoch and step and step % EPOCH == 0:
            scheduler.step(*losses[step // EPOCH - 1 : step // EPOCH])
        found.append((optimiser.param_groups[0]["lr"], optimiser.param_groups[0]["betas"][0]))
        optimiser.step()
        if not per_epoch and step < STEPS - 1:
            scheduler.step()
    return found


def test_one_cycle_is_that_of_torch():
    expected = theirs(lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1.0, total_steps=STEPS))
    assert [r.factor for r in ours("one-cycle")] == pytest.approx([rate for rate, _ in expected], rel=1e-9)
    assert [r.momentum for r in ours("one-cycle")] == pytest.approx([m for _, m in expected], rel=1e-9)


def test_one_cycle_of_few_steps():
    for steps in (1, 2, 3, 4):
        rates = [rate_at("one-cycle", Moment(step, steps, 1)).factor for step in range(steps)]
        assert all(0 < rate <= 1 for rate in rates)


def test_cosine_is_that_of_torch():
    expected = theirs(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS))
    assert [r.factor for r in ours("cosine")] == pytest.approx([rate for rate, _ in expected], abs=1e-9)


def test_step_is_that_of_torch():
    expected = theirs(lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.3), per_epoch=True)
    found = ours("step", decay_epochs=2, decay_factor=0.3)
    assert [r.factor for r in found] == pytest.approx([rate for rate, _ in expected])


@pytest.mark.parametrize("losses", list(itertools.product([1.0, 2.0, 0.5], repeat=4)))
def test_plateau_is_that_of_torch(losses):
    expected = theirs(
        lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, factor=0.3, patience=1, threshold=0.0),
        per_epoch=True, losses=losses,
    )  # fmt: skip
    found = ours("plateau", losses, decay_epochs=2, decay_factor=0.3)
    assert [r.factor for r in found] == pytest.approx([rate for rate, _ in expected])


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "one-cycle"])
def test_warm_up_rises_linearly(name):
    factors = [r.factor for r in ours(name, warmup=4)]
    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert max(factors) == 1
