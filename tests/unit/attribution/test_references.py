"""References are shuffles that leave padding, and what is outside the range, where it is."""

from collections import Counter

import numpy as np

from seqnet.attribution.references import References
from tests.unit.attribution.networks import random_codes


def pairs(codes):
    """The number of each pair of neighbours."""
    return Counter(zip(codes[:-1].tolist(), codes[1:].tolist(), strict=True))


def test_dinucleotides_are_kept_and_sequences_differ():
    codes = random_codes(2, 80, letters=4)
    found = References(6, seed=3).of(codes)
    assert found.shape == (2, 6, 80)
    for row, own in enumerate(found):
        assert all(pairs(each) == pairs(codes[row]) for each in own)
        assert len({each.tobytes() for each in own}) == 6


def test_a_sequence_s_references_do_not_depend_on_the_others():
    codes = random_codes(3, 60, letters=4)
    np.testing.assert_array_equal(References(4).of(codes)[2], References(4).of(codes[2:])[0])
    assert (References(4, seed=1).of(codes) != References(4).of(codes)).any()


def test_padding_stays():
    codes = random_codes(1, 60, letters=4)
    codes[0, :9] = codes[0, 50:] = codes[0, 20] = 4
    found = References(5).of(codes)[0]
    assert (found[:, :9] == 4).all()
    assert (found[:, 50:] == 4).all()
    assert ((found[:, 9:50] == 4).sum(axis=1) == 1).all()
    assert pairs(found[2, 9:50]) == pairs(codes[0, 9:50])


def test_flanks_outside_the_range_stay():
    codes = random_codes(1, 60, letters=4)
    found = References(5, within=(20, 40)).of(codes)[0]
    assert (found[:, :20] == codes[0, :20]).all()
    assert (found[:, 40:] == codes[0, 40:]).all()
    assert (found[:, 20:40] != codes[0, 20:40]).any()


def test_given_references_are_those_of_all_sequences():
    given = random_codes(3, 10)
    assert (References(given=given).of(random_codes(2, 10, 5)) == given).all()


def test_a_sequence_without_bases_is_its_own_reference():
    assert (References(2).of(np.full((1, 12), 4, np.uint8)) == 4).all()
