"""One motif that cannot be read leaves the others of its file as they are, wherever it is."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqnet.errors import FormatError
from seqnet.formats import MOTIF_WRITERS
from seqnet.formats.motifs.any_format import read_motifs, write_motifs
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, to_ppm

FORMATS = [name for name in MOTIF_WRITERS if name != "pfm"]
COUNT, SHARE = "1234.5", "0.71875"
"""Values that the victim alone has, in each of its positions."""
TEXT_BREAKS = ["x", "nan", "-3", "inf", "1e999", "", "0.5 0.5"]
JSON_BREAKS = ["null", "NaN", "-3", '"x"', "[1]", "{}", "1e999"]


@st.composite
def good(draw, number):
    """A motif of whole counts."""
    rows = draw(st.lists(st.lists(st.integers(1, 60), min_size=4, max_size=4), min_size=5, max_size=9))
    return Pfm(MotifInfo(f"good{number}"), np.array(rows, dtype=float))


def victim(motif_format, width):
    info = MotifInfo("victim")
    if "counts" in MOTIF_WRITERS[motif_format].holds:
        return Pfm(info, np.array([[float(COUNT), 0, 0, 0]] * width)), COUNT
    return Ppm(info, np.array([[float(SHARE), 1 - float(SHARE), 0, 0]] * width)), SHARE


def text_of(motifs, motif_format):
    buffer = io.BytesIO()
    write_motifs(buffer, MotifSet(tuple(motifs)), motif_format, {"command": "convert"})
    return buffer.getvalue().decode()


def same(found, expected):
    assert [motif.info for motif in found.motifs] == [motif.info for motif in expected.motifs]
    for one, other in zip(found.motifs, expected.motifs, strict=True):
        assert type(one) is type(other)
        assert np.array_equal(to_ppm(one).probabilities, to_ppm(other).probabilities)


@st.composite
def collections(draw, motif_format):
    """Text with a broken motif, whether it is surely noticed, and the motifs beside it."""
    goods = [draw(good(number)) for number in range(draw(st.integers(1, 4)))]
    place = draw(st.integers(0, len(goods)))
    broken, marker = victim(motif_format, draw(st.integers(1, 7)))
    text = text_of([*goods[:place], broken, *goods[place:]], motif_format)
    if motif_format != "json" and draw(st.booleans()):
        lines = [line for line in text.splitlines() if marker not in line]
        return "\n".join(lines) + "\n", motif_format != "tsv", goods  # a header alone, or a row less
    one_only = draw(st.booleans())
    new = draw(st.sampled_from(JSON_BREAKS if motif_format == "json" else TEXT_BREAKS))
    return text.replace(marker, new, 1 if one_only else -1), True, goods


@pytest.mark.parametrize("motif_format", FORMATS)
@settings(max_examples=30)
@given(st.data())
def test_a_broken_motif_at_any_place_leaves_the_others_unchanged(tmp_path, motif_format, data):
    text, noticed, goods = data.draw(collections(motif_format))
    path, clean = tmp_path / "broken", tmp_path / "clean"
    path.write_text(text)
    clean.write_text(text_of(goods, motif_format))
    # a damaged first motif can look like another format: what it is has to be said
    expected = read_motifs(str(clean), motif_format)
    same(read_motifs(str(path), motif_format, on_bad="skip"), expected)
    same(read_motifs(str(path), motif_format, names=["good*"]), expected)  # what is not chosen never matters
    if noticed:
        with pytest.raises(FormatError) as error:
            read_motifs(str(path), motif_format)
        assert (error.value.line is None) == (motif_format == "json")
        with pytest.raises(FormatError, match="holds no usable motif"):
            read_motifs(str(path), motif_format, names=["victim"], on_bad="skip")


@pytest.mark.parametrize("motif_format", FORMATS)
@settings(max_examples=20)
@given(st.data())
def test_motifs_of_one_name_are_refused_or_numbered(tmp_path, motif_format, data):
    goods = [data.draw(good(number)) for number in range(data.draw(st.integers(2, 5)))]
    named = text_of(goods, motif_format)
    for number in range(len(goods)):
        named = named.replace(f"good{number}", "same")
    path, clean = tmp_path / "same", tmp_path / "clean"
    path.write_text(named)
    clean.write_text(text_of(goods, motif_format))
    with pytest.raises(FormatError, match="a second motif named 'same'"):
        read_motifs(str(path))
    renamed = read_motifs(str(path), on_duplicate="rename")
    names = ["same", *(f"same_{number}" for number in range(2, len(goods) + 1))]
    assert [motif.info.name for motif in renamed.motifs] == names
    expected = read_motifs(str(clean))
    anew = [replace(motif, info=replace(motif.info, name=name))
            for motif, name in zip(expected.motifs, names, strict=True)]  # fmt: skip
    same(renamed, MotifSet(tuple(anew)))
    (last,) = read_motifs(str(path), names=[names[-1]], on_duplicate="rename").motifs
    assert last.info.name == names[-1]
