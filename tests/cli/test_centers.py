"""Centres of regions in every command that takes them: what is said, and summits outside their peaks."""

import numpy as np
import pytest

from seqnet.formats.regions.bed import read_bed
from seqnet.genome.regions import centers, fit_regions

PEAK = "{}\t{}\t{}\tp{}\t9\t+\t5\t4\t3\t{}\n"
FAR = "9" * 5000


@pytest.fixture
def inputs(tmp_path):
    letters = np.random.default_rng(1).choice(list("ACGT"), 4000)
    (tmp_path / "g.fa").write_text(">a\n" + "".join(letters) + "\n")
    motif = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 2\n"
    (tmp_path / "m.meme").write_text(motif + "1 0 0 0\n0 0 1 0\n")
    return tmp_path


def write_peaks(folder, *summits):
    rows = (PEAK.format("a", 200 + 300 * i, 300 + 300 * i, i, summit) for i, summit in enumerate(summits))
    (folder / "p.narrowPeak").write_text("# peaks\n" + "".join(rows))


def with_centers(folder):
    """Return the command lines that cut windows around centres."""
    peaks, genome = folder / "p.narrowPeak", ("--genome", folder / "g.fa")
    return {
        "label": ("label", peaks, *genome, "--width", 20, "--negatives", 0),
        "negatives": ("negatives", peaks, *genome, "--width", 20),
        "kmer-featurize": ("kmer-featurize", "--regions", peaks, *genome, "--width", 20, "-k", 2),
        "build-pwm": ("build-pwm", peaks, *genome, "--width", 20),
        "enrich": ("enrich", folder / "m.meme", "--regions", peaks, "--against-regions", peaks, *genome, "--width", 20),
    }  # fmt: skip


CUTTING = ["label", "negatives", "kmer-featurize", "build-pwm", "enrich"]


@pytest.mark.parametrize("command", CUTTING)
@pytest.mark.parametrize("summit", [100, 700, -2, -(2**31), FAR, "-" + FAR])
def test_a_summit_outside_its_peak_is_an_error_where_centres_count(run, inputs, command, summit):
    write_peaks(inputs, 50, summit)
    finished = run(*with_centers(inputs)[command])
    assert finished.code == 1
    line = finished.err.splitlines()[-1]
    assert f"{command}: error: {inputs}/p.narrowPeak:3: the summit in column 10" in line
    assert "outside a peak of 100 bases; expected 0 to 99, or -1 for none (--center midpoint uses no" in line
    assert len(line) < 400


@pytest.mark.parametrize("command", CUTTING)
def test_midpoints_do_not_need_summits_and_wrong_ones_are_counted(run, inputs, command):
    write_peaks(inputs, 50, 700, 10, 100)
    finished = run(*with_centers(inputs)[command], "--center", "midpoint")
    assert finished.code == 0, finished.err
    assert "p.narrowPeak:3: the summit in column 10 is 700, outside a peak of 100 bases" in finished.err
    assert "2 such summits are not used" in finished.err
    assert "4 regions, centred on midpoints" in finished.err


def test_commands_without_centres_count_wrong_summits(run, inputs):
    write_peaks(inputs, 50, 700)
    peaks, genome = inputs / "p.narrowPeak", ("--genome", inputs / "g.fa")
    for line in (
        ("scan", inputs / "m.meme", *genome, "--regions", peaks),
        ("kmer-featurize", "--regions", peaks, *genome, "-k", 2),
        ("negatives", peaks, *genome),
        ("label", peaks, *genome, "--bins", 50, "--negatives", 0),
        ("check", peaks, *genome),
        ("show", peaks),
    ):
        finished = run(*line)
        assert finished.err.count("p.narrowPeak:3: the summit in column 10 is 700") == 1, line


@pytest.mark.parametrize("command", CUTTING)
@pytest.mark.parametrize(
    ("summits", "expected"),
    [
        ((0, 99), "2 regions, centred on summits; no place repeats"),
        ((-1, -1, -1), "3 regions, centred on midpoints; none has a summit; no place repeats"),
        ((-1, 4, -1), "3 regions, 1 centred on summits, 2 without one on midpoints; no place repeats"),
    ],
)
def test_one_line_per_file_says_where_centres_are(run, inputs, command, summits, expected):
    write_peaks(inputs, *summits)
    finished = run(*with_centers(inputs)[command])
    assert finished.code == 0, finished.err
    lines = [line for line in finished.err.splitlines() if "centred" in line]
    assert [line.partition("p.narrowPeak: ")[2] for line in lines] == [expected] * (
        2 if command == "enrich" else 1
    )
    assert "centred" not in run(*with_centers(inputs)[command], "-q").err


def test_the_line_counts_rows_that_repeat_a_place(run, inputs):
    write_peaks(inputs, 5, 5)
    text = (inputs / "p.narrowPeak").read_text()
    (inputs / "p.narrowPeak").write_text(text + text.replace("+", "-", 1))
    assert (
        "4 regions, centred on summits; 1 repeat an earlier place" in run(*with_centers(inputs)["label"]).err
    )


def test_a_clipped_peak_keeps_the_place_of_its_summit(tmp_path):
    (tmp_path / "p.bed").write_text(PEAK.format("a", -10, 30, 1, 15) + PEAK.format("a", -10, 30, 2, 5))
    regions = fit_regions(read_bed(str(tmp_path / "p.bed")), {"a": 100}, "g.fa", "clip").regions
    assert regions.summits.tolist() == [5, -1]
    assert centers(regions).tolist() == [5, 15]
