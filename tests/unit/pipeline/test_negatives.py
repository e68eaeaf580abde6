"""``seqnet.negatives`` and the negatives of ``seqnet.label`` from Python."""

from collections import Counter

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.sequences.fasta import read_genome
from seqnet.genome.alphabet import decode


@pytest.fixture
def files(tmp_path):
    """A genome of two contigs, windows of one of them as positives, and sequences."""
    generator = np.random.default_rng(3)
    letters = {name: "".join(generator.choice(list("ACGT"), 4000).tolist()) for name in ("c1", "c2")}
    (tmp_path / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in letters.items()))
    (tmp_path / "bound.bed").write_text(
        "".join(f"c1\t{start}\t{start + 50}\n" for start in (500, 1500, 2500))
    )
    (tmp_path / "s.fa").write_text(">a\nACGTTGCAACGGTTTACACA\n>b\nACCGGTTAACCGGTTA\n>c\nAAAA\n")
    return tmp_path


def overlap(one, other):
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def test_windows_match_their_positives_and_nothing_is_printed(files, capfd):
    result = seqnet.negatives(files / "bound.bed", files / "g.fa", ratio=2, margin=100)
    assert result.counts == {"positives": 3, "wanted": 6, "negatives": 6, "loose": 0, "unchanged": 0}
    assert result.sequences is None
    assert result.regions.tasks == ("bound",)
    assert result.regions.targets[:, 0].tolist() == [1] * 3 + [0] * 6
    spans = result.regions.intervals
    places = [
        (spans.contigs[contig], int(start), int(end))
        for contig, start, end in zip(spans.contig, spans.start, spans.end, strict=True)
    ]
    assert not any(
        overlap(drawn, (name, start - 100, end + 100))
        for drawn in places[3:]
        for name, start, end in places[:3]
    )
    codes = read_genome(str(files / "g.fa")).codes
    shares = [Counter(decode(codes[name][start:end])) for name, start, end in places]
    gc = np.array([count["G"] + count["C"] for count in shares])
    levels = np.arange(51)
    apart = (gc[:3, None] <= levels).mean(axis=0) - (gc[3:, None] <= levels).mean(axis=0)
    assert result.distances == {"GC": pytest.approx(np.abs(apart).max())}
    assert capfd.readouterr() == ("", "")


def test_the_rows_are_those_of_the_file(files):
    fields = {"only": True, "seed": 5}
    drawn = seqnet.negatives(files / "bound.bed", files / "g.fa", **fields)
    assert len(drawn.regions) == drawn.counts["negatives"] == 3
    written = seqnet.negatives(files / "bound.bed", files / "g.fa", files / "n.bed", **fields)
    table = read_bed(str(files / "n.bed"))
    for rows in (written.regions, table):
        assert rows.names.tolist() == drawn.regions.names.tolist()
        np.testing.assert_array_equal(rows.targets, drawn.regions.targets)


def test_shuffles_keep_the_words_of_their_sequence(files):
    result = seqnet.negatives(files / "s.fa", k=2, labels_out=files / "l.bed", output=files / "both.fa")
    assert result.counts == {"positives": 3, "wanted": 3, "negatives": 3, "loose": 0, "unchanged": 1}  # AAAA
    assert result.distances == {}
    letters = {record.name: decode(record.codes) for record in result.sequences}
    assert list(letters) == result.regions.names.tolist()
    for name in "abc":
        words = [
            Counter(text[i : i + 2] for i in range(len(text) - 1))
            for text in (letters[name], letters[f"neg_shuf:{name}"])
        ]
        assert words[0] == words[1]
    written = read_genome(str(files / "both.fa")).codes
    assert {name: decode(codes) for name, codes in written.items()} == letters
    table = read_bed(str(files / "l.bed"))
    np.testing.assert_array_equal(table.targets, result.regions.targets)


def test_shuffles_of_regions_are_of_their_strand(files):
    (files / "r.bed").write_text("c1\t10\t40\ta\t0\t-\n")
    letters = [
        decode(record.codes) for record in seqnet.negatives(files / "r.bed", files / "g.fa", k=1).sequences
    ]
    text = (files / "g.fa").read_text().splitlines()[1][10:40]
    assert letters[0] == text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert Counter(letters[1]) == Counter(letters[0])


def test_label_counts_the_negatives_it_drew(files):
    labelled = seqnet.label(files / "bound.bed", files / "g.fa", width=50, negatives=2)
    assert labelled.negatives == 6 == (labelled.regions.targets == 0).sum()
    assert seqnet.label(files / "bound.bed", files / "g.fa", width=50, negatives=0).negatives == 0


def test_outputs_that_cannot_be_written_are_refused_before_the_genome_is_read(files):
    with pytest.raises(OSError, match=r"missing.n\.bed"):
        seqnet.negatives(files / "bound.bed", files / "no_such_genome.fa", files / "missing" / "n.bed")


def test_nothing_to_match_is_an_error(files):
    (files / "empty.fa").write_text("")
    with pytest.raises(SeqnetError, match=r"empty\.fa"):
        seqnet.negatives(files / "empty.fa", k=2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "give --genome for negatives from the genome, or --shuffle"),
        ({"k": 2, "margin": 5}, "--exclude and --margin are for"),
        ({"k": 2, "exclude": "x.bed"}, "--exclude and --margin are for"),
        ({"k": 2, "width": 5}, "--chroms, --width and --tasks are for regions"),
        ({"genome": "g.fa", "labels_out": "x"}, "--labels-out goes with --shuffle"),
        ({"k": 9}, "k is 9; expected a whole number from 1 to 8"),
        ({"genome": "g.fa", "ratio": 0}, "ratio is 0; expected a number above 0"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        seqnet.negatives("missing.bed", **fields)
