"""Optimisers against the formulas of the lecture deck, by hand on f(w) = w^2 / 2 + w."""

import math

import numpy as np
import pytest
import torch

from seqnet.errors import UsageError
from seqnet.networks.optimisers import OPTIMISERS
from seqnet.training.optimise import (
    limit_norms,
    make_optimiser,
    network_arrays,
    optimiser_arrays,
    restore_network,
    restore_optimiser,
    set_rate,
)
from seqnet.training.schedule import Rate

START, RATE, STEPS = 2.0, 0.1, 4


def gradient(w):
    return w + 1


def sgd():
    w = START
    for _ in range(STEPS):
        w -= RATE * gradient(w)
        yield w


def momentum(m=0.9):
    w, v = START, 0.0
    for _ in range(STEPS):
        v = m * v - RATE * gradient(w)  # the deck's: velocity, then the step along it
        w += v
        yield w


def nesterov(m=0.9):
    # the deck's: the gradient at the point looked ahead to; what is reported is that point
    ahead, w, v = START, START, 0.0
    for _ in range(STEPS):
        v = m * v - RATE * gradient(ahead)
        w += v
        ahead = w + m * v
        yield ahead


def adagrad(eps=1e-10):
    w, s = START, 0.0
    for _ in range(STEPS):
        g = gradient(w)
        s += g * g
        w -= RATE * g / (math.sqrt(s) + eps)
        yield w


def adadelta(rho=0.9, eps=1e-6):
    w, s, d = START, 0.0, 0.0
    for _ in range(STEPS):
        g = gradient(w)
        s = rho * s + (1 - rho) * g * g
        change = math.sqrt(d + eps) / math.sqrt(s + eps) * g
        d = rho * d + (1 - rho) * change * change
        w -= RATE * change
        yield w


def rmsprop(alpha=0.99, eps=1e-8):
    w, s = START, 0.0
    for _ in range(STEPS):
        g = gradient(w)
        s = alpha * s + (1 - alpha) * g * g
        w -= RATE * g / (math.sqrt(s) + eps)
        yield w


def adam(b1=0.9, b2=0.999, eps=1e-8, decay=0.0):
    w, m, v = START, 0.0, 0.0
    for t in range(1, STEPS + 1):
        g = gradient(w)
        w -= RATE * decay * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        w -= RATE * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)
        yield w


FORMULAS = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adagrad": adagrad, "adadelta": adadelta,
    "rmsprop": rmsprop, "adam": adam, "adamw": adam,
    "muon": adam,  # of what is no matrix
}  # fmt: skip


class One(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([START], dtype=torch.float64))


def path(name, **options):
    network = One()
    optimiser = make_optimiser(name, network, RATE, **options)
    for _ in range(STEPS):
        optimiser.zero_grad()
        (network.w**2 / 2 + network.w).sum().backward()
        optimiser.step()
        yield network.w.item()


def test_every_optimiser_has_a_formula():
    assert set(FORMULAS) == set(OPTIMISERS)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_first_steps_follow_the_formula(name):
    assert list(path(name)) == pytest.approx(list(FORMULAS[name]()), rel=1e-12)


def test_by_hand():
    # w = 2, g = 3, rate .1
    assert next(path("sgd")) == pytest.approx(1.7)
    assert next(path("adagrad")) == pytest.approx(1.9)  # the first step is the rate itself
    assert next(path("adam")) == pytest.approx(1.9)
    assert next(path("rmsprop")) == pytest.approx(2 - 0.1 * 3 / math.sqrt(0.01 * 9))
    assert next(path("adadelta")) == pytest.approx(2 - 0.1 * 3 * 1e-3 / math.sqrt(0.1 * 9 + 1e-6))
    assert next(path("nesterov")) == pytest.approx(2 - 0.1 * (3 + 0.9 * 3))


def test_options_and_decay_reach_the_formula():
    assert list(path("rmsprop", options={"alpha": 0.98})) == pytest.approx(list(rmsprop(0.98)))
    assert list(path("momentum", options={"momentum": 0.5})) == pytest.approx(list(momentum(0.5)))
    assert list(path("adam", options={"beta1": 0.8})) == pytest.approx(list(adam(0.8)))
    assert list(path("adamw", weight_decay=0.3)) == pytest.approx(list(adam(decay=0.3)))
    with pytest.raises(UsageError, match="optimiser adam has no option 'alpha'; it has beta1, beta2, eps"):
        next(path("adam", options={"alpha": 0.98}))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_state_survives_as_arrays(name):
    def run(cut):
        torch.manual_seed(0)
        network = torch.nn.Conv2d(4, 5, (1, 3)).to(memory_format=torch.channels_last)
        data = torch.randn(6, 7, 4, 1, 9)
        optimiser = make_optimiser(name, network, 0.01)
        for step, x in enumerate(data):
            if step == cut:
                state, weights = optimiser_arrays(optimiser), network_arrays(network)
                network = torch.nn.Conv2d(4, 5, (1, 3)).to(memory_format=torch.channels_last)
                restore_network(network, weights)
                optimiser = make_optimiser(name, network, 0.01)
                restore_optimiser(optimiser, state)
            optimiser.zero_grad()
            network(x).square().sum().backward()
            optimiser.step()
        for parameter in network.parameters():
            for value in optimiser.state[parameter].values():
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                    assert value.stride() == parameter.stride()
        return network.weight.detach().numpy().tobytes()

    assert run(3) == run(None)


def test_rates_and_momenta_are_set():
    network = One()
    adam_like, sgd_like = make_optimiser("adamw", network), make_optimiser("momentum", network)
    assert set_rate(adam_like, 0.5, Rate(0.1, 0.87)) == pytest.approx(0.05)
    assert adam_like.param_groups[0]["betas"] == (0.87, 0.999)
    set_rate(sgd_like, 0.5, Rate(1.0, 0.87))
    assert (sgd_like.param_groups[0]["lr"], sgd_like.param_groups[0]["momentum"]) == (0.5, 0.87)
    plain = make_optimiser("sgd", network)
    set_rate(plain, 0.5, Rate(1.0, 0.87))
    assert plain.param_groups[0]["momentum"] == 0


def test_max_norm_equals_the_renorm_of_torch():
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Conv2d(4, 6, (1, 5)), torch.nn.Linear(3, 7))
    before = [p.detach().clone() for p in network.parameters()]
    limit_norms(network, 0.5)
    for old, new in zip(before, network.parameters(), strict=True):
        expected = torch.renorm(old, 2, 0, 0.5) if old.ndim > 1 else old
        assert new.detach().numpy() == pytest.approx(expected.numpy(), rel=1e-5)
    assert not np.array_equal(before[0], network[0].weight.detach())
