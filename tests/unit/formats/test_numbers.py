from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.formats.numbers import format_log_probability


@pytest.mark.parametrize(
    ("log_p", "text"),
    [(0.0, "1"), (-0.6931471805599453, "0.5"), (-9.210340371976182, "0.0001"), (-1500.0, "3.61641e-652")],
)
def test_probabilities_are_written_with_six_digits(log_p, text):
    assert format_log_probability(log_p) == text


@given(st.floats(-1e5, 0))
def test_probabilities_of_any_smallness_read_back(log_p):
    with localcontext() as context:
        context.prec, context.Emin = 30, -(10**6)
        expected = Decimal(log_p).exp()
        assert abs(Decimal(format_log_probability(log_p)) / expected - 1) < Decimal("6e-6")
