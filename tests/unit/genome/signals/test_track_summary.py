"""Tracks in other units than in training are noticed, other regions are not."""

import json

import numpy as np
import pytest

from seqnet.genome.signals.track_summary import QUANTILES, TrackSummary, describe_change, summarise_track

GENERATOR = np.random.default_rng(3)
COUNTS = GENERATOR.negative_binomial(1, 0.05, 40_000).astype(np.float32)
DENSE = (COUNTS * 0.37).astype(np.float32)


def change(trained, now):
    return describe_change(summarise_track(trained), summarise_track(now))


@pytest.mark.parametrize(
    ("trained", "now", "words"),
    [
        (COUNTS, COUNTS / COUNTS.mean(), "has fractions"),
        (COUNTS / COUNTS.mean(), COUNTS, "has whole numbers only"),
        (COUNTS, np.log2(COUNTS + 0.5), "has negative values, down to -1;"),
        ((DENSE - DENSE.mean()) / DENSE.std(), DENSE, "has no negative values"),
        (DENSE, DENSE * 3, "about 3 times larger than in training"),
        (DENSE / 30, DENSE, "times larger"),
        (DENSE, DENSE / 30, "about 30 times smaller than in training"),
        (DENSE, np.log1p(DENSE), "times smaller"),
        (COUNTS, np.zeros(5000), "is 0 everywhere; in training its mean was"),
    ],
    ids=["counts/mean", "mean/counts", "log2", "z", "triple", "raw", "scaled", "log1p", "empty"],
)
def test_other_units_are_named(trained, now, words):
    assert words in change(trained, now.astype(np.float32))


@pytest.mark.parametrize(
    "now",
    [
        COUNTS[:60], COUNTS[:5000] * (GENERATOR.random(5000) < 0.1), np.sort(COUNTS)[-20_000:], np.zeros(9),
        np.concatenate([COUNTS, np.zeros(400_000)]), COUNTS * 2, np.full(50, np.nan), COUNTS[:1],
    ],
    ids=["few", "background", "peaks", "nothing", "genome", "twice as deep", "gaps", "one"],
)  # fmt: skip
def test_other_regions_of_the_same_track_are_not(now):
    found = summarise_track(np.asarray(now, np.float32))
    assert found is None or describe_change(summarise_track(COUNTS), found) == ""


def test_a_summary_is_numpys_quantiles_and_survives_json():
    found = summarise_track(np.append(DENSE, np.nan))
    assert [value for _, value in found.quantiles] == pytest.approx(
        np.quantile(DENSE.astype(float), QUANTILES)
    )
    assert found.mean == pytest.approx(DENSE.mean(dtype=float))
    assert TrackSummary.restored(json.loads(json.dumps(found.stored()))) == found
    assert TrackSummary.restored(None) is None
