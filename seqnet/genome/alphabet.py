"""The DNA alphabet: letters to codes and back, complements, one-hot."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqnet.aliases import Codes
from seqnet.kernels.fasta import INVALID, SKIP, encode

BASES = "ACGT"
AMBIGUOUS = 4
"""Code of any letter that is not one base."""
IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "U": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT",
    "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
"""Bases that each IUPAC nucleotide letter means (Cornish-Bowden 1985)."""

LOWER = 8
"""Added to the code of a lower-case base where those are flagged."""

Ambiguous: TypeAlias = Literal["skip", "fraction", "error"]
"""How to handle a site with a letter that is not one base: leave it out, share its count, or an error."""
LowerCase: TypeAlias = Literal["ignore", "mask", "error"]
"""What lower-case bases of a file are taken for."""
SoftMask: TypeAlias = Literal["ignore", "mask", "error", "flag"]
"""What lower case means: nothing, an ambiguous base, an error, or its code with `LOWER` added."""

_COMPLEMENT = np.array([3, 2, 1, 0, AMBIGUOUS], dtype=np.uint8)
_LETTERS = np.frombuffer(b"ACGTN", dtype=np.uint8)


@cache
def encoding_table(soft_mask: SoftMask = "ignore") -> bytes:
    """Return the 256-entry table from sequence bytes to codes.

    IUPAC letters beyond A C G T U become `AMBIGUOUS`; blanks and line ends are skipped; any other
    byte is invalid.

    Parameters
    ----------
    soft_mask
        Whether lower case reads as its upper case, as ambiguous, as invalid, or flagged by `LOWER`.
    """
    table = bytearray([INVALID] * 256)
    for letter, bases in IUPAC.items():
        code = BASES.index(bases) if len(bases) == 1 else AMBIGUOUS
        table[ord(letter)] = code
        lower = {"ignore": code, "mask": AMBIGUOUS, "error": INVALID, "flag": code + LOWER}
        table[ord(letter.lower())] = lower[soft_mask]
    for blank in b" \t\r\n":
        table[blank] = SKIP
    return bytes(table)


def encode_text(text: str, soft_mask: SoftMask = "ignore") -> Codes:
    """Encode a sequence; blanks are left out.

    Returns
    -------
    uint8 (length,)

    Raises
    ------
    ValueError
        Naming the first letter that is not a nucleotide.

    Examples
    --------
    >>> encode_text("ACGTN").tolist()
    [0, 1, 2, 3, 4]
    """
    data = text.encode("latin-1", "replace")
    codes = np.empty(len(data), dtype=np.uint8)
    written, consumed, _ = encode(data, encoding_table(soft_mask), codes)
    if consumed < len(data):
        raise ValueError(f"{text[consumed]!r} is not a nucleotide letter")
    return codes[:written]


def decode(codes: Codes) -> str:
    """Return the letters A C G T N of codes (length,).

    Examples
    --------
    >>> decode(np.array([0, 1, 2, 3, 4], dtype=np.uint8))
    'ACGTN'
    """
    return _LETTERS[codes].tobytes().decode("ascii")


def reverse_complement(codes: Codes) -> Codes:
    """Return the other strand of codes (..., length), read 5' to 3'.

    Examples
    --------
    >>> decode(reverse_complement(encode_text("AACGN")))
    'NCGTT'
    """
    return np.ascontiguousarray(_COMPLEMENT[codes][..., ::-1])


def canonical_rows(codes: Codes) -> Codes:
    """Return each row (n, width) or its reverse complement, whichever is lower in the order of codes.

    Ambiguous bases at a row's beginning are moved to its end first, for those of a sequence that is centred
    in a wider row are not as many on both sides.
    """
    if not codes.size:
        return codes
    own, other = _left_aligned(codes), _left_aligned(reverse_complement(codes))
    differs = own != other
    first = differs.argmax(axis=1)
    every = np.arange(len(own))
    higher = other[every, first] < own[every, first]
    return np.where(higher[:, np.newaxis], other, own)


def _left_aligned(codes: Codes) -> Codes:
    """Return rows whose ambiguous bases at the beginning are moved to the end."""
    leading = (codes < AMBIGUOUS).argmax(axis=1)
    rows = np.flatnonzero(leading)
    if not len(rows):
        return codes
    aligned = codes.copy()
    places = (np.arange(codes.shape[1]) + leading[rows, np.newaxis]) % codes.shape[1]
    aligned[rows] = np.take_along_axis(codes[rows], places, axis=1)
    return aligned


def one_hot(codes: Codes) -> NDArray[np.float32]:
    """Return the one-hot form of codes (n, length): float32 (n, 4, length), zeros at ambiguous bases."""
    encoded = np.empty((codes.shape[0], 4, codes.shape[1]), dtype=np.float32)
    for base in range(4):
        np.equal(codes, base, out=encoded[:, base], casting="unsafe")
    return encoded
