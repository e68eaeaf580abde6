"""merge-hits turns scattered scans into the bytes of one scan."""

import gzip
from pathlib import Path

import pytest

from seqnet.commands._boundary import CommandError
from tests.conftest import EXAMPLE_DATA

MOTIFS = EXAMPLE_DATA / "motifs.jaspar"
HITS = Path(__file__).parent / "golden" / "reb1_hits.bed"
PARTS = ("chr1", "chr2,chr3", "chr4")
P = ["--p-value", "1e-3"]

# options of the whole scan; of the scattered scans; of merge-hits
CASES = {
    "p-value": (P, P, []),
    "default threshold": ([], [], []),
    "score": (["--score", "7"], ["--score", "7"], []),
    "relative score": (["--relative-score", ".8"], ["--relative-score", ".8"], []),
    "hits per Mb": (["--hits-per-mb", "100"], ["--hits-per-mb", "100"], []),
    "best": ([*P, "--best"], [*P, "--best"], []),
    "best strand": ([*P, "--overlaps", "best-strand"], [*P, "--overlaps", "best-strand"], []),
    "nonoverlapping": (["--score", "0", "--overlaps", "nonoverlapping"],) * 2 + ([],),
    "top of everything": ([*P, "--top", "20"], P, ["--top", "20"]),
    "top of each part": ([*P, "--top", "20"], [*P, "--top", "20"], []),
    "top, fewer than of each part": ([*P, "--top", "7"], [*P, "--top", "20"], ["--top", "7"]),
    "q-value": ([*P, "--q-value", "0.2"], P, ["--q-value", "0.2"]),
    "q-value from q-columns": ([*P, "--q-value", "0.2"], [*P, "--q-column"], ["--q-value", "0.2"]),
    "q-column": ([*P, "--q-column"], P, ["--q-column"]),
    "q-column of each part": ([*P, "--q-column"], [*P, "--q-column"], []),
    "pooled": ([*P, "--q-value", ".3", "--q-scope", "all"], P, ["--q-value", ".3", "--q-scope", "all"]),
    "pooled in each part": (
        [*P, "--q-column", "--q-scope", "all"],
        [*P, "--q-column", "--q-scope", "all"],
        [],
    ),
    "q-value by score": (["--score", "9", "--q-value", ".5"], ["--score", "9"], ["--q-value", ".5"]),
    "best, with q-values": ([*P, "--best", "--q-column"], [*P, "--best"], ["--q-column"]),
    "GFF3": ([*P, "--to", "gff3"], P, ["--to", "gff3"]),
    "FIMO": ([*P, "--to", "fimo", "--q-column"], P, ["--to", "fimo", "--q-column"]),
    "narrowPeak": ([*P, "--to", "narrowpeak"], P, ["--to", "narrowpeak"]),
    "no header": ([*P, "--no-header"], P, ["--no-header"]),
}


def test_a_header_that_was_edited_is_named(inside, tmp_path):
    text = HITS.read_text()
    (tmp_path / "h.bed").write_text(text.replace("#chrom", "##top=most\n#chrom", 1))
    with pytest.raises(CommandError, match=r"h\.bed: ##top of its header: 'most' is not a whole number"):
        inside("merge-hits", tmp_path / "h.bed", "-o", tmp_path / "out.bed")


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """The example genome, 50 kb of each contig, one with an ambiguous stretch."""
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    lines, kept = [], 0
    for line in (EXAMPLE_DATA / "genome.fa").read_text().splitlines():
        kept = 0 if line.startswith(">") else kept + 1
        if kept <= 50_000 // 60:
            lines.append("N" * 60 if kept == 100 else line)
    path.write_text("\n".join(lines) + "\n")
    return path


def scattered(inside, folder, genome, options):
    """Scan part by part; returns the hits' and the tests' files."""
    hits, tests = [], []
    for number, chroms in enumerate(PARTS):
        hits.append(folder / f"{number}.bed.gz")
        tests.append(folder / f"{number}.tsv")
        inside(
            "scan", MOTIFS, genome, "--chroms", chroms, "-q", *options, "--tests", tests[-1], "-o", hits[-1]
        )
    return hits, tests


@pytest.mark.parametrize("name", CASES)
def test_scattered_and_merged_is_unscattered(inside, tmp_path, genome, name):
    whole, part, merge = CASES[name]
    inside("scan", MOTIFS, genome, "-q", *whole, "-o", tmp_path / "whole")
    hits, tests = scattered(inside, tmp_path, genome, part)
    inside("merge-hits", *hits, "--tests", *tests, *merge, "-o", tmp_path / "merged")
    expected = (tmp_path / "whole").read_bytes()
    assert (tmp_path / "merged").read_bytes() == expected
    rows = [line for line in expected.splitlines() if not line.startswith((b"#", b"motif_id"))]
    assert len(rows) > 6, "the case says something"


def test_a_choice_by_q_value_keeps_some_and_drops_some(inside, tmp_path, genome):
    """The cases above would also pass if q-values chose nothing."""
    counts = {}
    for limit in ("0.02", "0.2", "1"):
        inside("scan", MOTIFS, genome, "-q", *P, "--q-value", limit, "-o", tmp_path / "h")
        counts[limit] = (tmp_path / "h").read_text().count("\n")
    assert counts["0.02"] < counts["0.2"] < counts["1"]


@pytest.fixture
def parts(inside, tmp_path, genome):
    return scattered(inside, tmp_path, genome, P)


def test_pipes_and_stdin_are_read_once(parts, run, tmp_path):
    hits, tests = parts
    plain = run("merge-hits", *hits, "--tests", *tests, "--q-column")
    piped = run("merge-hits", "-", *hits[1:], "--tests", *tests, "--q-column", stdin=hits[0].read_bytes())
    assert (piped.code, piped.err) == (0, "")
    assert piped.out == plain.out != b""


def test_contradictory_headers_are_an_error_naming_both(parts, inside, tmp_path, genome):
    hits, tests = parts
    inside("scan", MOTIFS, genome, "--chroms", "chr4", "--p-value", "1e-4", "-q", "-o", tmp_path / "other.bed",
           "--tests", tmp_path / "other.tsv")  # fmt: skip
    with pytest.raises(CommandError, match=r"0.bed.gz has p-value=0.001, .*other.bed has p-value=0.0001"):
        inside("merge-hits", *hits[:2], tmp_path / "other.bed", "-o", tmp_path / "m")
    with pytest.raises(CommandError, match=r"0.bed.gz has p-value=0.001, .*other.tsv has p-value=0.0001"):
        inside("merge-hits", *hits, "--tests", *tests[:2], tmp_path / "other.tsv", "-o", tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_tests_of_other_scans_are_an_error(parts, inside, tmp_path):
    hits, tests = parts
    with pytest.raises(CommandError, match=r"hits of .* are said, \d+ were found"):
        inside("merge-hits", *hits, "--tests", *tests[:2], "--q-column", "-o", tmp_path / "m")
    lines = gzip.decompress(hits[2].read_bytes()).splitlines(keepends=True)
    (tmp_path / "cut.bed").write_bytes(b"".join(lines[:-3]))
    with pytest.raises(CommandError, match=r"hits of .* are said"):
        inside("merge-hits", *hits[:2], tmp_path / "cut.bed", "--tests", *tests, "-o", tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_sequence_in_two_files_is_an_error(parts, inside, tmp_path):
    hits, _ = parts
    with pytest.raises(CommandError, match=r"hits on chr1 again, after .*0.bed.gz"):
        inside("merge-hits", hits[0], hits[0], "-o", tmp_path / "m")


@pytest.mark.parametrize(
    ("part", "merge", "message"),
    [
        (["--q-value", "0.5"], [], "was cut at its own q-values"),
        (["--top", "5"], ["--top", "6"], "holds the 5 best hits of its part alone"),
        (["--top", "5"], ["--q-column"], "holds the 5 best hits of its part alone"),
    ],
)
def test_parts_that_lack_hits_are_refused(inside, tmp_path, genome, part, merge, message):
    hits, tests = scattered(inside, tmp_path, genome, [*P, *part])
    with pytest.raises(CommandError, match=message):
        inside("merge-hits", *hits, "--tests", *tests, *merge, "-o", tmp_path / "m")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--q-value", "0.1"], "q-values need the number of windows scored; give --tests FILE..."),
        (["--top", "3", "--q-column"], "--top and --q-column exclude each other"),
        (["--q-value", ".1", "--q-column"], "--q-value and --q-column exclude each other"),
        (["--q-scope", "all"], "--q-scope needs --q-value or --q-column"),
        (["--index"], "--index needs -o FILE.gz"),
        (
            ["--tests"],
            "seqnet merge-hits: error: option '--tests' requires an argument (see 'seqnet merge-hits",
        ),
    ],
)
def test_contradictions_are_usage_errors(run, options, message):
    finished = run("merge-hits", HITS, *options)
    assert (finished.code, finished.out) == (2, b"")
    assert message in finished.err
    assert finished.err.count("\n") == 1


def test_a_position_no_index_holds_is_an_error_and_leaves_nothing(run, tmp_path):
    head = [line for line in HITS.read_text().splitlines() if line.startswith("#")]
    row = "chr9\t600000000\t600000005\tm\t200\t+\t1.5\t0.01\t.\tACGTA\t."
    (tmp_path / "far.bed").write_text("\n".join([*head, row]) + "\n")
    finished = run("merge-hits", tmp_path / "far.bed", "--index", "-o", tmp_path / "m.bed.gz")
    assert finished.code == 1
    assert finished.err.count("\n") == 1
    assert "m.bed.gz: could not be indexed (beyond 536870912 bases)" in finished.err
    assert [path.name for path in tmp_path.iterdir()] == ["far.bed"]
