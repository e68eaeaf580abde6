"""Residual blocks in one pass against the layers one after another in float64."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seqnet.errors import UsageError
from seqnet.kernels import _dispatch
from seqnet.kernels.layers import residual
from seqnet.kernels.layers.residual import (
    EditWindows,
    Rectified,
    ResidualBlock,
    matrices,
    rectify_edits,
    residual_edits,
    residual_rows,
)


@pytest.fixture(autouse=True, params=["avx2", "avx512"])
def _kind(request, monkeypatch):
    """Run a test with each kind of vectors."""
    monkeypatch.setenv("SEQNET_KERNELS", request.param)
    _dispatch.chosen.cache_clear()
    try:
        if not residual.residual_runs_here():
            pytest.skip("blocks are not compiled for this processor")
    except UsageError as error:
        pytest.skip(str(error))
    yield
    _dispatch.chosen.cache_clear()


once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
channels, dilations, seeds = (
    st.sampled_from([32, 32, 64, 160]),
    st.sampled_from([1, 2, 3, 4, 9]),
    st.integers(0, 99),
)


class Block:
    """Random weights, as the kernel takes them, and the layers written out."""

    def __init__(self, channels, dilation, seed=0):
        generator = np.random.default_rng(seed)
        self.scale, self.shift, self.bias = generator.normal(size=(3, channels)).astype(np.float32)
        self.weight = generator.normal(0, channels**-0.5, (channels, channels, 3))
        self.dilation = dilation
        self.fused = ResidualBlock(self.scale, self.shift, matrices(self.weight), self.bias, dilation)

    def __call__(self, x):
        """x + conv(relu(norm(x))), float64 (n, L, C)."""
        hidden = np.maximum(x.astype(np.float64) * self.scale + self.shift, 0)
        length, reach = x.shape[1], self.dilation
        padded = np.pad(hidden, ((0, 0), (reach, reach), (0, 0)))
        taps = [padded[:, tap * reach : tap * reach + length] @ self.weight[..., tap].T for tap in range(3)]
        return x + sum(taps) + self.bias


def values(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def applied(block, x):
    out = np.full_like(x, np.nan)
    residual_rows(block.fused, x, out)
    return out


@once
@example(3, 1, 32, 1, 0)
@example(400, 1, 32, 1, 0)
@given(st.integers(1, 9), st.integers(1, 40), channels, dilations, seeds)
def test_rows_are_those_of_the_layers(rows, length, width, dilation, seed):
    block, x = Block(width, dilation, seed), values(rows, length, width, seed=seed)
    np.testing.assert_allclose(applied(block, x), block(x), rtol=0, atol=2e-5)


def test_bits_of_a_row_do_not_depend_on_the_others():
    block, x = Block(64, 2), values(70, 33, 64)
    together = applied(block, x)
    for row in (0, 31, 69):
        np.testing.assert_array_equal(applied(block, x[row : row + 1])[0], together[row])


@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("value", [1e9, np.inf, np.nan])
def test_a_position_changes_no_bit_of_outputs_that_do_not_read_it(dilation, value):
    block, x = Block(32, dilation), values(1, 40, 32)
    block.scale[:], block.fused.scale[:] = 1, 1
    plain = applied(block, x)
    for place in (0, 7, 20, 39):
        changed = x.copy()
        changed[0, place] = value
        differs = (applied(block, changed) != plain).any(axis=(0, 2)).nonzero()[0]
        reads = {at for at in (place - dilation, place, place + dilation) if 0 <= at < 40}
        assert set(differs.tolist()) == reads


class Edits:
    """Random edits: K windows of w positions, `step` apart, in each of b sequences, with R alternatives each."""

    def __init__(self, shape, channels, start, step, length, seed=0):
        self.width, self.rows, self.places, self.bases = shape
        self.windows, self.channels = EditWindows(start, step, length), channels
        self.plain = values(self.rows, length, channels, seed=seed)
        self.x = values(*shape, channels, seed=seed + 1)  # values; outside the sequence they mean nothing
        margin = abs(start) + step * self.places + self.width + length
        self.padded = np.pad(self.plain, ((0, 0), (margin, margin), (0, 0)))
        first = self.padded[:, margin + start :]
        along, position, one = self.padded.strides
        self.unedited = np.lib.stride_tricks.as_strided(
            first, (self.width, self.rows, self.places, channels), (position, along, step * position, one)
        )

    def at(self, place, position):
        """The place in the sequence, None outside."""
        at = self.windows.start + place * self.windows.step + position
        return at if 0 <= at < self.windows.length else None

    def differences(self):
        """As the other layers give them."""
        result = self.x - self.unedited[:, :, :, None]
        for position in range(self.width):
            for place in range(self.places):
                if self.at(place, position) is None:
                    result[position, :, place] = 0
        return result

    def expected(self, block):
        """Differences between blocks of whole edited sequences and of unedited ones, float64."""
        reach = block.dilation
        out = np.zeros((self.width + 2 * reach, *self.x.shape[1:]))
        before = block(self.plain)
        for place in range(self.places):
            for base in range(self.bases):
                edited = self.plain.astype(np.float64)
                for position in range(self.width):
                    if (at := self.at(place, position)) is not None:
                        edited[:, at] = self.x[position, :, place, base]
                change = block(edited) - before
                for position in range(self.width + 2 * reach):
                    if (at := self.at(place, position - reach)) is not None:
                        out[position, :, place, base] = change[:, at]
        return out


def edited(block, edits, differs):
    x = edits.differences() if differs else edits.x
    out = np.full((edits.width + 2 * block.dilation, *edits.x.shape[1:]), np.nan, dtype=np.float32)
    residual_edits(block.fused, np.ascontiguousarray(x), edits.unedited, edits.windows, differs, out)
    return out


@once
@example((5, 1, 84, 3), 32, 1, 0, 1, 90, 0, True)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(1, 5), st.integers(1, 3)), channels, dilations,
    st.integers(-12, 30), st.integers(0, 3), st.integers(1, 30), seeds, st.booleans(),
)  # fmt: skip
def test_edits_are_those_of_whole_sequences(shape, width, dilation, start, step, length, seed, differs):
    block, edits = Block(width, dilation, seed), Edits(shape, width, start, step, length, seed)
    np.testing.assert_allclose(edited(block, edits, differs), edits.expected(block), rtol=0, atol=3e-5)


def test_no_change_gives_none_at_all():
    block, edits = Block(32, 2), Edits((6, 2, 3, 2), 32, 4, 1, 40)
    edits.x[:] = edits.unedited[:, :, :, None]
    for differs in (False, True):
        assert not edited(block, edits, differs).any()


def test_bits_of_an_edit_do_not_depend_on_the_others():
    block, edits = Block(32, 1), Edits((5, 1, 84, 3), 32, 0, 1, 100)
    together, alone = edited(block, edits, True), np.empty((7, 1, 1, 3, 32), np.float32)
    for place in (0, 33, 83):
        windows = edits.windows._replace(start=place)
        x, unedited = edits.differences()[:, :, place : place + 1], edits.unedited[:, :, place : place + 1]
        residual_edits(block.fused, np.ascontiguousarray(x), unedited, windows, True, alone)
        np.testing.assert_array_equal(alone[:, :, 0], together[:, :, place])


def rectified(edits, scale, x):
    shape = x.shape
    out = Rectified(*(np.full(size, np.nan, np.float32) for size in (shape, shape[1:], shape[1:])))
    rectify_edits(scale, np.ascontiguousarray(x), edits.unedited, edits.windows, out)
    return out


@once
@example((5, 1, 84, 3), 32, 1, 1, 90, 0)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 3), st.integers(1, 5), st.integers(1, 3)), channels,
    st.integers(-12, 30), st.integers(0, 3), st.integers(1, 30), seeds,
)  # fmt: skip
def test_a_relu_of_edits_is_that_of_their_values(shape, width, start, step, length, seed):
    edits, scale = Edits(shape, width, start, step, length, seed), values(width, seed=seed + 2)
    found = rectified(edits, scale, edits.differences())
    plain = edits.unedited[:, :, :, None].astype(np.float64)
    inside = np.array([[edits.at(place, position) is not None for place in range(shape[2])]
                       for position in range(shape[0])])[:, None, :, None, None]  # fmt: skip
    value = np.maximum(plain + edits.differences().astype(np.float64) * scale, 0)
    expected = np.where(inside, value - np.maximum(plain, 0), 0)
    np.testing.assert_allclose(found.differences, expected, rtol=0, atol=3e-6)
    np.testing.assert_allclose(found.total, expected.sum(0), rtol=0, atol=2e-5)
    np.testing.assert_allclose(found.highest, np.where(inside, value, -np.inf).max(0), rtol=0, atol=3e-6)


def test_a_relu_of_edits_keeps_what_is_no_number():
    edits, scale = Edits((6, 1, 2, 1), 32, 3, 1, 20), np.ones(32, np.float32)
    for position in range(6):
        x = edits.differences()
        x[position, 0, 0, 0, 5] = np.nan
        found = rectified(edits, scale, x)
        for values in found:
            wrong = np.argwhere(np.isnan(values))
            assert wrong.tolist() == [[*([position] if values.ndim == 5 else []), 0, 0, 0, 5]]


def test_sizes_that_do_not_fit_are_refused():
    block, x = Block(32, 1).fused, values(2, 5, 32)
    out = np.empty_like(x)
    residual_rows(block, x, out)
    with pytest.raises(ValueError, match="out has"):
        residual_rows(block, x, out[1:])
    with pytest.raises(ValueError, match="matrices has"):
        residual_rows(block._replace(matrices=block.matrices[1:]), x, out)
    with pytest.raises(ValueError, match="shift has"):
        residual_rows(block._replace(shift=block.shift[1:]), x, out)
    with pytest.raises(ValueError, match="whole rows"):
        residual_rows(block, x.reshape(2, 5, 32)[:, :, :31].copy(), out)
    with pytest.raises(ValueError, match="no such dilation"):
        residual_rows(block._replace(dilation=0), x, out)
    few = Block(32, 1).fused
    narrow = few._replace(**{name: getattr(few, name)[:31] for name in ("scale", "shift", "bias")})
    with pytest.raises(ValueError, match="cannot be computed here"):
        residual_rows(narrow, x, out)


def test_edits_that_are_not_there_are_refused():
    block, edits = Block(32, 1).fused, Edits((3, 2, 4, 1), 32, 2, 1, 20)
    out = np.empty((5, 2, 4, 1, 32), np.float32)
    residual_edits(block, edits.x, edits.unedited, edits.windows, False, out)
    with pytest.raises(ValueError, match="out has"):
        residual_edits(block, edits.x, edits.unedited, edits.windows, False, out[1:])
    with pytest.raises(ValueError, match="near the sequence"):
        residual_edits(block, edits.x, edits.unedited, EditWindows(2, -1, 20), False, out)
    for unedited in (edits.unedited[:, :, :, ::-1], edits.unedited[:, :, :3], edits.unedited[:2]):
        with pytest.raises(ValueError, match="those of the edits"):
            residual_edits(block, edits.x, unedited, edits.windows, False, out)
    with pytest.raises(ValueError, match="values that are there"):
        residual_edits(block, edits.x, edits.unedited[:, :, ::-1], edits.windows, False, out)
    found = rectified(edits, np.ones(32, np.float32), edits.differences())
    with pytest.raises(ValueError, match="highest has"):
        rectify_edits(
            np.ones(32, np.float32), edits.x, edits.unedited, edits.windows,
            found._replace(highest=found.highest[:1].copy()),
        )  # fmt: skip
    with pytest.raises(ValueError, match="channels cannot be computed"):
        rectify_edits(np.ones(31, np.float32), edits.x, edits.unedited, edits.windows, found)
