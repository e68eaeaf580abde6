"""``seqnet.build_pwm``, ``pssm``, ``background``, ``convert`` and ``label`` from Python."""

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.motifs.background_file import read_background
from seqnet.formats.regions.bed import read_bed
from seqnet.motifs.matrix import MotifSet

SITES = "GATA\nGATC\nGATA\nGTTA\n"


@pytest.fixture
def sites(tmp_path):
    path = tmp_path / "sites.txt"
    path.write_text(SITES)
    return path


def test_counts_are_those_of_the_sites_and_nothing_is_printed(sites, tmp_path, capfd):
    built = seqnet.build_pwm(sites, name="gat", small_sample="none")
    assert built.motif.counts.tolist() == [[0, 0, 4, 0], [3, 0, 0, 1], [0, 0, 0, 4], [3, 1, 0, 0]]
    mixed = 2 + 0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)
    assert np.allclose(built.information, [2, mixed, 2, mixed])
    again = seqnet.build_pwm(sites, tmp_path / "gat.jaspar", name="gat", small_sample="none")
    (read,) = read_motifs(str(tmp_path / "gat.jaspar")).motifs
    assert np.array_equal(read.counts, again.motif.counts)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UsageError, match="--seed and --width need --genome"):
        seqnet.build_pwm(sites, width=4)


def test_scores_are_log_odds_whether_motifs_are_a_value_or_a_file(sites, tmp_path):
    built = seqnet.build_pwm(sites, tmp_path / "gat.meme", name="gat")
    scored = seqnet.pssm(built.motifs, background="uniform", pseudocount="1", output=tmp_path / "gat.pssm")
    expected = np.log2((built.motif.counts + 0.25) / 5 / 0.25)
    assert np.allclose(scored.pssms[0].scores, expected)
    (read,) = read_motifs(str(tmp_path / "gat.pssm")).motifs
    assert np.array_equal(read.scores, scored.pssms[0].scores)
    with pytest.raises(UsageError, match="--exact needs --thresholds"):
        seqnet.pssm(built.motifs, exact=True)


def rows_of(path):
    return [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]


def test_sites_left_out_and_regions_searched_are_counted(sites, tmp_path):
    sites.write_text("GATA\nGANA\nG-TA\n")
    assert seqnet.build_pwm(sites).skipped == 2
    (tmp_path / "g.fa").write_text(">c\nCCCCCCGATTACCCCCCCCCGATTACCCCCCCCCCCCGTAATCCC\n")
    (tmp_path / "r.bed").write_text("c\t0\t14\nc\t16\t30\nc\t31\t45\n")
    call = {"genome": tmp_path / "g.fa", "small_sample": "none"}
    found = seqnet.build_pwm(tmp_path / "r.bed", seed="GATTAC", sites_out=tmp_path / "s.fa", **call)
    assert (found.regions, found.motif.nsites, found.skipped) == (3, 3, 0)
    assert found.rounds >= 1
    assert found.information.tolist() == [2.0] * 6
    assert (tmp_path / "s.fa").read_text().split()[1::2] == ["GATTAC"] * 3
    again = seqnet.build_pwm(tmp_path / "r.bed", seed=found.motifs, **call)
    assert np.array_equal(again.motif.counts, found.motif.counts)
    with pytest.raises(UsageError, match="--seed: holds no motifs"):
        seqnet.build_pwm(tmp_path / "r.bed", seed=MotifSet(()), **call)


def test_thresholds_are_columns_with_or_without_a_file(sites, tmp_path, capfd):
    motifs = seqnet.build_pwm(sites, small_sample="none").motifs
    assert seqnet.pssm(motifs).thresholds is None
    call = {"background": "uniform", "exact": True, "p_values": [1.0, 1 / 256, 1e-4]}
    table = seqnet.pssm(motifs, thresholds=True, **call).thresholds
    every, best, never = table.rows()
    scores = seqnet.pssm(motifs, background="uniform").pssms[0].scores
    assert every[:3] == ("motif", ".", 1.0)
    assert every[3] == pytest.approx(scores.min(axis=1).sum())
    assert every[6] == pytest.approx(2e6)  # every window of both strands
    assert best[3] == pytest.approx(scores.max(axis=1).sum())
    assert best[4:6] == pytest.approx((1 / 256, 1))  # one word of 4**4
    assert np.isnan(never[3:]).all()
    written = seqnet.pssm(motifs, thresholds=tmp_path / "t.tsv", **call).thresholds
    assert repr(list(written.rows())) == repr(list(table.rows()))
    cells = rows_of(tmp_path / "t.tsv")
    assert [row[3] for row in cells] == [repr(every[3]), repr(best[3]), "."]
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UsageError, match="--strands needs --thresholds"):
        seqnet.pssm(motifs, thresholds=False, strands="forward")
    with pytest.raises(UsageError, match="--p-values: expected at least one"):
        seqnet.pssm(motifs, thresholds=True, p_values=[])


def test_a_background_is_counted_written_and_scored_with(sites, tmp_path, capfd):
    (tmp_path / "s.fa").write_text(">a\nAAACNGT\n>b\nAC\n")
    counted = seqnet.background(tmp_path / "s.fa", tmp_path / "s.bg", order=1, pseudocount=1)
    assert np.allclose(counted.frequencies, np.array([5, 3, 2, 2]) / 12)
    pairs = np.ones((4, 4))
    pairs[0, :2] += 2  # AA twice, AC in both records; CA, across the records, does not count
    pairs[2, 3] += 1
    assert np.allclose(counted.longer[0], pairs.ravel() / 21)
    read = read_background(str(tmp_path / "s.bg"))
    assert all(map(np.array_equal, read.tables, counted.tables))
    both = seqnet.background(tmp_path / "s.fa", symmetric=True)
    assert np.allclose(both.frequencies, np.array([5, 3, 3, 5]) / 16)
    motifs = seqnet.build_pwm(sites, small_sample="none").motifs
    by_value, by_path = (
        seqnet.pssm(motifs, background=each).pssms[0] for each in (counted, tmp_path / "s.bg")
    )
    assert np.array_equal(by_value.scores, by_path.scores)
    by_value, by_path = (
        seqnet.scan(motifs, tmp_path / "s.fa", background=each, score=-50).hits
        for each in (counted, tmp_path / "s.bg")
    )
    assert len(by_value) > 0
    assert repr(list(by_value.rows())) == repr(list(by_path.rows()))
    assert capfd.readouterr() == ("", "")


def test_a_background_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "s.fa").write_text(">a\nACG\n")
    with pytest.raises(SeqnetError, match="T never occurs"):
        seqnet.background(tmp_path / "s.fa", tmp_path / "s.bg")
    assert not (tmp_path / "s.bg").exists()
    with pytest.raises(UsageError, match="order is 9; expected a whole number from 0 to 8"):
        seqnet.background("missing.fa", order=9)
    with pytest.raises(UsageError, match="pseudocount is -1; expected a number of at least 0"):
        seqnet.background("missing.fa", pseudocount=-1)


def test_motifs_of_files_and_values_are_put_together_and_turned(sites, tmp_path, capfd):
    gat = seqnet.build_pwm(sites, name="gat", small_sample="none").motifs
    seqnet.build_pwm(sites, tmp_path / "other.jaspar", name="other", small_sample="none")
    turned = seqnet.convert([gat, tmp_path / "other.jaspar"], reverse_complement=True)
    assert [motif.info.name for motif in turned.motifs.motifs] == ["gat", "other"]
    expected = [[0, 0, 1, 3], [4, 0, 0, 0], [1, 0, 0, 3], [0, 4, 0, 0]]  # GATA reads TATC
    assert [motif.counts.tolist() for motif in turned.motifs.motifs] == [expected] * 2
    assert (turned.skipped, turned.files) == (0, ())
    assert [motif.info.name for motif in seqnet.convert(gat).motifs.motifs] == ["gat"]
    chosen = seqnet.convert((gat, tmp_path / "other.jaspar"), motif_names=["oth*"]).motifs
    assert [motif.info.name for motif in chosen.motifs] == ["other"]
    assert capfd.readouterr() == ("", "")


def test_converted_motifs_are_those_of_the_files(sites, tmp_path):
    gat = seqnet.build_pwm(sites, name="gat", small_sample="none").motifs
    written = seqnet.convert(gat, tmp_path / "m.{format}", to_formats=["jaspar", "json"])
    assert written.files == (str(tmp_path / "m.jaspar"), str(tmp_path / "m.json"))
    for path in written.files:
        (read,) = read_motifs(path).motifs
        assert np.array_equal(read.counts, written.motifs.motifs[0].counts)
    assert seqnet.convert(gat, tmp_path / "m.transfac").files == (str(tmp_path / "m.transfac"),)
    with pytest.raises(UsageError, match=r"several formats need \{format\}"):
        seqnet.convert(gat, tmp_path / "m", to_formats=["jaspar", "json"])
    with pytest.raises(UsageError, match="a format needs an output"):
        seqnet.convert(gat, to_formats=["meme"])


def test_motifs_that_trimming_leaves_nothing_of_are_counted(sites, tmp_path):
    (tmp_path / "flat.txt").write_text("A\nC\nG\nT\n")
    motifs = [seqnet.build_pwm(path, name=path.stem).motifs for path in (sites, tmp_path / "flat.txt")]
    trimmed = seqnet.convert(motifs, trim=0.5)
    assert [motif.info.name for motif in trimmed.motifs.motifs] == ["sites"]
    assert trimmed.skipped == 1
    with pytest.raises(SeqnetError, match="motifs: no motif has a position of 3 bits"):
        seqnet.convert(motifs[0], trim=3)


def test_labels_are_the_rows_of_the_table(tmp_path, capfd):
    generator = np.random.default_rng(1)
    letters = ["".join(generator.choice(list("ACGT"), 3000)) for _ in range(2)]
    (tmp_path / "g.fa").write_text("".join(f">c{i}\n{text}\n" for i, text in enumerate(letters)))
    (tmp_path / "a.bed").write_text("c0\t100\t200\nc0\t1000\t1100\nc1\t500\t600\n")
    (tmp_path / "b.bed").write_text("c0\t110\t190\n")
    peaks = [tmp_path / "a.bed", tmp_path / "b.bed"]
    found = seqnet.label(
        peaks, tmp_path / "g.fa", tmp_path / "rows.bed", width=100, negatives=0, test_chroms=["c1"]
    )
    assert found.regions.tasks == ("a", "b")
    assert found.regions.targets.tolist() == [[1, 1], [1, 0], [1, 0]]
    assert found.peaks == {"a": 3, "b": 1}
    assert found.rows == {"train": 2, "test": 1}
    assert np.array_equal(read_bed(str(tmp_path / "rows.bed")).intervals.start, found.regions.intervals.start)
    assert "warning" not in capfd.readouterr().out
    with pytest.raises(UsageError, match="--step and --all-bins go with --bins"):
        seqnet.label(peaks, tmp_path / "g.fa", step=5)
