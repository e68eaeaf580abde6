"""k-mer tables: TSV for pipes and people, npz (CSR) for training, parquet for data frames.

The npz loads with ``scipy.sparse.load_npz`` and holds ``row_names`` and ``feature_names`` next to
the matrix, and ``settings``, the featuriser's, as JSON. Values are stored as they are, so that writing
and reading are quick; names are compressed.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike

from seqnet.errors import FormatError, shorten
from seqnet.formats.files.bounded import Declared, declared_arrays, read_whole
from seqnet.formats.files.header import header_lines, parse_header_line
from seqnet.formats.files.numbers import format_singles
from seqnet.formats.files.opening import numbered_lines, open_input, to_bytes
from seqnet.formats.files.sniff import expecting
from seqnet.kmers.columns import are_words, patterns_of
from seqnet.kmers.normalize import EXACT
from seqnet.kmers.rows import KmerRows, SparseRows, sparse_rows
from seqnet.kmers.settings import FEATURES, MOTIF_SCORES, KmerSettings, stored_settings
from seqnet.kmers.table import KmerTable, make_table

_ZIP = b"PK\x03\x04"
_PARQUET = b"PAR1"
NAME_COLUMN = "name"
NO_SCORE = "."
"""In place of the score of a motif that fits nowhere in a sequence."""
SCORING = ("background", "pseudocount", "strands")
"""The ``##`` lines of a table of motif scores that describe the scoring."""
_PLAIN, _LISTS = ("k", "strands", "normalize", "hash_bits"), ("patterns", "mean", "deviation")
_SETTINGS = dict.fromkeys((FEATURES, *SCORING, *_PLAIN, *_LISTS))
"""The ``##`` lines about how the columns were made."""
_DESCRIBING = {FEATURES, "k", "patterns"}
"""Those of which a table has one."""
VALUES_AT_ONCE = 1 << 20
"""Values written as text at a time, more or less."""
_NPZ_ARRAYS = {"data": 1, "indices": 1, "indptr": 1, "row_names": 1, "feature_names": 1, "settings": 0}
"""The arrays of a table, and their dimensions."""
_NPZ_ERRORS = (
    KeyError, ValueError, TypeError, IndexError, OverflowError, OSError, EOFError, RuntimeError, MemoryError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, zlib and numpy raise for damaged archives and arrays."""


def read_kmer_table(path: str, *, described: bool = False) -> KmerTable:
    """Read a k-mer table or a table of motif scores: npz, parquet or TSV by content.

    Parameters
    ----------
    described
        Whether to refuse a TSV whose columns are no k-mers and that has no ``##`` line about them.

    Raises
    ------
    FormatError
        If it is none of them, damaged, or made of tables that do not belong together.
    UsageError
        If it is parquet and pyarrow is not installed.
    """
    with expecting(path, "k-mer table"), open_input(path) as stream:
        start = stream.peek(4)[:4]
        if start == _ZIP:
            return _read_npz(read_whole(stream, path), path)
        if start == _PARQUET:
            from seqnet.formats.kmers.kmer_parquet import read_kmer_parquet

            return read_kmer_parquet(read_whole(stream, path), path)
        return _read_tsv(stream, path, described)


def _read_npz(data: bytes, path: str) -> KmerTable:
    """Read the npz form; pickled objects are refused."""
    try:
        _check_declared(declared_arrays(data, _NPZ_ARRAYS))
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            rows, features = arrays["row_names"].tolist(), arrays["feature_names"].astype(np.str_)
            settings = stored_settings(**json.loads(str(arrays["settings"])))
            return make_table(rows, features, parts, settings)
    except KeyError as error:
        raise FormatError(path, "is not a k-mer table: the npz file lacks an array of it") from error
    except _NPZ_ERRORS as error:
        raise FormatError(path, f"is not a k-mer table: {' '.join(str(error).split())}") from error


def _check_declared(arrays: Mapping[str, Declared]) -> None:
    """Raise a ValueError unless the shapes that arrays state fit each other."""
    (values,), (columns,), (bounds,) = (arrays[name].shape for name in ("data", "indices", "indptr"))
    (rows,), kinds = arrays["row_names"].shape, [arrays[name].dtype.kind for name in _NPZ_ARRAYS]
    if values != columns:
        raise ValueError(f"it has {values} values and {columns} columns of them")
    if bounds != rows + 1:
        raise ValueError(f"it has {rows} row names and {bounds - 1} rows")
    if kinds[0] not in "fiub" or kinds[1] not in "iu" or kinds[2] not in "iu" or set(kinds[3:]) - set("US"):
        raise ValueError("its arrays have types that a table does not have")


def _read_tsv(stream: io.BufferedReader, path: str, described: bool) -> KmerTable:
    """Read the TSV form; joined tables (``cat a.tsv b.tsv``) are one where columns and settings agree."""
    header: dict[str, str] = {}
    block: dict[str, str] = {}  # the ## lines since the last column line
    features: list[str] | None = None
    names: list[str] = []
    rows: list[np.ndarray] = []  # the columns that are not zero and their values, row by row
    bounds = [0]
    for number, line in numbered_lines(stream, path):
        entry = parse_header_line(line)
        if entry:
            block.setdefault(*entry)
        elif line.startswith(f"#{NAME_COLUMN}\t"):
            columns = line.split("\t")[1:]
            _expect_same(features or columns, columns, header, block, path, number)
            features, header, block = columns, {**block, **header}, {}
        elif line.strip() and not line.startswith("#"):
            name, values = _row(line, features, path, number)
            names.append(name)
            filled = np.flatnonzero(values)
            rows += [filled.astype(np.int32), values[filled]]
            bounds.append(bounds[-1] + len(filled))
    if features is None:
        raise FormatError(path, "is not a k-mer table: it has no '#name' column line")
    if described and not _are_described(features, header):
        message = f"has no '##' lines, which describe its columns ({features[0]} is no k-mer)"
        raise FormatError(path, f"{message}; training needs them: write the table with --header full")
    try:
        return _table(names, rows, bounds, np.array(features, dtype=np.str_), {**block, **header})
    except ValueError as error:
        raise FormatError(path, f"is not a k-mer table: {error}") from error


def _expect_same(
    features: list[str],
    columns: list[str],
    header: Mapping[str, str],
    block: Mapping[str, str],
    path: str,
    number: int,
) -> None:
    """Refuse a further column line, and the ``##`` lines above it, that differ from the first."""
    if columns != features:
        raise FormatError(path, "a second column line that differs from the first", number)
    differing = [key for key in _SETTINGS if header and block and header.get(key) != block.get(key)]
    if differing:
        values = (lines.get(differing[0], "none") for lines in (block, header))
        message = "a second table with ##{}={}, the first has {}".format(differing[0], *values)
        raise FormatError(path, message, number)


def _table(
    names: list[str],
    rows: list[np.ndarray],
    bounds: list[int],
    features: np.ndarray,
    header: dict[str, str],
) -> KmerTable:
    """Put the rows of the TSV form together."""
    data = np.concatenate([*rows[1::2], np.empty(0)])
    if not len(data) or data.max() <= EXACT:
        data = data.astype(np.float32)
    indices = np.concatenate([*rows[::2], np.empty(0, np.int32)])
    kind = np.int32 if bounds[-1] <= np.iinfo(np.int32).max else np.int64
    settings = _header_settings(header, features)
    return make_table(names, features, (data, indices, np.array(bounds, kind)), settings)


def _header_settings(header: dict[str, str], features: np.ndarray) -> KmerSettings:
    """Return the settings of the ``##`` lines; without them, those of the features' names."""
    if header.get(FEATURES) == MOTIF_SCORES:
        known = {key: header[key] for key in SCORING if key in header}
        scoring = ", ".join(f"{key} {value}" for key, value in known.items())
        return stored_settings(names=features.tolist(), scoring=scoring)
    plain = {key: header[key] for key in _PLAIN if key in header}
    lists = {key: header[key].split(",") for key in _LISTS if key in header}
    if not _are_described(features.tolist(), header):
        return stored_settings(names=features.tolist())
    if not _DESCRIBING & header.keys():
        lists["patterns"] = patterns_of(features)
    return stored_settings(**plain, **lists)  # type: ignore[arg-type]  # numbers as text are converted


def _are_described(features: Iterable[str], header: Mapping[str, str]) -> bool:
    """Return whether the ``##`` lines, or names that are words, describe the columns."""
    return bool(_DESCRIBING & header.keys()) or are_words(features)


def _row(line: str, features: Sequence[str] | None, path: str, number: int) -> tuple[str, np.ndarray]:
    """Read the name and the values, float64, of one row."""
    name, *cells = line.split("\t")
    if features is None or len(cells) != len(features):
        expected = "a '#name' column line first" if features is None else f"{len(features)} values"
        shown = f"{len(cells)} values" if cells else "no tab"
        raise FormatError(path, f"expected {expected}, found {shown}", number)
    try:
        values = np.array(cells, dtype=np.float64)
    except ValueError:
        column, cell = next(pair for pair in zip(features, cells, strict=True) if not _is_number(pair[1]))
        message = f"{column} is {shorten(cell)}; expected a number"
        if NO_SCORE in cells:
            column = features[cells.index(NO_SCORE)]
            message = (
                f"there is no score of {column}: the sequence is shorter than the motif, or ambiguous; "
                "leave the sequence or the motif out"
            )
        raise FormatError(path, message, number) from None
    if not np.isfinite(values.astype(np.float32)).all():
        raise FormatError(path, "a value is not finite", number)
    return name, values


def _is_number(text: str) -> bool:
    """Return whether a cell holds a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def write_kmer_npz(stream: BinaryIO, table: KmerTable) -> None:
    """Write the npz form."""
    write_kmer_npz_rows(
        stream, [KmerRows(table.names, sparse_rows(table.matrix))], table.features, table.settings
    )


def write_kmer_npz_rows(
    stream: BinaryIO, rows: Iterable[KmerRows], features: np.ndarray, settings: KmerSettings
) -> None:
    """Write the npz form of rows that come in parts; they are held, packed, but never copied together."""
    names: list[str] = []
    values, columns, lengths = [], [], [np.zeros(1, np.int64)]
    column_type = np.uint16 if len(features) <= 1 << 16 else np.int32
    value_type: np.dtype[Any] = np.dtype(np.float32)
    for part in rows:
        names += part.names
        values.append(_packed(part.matrix.data))
        columns.append(part.matrix.indices.astype(column_type))
        lengths.append(np.diff(part.matrix.indptr))
        value_type = np.result_type(value_type, part.matrix.data.dtype)
    indptr = np.concatenate(lengths).cumsum()
    arrays = {
        "format": ([np.array(b"csr")], None),
        "shape": ([np.array((len(names), len(features)))], None),
        "data": (values, value_type),
        "indices": (columns, None),
        "indptr": ([indptr], np.int32 if indptr[-1] <= np.iinfo(np.int32).max else np.int64),
        "row_names": ([np.array(names, dtype=np.str_)], None),
        "feature_names": ([features], None),
        "settings": ([np.array(json.dumps(settings.stored(), sort_keys=True))], None),
    }
    with zipfile.ZipFile(stream, "w") as archive:
        for name, (parts, kind) in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            text = parts[0].dtype.kind == "U"
            entry.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
            with archive.open(entry, "w", force_zip64=True) as member:
                _write_array(member, parts, kind or parts[0].dtype)


def _packed(values: np.ndarray) -> np.ndarray:
    """Return a copy of values for the time being: as bytes where these hold them exactly, as counts are."""
    with np.errstate(invalid="ignore"):  # what does not fit shows when it is compared
        packed = values.astype(np.uint8)
    return packed if np.array_equal(packed, values) else values.copy()


def _write_array(stream: IO[bytes], parts: list[np.ndarray], kind: DTypeLike) -> None:
    """Write arrays, one behind the other, as one array of numpy's format and of a type."""
    shape = parts[0].shape if len(parts) == 1 else (sum(map(len, parts)),)
    descr = np.lib.format.dtype_to_descr(np.dtype(kind))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    for part in parts:
        flat = part.reshape(-1)
        for begin in range(0, len(flat), VALUES_AT_ONCE):
            some = np.ascontiguousarray(flat[begin : begin + VALUES_AT_ONCE], kind)
            stream.write(some.view(np.uint8).data)


def write_kmer_header(
    stream: BinaryIO, features: np.ndarray, settings: KmerSettings, header: dict[str, str]
) -> None:
    """Write the header of the TSV form: provenance and settings, where there are entries, and column line."""
    constants = {"mean": settings.mean, "deviation": settings.deviation} if settings.mean else {}
    texts = {key: ",".join(map(repr, values)) for key, values in constants.items()}
    if header:
        stream.write(to_bytes(header_lines({**header, **settings.facts(), **texts})))
    stream.write(to_bytes("\t".join([f"#{NAME_COLUMN}", *features.tolist()]) + "\n"))


def write_kmer_rows(stream: BinaryIO, rows: Iterable[KmerRows]) -> None:
    """Write rows of the TSV form."""
    for names, matrix in rows:
        step = max(1, VALUES_AT_ONCE // max(1, matrix.shape[1]))
        for start in range(0, len(names), step):
            texts = _texts(matrix.take(start, min(start + step, len(names))))
            lines = zip(names[start : start + step], texts, strict=True)
            stream.writelines(to_bytes("\t".join([name, *row]) + "\n") for name, row in lines)


def _texts(matrix: SparseRows) -> list[list[str]]:
    """Write CSR values (n, d), each distinct one once."""
    values, places = np.unique(matrix.data, return_inverse=True)
    written = np.array(format_singles(values[None])[0], dtype=object)
    cells = np.full(matrix.shape, "0", dtype=object)
    cells[matrix.row_numbers(), matrix.indices] = written[places]
    texts: list[list[str]] = cells.tolist()
    return texts


def write_kmer_tsv(stream: BinaryIO, table: KmerTable, header: dict[str, str] | None) -> None:
    """Write the TSV form; None for `header` leaves out provenance and column line."""
    if header is not None:
        write_kmer_header(stream, table.features, table.settings, header)
    write_kmer_rows(stream, [KmerRows(table.names, sparse_rows(table.matrix))])
