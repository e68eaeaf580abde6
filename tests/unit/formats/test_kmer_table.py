import gzip
import io
import pickle

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats.kmer_table import read_kmer_table, write_kmer_npz, write_kmer_tsv
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.table import KmerSettings


def table_of(sequences, settings):
    return count_kmers([EncodedSequence(f"n{i}", encode_text(s)) for i, s in enumerate(sequences)], settings)


def written(table, form):
    buffer = io.BytesIO()
    if form == "npz":
        write_kmer_npz(buffer, table)
    else:
        write_kmer_tsv(buffer, table, {"command": "x"})
    return buffer.getvalue()


@given(
    st.lists(st.text("ACGTN", max_size=30), min_size=1, max_size=5),
    st.builds(
        KmerSettings,
        st.integers(1, 4),
        st.sampled_from(["both", "forward"]),
        st.sampled_from(["counts", "sqrt", "frequency"]),
    ),
    st.sampled_from(["npz", "tsv"]),
    st.booleans(),
)
def test_reading_undoes_writing(tmp_path, sequences, settings, form, compressed):
    table = table_of(sequences, settings)
    path = tmp_path / "t"
    data = written(table, form)
    path.write_bytes(gzip.compress(data) if compressed else data)
    again = read_kmer_table(str(path))
    assert (again.names, again.features, again.settings) == (table.names, table.features, table.settings)
    np.testing.assert_array_equal(again.matrix.toarray(), table.matrix.toarray())
    assert data == written(table, form)


def test_the_npz_loads_with_scipy_and_names_are_fixed_width(tmp_path):
    table = table_of(["ACGT", "AAAA"], KmerSettings(2))
    path = tmp_path / "t.npz"
    path.write_bytes(written(table, "npz"))
    matrix = scipy.sparse.load_npz(path)
    assert (matrix != table.matrix).nnz == 0
    with np.load(path) as arrays:
        assert arrays["row_names"].tolist() == ["n0", "n1"]
        assert arrays["feature_names"].dtype.kind == "U"


def test_without_a_header_there_is_data_alone():
    buffer = io.BytesIO()
    write_kmer_tsv(buffer, table_of(["AAC"], KmerSettings(1, "forward")), None)
    assert buffer.getvalue() == b"n0\t2\t1\t0\t0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no '#name' column line"),
        ("n0\t1\t2\n", r"t:1: expected a '#name' column line first"),
        ("#name\tA\tC\nn0\t1\n", r"t:2: expected 2 values, found 1 values"),
        ("#name\tA\tC\nn0\t1\tx\n", r"t:2: a value is no number"),
        ("#name\tA\tC\nn0\t1\tinf\n", r"t:2: a value is not finite"),
    ],
)
def test_bad_text_names_file_and_line(tmp_path, text, message):
    path = tmp_path / "t"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_kmer_table(str(path))


def test_bad_npz_files_are_refused(tmp_path):
    path = tmp_path / "t.npz"
    good = written(table_of(["ACGT"], KmerSettings(1)), "npz")
    buffer = io.BytesIO()
    np.savez(buffer, data=np.zeros(1))
    for data in (good[:50], good[:-40], buffer.getvalue()):
        path.write_bytes(data)
        with pytest.raises(FormatError, match="is not a k-mer table"):
            read_kmer_table(str(path))


class Payload:
    def __reduce__(self):
        return (print, ("a payload ran",))


def test_pickled_objects_in_an_npz_are_never_loaded(tmp_path, capsys):
    path = tmp_path / "t.npz"
    np.savez(path, data=np.array([Payload()], dtype=object), indices=0, indptr=0)
    assert pickle.dumps(Payload())
    with pytest.raises(FormatError, match="is not a k-mer table"):
        read_kmer_table(str(path))
    assert "payload" not in capsys.readouterr().out
