"""Seqlets: where they lie, and equal sums."""

import numpy as np

from seqnet.attribution.seqlets import CORE, WIDTH, find_seqlets


def rows_of(*sites, length=80):
    """One row that is 0 but for values at places."""
    row = np.zeros((1, length), dtype=np.float32)
    for place, values in sites:
        row[0, place : place + len(values)] = values
    return row


def test_a_narrow_site_in_the_core_of_several_windows_is_one_seqlet():
    observed = rows_of((40, [0.3, 0.1, 0.2]))  # six windows of eight bases hold all of it
    seqlets = find_seqlets(observed, np.zeros((50, 80), np.float32), 1.0)
    assert seqlets.row.tolist() == [0]
    start = 40 + 3 - CORE + CORE // 2 - WIDTH // 2  # around the first of the six
    assert seqlets.start.tolist() == [start]


def test_two_sites_of_one_sum_are_two_seqlets():
    values = [0.1, 0.3, 0.2, 0.1, 0.4, 0.2, 0.1, 0.3]
    observed = rows_of((20, values), (20 + 2 * CORE, values))
    seqlets = find_seqlets(observed, np.zeros((50, 80), np.float32), 1.0)
    assert seqlets.start.tolist() == [20 + CORE // 2 - WIDTH // 2, 20 + 2 * CORE + CORE // 2 - WIDTH // 2]
