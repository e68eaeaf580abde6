import numpy as np
import pytest
import torch
from sklearn.metrics import hinge_loss, log_loss, mean_poisson_deviance, mean_squared_error
from torch.nn import functional

from seqnet.networks.losses import LOSSES, OUTPUTS
from seqnet.networks.task_types import LOSS_NAMES, TASK_TYPES, loss_name

NAN = float("nan")


def case(name, n=7, tasks=3, seed=0):
    """Outputs and fully known targets of a loss, float64."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, tasks, dtype=torch.float64, generator=generator)
    if name == "cross_entropy":
        y = functional.one_hot(torch.arange(n) % tasks, tasks).double()
    elif name in ("bce", "hinge"):
        y = (torch.rand(n, tasks, generator=generator) < 0.5).double()
    elif name == "mse_bce":
        y = torch.cat([x[:, :-1].flip(0), (x[:, -1:] > 0.3).double()], dim=1)
    elif name.startswith("poisson_rate"):
        rates, peaks = torch.exp(x[:, :-1]), name.endswith("bce")
        y = torch.poisson(torch.exp(x.flip(0)), generator=generator).double()
        y = torch.cat([y[:, :-1], (x[:, -1:] > 0.3).double()], dim=1) if peaks else y
        x = torch.cat([rates, x[:, -1:]], dim=1) if peaks else torch.exp(x)
    else:
        y = torch.poisson(torch.full((n, tasks), 2.0), generator=generator).double()
    return x, y


def elementwise(name, x, y, weights):
    """Losses of single targets, by hand: [(value, row, task)]."""
    values = []
    for row, (xs, ys) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        if name == "cross_entropy":
            if not any(map(np.isnan, ys)):
                total = sum(np.exp(xs))
                values.append(
                    (
                        sum(
                            -w * b * np.log(np.exp(a) / total)
                            for a, b, w in zip(xs, ys, weights, strict=True)
                        ),
                        row,
                    )
                )
            continue
        for task, (a, b, w) in enumerate(zip(xs, ys, weights, strict=True)):
            if np.isnan(b):
                continue
            p = 1 / (1 + np.exp(-a))
            values.append(({
                "bce": -(w * b * np.log(p) + (1 - b) * np.log(1 - p)),
                "hinge": (w if b else 1) * max(0, 1 - a if b else 1 + a),
                "mse": w * (a - b) ** 2,
                "poisson": w * (np.exp(a) - b * a),
                "poisson_rate": w * (a - b * np.log(abs(a))),
                "poisson_rate_bce": w * (
                    a - b * np.log(abs(a)) if task < 2 else -(b * np.log(p) + (1 - b) * np.log(1 - p))
                ),
                "mse_bce": w * ((a - b) ** 2 if task < 2 else -(b * np.log(p) + (1 - b) * np.log(1 - p))),
            }[name], row))  # fmt: skip
    return values


def test_the_values_against_scikit_learn():
    x, y = case("bce", tasks=1)
    assert float(LOSSES["bce"](x, y)) == pytest.approx(log_loss(y.numpy(), torch.sigmoid(x).numpy()))
    assert float(LOSSES["hinge"](x, y)) == pytest.approx(hinge_loss(y.numpy().ravel(), x.numpy().ravel()))
    x, y = case("cross_entropy")
    assert float(LOSSES["cross_entropy"](x, y)) == pytest.approx(
        log_loss(y.numpy(), torch.softmax(x, 1).numpy())
    )
    x, y = case("mse")
    assert float(LOSSES["mse"](x, y)) == pytest.approx(mean_squared_error(y.numpy(), x.numpy()))
    # the deviance is twice the likelihood's distance from that of the perfect rate
    best = torch.where(y > 0, y - y * torch.log(y.clamp(min=1)), 0.0).mean()
    deviance = mean_poisson_deviance(y.numpy().ravel(), torch.exp(x).numpy().ravel())
    assert float(2 * (LOSSES["poisson"](x, y) - best)) == pytest.approx(deviance)
    assert float(2 * (LOSSES["poisson_rate"](torch.exp(x), y) - best)) == pytest.approx(deviance)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows_weighted", [False, True])
def test_masks_and_weights_against_a_loop(name, weighted, rows_weighted):
    x, y = case(name)
    y[0, 1] = y[4, 0] = NAN
    weights = torch.tensor([0.5, 1.0, 3.0]) if weighted else None
    rows = torch.linspace(0, 2, len(x)) if rows_weighted else None
    values = elementwise(name, x, y, [1.0] * 3 if weights is None else weights.tolist())
    scale = [1.0] * len(x) if rows is None else rows.tolist()
    expected = sum(value * scale[row] for value, row in values) / len(values)
    assert float(LOSSES[name](x, y, weights, rows)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_equal_finite_differences(name):
    x, y = case(name)
    y[2] = NAN
    y[3, 1] = NAN
    weights = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)
    x.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda outputs: LOSSES[name](outputs, y, weights), (x,), eps=1e-6, atol=1e-7
    )
    gradient = torch.autograd.grad(LOSSES[name](x, y), x)[0]
    assert (gradient[2] == 0).all()  # nothing is learnt from unknown targets


@pytest.mark.parametrize("name", LOSSES)
def test_signals_are_positions_by_positions(name):
    x, y = case(name, n=6)
    signal = [a.reshape(2, 3, 3).transpose(1, 2) for a in (x, y)]  # (n, L, T) to (n, T, L)
    assert float(LOSSES[name](*signal)) == pytest.approx(float(LOSSES[name](x, y)))


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_known_is_zero_and_half_precision_is_widened(name):
    x, y = case(name)
    x.requires_grad_()
    loss = LOSSES[name](x, torch.full_like(y, NAN))
    assert float(loss.detach()) == 0
    assert (torch.autograd.grad(loss, x)[0] == 0).all()
    assert LOSSES[name](x.bfloat16(), y.float()).dtype == torch.float32


def test_large_logits_neither_overflow_nor_vanish():
    x = torch.tensor([[1e4], [-1e4]])
    for name in ("bce", "hinge"):
        assert float(LOSSES[name](x, torch.tensor([[1.0], [0.0]]))) == 0
        assert float(LOSSES[name](x, torch.tensor([[0.0], [1.0]]))) == pytest.approx(1e4, rel=1e-3)


def test_outputs():
    x = torch.tensor([[-1.0, 0.0, 2.0]])
    assert OUTPUTS["sigmoid"](x).numpy() == pytest.approx(1 / (1 + np.exp(-x.numpy())))
    assert OUTPUTS["softmax"](x).numpy() == pytest.approx(np.exp(x.numpy()) / np.exp(x.numpy()).sum())
    assert OUTPUTS["exp"](x).numpy() == pytest.approx(np.exp(x.numpy()))
    assert OUTPUTS["identity"](x) is x


def test_the_tables_fit_together():
    asked = {name for head in TASK_TYPES.values() for name in head.losses}
    assert (
        asked == set(LOSS_NAMES) == set(LOSSES) - {"mse_bce", "poisson_rate", "poisson_rate_bce"}
    )  # of denoising
    assert {head.output for head in TASK_TYPES.values()} == set(OUTPUTS)


def test_the_loss_of_a_task_type():
    assert loss_name("counts", None) == "poisson"
    assert loss_name("binary", "hinge") == "hinge"
    with pytest.raises(ValueError, match="mse is not for binary targets; expected bce or hinge"):
        loss_name("binary", "mse")
