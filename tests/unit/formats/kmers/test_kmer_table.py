import gzip
import io
import itertools
import pickle
import sys

import numpy as np
import pyarrow.parquet
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from seqnet.errors import FormatError, MissingLibraryError, SeqnetError
from seqnet.formats.kmers.kmer_parquet import write_kmer_parquet
from seqnet.formats.kmers.kmer_table import (
    read_kmer_table,
    write_kmer_npz,
    write_kmer_npz_rows,
    write_kmer_tsv,
)
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.rows import KmerRows, sparse_rows
from seqnet.kmers.settings import KmerSettings
from seqnet.kmers.table import KmerTable


def table_of(sequences, settings):
    return count_kmers([EncodedSequence(f"n{i}", encode_text(s)) for i, s in enumerate(sequences)], settings)


def written(table, form):
    buffer = io.BytesIO()
    if form == "npz":
        write_kmer_npz(buffer, table)
    elif form == "parquet":
        rows = [KmerRows(table.names, sparse_rows(table.matrix))]
        write_kmer_parquet(buffer, rows, table.features, table.settings)
    else:
        write_kmer_tsv(buffer, table, {"command": "x"})
    return buffer.getvalue()


@given(
    st.lists(st.text("ACGTN", max_size=30), min_size=1, max_size=5),
    st.builds(
        KmerSettings,
        st.sampled_from([("1",), ("111",), ("11", "101"), ("1101", "1")]),
        st.sampled_from(["both", "forward", "column"]),
        st.sampled_from(["counts", "sqrt", "frequency", "log", "z"]),
        st.sampled_from([0, 3]),
        st.just(()),
        st.just(()),
        st.just(()),
        st.just(""),
    ),
    st.sampled_from(["npz", "tsv", "parquet"]),
    st.booleans(),
)
def test_reading_undoes_writing(tmp_path, sequences, settings, form, compressed):
    table = table_of(sequences, settings)
    path = tmp_path / "t"
    data = written(table, form)
    path.write_bytes(gzip.compress(data) if compressed else data)
    again = read_kmer_table(str(path))
    assert (again.names, again.settings) == (table.names, table.settings)
    assert again.features.tolist() == table.features.tolist()
    assert again.matrix.dtype == np.float32
    np.testing.assert_array_equal(again.matrix.toarray(), table.matrix.toarray())
    assert data == written(table, form)


def test_the_npz_loads_with_scipy_and_names_are_fixed_width(tmp_path):
    table = table_of(["ACGT", "AAAA"], KmerSettings(("11",)))
    path = tmp_path / "t.npz"
    path.write_bytes(written(table, "npz"))
    matrix = scipy.sparse.load_npz(path)
    assert (matrix != table.matrix).nnz == 0
    with np.load(path) as arrays:
        assert arrays["row_names"].tolist() == ["n0", "n1"]
        assert arrays["feature_names"].dtype.kind == "U"


def test_without_a_header_there_is_data_alone():
    buffer = io.BytesIO()
    write_kmer_tsv(buffer, table_of(["AAC"], KmerSettings(("1",), "forward")), None)
    assert buffer.getvalue() == b"n0\t2\t1\t0\t0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no '#name' column line"),
        ("n0\t1\t2\n", r"t:1: expected a '#name' column line first"),
        ("#name\tA\tC\nn0\t1\n", r"t:2: expected 2 values, found 1 values"),
        ("#name\tA\tC\nn0\t1\tx\n", r"t:2: C is 'x'; expected a number"),
        ("#name,A,C\nn0,1,2\n", r"t:2: expected a '#name' column line first, found no tab"),
        ("#name\tA\tC\nn0\t1\t2\n#name\tC\tA\nn1\t2\t1\n", "t:3: a second column line that differs"),
        (
            "##patterns=1\n##strands=both\n#name\tA\tC\nn0\t1\t2\n"
            "##patterns=1\n##strands=forward\n#name\tA\tC\nn1\t2\t1\n",
            "t:7: a second table with ##strands=forward, the first has both",
        ),
        (
            "##features=motif-scores\n##strands=forward\n#name\tA\tC\nn0\t1\t2\n"
            "##features=motif-scores\n#name\tA\tC\nn1\t2\t1\n",
            "t:6: a second table with ##strands=none, the first has forward",
        ),
        ("#name\tA\tC\nn0\t1\tinf\n", r"t:2: a value is not finite"),
        ("##patterns=1\n##mean=1\n#name\tA\tC\n", "the constants of z are not one for each feature"),
        ("##patterns=x\n#name\tA\tC\n", "pattern 'x'"),
        ("##patterns=1\n##strands=up\n#name\tA\tC\n", "'up' is no strand choice"),
    ],
)
def test_bad_text_names_file_and_line(tmp_path, text, message):
    path = tmp_path / "t"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_kmer_table(str(path))


def test_joined_tables_of_the_same_columns_are_one(tmp_path):
    path = tmp_path / "t"
    one = "##patterns=1\n##strands=forward\n#name\tA\tC\n"
    path.write_text(one + "n0\t1\t2\n" + one.replace("forward\n", "forward\n##seed=3\n") + "n1\t3\t0\n")
    table = read_kmer_table(str(path))
    assert (table.names, table.settings.strands) == (["n0", "n1"], "forward")
    assert table.matrix.toarray().tolist() == [[1, 2], [3, 0]]


@pytest.mark.parametrize("motifs", [["MA0004.1.Arnt", "NRF1"], ["A" * 40, "X"], ["CTCF"]])
def test_names_that_are_no_words_need_no_settings_unless_these_are_required(tmp_path, motifs):
    path = tmp_path / "t"
    path.write_text("\t".join(["#name", *motifs]) + "\nn0" + "\t1.5" * len(motifs) + "\n")
    assert read_kmer_table(str(path)).settings.names == tuple(motifs)
    with pytest.raises(FormatError, match="has no '##' lines, which describe its columns"):
        read_kmer_table(str(path), described=True)


def test_bad_npz_files_are_refused(tmp_path):
    path = tmp_path / "t.npz"
    good = written(table_of(["ACGT"], KmerSettings(("1",))), "npz")
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


def test_tables_of_the_first_version_are_read(tmp_path):
    table = table_of(["ACGT", "AAAA"], KmerSettings(("11",), "forward", "sqrt"))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, format=b"csr", shape=table.matrix.shape, data=table.matrix.data,
        indices=table.matrix.indices, indptr=table.matrix.indptr, row_names=table.names,
        feature_names=table.features, settings='{"k": 2, "normalize": "sqrt", "strands": "forward"}',
    )  # fmt: skip
    (tmp_path / "t").write_bytes(buffer.getvalue())
    assert read_kmer_table(str(tmp_path / "t")).settings == table.settings
    text = written(table, "tsv").replace(b"##patterns=11", b"##k=2")
    (tmp_path / "t").write_bytes(text)
    assert read_kmer_table(str(tmp_path / "t")).settings == table.settings


def test_patterns_are_known_by_the_names_where_no_line_says_them(tmp_path):
    table = table_of(["ACGTA"], KmerSettings(("11", "1001")))
    lines = written(table, "tsv").splitlines(keepends=True)
    (tmp_path / "t").write_bytes(b"".join(line for line in lines if not line.startswith(b"##")))
    assert read_kmer_table(str(tmp_path / "t")).settings == table.settings


def test_counts_beyond_float32_survive(tmp_path):
    table = table_of(["ACGT"], KmerSettings(("1",), "forward"))
    large = KmerTable(
        table.names, table.features, csr_matrix(np.array([[2.0**24 + 1, 0, 3, 0]])), table.settings
    )
    for form in ("npz", "tsv"):
        (tmp_path / "t").write_bytes(written(large, form))
        assert read_kmer_table(str(tmp_path / "t")).matrix.toarray().tolist() == [[2**24 + 1, 0, 3, 0]]
    with pytest.raises(SeqnetError, match="too large for the 32 bits"):
        written(large, "parquet")


@given(
    st.lists(
        st.lists(
            st.one_of(st.integers(0, 300), st.sampled_from([0.5, -1.0, 255.0, 256.0, 1e9, 2.0**24 + 1])),
            min_size=4,
            max_size=4,
        ),
        min_size=1,
        max_size=9,
    ),
    st.lists(st.integers(1, 3), min_size=9, max_size=9),
    st.sampled_from([np.float32, np.float64]),
)
def test_an_npz_of_many_parts_holds_their_values(tmp_path, rows, sizes, kind):
    # some parts are held as bytes, some as they are
    whole = np.array(rows, kind)
    cuts = [0, *(cut for cut in np.cumsum(sizes).tolist() if cut < len(rows)), len(rows)]
    parts = [
        KmerRows([f"n{i}" for i in range(begin, end)], sparse_rows(csr_matrix(whole[begin:end])))
        for begin, end in itertools.pairwise(cuts)
    ]
    features = np.array(["A", "C", "G", "T"])
    path = tmp_path / "t.npz"
    with pytest.MonkeyPatch.context() as patch, path.open("wb") as stream:
        patch.setattr("seqnet.formats.kmers.kmer_table.VALUES_AT_ONCE", 3)
        write_kmer_npz_rows(stream, parts, features, KmerSettings(("1",), "forward"))
    matrix = scipy.sparse.load_npz(path)
    assert matrix.dtype == kind
    assert matrix.has_canonical_format
    assert matrix.toarray().tolist() == whole.tolist()
    again = read_kmer_table(str(path))
    assert (again.matrix != matrix).nnz == 0
    assert again.names == [f"n{i}" for i in range(len(rows))]


@pytest.mark.parametrize(("features", "kind"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.int32)])
def test_columns_are_stored_in_few_bytes_and_load_as_scipy_has_them(tmp_path, features, kind):
    matrix = csr_matrix(([1.0, 2.0], ([0, 1], [0, features - 1])), shape=(2, features), dtype=np.float32)
    path = tmp_path / "t.npz"
    with path.open("wb") as stream:
        names = np.array([f"w{i}" for i in range(features)])
        rows = [KmerRows(["a", "b"], sparse_rows(matrix))]
        write_kmer_npz_rows(stream, rows, names, KmerSettings(("1",)))
    with np.load(path) as arrays:
        assert arrays["indices"].dtype == kind
    loaded = scipy.sparse.load_npz(path)
    assert loaded.indices.dtype == np.int32
    assert (loaded != matrix).nnz == 0


def test_bad_parquet_files_are_refused(tmp_path):
    path = tmp_path / "t.parquet"
    good = written(table_of(["ACGT"], KmerSettings(("1",))), "parquet")
    other = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"name": ["a"], "A": [1.0]}), other)
    for data in (good[:50], good[:-30], other.getvalue()):
        path.write_bytes(data)
        with pytest.raises(FormatError, match="is not a k-mer table"):
            read_kmer_table(str(path))


def test_parquet_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    with pytest.raises(MissingLibraryError, match=r"pip install 'seqnet\[parquet\]'"):
        written(table_of(["ACGT"], KmerSettings(("1",))), "parquet")
