from itertools import product
from math import log2

import numpy as np
import pytest

from seqnet.motifs.information import consensus, entropy, information, small_sample_correction


def enumerated_correction(n: int) -> float:
    """2 - E[H] by listing every sample of n letters."""
    total = 0.0
    for letters in product(range(4), repeat=n):
        shares = [letters.count(base) / n for base in range(4)]
        total -= sum(p * log2(p) for p in shares if p) / 4**n
    return 2 - total


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7])
def test_the_exact_correction_equals_enumeration(n):
    assert small_sample_correction(n) == pytest.approx(enumerated_correction(n), abs=1e-12)


# Schneider et al. 1986, as the design states them
@pytest.mark.parametrize(
    ("n", "expected"), [(2, 1.25), (5, 0.5371), (10, 0.2467), (20, 0.1140), (30, 0.0744)]
)
def test_published_corrections(n, expected):
    assert small_sample_correction(n) == pytest.approx(expected, abs=5e-5)


def test_the_approximation_and_none():
    assert small_sample_correction(10, "approx") == pytest.approx(3 / (2 * np.log(2) * 10))
    assert small_sample_correction(10, "none") == 0
    assert small_sample_correction(2.5) == pytest.approx(
        (small_sample_correction(2) + small_sample_correction(3)) / 2
    )


def test_large_samples_join_smoothly():
    below, above = small_sample_correction(1000), small_sample_correction(1001)
    assert below > above
    assert below - above == pytest.approx(below / 1000, rel=0.01)


def test_information_of_a_hand_computed_matrix():
    probabilities = np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])
    assert entropy(probabilities).tolist() == [0, 1, 2]
    assert information(probabilities, 5, "none").tolist() == [2, 1, 0]
    assert information(probabilities, 5)[2] == pytest.approx(-0.5371, abs=5e-5)  # not clipped


def test_consensus_letters():
    rows = np.array(
        [[0.6, 0.2, 0.1, 0.1], [0.5, 0.5, 0, 0], [0.4, 0.4, 0.2, 0], [0.4, 0.2, 0.2, 0.2], [0.4, 0.3, 0.3, 0]]
    )
    assert consensus(rows) == "AMMNV"
