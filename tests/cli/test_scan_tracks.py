"""What scan --track writes under its options."""

import numpy as np
import pyBigWig
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.sequences.fasta import read_genome
from seqnet.motifs.matrix import to_pssm
from seqnet.motifs.scan import both_strand_scores
from tests.conftest import EXAMPLE_DATA

MOTIFS = EXAMPLE_DATA / "motifs.jaspar"


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """Two contigs, one with an ambiguous stretch."""
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    lines = (EXAMPLE_DATA / "genome.fa").read_text().splitlines()[1:41]
    path.write_text("\n".join([">a", *lines[:20], "NNNNN", *lines[20:30], ">b", *lines[30:]]) + "\n")
    return path


def expected(genome, strand, names):
    """At each base the highest of the motifs' scores on the strand or strands, NaN without any."""
    from seqnet.motifs.background import UNIFORM

    pssms = [
        to_pssm(m, UNIFORM, "sqrt")
        for m in read_motifs(str(MOTIFS)).motifs
        if m.info.alt_name in names or m.info.name in names
    ]
    assert len(pssms) == len(names)
    tracks = {}
    for contig, codes in read_genome(str(genome)).codes.items():
        values = np.full(len(codes), np.nan)
        for pssm in pssms:
            plus, minus = both_strand_scores(codes, pssm.scores)
            scores = {"+": plus, "-": minus, "max": np.maximum(plus, minus)}[strand]
            values[: len(scores)] = np.fmax(values[: len(scores)], scores)
        tracks[contig] = values.astype(np.float32)
    return tracks


def read(path):
    with pyBigWig.open(str(path)) as track:
        return {
            name: np.array(track.values(name, 0, size), np.float32) for name, size in track.chroms().items()
        }


def assert_tracks(found, wanted):
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("strand", ["max", "+", "-"])
def test_a_track_is_of_the_strand_that_was_asked_for(inside, genome, tmp_path, strand):
    inside(
        "scan",
        MOTIFS,
        genome,
        "-q",
        "--motif",
        "CTCF",
        "--track",
        tmp_path / "t.bw",
        "--track-strand",
        strand,
    )
    assert_tracks(read(tmp_path / "t.bw"), expected(genome, strand, ["CTCF"]))


def test_each_motif_has_a_file_of_its_name(inside, genome, tmp_path):
    inside("scan", MOTIFS, genome, "-q", "--track", tmp_path / "t.{motif}.bw", "-t", 2)
    names = [m.info.name for m in read_motifs(str(MOTIFS)).motifs]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"t.{name}.bw" for name in names)
    for name in names:
        assert_tracks(read(tmp_path / f"t.{name}.bw"), expected(genome, "max", [name]))


@pytest.mark.parametrize("strand", ["max", "-"])
def test_the_highest_of_all_motifs_in_one_track(inside, genome, tmp_path, strand):
    inside(
        "scan", MOTIFS, genome, "-q", "--track", tmp_path / "t.bw", "--track-max", "--track-strand", strand
    )
    names = [m.info.name for m in read_motifs(str(MOTIFS)).motifs]
    assert_tracks(read(tmp_path / "t.bw"), expected(genome, strand, names))


@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize("least", [-5.0, 0.0, 2.0])
def test_values_below_the_least_are_left_out_and_counted(run, genome, tmp_path, rectify, least):
    finished = run("scan", MOTIFS, genome, "-v", "--motif", "CTCF", "--track", tmp_path / "t.bw", "--track-min", least,
                   *["--rectify"] * rectify)  # fmt: skip
    wanted = expected(genome, "max", ["CTCF"])
    windows = np.concatenate([values[: len(values) - 18] for values in wanted.values()])
    missing = int(np.isnan(windows).sum())
    if rectify:
        wanted = {name: np.where(values < 0, np.float32(0), values) for name, values in wanted.items()}
        windows = np.where(windows < 0, 0, windows)
    below = int((windows < least).sum())
    kept = {name: np.where(values < least, np.float32(np.nan), values) for name, values in wanted.items()}
    assert_tracks(read(tmp_path / "t.bw"), kept)
    said = f"t.bw: {len(windows) - missing - below} windows, {missing} without a score, {below} below {least:g}\n"
    assert finished.err.endswith(said)
    assert missing > 0
    assert (below > 0) == (least > 0 or (least > -5 and not rectify) or not rectify)


def test_windows_of_minus_infinity_are_gaps(run, genome, tmp_path):
    finished = run(
        "scan",
        MOTIFS,
        genome,
        "-v",
        "--motif",
        "GATA1",
        "--pseudocount",
        "none",
        "--track",
        tmp_path / "t.bw",
    )
    assert finished.code == 0, finished.err
    found = np.concatenate(list(read(tmp_path / "t.bw").values()))
    there = int((~np.isnan(found)).sum())
    assert 0 < there < len(found) / 2
    windows = sum(len(codes) - 5 for codes in read_genome(str(genome)).codes.values())
    assert finished.err.endswith(f"t.bw: {there} windows, {windows - there} without a score\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--track", "{t}/x.bw"], "holds 3 motifs; put {motif} in the path, or choose with --motif"),
        (["--track", "{t}/{motif}.bw", "--track-max"], "--track-max writes one track; leave {motif} out of"),
        (["--track", "{t}/x.bw", "--per-sequence"], "--track and --per-sequence exclude each other"),
    ],
)
def test_contradictions_are_usage_errors(inside, genome, tmp_path, options, message):
    with pytest.raises(CommandError) as failure:
        inside("scan", MOTIFS, genome, *[o.replace("{t}", str(tmp_path)) for o in options])
    assert failure.value.code == 2
    assert message in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def test_two_motifs_are_not_written_over_each_other(inside, genome, tmp_path):
    rows = "".join(f"{base} [ {n} {10 - n} ]\n" for base, n in zip("ACGT", (1, 2, 3, 4), strict=True))
    (tmp_path / "two.jaspar").write_text(f">a/b\tx\n{rows}>a_b\ty\n{rows}")
    with pytest.raises(CommandError, match=r"--track: two motifs would be written to .*a_b\.bw"):
        inside("scan", tmp_path / "two.jaspar", genome, "--track", tmp_path / "{motif}.bw")
    inside(
        "scan", tmp_path / "two.jaspar", genome, "--motif", "a/b", "-q", "--track", tmp_path / "{motif}.bw"
    )
    assert (tmp_path / "a_b.bw").is_file()
