"""The model file: safetensors with a JSON header, and a checksum over every byte.

See `_sealed`; the metadata's entry is ``seqnet``.
"""

from __future__ import annotations

from seqnet.errors import FormatError
from seqnet.formats.files.checksummed import read_sealed, seal, sealed_tensors, unseal
from seqnet.formats.files.opening import open_input, open_output
from seqnet.formats.files.sniff import expecting
from seqnet.networks.header.fields import check_header, check_tensors
from seqnet.networks.header.types import FieldError
from seqnet.networks.model import SCORES_TYPE, Model

SCHEMA_VERSION = 2
LATER_SCHEMA = 3
"""That of ensembles and of models of motif scores, which version 0.1.0 cannot read."""
_READ_SCHEMAS = (1, 2, 3)
_KEY = "seqnet"


def write_model(path: str, model: Model) -> None:
    """Write a model file."""
    with open_output(path) as stream:
        stream.write(model_bytes(model))


def model_bytes(model: Model) -> bytes:
    """Return what a model's file holds."""
    later = model.members > 1 or (model.header.get("input") or {}).get("type") == SCORES_TYPE
    schema = LATER_SCHEMA if later else SCHEMA_VERSION
    return seal(_KEY, {"schema_version": schema, **model.header}, model.tensors)


def read_model(path: str) -> Model:
    """Read and verify a model file.

    Raises
    ------
    FormatError
        If it is not a model file of seqnet, is damaged, has a schema that this version does not know, or a
        field of its header is not of its type, naming the field.
    """
    with open_input(path) as stream, expecting(path, "model"):
        data = read_sealed(_KEY, stream, path, "model")
        header = unseal(_KEY, data, path, "model")
    schema = header.get("schema_version")
    if schema not in _READ_SCHEMAS:
        message = f"has model schema {schema}; this version of seqnet reads schemas 1 to {_READ_SCHEMAS[-1]}"
        raise FormatError(path, message)
    model = Model(header, sealed_tensors(data, path, "model"))
    try:
        check_header(header)
        check_tensors(header, model.tensors)
    except FieldError as error:
        raise FormatError(path, f"is not a model that can be read: {error}") from error
    return model
