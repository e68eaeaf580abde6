"""k-mer tables: TSV for pipes and people, npz (CSR) for training.

The npz loads with ``scipy.sparse.load_npz`` and holds ``row_names`` and ``feature_names`` beside
the matrix, and ``settings``, the featuriser's, as JSON.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from seqnet.errors import FormatError
from seqnet.formats._open import numbered_lines, open_input, to_bytes
from seqnet.formats.header import header_lines, parse_header_line
from seqnet.formats.numbers import format_singles
from seqnet.kmers.table import KmerTable, checked_settings, make_table

_ZIP = b"PK\x03\x04"
NAME_COLUMN = "name"
_ROWS_AT_ONCE = 1000
_NPZ_ERRORS = (
    KeyError, ValueError, TypeError, IndexError, OverflowError, OSError, EOFError, RuntimeError, MemoryError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, zlib and numpy raise for damaged archives and arrays."""


def read_kmer_table(path: str) -> KmerTable:
    """Read a k-mer table, TSV or npz by content.

    Raises
    ------
    FormatError
        If it is neither, or damaged.
    """
    with open_input(path) as stream:
        if stream.peek(4)[:4] == _ZIP:
            return _read_npz(stream.read(), path)
        return _read_tsv(stream, path)


def _read_npz(data: bytes, path: str) -> KmerTable:
    """Read the npz form; pickled objects are refused."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            rows, features = arrays["row_names"].tolist(), arrays["feature_names"].tolist()
            settings = checked_settings(**json.loads(str(arrays["settings"])))
            return make_table(rows, features, parts, settings)
    except _NPZ_ERRORS as error:
        raise FormatError(path, f"is not a k-mer table: {' '.join(str(error).split())}") from error


def _read_tsv(stream: io.BufferedReader, path: str) -> KmerTable:
    """Read the TSV form."""
    header: dict[str, str] = {}
    features: list[str] | None = None
    names: list[str] = []
    rows: list[np.ndarray] = []
    for number, line in numbered_lines(stream, path):
        entry = parse_header_line(line)
        if entry:
            header.setdefault(*entry)
        elif line.startswith(f"#{NAME_COLUMN}\t"):
            features = line.split("\t")[1:]
        elif line.strip() and not line.startswith("#"):
            name, *cells = line.split("\t")
            if features is None or len(cells) != len(features):
                expected = "a '#name' column line first" if features is None else f"{len(features)} values"
                raise FormatError(path, f"expected {expected}, found {len(cells)} values", number)
            names.append(name)
            rows.append(_row(cells, path, number))
    if features is None:
        raise FormatError(path, "is not a k-mer table: it has no '#name' column line")
    try:
        settings = checked_settings(
            header.get("k", len(features[0]) if features else 0),
            header.get("strands", "both"),
            header.get("normalize", "counts"),
        )
    except ValueError as error:
        raise FormatError(path, f"is not a k-mer table: {error}") from error
    from scipy.sparse import csr_matrix

    matrix = csr_matrix(np.array(rows, dtype=np.float32).reshape(len(rows), len(features)))
    return make_table(names, features, (matrix.data, matrix.indices, matrix.indptr), settings)


def _row(cells: Sequence[str], path: str, number: int) -> np.ndarray:
    """Read the values of one row, float32."""
    try:
        values = np.array(cells, dtype=np.float32)
    except ValueError:
        raise FormatError(path, "a value is no number", number) from None
    if not np.isfinite(values).all():
        raise FormatError(path, "a value is not finite", number)
    return values


def write_kmer_npz(stream: BinaryIO, table: KmerTable) -> None:
    """Write the npz form."""
    matrix = table.matrix
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        format=np.array(b"csr"),
        shape=np.array(matrix.shape),
        data=matrix.data,
        indices=matrix.indices,
        indptr=matrix.indptr,
        row_names=np.array(table.names, dtype=np.str_),
        feature_names=np.array(table.features, dtype=np.str_),
        settings=np.array(json.dumps(table.settings._asdict(), sort_keys=True)),
    )
    stream.write(buffer.getbuffer())


def write_kmer_tsv(stream: BinaryIO, table: KmerTable, header: dict[str, str] | None) -> None:
    """Write the TSV form; None for `header` leaves out provenance and column line."""
    if header is not None:
        settings = {key: str(value) for key, value in table.settings._asdict().items()}
        columns = "\t".join([NAME_COLUMN, *table.features])
        stream.write(to_bytes(f"{header_lines({**header, **settings})}#{columns}\n"))
    for start in range(0, len(table.names), _ROWS_AT_ONCE):
        rows = format_singles(table.matrix[start : start + _ROWS_AT_ONCE].toarray())
        names = table.names[start : start + _ROWS_AT_ONCE]
        stream.writelines(
            to_bytes("\t".join([name, *row]) + "\n") for name, row in zip(names, rows, strict=True)
        )
