"""``seqnet.simulate_*`` from Python: sequences whose sites are where the tables say."""

import numpy as np
import pytest

import seqnet
from seqnet.errors import UsageError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.alphabet import decode, reverse_complement

SHARES = {"one": [(0.7, 0.1, 0.1, 0.1)] * 6, "two": [(0.1, 0.1, 0.1, 0.7), (0.1, 0.7, 0.1, 0.1)] * 4}
FEW = {"positives": 12, "negatives": 10, "length": 90}
GRAMMARS = {
    "single": (seqnet.simulate_single, {}),
    "density": (seqnet.simulate_density, {"copies": (3, 4), "negative_copies": (1, 2)}),
    "heterotypic": (seqnet.simulate_heterotypic, {"negative_motifs": (0, 1)}),
    "spacing": (seqnet.simulate_spacing, {"spacing": (3, 5), "fixed_order": True}),
    "localization": (
        seqnet.simulate_localization,
        {"copies": (2, 3), "center": 40, "negative_place": "flanks"},
    ),
}


@pytest.fixture
def motifs(tmp_path):
    lines = ["MEME version 4\n\nALPHABET= ACGT\n"]
    for name, rows in SHARES.items():
        body = "\n".join(" ".join(map(str, row)) for row in rows)
        lines.append(
            f"MOTIF {name}\nletter-probability matrix: alength= 4 w= {len(rows)} nsites= 20\n{body}\n"
        )
    path = tmp_path / "m.meme"
    path.write_text("\n".join(lines))
    return path


def check_sites(sites, codes, background):
    """Compare every site with the letters at its place, and its score with the definition."""
    assert len(sites)
    for row in sites.rows():
        chrom, start, end, name, score, strand, log_odds, matched, *_ = row
        letters = codes[chrom][start:end]
        assert decode(letters if strand == "+" else reverse_complement(letters)) == matched
        expected = sum(
            np.log2(shares["ACGT".index(letter)] / background["ACGT".index(letter)])
            for shares, letter in zip(SHARES[name], matched, strict=True)
        )
        assert log_odds == pytest.approx(expected)
        assert score == max(0, min(1000, round(10 * expected)))


@pytest.mark.parametrize("name", GRAMMARS)
def test_sites_lie_where_the_grammar_wants_them_and_nothing_is_printed(name, motifs, capfd):
    function, fields = GRAMMARS[name]
    result = function(motifs, gc=0.5, **FEW, **fields)
    made = result.simulated
    assert made.codes.shape == (22, 90)
    assert made.targets[:, 0].tolist() == [1] * 12 + [0] * 10
    assert result.labels.names.tolist() == made.names
    assert result.counts == {"positives": 12, "negatives": 10, "sites": len(result.sites)}
    check_sites(result.sites, dict(zip(made.names, made.codes, strict=True)), [0.25] * 4)
    held = {each: [row for row in result.sites.rows() if row[0] == each] for each in made.names}
    for each, rows in held.items():
        positive = each.startswith("pos")
        if name == "single":
            assert len(rows) == positive
        elif name == "density":
            assert len(rows) in ((3, 4) if positive else (1, 2))
        elif name == "heterotypic":
            assert {row[3] for row in rows} == {"one", "two"} if positive else len(rows) < 2
        elif name == "spacing":
            ordered = sorted(rows, key=lambda row: row[1])
            right = ["one", "two"] if rows[0][5] == "+" else ["two", "one"]
            fits = (
                3 <= ordered[1][1] - ordered[0][2] <= 5
                and rows[0][5] == rows[1][5]
                and [row[3] for row in ordered] == right
            )
            assert fits == positive
        else:
            inside = [row[1] >= 25 and row[2] <= 65 for row in rows]
            assert all(inside) if positive else not any(row[1] < 65 and row[2] > 25 for row in rows)
    assert capfd.readouterr() == ("", "")


def test_values_are_those_of_the_files(motifs, tmp_path):
    fields = {"motif_names": "one", "seed": 4, "valid_fraction": 0.2, **FEW}
    values = seqnet.simulate_single(motifs, **fields)
    paths = {"output": tmp_path / "s.fa", "truth": tmp_path / "t.bed", "labels_out": tmp_path / "l.bed"}
    seqnet.simulate_single(motifs, **fields, **paths)
    written = read_genome(str(paths["output"])).codes
    assert list(written) == values.simulated.names
    np.testing.assert_array_equal(np.stack(list(written.values())), values.simulated.codes)
    table = read_bed(str(paths["labels_out"]))
    assert (table.tasks, table.splits.tolist()) == (("one",), values.labels.splits.tolist())
    assert "valid" in table.splits.tolist()
    lines = [line.split("\t") for line in paths["truth"].read_text().splitlines() if line[0] != "#"]
    texts = [[*map(str, row[:6]), f"{row[6]:.4f}", row[7]] for row in values.sites.rows()]
    assert lines == texts


def test_motifs_and_background_may_be_values(motifs, tmp_path):
    (tmp_path / "g.fa").write_text(">c\nAACCGTTTAACG\n")
    background = seqnet.background(tmp_path / "g.fa", symmetric=True)
    given = seqnet.convert(motifs).motifs
    values = seqnet.simulate_single(given, background=background, **FEW)
    files = seqnet.simulate_single(motifs, background=f"from:{tmp_path / 'g.fa'}", **FEW)
    np.testing.assert_array_equal(values.simulated.codes, files.simulated.codes)


def test_a_genome_holds_its_sites(motifs, tmp_path, capfd):
    fields = {"contigs": {"c1": 8000, "c2": 6000}, "bound": 4, "unbound": 2, "gc": 0.5}
    result = seqnet.simulate_genome(motifs, **fields)
    assert {name: len(codes) for name, codes in result.genome.codes.items()} == fields["contigs"]
    assert (result.counts, result.outputs) == ({"bases": 14_000, "sites": 12, "bound": 8}, ())
    check_sites(result.sites, result.genome.codes, [0.25] * 4)
    assert ((result.sites.strength > 0) == result.sites.bound).all()
    assert capfd.readouterr() == ("", "")
    paths = {
        "truth": tmp_path / "t.bed",
        "peaks_out": tmp_path / "{motif}.narrowPeak",
        "output": tmp_path / "g.fa",
    }
    written = seqnet.simulate_genome(
        motifs, **{**fields, "contigs": list(fields["contigs"].items())}, **paths
    )
    assert set(written.outputs) == {
        str(tmp_path / name) for name in ("t.bed", "one.narrowPeak", "two.narrowPeak", "g.fa")
    }
    lines = [line.split("\t") for line in paths["truth"].read_text().splitlines() if line[0] != "#"]
    assert [(row[0], int(row[1]), row[8]) for row in lines] == [
        (row[0], row[1], str(int(row[8]))) for row in result.sites.rows()
    ]
    strengths = [float(row[9]) for row in lines]
    np.testing.assert_allclose(strengths, result.sites.strength, atol=5e-5)
    codes = read_genome(str(tmp_path / "g.fa")).codes
    assert all(np.array_equal(codes[name], result.genome.codes[name]) for name in codes)


@pytest.mark.parametrize(
    ("function", "fields", "message"),
    [
        (seqnet.simulate_single, {"gc": 0.4, "background": "uniform"}, "--gc and --background exclude"),
        (seqnet.simulate_single, {"gc": 1}, "gc is 1; expected a number above 0 and below 1"),
        (seqnet.simulate_single, {"order": 2}, "--order goes with --background from:FASTA"),
        (
            seqnet.simulate_single,
            {"background": "from:g.fa", "order": 9},
            "order is 9; expected a whole number from 0 to 8",
        ),
        (seqnet.simulate_single, {"positives": 0, "negatives": 0}, "leaves nothing to simulate"),
        (seqnet.simulate_single, {"negatives": -1}, "negatives is -1; expected a whole number of at least 0"),
        (seqnet.simulate_single, {"length": 1 << 27}, "--length: expected up to 67108864"),
        (seqnet.simulate_density, {"copies": (4, 2)}, r"copies is \(4, 2\); expected the lower number first"),
        (seqnet.simulate_heterotypic, {"negative_motifs": (-1, 2)}, "negative_motifs holds -1"),
        (seqnet.simulate_spacing, {"spacing": (4, 2)}, r"spacing is \(4, 2\)"),
        (
            seqnet.simulate_localization,
            {"copies": (0, 2)},
            "copies holds 0; expected a whole number of at least 1",
        ),
        (seqnet.simulate_localization, {"center": 0}, "center is 0; expected a whole number of at least 1"),
        (seqnet.simulate_genome, {"contigs": [("a", 5), ("a", 6)]}, "a second contig of that name"),
        (seqnet.simulate_genome, {"contigs": {"a": 0}}, "--contig a=0: expected 1 base or more"),
        (seqnet.simulate_genome, {"contigs": {}}, "expected at least one contig"),
        (seqnet.simulate_genome, {"contigs": {"a": 1 << 31, "b": 1 << 32}}, "bases of all contigs"),
        (seqnet.simulate_genome, {"step": 0}, "step is 0; expected a whole number of at least 1"),
        (
            seqnet.simulate_genome,
            {"contigs": {"a": 1 << 30}, "step": 1, "signal_out": "s.bw"},
            "steps of the signal on one contig",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_refused(function, fields, message):
    with pytest.raises(UsageError, match=message):
        function("missing.meme", **fields)


def test_outputs_that_cannot_be_written_are_refused_before_the_motifs_are_read(tmp_path):
    for function in (seqnet.simulate_single, seqnet.simulate_genome):
        with pytest.raises(OSError, match=r"missing.s\.fa"):
            function("no_such_motifs.meme", tmp_path / "missing" / "s.fa")
