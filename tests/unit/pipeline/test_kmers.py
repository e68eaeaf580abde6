"""``seqnet.kmer_featurize`` from Python: the table that the command writes, as values."""

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.kmers.kmer_table import read_kmer_table


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "s.fa"
    path.write_text(">one\nAACC\n>two\nGGNTT\n")
    return path


def test_counts_are_right_and_nothing_is_printed(fasta, capfd):
    result = seqnet.kmer_featurize(fasta, k=(2,))
    table = result.table
    counts = [
        {word: count for word, count in zip(table.features.tolist(), row, strict=True) if count}
        for row in table.matrix.toarray().tolist()
    ]
    assert table.names == ["one", "two"]
    assert counts == [{"AA": 1, "AC": 1, "CC": 1}, {"AA": 1, "CC": 1}]  # GG is CC, TT is AA
    assert result.sequences == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", ["npz", "tsv"])
@pytest.mark.parametrize("normalize", ["counts", "z"])
def test_the_table_is_that_of_the_file(fasta, tmp_path, suffix, normalize):
    result = seqnet.kmer_featurize(fasta, tmp_path / f"t.{suffix}", k=(2,), normalize=normalize)
    assert (result.table, result.sequences) == (None, 2)
    written = read_kmer_table(str(tmp_path / f"t.{suffix}"))
    table = seqnet.kmer_featurize(fasta, k=(2,), normalize=normalize).table
    assert written.names == table.names
    assert written.features.tolist() == table.features.tolist()
    np.testing.assert_allclose(written.matrix.toarray(), table.matrix.toarray(), rtol=1e-5)
    assert result.settings == table.settings


def test_a_table_is_counted_like_another(fasta, tmp_path):
    seqnet.kmer_featurize(fasta, tmp_path / "t.npz", k=(3,), strands="forward")
    assert seqnet.kmer_featurize(fasta, like=tmp_path / "t.npz").table.features.tolist()[:2] == ["AAA", "AAC"]
    with pytest.raises(UsageError, match="--like sets how to count: leave out -k"):
        seqnet.kmer_featurize(fasta, k=(3,), like=tmp_path / "t.npz")


def test_fields_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="--regions and --genome go together"):
        seqnet.kmer_featurize(regions="missing.bed")
    with pytest.raises(UsageError, match=r"found \.csv"):
        seqnet.kmer_featurize("missing.fa", "table.csv")


def test_no_sequences_are_an_error(tmp_path):
    (tmp_path / "empty.fa").write_text("")
    with pytest.raises(SeqnetError, match=r"empty\.fa"):
        seqnet.kmer_featurize(tmp_path / "empty.fa")
