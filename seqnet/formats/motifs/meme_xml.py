"""The XML that MEME writes; read only.

Only elements and attributes are looked at; entities that the document declares are not expanded
beyond what the parser allows, and nothing outside the file is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree
from xml.parsers.expat import ErrorString

import numpy as np

from seqnet.errors import FormatError, shorten
from seqnet.formats.motifs.entries import Entries, Entry
from seqnet.formats.motifs.matrix_lines import numbers
from seqnet.formats.motifs.matrix_rows import alphabet_of, one_line, one_word, probabilities, site_number
from seqnet.genome.alphabet import BASES
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import MotifInfo, Ppm

Element = ElementTree.Element
_CORE = frozenset("ACGTU")


def is_meme_xml(start: Sequence[str]) -> bool:
    """Return whether the beginning of a file is MEME's XML."""
    text = "\n".join(start)
    return text.lstrip().startswith("<") and ("<MEME" in text or "<!DOCTYPE MEME" in text)


def read_meme_xml(lines: Sequence[str], path: str) -> Entries:
    """Read the motifs of a MEME run as `Ppm`.

    Raises
    ------
    FormatError
        If the document is damaged.
    """
    try:
        root = ElementTree.fromstring("\n".join(lines).encode("utf-8", "surrogateescape"))
    except ElementTree.ParseError as error:
        raise FormatError(
            path, f"is not well-formed XML: {ErrorString(error.code)}", error.position[0]
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that is not known
        raise FormatError(path, f"is not XML that can be read: {error}") from error
    symbols = {
        letter.get("id", ""): letter.get("symbol", "").upper()
        for letter in root.iterfind("training_set/alphabet/letter")
    }
    letters = {key: symbol.replace("U", "T") for key, symbol in symbols.items()}
    alphabet = alphabet_of("".join(symbol for symbol in symbols.values() if symbol in _CORE))
    one_strand = (root.findtext("model/strands") or "").strip() == "forward"
    motifs = Entries(path)
    for element in root.iterfind("motifs/motif"):
        with motifs.entry() as entry:
            _read(element, entry, letters, path)
            if entry.motif is not None:
                info = replace(entry.motif.info, alphabet=alphabet, one_strand=one_strand)
                entry.motif = replace(entry.motif, info=info)
    array = root.find("model/background_frequencies/alphabet_array")
    if array is not None:
        frequencies = np.array([_values(array, letters, path, "the background")])
        background = probabilities(frequencies, "the background", path)[0]
        motifs.background = Background(background, "motif file")
    return motifs


def _read(element: Element, entry: Entry, letters: dict[str, str], path: str) -> None:
    """Read one motif element."""
    name = one_word(element.get("name", "") or element.get("id", ""), path)
    if not name:
        raise FormatError(path, "motif without a name")
    entry.info = MotifInfo(name, one_line(element.get("alt", "")))
    rows = [
        _values(array, letters, path, name)
        for array in element.iterfind("probabilities/alphabet_matrix/alphabet_array")
    ]
    stated = element.get("width", str(len(rows)))
    if not rows or stated != str(len(rows)):
        expected = stated if rows else "at least one"
        raise FormatError(path, f"{name} has {len(rows)} rows of probabilities; expected {expected}")
    info = MotifInfo(
        name,
        entry.info.alt_name,
        site_number(element.get("sites", "0"), path, None),
        element.get("e_value", ""),
        element.get("url", ""),
    )
    entry.motif = Ppm(info, probabilities(np.array(rows), name, path))


def _values(array: Element, letters: dict[str, str], path: str, name: str) -> list[float]:
    """Return the values of A C G T of an alphabet array."""
    found: dict[str, float] = {}
    for value in array.iterfind("value"):
        letter = value.get("letter_id", "")
        symbol = letters.get(letter, letter)
        values = numbers(value.text or "")
        if values is None or len(values) != 1:
            raise FormatError(path, f"a value of {name} is {shorten(value.text or '')}; expected a number")
        found[symbol] = values[0]
    if set(found) != {*BASES}:
        shown = " ".join(found)[:40] or "none"
        raise FormatError(path, f"letters of {name} are {shown}; expected A, C, G and T")
    return [found[base] for base in BASES]
