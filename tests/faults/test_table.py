"""The fault table has no gaps, and the gap of a test that is not there would be seen."""

import pytest

from tests.faults import table

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def found():
    return table.collected()


def test_every_fault_of_every_command_has_a_test_or_a_reason(found):
    assert table.gaps(found) == []


def test_a_test_that_is_not_there_is_a_gap(found):
    (name,) = [each for each in found if "one_wins_whole[scan]" in each]
    assert any("two runs, one output: scan" in gap for gap in table.gaps(found - {name}))
    assert not table.is_there(name.replace("[scan]", "[sca]"), found)


def test_the_table_prints_a_row_for_each_fault_and_a_column_for_each_command(found):
    rows = table.text(found).splitlines()
    assert rows[-1] == "0 gaps"
    for fault in table.FAULTS:
        (row,) = [
            row
            for row in rows
            if row.startswith(fault.name + " ") and "  " in row and ": " not in row[len(fault.name) :]
        ]
        assert len(row.split()) - len(fault.name.split()) == len(table.NAMES)
