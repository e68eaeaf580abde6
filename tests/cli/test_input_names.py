"""Inputs are called what the user called them, and what is wrong with them is what is said."""

import gzip

import pytest

SITES = "GGATAA\n"
FILES = {
    "raw matrix": "1 2 3\n4 5 6\n7 8 9\n1 1 1\n",
    "uneven rows": "MEME version 4\nMOTIF x\nletter-probability matrix:\n.5 .4 .05 0\n",
    "sequences": ">a\nACGT\n",
    "regions": "chr1\t1\t5\n",
    "k-mers": "##k=1\n#name\tA\tC\nr1\t1\t2\n",
    "bad sequences": ">a\nACXT\n",
    "bad motifs": "MEME version 4\nMOTIF x\nMOTIF y\n",
    "nothing": "??\n",
    "empty": "",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_show_calls_standard_input_by_its_name(run, tmp_path, name, packed):
    content = FILES[name].encode()
    piped = run("show", "-", stdin=gzip.compress(content) if packed else content)
    (tmp_path / "motif.txt").write_bytes(content)
    named = run("show", tmp_path / "motif.txt")
    assert (piped.code, piped.out) == (named.code, named.out)
    assert piped.err == named.err.replace(str(tmp_path / "motif.txt"), "-")
    assert "seqnet-" not in piped.text + piped.err


def test_show_reads_a_bigwig_from_a_pipe_and_names_it(run, prepared, tmp_path):
    path = tmp_path / "t.bw"
    made = run("scan", prepared / "reb1.pssm", prepared / "head.fa", "--track", path)
    assert made.code == 0, made.err
    assert run("show", stdin=path.read_bytes()).out == run("show", path).out
    failed = run("show", stdin=path.read_bytes()[:300])
    assert failed.code == 1
    assert failed.err.startswith("seqnet show: error: -: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nchr\xe9\n", ":2: the name 'chr\xe9' is not in UTF-8"),
        ("chr1".encode("utf-16"), ":1: is not a text file"),
    ],
)
def test_a_file_of_names_that_is_no_text_is_named(run, tmp_path, content, message):
    (tmp_path / "names").write_bytes(content)
    (tmp_path / "g.fa").write_text(">chr1\nACGTACGT\n")
    (tmp_path / "m.pfm").write_text(FILES["raw matrix"])
    line = ("scan", tmp_path / "m.pfm", tmp_path / "g.fa", "--p-value", 1, "--chroms", tmp_path / "names")
    failed = run(*line)
    assert (failed.code, failed.out) == (1, b"")
    assert failed.err.endswith(f"error: {tmp_path}/names{message}\n")
    (tmp_path / "names").write_bytes(gzip.compress(b"chr1\r"))
    assert run(*line).code == 0


@pytest.mark.parametrize(
    ("sites", "options", "reason"),
    [
        (SITES, (), "0.00 bits: the small-sample correction takes away 12.00 (1 site; see --small-sample)"),
        ("GGA\n" * 2, (), "2.25 bits: the small-sample correction takes away 3.75 (2 sites; see --small-sample)"),
        ("GGATAA\nCCCGTT\n", (), "small-sample correction takes away"),
        ("GGATAA\n" * 3 + "CCTATC\n" * 3 + "TTCCGG\n" * 3, (), "bits: the sites look unaligned (see --seed)"),
        ("G\n" * 30, (), "1.93 bits\n"),
        (SITES, ("--small-sample", "none"), None),
    ],
)  # fmt: skip
def test_little_information_is_put_down_to_what_takes_it_away(run, tmp_path, sites, options, reason):
    made = run("build-pwm", "-", "-o", tmp_path / "m.meme", *options, stdin=sites.encode())
    assert made.code == 0, made.err
    assert (reason in made.err) if reason else ("warning" not in made.err)
    assert ("unaligned" in made.err) == ("unaligned" in (reason or ""))
