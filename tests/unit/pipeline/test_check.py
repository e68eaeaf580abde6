"""``seqnet.check`` from Python."""

import pytest

import seqnet
from seqnet.errors import UsageError

TABLE = "#chrom\tstart\tend\tname\tscore\tstrand\ttask\tsplit\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "g.fa").write_text(">c1\n" + "ACGT" * 30 + "\n")
    (tmp_path / "rows.bed").write_text(
        TABLE + "c1\t0\t20\ta\t0\t.\t1\ttrain\nc1\t110\t130\tb\t0\t.\t0\tvalid\n"
    )
    return tmp_path


def test_findings_are_those_of_the_file_and_nothing_is_printed(files, capfd):
    found = seqnet.check(files / "rows.bed", files / "g.fa", output=files / "findings.tsv")
    errors = [row for row in found.findings.rows() if row[0] == "error"]
    assert [row[1] for row in errors] == ["out-of-range"]  # c1 has 120 bases
    assert found.counts["error"] == 1
    assert sum(found.counts.values()) == len(found.findings)
    lines = [line for line in (files / "findings.tsv").read_text().splitlines() if not line.startswith("#")]
    assert lines[-len(found.findings) :] == ["\t".join(row) for row in found.findings.rows()]
    assert capfd.readouterr() == ("", "")


def test_splits_that_contradict_each_other_are_refused(files):
    with pytest.raises(UsageError, match="exclude each other"):
        seqnet.check(files / "rows.bed", files / "g.fa", test_chroms=["c1"], test_fraction=0.1)


def test_one_text_stands_for_a_list_of_one(files):
    one = seqnet.check(files / "rows.bed", files / "g.fa", chroms="c1")
    several = seqnet.check(files / "rows.bed", files / "g.fa", chroms=["c1"])
    assert list(one.findings.rows()) == list(several.findings.rows())
    (files / "p.bed").write_text("c1\t10\t50\n")
    assert seqnet.label(files / "p.bed", files / "g.fa", width=20, negatives=0).regions.tasks == ("p",)
    assert seqnet.label([files / "p.bed"], files / "g.fa", width=20, negatives=0).regions.tasks == ("p",)
