"""The evaluation report in a browser: opens without errors or requests, sorts, fits a phone."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from tests.cli.test_evaluate_command import random_tables  # noqa: F401  a fixture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (360, 1280)
PROBE = """<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre><script>
const page = PAGE, found = {};
for (const width of WIDTHS) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `border:0;width:${width}px;height:800px`;
  frame.onload = () => {
    const inner = frame.contentDocument, root = inner.documentElement;
    const table = inner.querySelector("table[data-sortable]");
    const first = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
    const heads = [...table.tHead.rows[0].cells], before = first();
    const button = heads.find((head) => head.textContent === "auROC").querySelector("button");
    button.focus();
    const focused = inner.activeElement === button;
    button.click();
    const once = first(), sorted = button.parentElement.getAttribute("aria-sort");
    button.click();
    found[width] = {
      overflow: root.scrollWidth - root.clientWidth, before, once, twice: first(), sorted, focused,
      summary: table.tFoot.rows[0].cells[0].textContent,
      colour: frame.contentWindow.getComputedStyle(inner.body).backgroundColor,
      unnamed: [...inner.querySelectorAll("svg[role=img]")].filter((svg) => !inner.getElementById(svg.getAttribute("aria-labelledby")).textContent).length,
      requests: frame.contentWindow.performance.getEntriesByType("resource").map((entry) => entry.name),
      pictures: inner.querySelectorAll("svg[role=img]").length,
      headings: [...inner.querySelectorAll("h1,h2,h3")].map((heading) => heading.tagName),
      twice_used: [...inner.querySelectorAll("[id]")].length - new Set([...inner.querySelectorAll("[id]")].map((e) => e.id)).size,
    };
    document.getElementById("found").textContent = JSON.stringify(found);
  };
  frame.srcdoc = page;
  document.body.append(frame);
}
</script>"""


def test_training_of_sequences_without_places_names_no_contigs_and_the_mean_of_a_regression(
    tmp_path, seqnet_ok
):
    bases = np.random.default_rng(4).choice(list("ACGT"), (60, 12))
    lines = [
        f"r{i}\t{''.join(row)}\t{500 + (row == 'G').sum()}\t{('train', 'valid', 'test')[i % 3]}"
        for i, row in enumerate(bases)
    ]
    (tmp_path / "t.tsv").write_text("\n".join(["name\tseq\ty\tsplit", *lines]) + "\n")
    targets = [float(line.split("\t")[2]) for line in lines[::3]]
    table = ("--table", tmp_path / "t.tsv", "--sequence-column", "seq", "--target", "y", "--name-column", "name",
             "--split-column", "split", "-q")  # fmt: skip
    seqnet_ok("train", "linear", *table, "-k", 1, "-o", tmp_path / "m.safetensors")
    seqnet_ok("evaluate", "--model", tmp_path / "m.safetensors", *table, "--report", tmp_path / "r.html")
    facts = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", (tmp_path / "r.html").read_text()))
    assert [facts[f"{split} rows"] for split in ("train", "valid", "test")] == ["20"] * 3
    assert facts["training mean, mean of tasks"] == f"{np.mean(targets):.6g}"
    assert "training base rate, mean of tasks" not in facts


@pytest.fixture
def report(random_tables, seqnet_ok):  # noqa: F811
    folder = random_tables[0]
    seqnet_ok(
        "evaluate", folder / "good.bed", "--labels", folder / "l.bed", "--block-size", 2000, "--intervals",
        "tasks", "--baseline", f"bad={folder}/bad.bed", "--report", folder / "r.html", "-q",
        "--title", "A <b>bold</b> & title",
    )  # fmt: skip
    return folder / "r.html"


def test_the_page_is_one_small_file_that_asks_for_nothing(report):
    data = report.read_bytes()
    text = data.decode()
    assert len(data) < 5_000_000
    links = set(re.findall(r'(?:src|href|xlink:href)="([^"]*)"|url\(([^)]*)\)', text))
    assert all((a or b).startswith("#") for a, b in links)
    assert "@import" not in text
    assert "A &lt;b&gt;bold&lt;/b&gt; &amp; title" in text
    assert "<b>bold" not in text
    by_task = re.search(r"<caption>By task</caption>.*?</table>", text, flags=re.DOTALL)[0]
    ours, bad, gain = map(float, re.findall(r'data-number="([^"]*)"', by_task)[:3])
    assert gain == pytest.approx(ours - bad)
    assert "auROC, bad<" in by_task
    assert "#0a0a0" not in text  # every stand-in colour became one of the page's
    assert "#0b0b0" not in text
    assert str(report.parent) not in text  # no path of a machine


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_without_errors_and_sorts_the_table(report, tmp_path, scheme):
    probe = tmp_path / "probe.html"
    page = json.dumps(report.read_text()).replace("</", "<\\/")
    probe.write_text(PROBE.replace("PAGE", page, 1).replace("WIDTHS", json.dumps(WIDTHS), 1))
    finished = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0",
            "--disable-background-networking", "--no-first-run",
            f"--blink-settings=preferredColorScheme={int(scheme == 'light')}",
            "--virtual-time-budget=10000", "--dump-dom", probe.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=200,
    )  # fmt: skip
    assert "CONSOLE" not in finished.stderr
    shown = re.search(r'<pre id="found">(.*?)</pre>', finished.stdout, flags=re.DOTALL)
    found = json.loads(html.unescape(shown[1]))
    for width in WIDTHS:
        seen = found[str(width)]
        assert seen["overflow"] == 0, width
        assert seen["focused"]
        assert seen["sorted"] == "descending"
        assert seen["once"] == seen["twice"][::-1]
        assert sorted(seen["once"]) == sorted(seen["before"]) == ["A", "B"]
        assert seen["summary"] == "mean"
        assert (seen["unnamed"], seen["twice_used"]) == (0, 0)
        assert seen["requests"] == []
        assert seen["pictures"] == 5
        assert seen["headings"].count("H1") == 1
        dark = sum(map(int, re.findall(r"\d+", seen["colour"])[:3])) < 3 * 128
        assert dark == (scheme == "dark")
