"""k-mer tables as parquet: a column of names and one for each word; needs pyarrow."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np

from seqnet.errors import FormatError, SeqnetError
from seqnet.kmers.rows import KmerRows
from seqnet.kmers.settings import KmerSettings, stored_settings
from seqnet.kmers.table import KmerTable, make_table
from seqnet.lookup import require

SETTINGS_KEY = b"seqnet-kmers"
"""Key of the settings, JSON, in the metadata of the file's schema."""
_NAME = "name"
_VALUES_AT_ONCE = 1 << 22


def require_parquet() -> Any:
    """Return pyarrow.

    Raises
    ------
    MissingLibraryError
        If it is not installed.
    """
    require("pyarrow")
    import pyarrow.parquet

    return pyarrow


def write_kmer_parquet(
    stream: BinaryIO, rows: Iterable[KmerRows], features: np.ndarray, settings: KmerSettings
) -> None:
    """Write rows as they come: ``name``, then a float column for each feature."""
    arrow = require_parquet()
    fields = [(_NAME, arrow.string()), *((name, arrow.float32()) for name in features.tolist())]
    metadata = {SETTINGS_KEY: json.dumps(settings.stored(), sort_keys=True).encode()}
    schema = arrow.schema(fields, metadata=metadata)
    step = max(1, _VALUES_AT_ONCE // len(fields))
    with arrow.parquet.ParquetWriter(stream, schema, use_dictionary=[_NAME]) as writer:
        for names, matrix in rows:
            if matrix.data.dtype != np.float32:
                raise SeqnetError("a count is too large for the 32 bits of a parquet column; write npz")
            for start in range(0, len(names), step):
                part = matrix.take(start, min(start + step, len(names)))
                columns = np.ascontiguousarray(part.dense().T)
                arrays = [
                    arrow.array(names[start : start + step], arrow.string()),
                    *map(arrow.array, columns),
                ]
                writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def read_kmer_parquet(data: bytes, path: str) -> KmerTable:
    """Read what `write_kmer_parquet` wrote.

    Raises
    ------
    FormatError
        If it is damaged, or another parquet file.
    MissingLibraryError
        If pyarrow is not installed.
    """
    from scipy.sparse import csr_matrix

    arrow = require_parquet()
    try:
        table = arrow.parquet.read_table(io.BytesIO(data))
        settings = stored_settings(**json.loads(table.schema.metadata[SETTINGS_KEY]))
        names = table.column(_NAME).to_pylist()
        features = np.array([name for name in table.column_names if name != _NAME], dtype=np.str_)
        columns = [table.column(name).to_numpy() for name in features.tolist()]
        matrix = csr_matrix(np.array(columns, dtype=np.float32).reshape(len(features), len(names)).T)
        return make_table(names, features, (matrix.data, matrix.indices, matrix.indptr), settings)
    except (arrow.ArrowException, KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        raise FormatError(path, f"is not a k-mer table: {' '.join(str(error).split())}") from error
