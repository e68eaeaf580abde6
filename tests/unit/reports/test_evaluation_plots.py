import re

import numpy as np
import pytest

from seqnet.reports import evaluation_plots as plots
from seqnet.reports.evaluation_page import Card, Cell, Column, Page, PageTable, Section, render
from seqnet.reports.inline_svg import SERIES


def lines(count):
    x = np.linspace(0, 1, 1000)
    return [plots.Line(f"task {i}", x, x ** (1 / (i + 1)), i / (i + 1)) for i in range(count)]


def test_plots_are_the_same_every_time_and_name_nothing_twice():
    first, again = plots.roc(lines(3), "three curves"), plots.roc(lines(3), "three curves")
    assert first == again
    assert first.startswith("<svg viewBox=")
    assert '<title id="roc-alt">three curves</title>' in first
    assert "<style" not in first  # it would hold for the whole page
    assert "<metadata" not in first
    ids = re.findall(r' id="([^"]+)"', first)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("roc-") for name in ids)
    assert not any(colour in first for colour in SERIES)
    assert "var(--c1)" in first
    other = plots.precision_recall(lines(3), 0.2, "more")
    assert not set(re.findall(r' id="([^"]+)"', other)) & set(ids)


def test_many_tasks_are_grey_but_three():
    drawn = plots.roc(lines(40), "many")
    assert [f"({role})" in drawn for role in ("best", "median", "worst")] == [True] * 3
    assert "task 39" in drawn
    assert "task 0 " in drawn
    assert len(drawn) < 300_000


def test_thinning_keeps_ends_and_shape():
    x = np.linspace(0, 1, 50_000)
    y = np.sqrt(x)
    thinned_x, thinned_y = plots.thin(x, y)
    assert len(thinned_x) <= 160
    assert (thinned_x[0], thinned_x[-1], thinned_y[-1]) == (0, 1, 1)
    assert np.abs(np.interp(x, thinned_x, thinned_y) - y).max() < 0.02
    assert plots.thin(x[:5], y[:5])[0] is not None


@pytest.mark.parametrize("count", [1, 3, 60])
def test_every_plot_draws_without_warnings(count):
    generator = np.random.default_rng(0)
    bars = [plots.Bar(f"t{i}", None if i == 1 else 0.7, (0.6, 0.8), 0.5) for i in range(count)]
    assert "<svg" in plots.task_bars([("auROC", bars), ("auPRC", bars)], "bars")
    scores = generator.random(50)
    panels = [("constant", np.zeros(3), np.zeros(4)), ("infinite", np.array([-np.inf, 1.0]), scores)]
    assert "<svg" in plots.score_distributions(panels[: min(count, 2)], "scores")
    assert "<svg" in plots.reliability([plots.Line("t", scores[:10], np.full(10, np.nan), None)], "r")
    assert "<svg" in plots.learning(np.arange(3.0), [("train", scores[:3])], 2, "l")
    assert "<svg" in plots.scatter([("T", scores, scores)] * min(count, 4), "s")
    assert "<svg" in plots.confusion(["a", "b"], np.array([[3.0, 0], [0, 0]]), "c")


def test_the_page_escapes_what_users_name():
    table = PageTable(
        "t <x>",
        [Column("task", numeric=False), Column("n", 'help "q"')],
        [[Cell("<i>a</i>"), Cell("1", 1.0)]],
    )
    page = Page("<h>", "sub & title", [Card("l", "1")], ["<w>"], [Section("s", "S", tables=[table])], "0")
    text = render(page).decode()
    assert render(page).decode() == text
    for raw, escaped in (("<i>a", "&lt;i&gt;a"), ("<w>", "&lt;w&gt;"), ("<h>", "&lt;h&gt;")):
        assert raw not in text
        assert escaped in text
    assert 'title="help &#34;q&#34;"' in text
