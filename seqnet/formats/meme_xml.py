"""The XML that MEME writes; read only.

Only elements and attributes are looked at; entities that the document declares are not expanded
beyond what the parser allows, and nothing outside the file is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.parsers.expat import ErrorString

import numpy as np

from seqnet.errors import FormatError
from seqnet.formats._motif_rows import Collected, numbers, one_line, one_word, probabilities, site_number
from seqnet.genome.alphabet import BASES
from seqnet.motifs.background import Background
from seqnet.motifs.matrix import Motif, MotifInfo, MotifSet, Ppm

Element = ElementTree.Element


def is_meme_xml(start: Sequence[str]) -> bool:
    """Tell whether the beginning of a file is MEME's XML."""
    text = "\n".join(start)
    return text.lstrip().startswith("<") and ("<MEME" in text or "<!DOCTYPE MEME" in text)


def read_meme_xml(lines: Sequence[str], path: str) -> MotifSet:
    """Read the motifs of a MEME run as `Ppm`.

    Raises
    ------
    FormatError
        If the document is damaged or lacks what a motif needs.
    """
    try:
        root = ElementTree.fromstring("\n".join(lines).encode("utf-8", "surrogateescape"))
    except ElementTree.ParseError as error:
        raise FormatError(
            path, f"is not well-formed XML: {ErrorString(error.code)}", error.position[0]
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that is not known
        raise FormatError(path, f"is not XML that can be read: {error}") from error
    letters = {
        letter.get("id", ""): letter.get("symbol", "").upper().replace("U", "T")
        for letter in root.iterfind("training_set/alphabet/letter")
    }
    motifs = Collected(path)
    for element in root.iterfind("motifs/motif"):
        motifs.add(_motif(element, letters, path))
    array = root.find("model/background_frequencies/alphabet_array")
    if array is None:
        return motifs.done()
    frequencies = np.array([_values(array, letters, path, "the background")])
    return motifs.done(Background(probabilities(frequencies, "the background", path)[0], "motif file"))


def _motif(element: Element, letters: dict[str, str], path: str) -> Motif:
    """Read one motif element."""
    name = one_word(element.get("name", "") or element.get("id", ""), path)
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
        one_line(element.get("alt", "")),
        site_number(element.get("sites", "0"), path, None),
        element.get("e_value", ""),
        element.get("url", ""),
    )
    return Ppm(info, probabilities(np.array(rows), name, path))


def _values(array: Element, letters: dict[str, str], path: str, name: str) -> list[float]:
    """Return the values of A C G T of an alphabet array."""
    found: dict[str, float] = {}
    for value in array.iterfind("value"):
        letter = value.get("letter_id", "")
        symbol = letters.get(letter, letter)
        values = numbers(value.text or "")
        if values is None or len(values) != 1:
            raise FormatError(path, f"a value of {name} is {value.text!r}; expected a number")
        found[symbol] = values[0]
    if set(found) != {*BASES}:
        shown = " ".join(found)[:40] or "none"
        raise FormatError(path, f"letters of {name} are {shown}; expected A, C, G and T")
    return [found[base] for base in BASES]
