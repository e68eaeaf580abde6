import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from seqnet.motifs.significance.multiple import benjamini_hochberg, log_benjamini_hochberg

p_values = st.lists(st.floats(1e-300, 1) | st.sampled_from([0.01, 0.5, 1.0]), min_size=1, max_size=40)


@given(p_values)
def test_both_forms_equal_scipy_s(values):
    expected = false_discovery_control(values)
    assert benjamini_hochberg(np.array(values)) == pytest.approx(expected, rel=1e-12)
    found = np.exp(log_benjamini_hochberg(np.log(values)))
    assert found == pytest.approx(expected, rel=1e-11)
    assert found.max() <= 1 + 1e-12


def test_logarithms_far_below_the_smallest_float():
    # ranks 1, 2, 3 of 3: p 3/1, p 3/2, p 3/3, the second lowered to the third's
    log_p = np.array([-1000.0, -5000.0, -1000.1])
    expected = [-1000.0, -5000.0 + np.log(3), -1000.0]
    assert log_benjamini_hochberg(log_p) == pytest.approx(expected, abs=1e-9)


def test_no_p_values_give_none():
    assert benjamini_hochberg(np.empty(0)).shape == log_benjamini_hochberg(np.empty(0)).shape == (0,)
