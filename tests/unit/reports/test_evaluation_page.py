"""The page of an evaluation report."""

import pytest

from seqnet.reports.evaluation_page import Cell, Column, Page, PageTable, Section, render


@pytest.mark.parametrize(("rows", "long"), [(30, False), (31, True)])
def test_long_tables_scroll_by_themselves(rows, long):
    table = PageTable("t", [Column("task", numeric=False)], [[Cell(f"t{row}")] for row in range(rows)], True)
    page = render(Page("p", "", [], [], [Section("s", "S", tables=[table])], "1")).decode()
    assert ('class="scroll long"' in page) == long
    assert page.count('<th scope="row">') == rows
