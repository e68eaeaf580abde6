"""The output of smoothers, next to plain convolutions in numpy, and what its rows may be."""

import math

import numpy as np
import pytest
import torch

from seqnet.errors import SeqnetError
from seqnet.genome.signals.smoothing import gaussian_weights
from seqnet.inference.denoise import Reach, along, reach_of
from seqnet.networks.describe import describe_network
from seqnet.networks.grammar import parse_layers
from seqnet.networks.layers import Shape, build_network
from seqnet.networks.outline import layers_text
from seqnet.networks.presets import PRESETS

TEXT = "output per_position=true smoothers=0-1-3(conv 5x3, relu)"


def network(text=TEXT, tracks=2, tasks=2, length=60, times=1.0, seed=0):
    torch.manual_seed(seed)
    built = build_network(parse_layers(text), Shape(tracks, length), tasks).eval()
    for parameter in built[0].weights.parameters():
        torch.nn.init.normal_(parameter, 0, times)
    return built


def tracks(length=60, count=2, seed=1):
    return np.random.default_rng(seed).gamma(0.4, 3, (count, length)).astype(np.float32)


def smoothed_by_numpy(values):
    rows = []
    for row in values.astype(float):
        for width in (0, 1, 3):
            weights = gaussian_weights(width)
            reach = len(weights) // 2
            rows.append(np.convolve(row, weights)[reach : reach + len(row)])
    return np.array(rows)


def run(built, values):
    with torch.inference_mode():
        return built(torch.from_numpy(values)[None, :, None])[0].numpy()


@pytest.mark.parametrize("logit", [False, True])
def test_outputs_are_weighted_means_of_what_numpy_smooths(logit):
    built = network(TEXT.replace("(", " logit=true(") if logit else TEXT)
    values, mix = tracks(), built[0]
    smoothed = smoothed_by_numpy(values)
    hidden = torch.from_numpy(np.arcsinh(smoothed).astype(np.float32))[None, :, None]
    with torch.inference_mode():
        chosen = mix.weights(mix.layers(hidden))[0, :, 0].numpy().astype(float)
    found = run(built, values)
    for task in range(1 if logit else 2):
        own = chosen[8 * task : 8 * task + 8]
        weights = np.exp(own[:7]) / np.exp(own[:7]).sum(0)
        expected = np.exp(np.tanh(own[7])) * (weights[0] + (weights[1:] * smoothed).sum(0))
        np.testing.assert_allclose(found[task], expected, rtol=2e-5)
    if logit:
        np.testing.assert_allclose(found[1], chosen[8], rtol=1e-5, atol=1e-5)


def test_at_first_all_smoothers_and_the_mean_weigh_the_same():
    built = build_network(parse_layers(TEXT), Shape(2, 60), 1).eval()
    values = tracks()
    expected = (1 + smoothed_by_numpy(values).sum(0)) / 7
    np.testing.assert_allclose(run(built, values)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("times", [1.0, 1e3, 1e6])
def test_no_weights_bring_an_output_far_beyond_the_inputs(times):
    values = tracks()
    for seed in range(5):
        found = run(network(times=times, seed=seed), values)
        assert (found > 0).all()
        assert found.max() <= math.e * max(1, values.max()) * (1 + 1e-5)
        assert np.isfinite(run(network(times=times, seed=seed), np.zeros_like(values))).all()


def test_an_output_sees_its_reach_and_no_further():
    built = network("output per_position=true smoothers=0-1-3(conv 5x3, relu, conv 5x3 dilation=2)", times=3)
    assert reach_of(built) == Reach(15, 15)  # 12 of the widest smoother, 1 and 2 of the convolutions
    values = tracks()
    changed = values.copy()
    changed[:, 30] += 5
    seen = np.flatnonzero((run(built, values) != run(built, changed)).any(0))
    assert (seen.min(), seen.max()) == (15, 45)
    assert describe_network(parse_layers(TEXT), Shape(2, 60), 2)[-1].receptive_field == 27


def test_pieces_are_the_whole():
    built = network(times=2)
    values = tracks()
    whole = run(built, values).T
    for chunk in (7, 25, 60):
        pieces = along(built, values, reach_of(built), device=torch.device("cpu"), chunk=chunk)
        np.testing.assert_allclose(np.concatenate(list(pieces)), whole, rtol=1e-5)


def test_a_mirrored_track_is_smoothed_to_the_mirror_image():
    built = build_network(parse_layers(TEXT), Shape(2, 60), 1).eval()
    values = tracks()
    turned = run(built, np.ascontiguousarray(values[:, ::-1]))[:, ::-1]
    np.testing.assert_allclose(turned, run(built, values), rtol=1e-5)


def test_reversed_tracks_of_strand_pairs_give_reversed_outputs():
    text = TEXT.replace("(", " partners=1-0-2 target_partners=0-2-1 logit=true(")
    built = network(text, tracks=3, tasks=4)
    values = tracks(count=3)
    forward, turned = run(built, values), run(built, np.ascontiguousarray(values[[1, 0, 2], ::-1]))
    np.testing.assert_allclose(turned[[0, 2, 1, 3], ::-1], forward, rtol=1e-4, atol=1e-5)
    plain = network(TEXT.replace("(", " logit=true("), tracks=3, tasks=4)  # the same weights
    other = run(plain, np.ascontiguousarray(values[[1, 0, 2], ::-1]))
    assert np.abs(other[[0, 2, 1, 3], ::-1] - run(plain, values)).max() > 0.1


def test_weights_do_not_change_above_the_ceiling():
    values = tracks(count=1)
    text = "output per_position=true smoothers=0-1 ceiling=2.5(conv 5x3, relu)"
    built = network(text, tracks=1, tasks=1)
    high = np.full_like(values, 2.5)
    found, more = run(built, high)[0, 30], run(built, 4 * high)[0, 30]
    factor = (more - found) / (3 * 2.5)  # linear in the values from there on
    assert run(built, 9 * high)[0, 30] == pytest.approx(found + factor * 8 * 2.5, rel=1e-4)


def test_the_preset_is_written_as_it_is_read():
    text = layers_text(PRESETS["denoise"].layers)
    assert parse_layers(text) == PRESETS["denoise"].layers
    assert reach_of(build_network(PRESETS["denoise"].layers, Shape(1, 500), 1)) == Reach(64, 64)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("output per_position=true smoothers=0-1", "needs layers that weight them"),
        ("output per_position=true smoothers=0-1 width=3(conv 4x3)", "has no width"),
        ("output per_position=true smoothers=0--1(conv 4x3)", "expected standard deviations in positions, at most 1000, such as 0-1-2-4"),
        ("output per_position=true smoothers=0-1001(conv 4x3)", "expected standard deviations in positions, at most 1000"),
        ("output per_position=true smoothers=0-1(conv 4x3 padding=valid)", "expected as many positions"),
        ("output per_position=true smoothers=0-1 logit=true(conv 4x3)", "a logit with other tasks only"),
        ("output smoothers=0-1(conv 4x3)", "smoothers need per_position=true"),
        ("output per_position=true logit=true", "go with smoothers"),
        ("output per_position=true smoothers=0-1 partners=1-0(conv 4x3)", "partners 1-0 are not those of 1 tracks"),
        ("output per_position=true smoothers=0-1 target_partners=0-1(conv 4x3)", "partners 0-1 are not those of 1 tracks"),
    ],
)  # fmt: skip
def test_wrong_outputs_of_smoothers_are_refused(text, message):
    with pytest.raises((SeqnetError, ValueError), match=message):
        build_network(parse_layers(text), Shape(1, 50), 1)
