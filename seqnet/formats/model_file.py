"""The model file: safetensors with a JSON header, and a checksum over every byte.

See `_sealed`; the metadata's entry is ``seqnet``.
"""

from __future__ import annotations

from seqnet.errors import FormatError
from seqnet.formats._open import open_input, open_output
from seqnet.formats._sealed import seal, sealed_tensors, unseal
from seqnet.networks.model import Model

SCHEMA_VERSION = 1
_KEY = "seqnet"


def write_model(path: str, model: Model) -> None:
    """Write a model file."""
    data = seal(_KEY, {"schema_version": SCHEMA_VERSION, **model.header}, model.tensors)
    with open_output(path) as stream:
        stream.write(data)


def read_model(path: str) -> Model:
    """Read and verify a model file.

    Raises
    ------
    FormatError
        If it is none of ours, damaged, or of a schema this version does not know.
    """
    with open_input(path) as stream:
        data = stream.read()
    header = unseal(_KEY, data, path, "model")
    if header.get("schema_version") != SCHEMA_VERSION:
        found = header.get("schema_version")
        message = f"model schema {found}; this version of seqnet reads schema {SCHEMA_VERSION}"
        raise FormatError(path, message)
    return Model(header, sealed_tensors(data, path, "model"))
