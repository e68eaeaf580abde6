"""The model file: safetensors with a JSON header, and a checksum over every byte.

The file's metadata has one entry, ``seqnet``: 64 hexadecimal digits, then the header as JSON. The
digits are the SHA-256 of the whole file with their own place held by zeros; so no byte can change
unnoticed. Nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from seqnet.aliases import Json
from seqnet.errors import FormatError
from seqnet.formats._open import open_input, open_output
from seqnet.networks.model import Model

SCHEMA_VERSION = 1
_BLANK = "0" * 64
_KEY = b'"seqnet":"'


def write_model(path: str, model: Model) -> None:
    """Write a model file."""
    from safetensors.numpy import save

    header = json.dumps({"schema_version": SCHEMA_VERSION, **model.header}, sort_keys=True)
    tensors = {name: np.array(array, order="C") for name, array in model.tensors.items()}
    data = save(tensors, metadata={"seqnet": _BLANK + header})
    place = data.index(_KEY) + len(_KEY)
    digest = hashlib.sha256(data).hexdigest().encode()
    with open_output(path) as stream:
        stream.write(data[:place] + digest + data[place + len(digest) :])


def read_model(path: str) -> Model:
    """Read and verify a model file.

    Raises
    ------
    FormatError
        If it is none of ours, damaged, or of a schema this version does not know.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with open_input(path) as stream:
        data = stream.read()
    header = _verified_header(data, path)
    if header.get("schema_version") != SCHEMA_VERSION:
        found = header.get("schema_version")
        message = f"model schema {found}; this version of seqnet reads schema {SCHEMA_VERSION}"
        raise FormatError(path, message)
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise FormatError(path, f"damaged model file: {error}") from error
    return Model(header, tensors)


def _verified_header(data: bytes, path: str) -> Json:
    """Check the digest, then decode the header."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise FormatError(path, "is not a complete model file")
    place = data.find(_KEY, 8, 8 + size) + len(_KEY)
    if place < len(_KEY):
        raise FormatError(path, "is not a model file of seqnet (no checksum in its header)")
    stated = data[place : place + 64]
    blanked = data[:place] + _BLANK.encode() + data[place + 64 :]
    if hashlib.sha256(blanked).hexdigest().encode() != stated:
        raise FormatError(path, "is damaged: its SHA-256 does not match")
    header: Json = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["seqnet"][len(_BLANK) :])
    return header
