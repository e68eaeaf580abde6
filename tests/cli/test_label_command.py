"""label as its users would: samples, ambiguous, drops, tiles, signals, summaries."""

import numpy as np
import pyBigWig
import pytest

from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.extract import extract_windows
from seqnet.genome.intervals import count_overlaps
from seqnet.genome.splitting.splits import leakage_groups


def column(rows, number):
    return [row[number] for row in rows]


@pytest.fixture
def files(tmp_path):
    """Peaks of two tasks, relaxed ones, a blacklist."""
    texts = {
        "A.bed": "chr1\t1000\t1100\ta1\t10\nchr1\t5000\t5100\ta2\t2\nchr2\t3000\t3100\ta3\t7\nchr3\t2000\t2100\ta4\t8\n",
        "B.bed": "chr1\t1020\t1120\tb1\t5\nchr2\t9000\t9100\tb2\t5\n",
        "relaxed.bed": "chr2\t9040\t9200\nchr1\t1000\t1200\n",
        "black.bed": "chr2\t3050\t3060\nelsewhere\t0\t10\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def label(run, example_data):
    """Run label on the example genome, windows of 60 bases, no negatives."""

    def label_with(*args, **options):
        genome = example_data / "genome.fa"
        return run("label", *args, "--genome", genome, "--width", 60, "--negatives", 0, **options)

    return label_with


def test_samples_name_tasks_scores_relaxed_peaks_and_absent_files(label, files):
    (files / "s.tsv").write_text(
        f"task\tfile\tmin_score\trelaxed\nT1\t{files}/A.bed\t5\t{files}/relaxed.bed\nT2\t{files}/B.bed\nT3\t.\n"
    )
    finished = label("--samples", files / "s.tsv")
    assert finished.code == 0, finished.err
    assert finished.text.splitlines()[-5].endswith("split\tT1\tT2\tT3")
    assert [row[7:] for row in finished.rows] == [
        ["1", "1", "."],  # merged; relaxed peaks do not matter to a positive
        ["1", "0", "."],
        [".", "1", "."],  # b2, under T1's relaxed peaks
        ["1", "0", "."],
    ]
    assert "1 peaks dropped: score too low" in finished.err
    assert "1 tasks without a file are unknown everywhere: T3" in finished.err
    table = [line.split("\t") for line in finished.err.splitlines() if "\t" in line]
    assert table == [
        ["task", "peaks", "positive_.", "unknown"],
        ["T1", "3", "3", "1"],
        ["T2", "2", "2", "0"],
        ["T3", "0", "0", "4"],
    ]
    assert "5 peaks of 3 tasks merged into 4 regions, 1 with more than one peak" in finished.err
    # a sample's own smallest score goes before the command's
    both = label("--samples", files / "s.tsv", "--min-score", 6)
    assert column(both.rows, 8) == ["0", "0", "0"]


def test_ambiguous_peaks_by_option(label, files):
    finished = label(files / "A.bed", files / "B.bed", "--ambiguous", f"A={files}/relaxed.bed")
    assert [row[7:] for row in finished.rows if row[1] == "9020"] == [[".", "1"]]
    wrong = label(files / "A.bed", "--ambiguous", f"X={files}/relaxed.bed")
    assert (wrong.code, wrong.out) == (2, b"")
    assert "--ambiguous X=...: there is no such task; there are A" in wrong.err
    assert "expected NAME=FILE" in label(files / "A.bed", "--ambiguous", "A").err


def test_what_is_dropped_is_written_with_its_reason(label, files):
    finished = label(
        files / "A.bed", files / "B.bed", "--min-score", 3, "--blacklist", files / "black.bed",
        "--drop-chroms", "chr3", "--dropped", files / "dropped.bed",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    lines = (files / "dropped.bed").read_text().splitlines()
    assert lines[0].startswith("##seqnet=")
    assert [line.split("\t")[3:] for line in lines if not line.startswith("#")] == [
        ["a4", "8", ".", "A", "contig not chosen"],
        ["a2", "2", ".", "A", "score too low"],
        ["a3", "7", ".", "A", "on the blacklist"],
    ]
    assert column(finished.rows, 0) == ["chr1", "chr2"]
    bad = label(files / "relaxed.bed", "--min-score", 3)
    assert bad.code == 1
    assert "relaxed.bed:1: score is '.'; a smallest score needs a number in column 5" in bad.err


def test_windows_on_the_blacklist_are_dropped_though_their_peaks_are_not(label, files):
    (files / "black.bed").write_text(
        "chr1\t1085\t1090\nchr1\t5079\t5099\nchr2\t3080\t3500\nchr3\t2100\t2105\n"
    )
    (files / "A.bed").write_text("chr1\t1050\t1060\ta1\nchr1\t5040\t5060\ta2\nchr3\t2045\t2055\ta3\n")
    (files / "B.bed").write_text("chr1\t1054\t1066\tb1\nchr2\t3040\t3060\tb2\n")
    # windows of 60 bases: chr1 1028-1088 (both), 5020-5080 (a2), chr2 3020-3080 (b2), chr3 2020-2080 (a3)
    found = label(
        files / "A.bed", files / "B.bed", "--blacklist", files / "black.bed", "--dropped", files / "d.bed"
    )
    assert found.code == 0, found.err
    assert [row[:3] for row in found.rows] == [["chr2", "3020", "3080"], ["chr3", "2020", "2080"]]
    assert "2 windows dropped: window on the blacklist" in found.err
    assert "peaks dropped" not in found.err
    lines = [line.split("\t") for line in (files / "d.bed").read_text().splitlines() if line[0] != "#"]
    assert [line[:3] + line[6:] for line in lines] == [
        ["chr1", "1028", "1088", "A", "window on the blacklist"],
        ["chr1", "5020", "5080", "A", "window on the blacklist"],
        ["chr1", "1028", "1088", "B", "window on the blacklist"],
    ]
    tiles = label(files / "B.bed", "--bins", 20, "--blacklist", files / "black.bed")
    assert [row[0] for row in tiles.rows] == ["chr2"]
    (files / "all.bed").write_text("chr1\t0\t300000\nchr2\t3061\t3070\nchr3\t2070\t2071\n")
    none = label(files / "B.bed", "--blacklist", files / "all.bed")
    assert (none.code, none.out) == (1, b"")
    assert "no peaks that count" not in none.err
    assert "every window touches the blacklist" in none.err


def test_peaks_outside_the_genome_that_are_skipped_are_written_too(label, files):
    (files / "C.bed").write_text("chr1\t100\t200\tin\nchr1\t299990\t300010\tout\nchr9\t1\t2\tgone\n")
    assert label(files / "C.bed").code == 1
    finished = label(files / "C.bed", "--on-bad", "skip", "--dropped", files / "d.bed")
    assert len(finished.rows) == 1
    assert "2 peaks dropped: outside the genome" in finished.err
    lost = [line.split("\t") for line in (files / "d.bed").read_text().splitlines() if line[0] != "#"]
    assert column(lost, 3) == ["out", "gone"]


def test_negatives_keep_away_from_dropped_relaxed_and_blacklisted_intervals(run, example_data, files):
    (files / "big.bed").write_text("chr1\t0\t300000\nchr3\t0\t160000\nchr4\t0\t120000\n")
    finished = run(
        "label", files / "A.bed", "--genome", example_data / "genome.fa", "--width", 60, "--negatives", 9,
        "--min-score", 5, "--blacklist", files / "black.bed", "--exclude", files / "big.bed",
        "--ambiguous", f"A={files}/relaxed.bed", "--no-header", "-o", files / "t.bed", "--margin", 500,
        "--chroms", "chr*",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    table = read_bed(str(files / "t.bed"), tasks=["A"])
    drawn = table.take(np.array([name.startswith("neg_gc:") for name in table.names]))
    assert len(drawn) == 9 * (len(table) - len(drawn)) > 0
    assert set(drawn.intervals.contig_names()) == {"chr2"}
    for name in ("A.bed", "relaxed.bed", "black.bed"):
        other = read_bed(str(files / name)).intervals
        assert not count_overlaps(drawn.intervals, other).any()


def test_strands_by_the_column_keep_rows_apart(label, files):
    (files / "S.bed").write_text(
        "chr1\t1000\t1100\tx\t0\t+\nchr1\t1000\t1100\ty\t0\t-\nchr1\t1004\t1100\tz\t0\t-\n"
    )
    assert len(label(files / "S.bed").rows) == 1
    rows = label(files / "S.bed", "--strands", "column").rows
    assert [(row[1], row[3], row[5]) for row in rows] == [
        ("1020", "chr1:1020-1080(+)", "+"),
        ("1021", "chr1:1021-1081(-)", "-"),
    ]


def test_tiles_are_labelled_by_what_covers_them(run, example_data, files):
    genome = example_data / "genome.fa"
    args = ("label", files / "A.bed", files / "B.bed", "--genome", genome, "--bins", 40, "--step", 10)
    finished = run(*args, "--negatives", 0, "--chroms", "chr1")
    assert finished.code == 0, finished.err
    rows = {int(row[1]): row[7:] for row in finished.rows}
    assert {int(row[2]) - int(row[1]) for row in finished.rows} == {40}
    assert rows[980] == ["1", "0"]  # half of it under A, none under B
    assert rows[1040] == ["1", "1"]
    assert rows[1090] == [".", "1"]  # 10 bases of A
    assert 970 not in rows
    wide = run(*args, "--negatives", 0, "--chroms", "chr1", "--width", 100)
    assert [int(row[1]) for row in wide.rows] == [start - 30 for start in sorted(rows)]
    assert [row[7:] for row in wide.rows] == [rows[start] for start in sorted(rows)]
    everything = run(*args, "--all-bins", "--chroms", "chr1")
    assert len(everything.rows) == (300_000 - 40) // 10 + 1
    assert {int(row[1]): row[7:] for row in everything.rows if "1" in row[7:]} == rows
    none = run(*args[:-4], "--bins", 4000, "--min-overlap", 1)
    assert (none.code, none.out) == (1, b"")
    assert "no tile of 4000 bases has 4000 of them under peaks (see --min-overlap)" in none.err


def test_tracks_become_columns(run, example_data, files):
    track = example_data / "dnase.bw"
    args = ("label", files / "A.bed", "--genome", example_data / "genome.fa", "--width", 60, "--negatives", 1)
    finished = run(*args, "--signal", f"dnase={track}", "--signal-stat", "max", "-o", files / "t.bed")
    assert finished.code == 0, finished.err
    table = read_bed(str(files / "t.bed"))
    assert table.tasks == ("A", "dnase")
    assert len(table) == 8
    with pyBigWig.open(str(track)) as wig:
        for row in range(len(table)):
            place = table.intervals.contig_names()[row], table.intervals.start[row], table.intervals.end[row]
            values = np.nan_to_num(wig.values(place[0], int(place[1]), int(place[2])))
            assert table.targets[row, 1] == pytest.approx(values.max())
    with pyBigWig.open(str(files / "part.bw"), "w") as wig:
        wig.addHeader([("chr1", 300_000), ("chr3", 160_000)])
        wig.addEntries(["chr1"], [1000], ends=[1060], values=[2.0])
    part = ("--signal", f"part={files}/part.bw")
    lacking = run(*args, *part)
    assert (lacking.code, lacking.out) == (1, b"")
    assert f"{files}/part.bw: regions say 'chr2', which the track does not have" in lacking.err
    rows = run(*args, *part, "--missing", "nan", "--negatives", 0).rows
    assert column(rows, 8) == ["2", ".", ".", "."]
    zeros = run(*args, *part, "--chroms", "chr1,chr3", "--negatives", 0, "--signal-stat", "sum")
    assert column(zeros.rows, 8) == ["80", "0", "0"]
    assert "part: 140 bases of the regions have no value and count as 0" in zeros.err
    clash = run(*args, "--signal", f"A={track}")
    assert (clash.code, clash.out) == (2, b"")
    assert "there is a task 'A' already" in clash.err


def test_fractions_keep_overlapping_and_equal_rows_together(run, example_data, files):
    starts = [start + more for start in range(1000, 290_000, 1500) for more in (0, 200)]
    (files / "pairs.bed").write_text("".join(f"chr1\t{start}\t{start + 9}\n" for start in starts))
    finished = run(
        "label", files / "pairs.bed", "--genome", example_data / "genome.fa", "--width", 300, "--negatives", 0,
        "--merge-distance", 10, "--valid-fraction", 0.2, "--test-fraction", 0.2, "-o", files / "t.bed",
    )  # fmt: skip
    assert finished.code == 0, finished.err
    table = read_bed(str(files / "t.bed"))
    codes = extract_windows(read_genome(str(example_data / "genome.fa")), table.intervals)
    groups = leakage_groups(table.intervals, codes)
    assert len(set(groups.tolist())) == len(table) // 2
    assert len(set(zip(groups.tolist(), table.splits, strict=True))) == len(set(groups.tolist()))
    for split in ("valid", "test"):
        assert (table.splits == split).mean() == pytest.approx(0.2, abs=0.02)


def test_many_tasks_are_summarised_briefly(label, files):
    paths = []
    for number in range(25):
        paths.append(files / f"T{number:02d}.bed")
        paths[-1].write_text(f"chr1\t{1000 + 2000 * number}\t{1100 + 2000 * number}\n")
    finished = label(*paths, "--valid-chroms", "chr1")
    assert finished.code == 0, finished.err
    assert "5 more tasks (-v lists them)" in finished.err
    assert "T20\t1\t1\t0" not in finished.err
    assert "T24\t1\t1\t0" in label(*paths, "-v").err
    assert label(*paths, "-q").err == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["A.bed", "--samples", "s.tsv"], "give peak files or --samples, not both"),
        (["A.bed", "--step", "5"], "--step and --all-bins go with --bins"),
        (["A.bed", "--bins", "5", "--strands", "column"], "--merge-distance and --strands do not go with it"),
        (["A.bed", "--bins", "100", "--width", "60"], "--width must not be less than --bins"),
        (["A.bed", "--signal", "x"], "--signal 'x': expected NAME=FILE"),
        (["A.bed", "A.bed"], "two peak files make a task 'A'"),
        (["score.bed"], "a task cannot be named 'score'"),
        (["A.bed", "--min-overlap", "0"], "min-overlap"),
    ],
)
def test_options_that_do_not_go_together(run, example_data, files, args, message):
    finished = run("label", *args, "--genome", example_data / "genome.fa", cwd=files)
    assert (finished.code, finished.out) == (2, b"")
    assert finished.err.count("\n") == 1
    assert message in finished.err


def test_peaks_come_from_stdin_when_none_is_named(label, files):
    named = label(files / "A.bed", "--no-header")
    assert label("--no-header", stdin=(files / "A.bed").read_bytes()).out == named.out


def test_missing_files_are_one_line(run, example_data, files):
    (files / "s.tsv").write_text("T\tno/such.bed\n")
    genome = ("--genome", example_data / "genome.fa")
    finished = run("label", "--samples", files / "s.tsv", *genome)
    assert (finished.code, finished.out) == (1, b"")
    assert finished.err == "seqnet label: error: no/such.bed: no such file or directory\n"
    (files / "s.tsv").write_text("T\t.\n")
    finished = run("label", "--samples", files / "s.tsv", *genome)
    assert "the samples: no peaks that count" in finished.err


def test_one_peak_of_one_task_is_counted_in_the_singular(run, tmp_path):
    (tmp_path / "g.fa").write_text(">c\n" + "ACGTTGCA" * 50 + "\n")
    (tmp_path / "T.bed").write_text("c\t100\t120\n")
    finished = run("label", tmp_path / "T.bed", "--genome", tmp_path / "g.fa", "--width", 20, "--negatives", 0,
                   "-o", tmp_path / "o.bed")  # fmt: skip
    assert "1 peak of 1 task merged into 1 region, 0 with more than one peak" in finished.err
