"""``seqnet.show`` from Python: what the command prints, as values."""

import seqnet


def test_a_description_is_that_of_the_file_and_nothing_is_printed(tmp_path, capfd):
    (tmp_path / "s.fa").write_text(">one\nACGN\n>two\nGG\n")
    found = seqnet.show(tmp_path / "s.fa")
    assert dict(found.facts) == {
        "kind": "sequences", "sequences": 2, "bases": 6, "gc": 0.8, "ambiguous": 1, "lengths": "2 to 4",
    }  # fmt: skip
    assert found.rows == [("one", 4, round(2 / 3, 4), 1), ("two", 2, 1.0, 0)]
    assert capfd.readouterr() == ("", "")
    seqnet.show(tmp_path / "s.fa", tmp_path / "facts.tsv")
    lines = (tmp_path / "facts.tsv").read_text().splitlines()
    assert lines[:2] == ["kind\tsequences", "sequences\t2"]
    assert lines[-2:] == ["one\t4\t0.6667\t1", "two\t2\t1\t0"]
