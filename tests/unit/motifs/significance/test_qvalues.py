import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from seqnet.motifs.significance.pvalue import q_values


@given(
    st.lists(st.sampled_from([1e-12, 1e-6, 3e-5, 1e-4, 0.002, 0.01, 0.2, 1.0]), min_size=1, max_size=40),
    st.integers(0, 300),
)
def test_q_values_are_those_of_all_tests_with_the_unreported_at_one(reported, more):
    everything = np.array(reported + [1.0] * more)
    expected = dict(zip(everything, false_discovery_control(everything, method="bh"), strict=True))
    distinct, counts = np.unique(reported, return_counts=True)
    # those at one that were reported share their value with the unreported
    ours = q_values(distinct, counts, len(everything))
    np.testing.assert_allclose(ours, [expected[p] for p in distinct], rtol=1e-12)


def test_a_better_rank_further_down_lowers_what_is_above():
    found = q_values(np.array([0.01, 0.011]), np.array([1, 9]), 100)
    np.testing.assert_allclose(found, [0.11, 0.11])
