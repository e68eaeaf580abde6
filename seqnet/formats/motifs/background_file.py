"""Background files as the MEME Suite has them: a line ``WORD PROBABILITY`` for each word, order by order."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from seqnet.aliases import Floats
from seqnet.errors import FormatError
from seqnet.formats.files.header import base_name, header_lines
from seqnet.formats.files.opening import numbered_lines, open_input, to_bytes
from seqnet.formats.files.sniff import expecting
from seqnet.formats.motifs.matrix_lines import SUM_ERROR, numbers
from seqnet.genome.words import word_name
from seqnet.motifs.background import LARGEST_ORDER, Background


def read_background(path: str) -> Background:
    """Read a MEME background file: ``word probability`` lines for all words of 1 .. k + 1 letters.

    Raises
    ------
    FormatError
        With the line, or naming a word that is missing or has no frequency above zero.
    """
    frequencies: dict[str, float] = {}
    with expecting(path, "background"), open_input(path) as stream:
        for number, line in numbered_lines(stream, path):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            values = numbers(words[1]) if len(words) == 2 else None
            if not values or not set(words[0].upper()) <= set("ACGTU"):
                raise FormatError(path, f"expected 'kmer probability', found {line[:40]!r}", number)
            if not 0 < values[0] <= 1:
                message = f"probability of {words[0]} is {words[1]}; expected one above 0, at most 1"
                raise FormatError(path, message, number)
            word = words[0].upper().replace("U", "T")
            if word in frequencies:
                raise FormatError(path, f"a second probability of {word}", number)
            frequencies[word] = values[0]
    longest = max(map(len, frequencies), default=1)
    if longest > LARGEST_ORDER + 1:
        raise FormatError(path, f"is of order {longest - 1}; expected 0 to {LARGEST_ORDER}")
    tables = [_table(frequencies, length, path) for length in range(1, longest + 1)]
    return Background(tables[0], base_name(path), tuple(tables[1:]))


def _table(frequencies: dict[str, float], length: int, path: str) -> Floats:
    """Return the frequencies of all words of one length."""
    words = [word_name(number, length) for number in range(4**length)]
    missing = [word for word in words if word not in frequencies]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise FormatError(path, f"has no frequency for {missing[0]}{more}")
    table = np.array([frequencies[word] for word in words])
    if abs(table.sum() - 1) > SUM_ERROR:
        message = f"words of {length} letters have probabilities that sum to {table.sum():.4g}; expected 1"
        raise FormatError(path, message)
    return table


def write_background(stream: BinaryIO, background: Background, header: dict[str, str] | None = None) -> None:
    """Write a MEME background file."""
    lines = header_lines(header or {}).splitlines()
    for length, table in enumerate(background.tables, 1):
        lines.append(f"# order {length - 1}")
        lines += [f"{word_name(number, length)} {value!r}" for number, value in enumerate(table.tolist())]
    stream.write(to_bytes("\n".join(lines) + "\n"))
