"""Muon against the singular value decomposition, against torch's own for matrices and against AdamW."""

from __future__ import annotations

import pytest
import torch

from seqnet.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(5, 5), (3, 40), (64, 9), (1, 7), (7, 1)])
def test_a_matrix_becomes_nearly_orthogonal(shape):
    """The singular vectors stay, and every singular value comes near 1."""
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    assert float(values.min() / values.max()) > 0.01
    inner = left.T @ orthogonal(matrix) @ right.T
    diagonal = inner.diagonal()
    assert bool((diagonal > 0.65).all())
    assert bool((diagonal < 1.25).all())
    torch.testing.assert_close(inner, torch.diag(diagonal), atol=1e-9, rtol=0)


def test_its_size_does_not_matter():
    """Gradients count by direction, however small; none at all is no step."""
    matrix = torch.randn(4, 6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(orthogonal(matrix * 1e-4), orthogonal(matrix), atol=1e-5, rtol=0)
    assert not orthogonal(torch.zeros(4, 6)).any()


def run(optimiser, weight, steps=6):
    """Minimise a quadratic form with a step of noise-free gradients; return the weights."""
    target = torch.randn(weight.shape, generator=torch.Generator().manual_seed(2))
    for _ in range(steps):
        optimiser.zero_grad()
        ((weight - target) ** 2 * torch.arange(1, weight.numel() + 1).reshape(weight.shape)).sum().backward()
        optimiser.step()
    return weight.detach()


def test_matrices_move_as_by_torch_s_muon():
    """Which iterates in bfloat16; momentum, decay and scale are the same."""
    start = torch.randn(6, 10, generator=torch.Generator().manual_seed(3))
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    moved = run(Muon([ours], lr=0.02, weight_decay=0.1), ours)
    expected = run(
        torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"), theirs
    )
    assert float((expected - start).abs().mean()) > 0.02
    torch.testing.assert_close(moved, expected, atol=2e-3, rtol=0)


def test_filters_are_matrices_of_a_row_each():
    """A bank of filters moves as the matrix of its weights."""
    start = torch.randn(6, 2, 1, 5, generator=torch.Generator().manual_seed(3))
    bank, matrix = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.flatten(1).clone())
    for weight in (bank, matrix):
        optimiser = Muon([weight], lr=0.02)
        weight.grad = torch.randn(matrix.shape, generator=torch.Generator().manual_seed(4)).reshape(
            weight.shape
        )
        optimiser.step()
    torch.testing.assert_close(bank.flatten(1), matrix, atol=0, rtol=0)


def test_other_parameters_move_as_by_adamw():
    """Biases and the weights of norms."""
    start = torch.randn(8, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    moved = run(Muon([ours], lr=0.01, weight_decay=0.1), ours)
    torch.testing.assert_close(moved, run(torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1), theirs))
