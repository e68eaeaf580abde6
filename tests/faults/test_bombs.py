"""Small files that would unpack to a lot of memory: refused in one line before the memory is taken."""

import gzip
import io
import json
import resource
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from seqnet.formats.kmers.kmer_table import read_kmer_table, write_kmer_npz, write_kmer_tsv
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import EncodedSequence
from seqnet.kmers.counting import count_kmers
from seqnet.kmers.settings import KmerSettings

MEMORY = 700 << 20
"""Address space that reading a bomb may take, libraries included."""


def small_table():
    sequences = [EncodedSequence(f"n{i}", encode_text("ACGTTGCA" * (i + 1))) for i in range(3)]
    return count_kmers(sequences, KmerSettings(("11",), "both", "counts", 0, (), ()))


def arrays_of(table):
    buffer = io.BytesIO()
    write_kmer_npz(buffer, table)
    buffer.seek(0)
    with np.load(buffer) as arrays:
        return dict(arrays)


def npz(path, replaced=None, lying=None):
    """Write a table's archive, deflated, with zeros for a huge array or with a header that states more."""
    arrays = {**arrays_of(small_table()), **dict.fromkeys(replaced or {})}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                if array is None:
                    descr, count = replaced[name]
                    head = {"descr": descr, "fortran_order": False, "shape": (count,)}
                    np.lib.format.write_array_header_1_0(member, head)
                    left = np.dtype(descr).itemsize * count
                    while left:
                        left -= member.write(bytes(min(left, 1 << 22)))
                elif lying and name in lying:
                    head = {"descr": array.dtype.str, "fortran_order": False, "shape": lying[name]}
                    np.lib.format.write_array_header_1_0(member, head)
                    member.write(array.tobytes())
                else:
                    np.save(member, array)


BOMBS = {
    "wide names": ({"feature_names": ("<U16000000", 10)}, None),
    "many rows": ({"indptr": ("<i4", 160_000_000)}, None),
    "many values": ({"data": ("<f4", 80_000_000), "indices": ("<i4", 80_000_000)}, None),
    "names that state more": (None, {"row_names": (10**12,)}),
    "values that state more": (None, {"data": (10**11,)}),
    "a negative shape": (None, {"data": (-5,)}),
    "two dimensions": (None, {"data": (4, 1)}),
}


def read_cramped(path, *command):
    """Run a command with little memory."""
    return subprocess.run(
        [sys.executable, "-m", "seqnet", *map(str, command or ("show", path))],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        env={"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_npz_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, bomb):
    path = tmp_path / "t.npz"
    npz(path, *BOMBS[bomb])
    assert path.stat().st_size < 1 << 20
    finished = read_cramped(path)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"seqnet show: error: {path}: is not a k-mer table: ")
    assert "allocate" not in line
    assert "memory" not in line.lower()


def test_a_whole_archive_that_is_compressed_is_bounded_too(tmp_path):
    path = tmp_path / "t.npz.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(b"PK\x03\x04")
        for _ in range(600):
            stream.write(bytes(1 << 20))
    finished = read_cramped(path)
    assert finished.returncode == 1
    assert f"{path}: unpacks to more than " in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_arrays_that_do_not_fit_each_other_are_refused(tmp_path):
    whole = arrays_of(small_table())
    for name, array, message in (
        ("indptr", whole["indptr"][:-1], "it has 3 row names and 2 rows"),
        ("indices", whole["indices"][1:], "values and"),
        ("row_names", np.arange(3), "types that a table does not have"),
        ("data", whole["data"].astype(complex), "types that a table does not have"),
    ):
        np.savez(tmp_path / "t.npz", **{**whole, name: array})
        with pytest.raises(Exception, match=message):
            read_kmer_table(str(tmp_path / "t.npz"))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_tables_that_others_wrote_compressed_are_read(tmp_path, save):
    """Dense counts of few words, whose columns repeat: about the most that a table can be packed."""
    table = small_table()
    rows = 20_000
    arrays = {
        **arrays_of(table),
        "data": np.tile(np.float32([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), rows),
        "indices": np.tile(np.arange(10, dtype=np.int32), rows),
        "indptr": np.arange(0, 10 * rows + 1, 10, dtype=np.int32),
        "row_names": np.array([f"sequence{i}" for i in range(rows)]),
        "shape": np.array([rows, 10]),
    }
    save(tmp_path / "t.npz", **arrays)
    assert read_kmer_table(str(tmp_path / "t.npz")).matrix.shape == (rows, 10)


def test_a_text_table_of_zeros_takes_no_memory_for_them(tmp_path):
    buffer = io.BytesIO()
    write_kmer_tsv(buffer, small_table(), {})
    head = b"".join(line for line in buffer.getvalue().splitlines(keepends=True) if line.startswith(b"#"))
    columns = [f"#name\t{chr(9).join(f'w{i}' for i in range(20_000))}\n".encode()]
    head = b"".join(line for line in head.splitlines(keepends=True) if not line.startswith(b"#name"))
    path = tmp_path / "t.tsv.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(head + columns[0])
        for row in range(7000):  # 1.1 GB of float64
            stream.write(f"r{row}".encode() + b"\t0" * 20_000 + b"\n")
    finished = read_cramped(path)
    assert finished.returncode == 0, finished.stderr
    assert "7000" in finished.stdout


def test_a_compressed_model_is_read_no_further_than_its_header_states(tmp_path):
    path = tmp_path / "m.safetensors.gz"
    text = json.dumps({"__metadata__": {"seqnet": "0" * 64 + "{}"}, "w": {"data_offsets": [0, 8]}})
    text = text.replace('": "', '":"').encode()
    for start in (len(text).to_bytes(8, "little") + text, bytes(8), (90_000_000).to_bytes(8, "little")):
        with gzip.open(path, "wb") as stream:
            stream.write(start)
            for _ in range(700):
                stream.write(bytes(1 << 20))
        finished = read_cramped(path, "predict", path, path)
        assert finished.returncode == 1, finished.stderr
        assert finished.stderr.count("\n") == 1
        assert str(path) in finished.stderr
