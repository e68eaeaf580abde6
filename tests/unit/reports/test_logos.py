"""Logos read back from the SVG: where each letter lies, in units of the axis that is drawn with it.

``pytest tests/unit/reports/test_logos.py --update-golden`` rewrites tests/golden/logos.
"""

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from math import inf
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from seqnet.motifs.information import letter_heights
from seqnet.motifs.matrix import MotifInfo, Pfm, reverse_complement_matrix, to_pssm
from seqnet.reports.logos import Logo, draw_logos

GOLDEN = Path(__file__).parents[2] / "golden" / "logos"

COUNTS = {
    "lecture": [  # GGATAA CGATAA CGATAT GGATAT
        [0, 0, 4, 0, 4, 2],
        [2, 0, 0, 0, 0, 0],
        [2, 4, 0, 0, 0, 0],
        [0, 0, 0, 4, 0, 2],
    ],
    "REB1": [  # JASPAR MA0363.2
        [212, 159, 86, 281, 8, 28, 679, 2, 4, 3, 11, 104, 296, 133, 186],
        [114, 167, 177, 79, 20, 28, 1, 684, 681, 681, 5, 133, 244, 178, 115],
        [109, 146, 113, 281, 5, 7, 3, 2, 5, 3, 578, 377, 58, 118, 147],
        [256, 219, 315, 50, 658, 628, 8, 3, 1, 4, 97, 77, 93, 262, 243],
    ],
    "CTCF": [  # JASPAR MA0139.1
        [87, 167, 281, 56, 8, 744, 40, 107, 851, 5, 333, 54, 12, 56, 104, 372, 82, 117, 402],
        [291, 145, 49, 800, 903, 13, 528, 433, 11, 0, 3, 12, 0, 8, 733, 13, 482, 322, 181],
        [76, 414, 449, 21, 0, 65, 334, 48, 32, 903, 566, 504, 890, 775, 5, 507, 307, 73, 266],
        [459, 187, 134, 36, 2, 91, 11, 324, 18, 3, 9, 341, 8, 71, 67, 17, 37, 396, 59],
    ],
}
MOTIFS = {name: Pfm(MotifInfo(name), np.array(rows, dtype=float).T) for name, rows in COUNTS.items()}
KINDS = ("information", "probability", "log-odds")
COLOURS = {"A": "#009e73", "C": "#0072b2", "G": "#e69f00", "T": "#cc3311"}
SVG = "{http://www.w3.org/2000/svg}"
COLUMN = 18  # points, at scale 1


def logo_of(name, kind):
    motif = MOTIFS[name]
    return Logo(name, letter_heights(to_pssm(motif) if kind == "log-odds" else motif, kind))


@dataclass(frozen=True)
class Letter:
    """A drawn letter: edges in points from the left of the panel, and in units of its vertical axis."""

    position: int
    base: str
    colour: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def height(self):
        return self.top - self.bottom


@dataclass(frozen=True)
class Panel:
    """A drawn panel; frame is left, right, top and bottom in points."""

    letters: list[Letter]
    frame: tuple[float, float, float, float]
    xticks: list[str]
    yticks: list[float]
    texts: list[str]
    unit: float
    """Points per unit of the vertical axis."""

    @property
    def columns(self):
        """The letters of each position, in the order they were drawn."""
        columns = defaultdict(list)
        for letter in self.letters:
            columns[letter.position].append(letter)
        return columns


def pieces_of(d):
    """Yield the command and numbers of each piece of a path."""
    for command, numbers in re.findall(r"([MLQz])([^MLQz]*)", d):
        yield command, [float(number) for number in numbers.split()]


def extremes(start, control, end):
    """Return where one coordinate of a quadratic curve can be extreme."""
    bend = start - 2 * control + end
    t = (start - control) / bend if bend else 0
    inside = [(1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end] if 0 < t < 1 else []
    return [start, end, *inside]


def box_of(d):
    """Return left, right, top and bottom of a path, curves included."""
    xs, ys = [], []
    for command, numbers in pieces_of(d):
        if command in "ML":
            xs.append(numbers[0])
            ys.append(numbers[1])
            here = numbers
        elif command == "Q":
            xs += extremes(here[0], numbers[0], numbers[2])
            ys += extremes(here[1], numbers[1], numbers[3])
            here = numbers[2:]
    return min(xs), max(xs), min(ys), max(ys)


def comments_in(element):
    return [unescape(part.text).strip() for part in element.iter() if part.tag is ElementTree.Comment]


def groups(element, prefix):
    return [g for g in element.iter(f"{SVG}g") if g.get("id", "").startswith(prefix)]


def tick_marks(panel):
    """Return value and height in points of each tick of the vertical axis."""
    marks = []
    for tick in groups(panel, "ytick_"):
        value = float(comments_in(tick)[0].replace("\N{MINUS SIGN}", "-"))
        marks.append((value, float(tick.find(f".//{SVG}use").get("y"))))
    return marks


def panel_of(group):
    frame = box_of(group.find(f"{SVG}g/{SVG}path").get("d"))
    marks = tick_marks(group)
    (low, low_y), (high, high_y) = marks[0], marks[-1]
    unit = (high_y - low_y) / (high - low)
    letters = []
    for part in groups(group, group.get("id") + "-position-"):
        position, base = re.fullmatch(r"logo-\d+-position-(\d+)-([ACGT])", part.get("id")).groups()
        (path,) = part
        assert set(path.keys()) == {"d", "style"}
        left, right, top, bottom = box_of(path.get("d"))
        colour = re.fullmatch("fill: (#[0-9a-f]{6})", path.get("style"))[1]
        edges = (left - frame[0], right - frame[0], *(low + (y - low_y) / unit for y in (bottom, top)))
        letters.append(Letter(int(position), base, colour, *edges))
    xticks = [comments_in(tick)[0] for tick in groups(group, "xtick_")]
    return Panel(letters, frame, xticks, [value for value, _ in marks], comments_in(group), abs(unit))


def read(svg):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    return ElementTree.fromstring(svg, parser)


def panels_of(svg):
    root = read(svg)
    found = [g for g in root.iter(f"{SVG}g") if re.fullmatch(r"logo-\d+", g.get("id", ""))]
    assert [g.get("id") for g in found] == [f"logo-{i}" for i in range(1, len(found) + 1)]
    return [panel_of(g) for g in found]


def drawn(heights, kind="information", scale=1.0):
    (panel,) = panels_of(draw_logos([Logo("motif", np.array(heights, dtype=float))], kind, "svg", scale))
    return panel


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MOTIFS)
def test_every_letter_is_as_high_as_its_height(name, kind):
    logo = logo_of(name, kind)
    (panel,) = panels_of(draw_logos([logo], kind, "svg"))
    found = {(letter.position - 1, "ACGT".index(letter.base)): letter for letter in panel.letters}
    assert len(found) == len(panel.letters)
    assert set(found) == {(int(i), int(a)) for i, a in zip(*np.nonzero(logo.heights), strict=True)}
    for (i, a), letter in found.items():
        assert letter.height == pytest.approx(abs(logo.heights[i, a]), abs=1e-5)
        assert (letter.top <= 1e-5) if logo.heights[i, a] < 0 else (letter.bottom >= -1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MOTIFS)
def test_letters_stack_from_the_axis_without_gaps_the_tallest_farthest(name, kind):
    (panel,) = panels_of(draw_logos([logo_of(name, kind)], kind, "svg"))
    assert sorted(panel.columns) == list(range(1, len(COUNTS[name][0]) + 1))
    for column in panel.columns.values():
        above = [letter for letter in column if letter.top > 1e-4]
        below = [letter for letter in column if letter.top <= 1e-4]
        edge = 0.0
        for letter in above:
            assert letter.bottom == pytest.approx(edge, abs=1e-5)
            edge = letter.top
        edge = 0.0
        for letter in below:
            assert letter.top == pytest.approx(edge, abs=1e-5)
            edge = letter.bottom
        for stack in (above, below):
            sizes = [letter.height for letter in stack]
            assert sizes == pytest.approx(sorted(sizes), abs=1e-5)


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_letters_are_equally_wide_and_lie_in_their_column(scale):
    for name in MOTIFS:
        (panel,) = panels_of(draw_logos([logo_of(name, "probability")], "probability", "svg", scale))
        left, right, top, bottom = panel.frame
        assert right - left == pytest.approx(len(COUNTS[name][0]) * COLUMN * scale, abs=1e-4)
        assert bottom - top == pytest.approx(1.2 * 72 * scale, abs=1e-4)
        for letter in panel.letters:
            middle = (letter.position - 0.5) * COLUMN * scale
            assert letter.left == pytest.approx(middle - 0.47 * COLUMN * scale, abs=1e-4)
            assert letter.right == pytest.approx(middle + 0.47 * COLUMN * scale, abs=1e-4)


def test_an_axis_has_its_range_ticks_and_label():
    information, probability = drawn([[2, 0, 0, 0]]), drawn([[1, 0, 0, 0]], "probability")
    assert information.yticks == [0, 1, 2]
    assert probability.yticks == [0, 0.5, 1]
    assert {"bits", "motif"} <= set(information.texts)
    assert "probability" in probability.texts
    for panel, top in ((information, 2), (probability, 1)):
        (letter,) = panel.letters
        assert (letter.bottom, letter.top) == pytest.approx((0, top), abs=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("high", [0.03, 0.9, 1, 2.4, 4.8, 7, 13.6, 40])
def test_the_axis_of_scores_reaches_as_far_as_the_tallest_stacks_up_and_down(high, sign):
    panel = drawn([[-0.5 * high * sign, 0.75 * high * sign, 0.25 * high * sign, 0]], "log-odds")
    assert len(panel.yticks) >= 2
    assert 0 in panel.yticks
    assert "log-odds (bits)" in panel.texts
    _, _, top, bottom = panel.frame
    assert bottom - top == pytest.approx(2.4 * 72, abs=1e-4)
    edges = [edge for letter in panel.letters for edge in (letter.bottom, letter.top)]
    assert sign * max(edges, key=abs) == pytest.approx(high, rel=1e-4)
    assert panel.unit == pytest.approx((bottom - top) / (1.5 * high), rel=1e-4)


@pytest.mark.parametrize(("kind", "zero"), [("information", 1), ("probability", 1), ("log-odds", 1)])
def test_two_lines_are_drawn_the_axis_and_where_it_is_zero(kind, zero):
    svg = draw_logos([Logo("m", np.array([[1.0, 0, 0, 0]] * 3))], kind, "svg")
    (panel,) = panels_of(svg)
    left, right, top, bottom = panel.frame
    paths = [path for path in read(svg).iter(f"{SVG}path") if "fill: none" in path.get("style", "")]
    zero = top + zero * (bottom - top)
    assert sorted(box_of(path.get("d")) for path in paths) == [
        pytest.approx((left, left, top, bottom), abs=1e-4),
        pytest.approx((left, right, zero, zero), abs=1e-4),
    ]


def test_scores_of_zero_still_have_an_axis():
    panel = drawn([[0, 0, 0, 0]], "log-odds")
    assert panel.letters == []
    assert panel.yticks == [0, 0.5, 1]


def test_scores_above_and_below_the_axis():
    panel = drawn([[1.5, -2, -0.5, 0.25]], "log-odds")
    found = {letter.base: (letter.bottom, letter.top) for letter in panel.letters}
    assert found == {
        "T": pytest.approx((0, 0.25), abs=1e-5),
        "G": pytest.approx((-0.5, 0), abs=1e-5),
        "A": pytest.approx((0.25, 1.75), abs=1e-5),
        "C": pytest.approx((-2.5, -0.5), abs=1e-5),
    }


@pytest.mark.parametrize(
    ("scores", "depth"),
    [
        ([[2, -inf, -1, -3], [-inf, 1, 1, -0.5]], 3),  # the lowest of the motif, not of the column
        ([[2, -inf, 0, 0], [1, -inf, 1, 0]], 2),  # none below zero
    ],
)
def test_minus_infinity_is_drawn_like_the_lowest_finite_score(scores, depth):
    panel = drawn(scores, "log-odds")
    endless = {(i, "ACGT"[a]) for i, row in enumerate(scores, 1) for a, s in enumerate(row) if s == -inf}
    found = {(letter.position, letter.base): letter for letter in panel.letters}
    assert endless <= set(found)
    for key in endless:
        assert found[key].height == pytest.approx(depth, abs=1e-5)
        assert found[key].top <= 1e-5


def test_each_motif_has_its_own_lowest_score():
    logos = [Logo("a", np.array([[1, -inf, 0, -1]])), Logo("b", np.array([[1, -inf, 0, -4]]))]
    depths = [
        next(letter.height for letter in panel.letters if letter.base == "C")
        for panel in panels_of(draw_logos(logos, "log-odds", "svg"))
    ]
    assert depths == pytest.approx([1, 4], abs=1e-5)


def test_colours_tell_the_letters():
    panel = drawn([[0.1, 0.2, 0.3, 0.4]])
    assert [(letter.base, letter.colour) for letter in panel.letters] == list(COLOURS.items())


def test_letters_are_the_outlines_of_the_bold_font():
    """Compare the drawn points with those that another reader finds in the font."""
    ttlib = pytest.importorskip("fontTools.ttLib")
    font = ttlib.TTFont(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans-Bold.ttf"))
    svg = draw_logos([Logo("m", np.array([[0.5, 0.5, 0.5, 0.5]]))], "information", "svg")
    for group in groups(read(svg), "logo-1-position-1-"):
        base, d = group.get("id")[-1], group[0].get("d")
        left, right, top, bottom = box_of(d)
        ours = [numbers[-2:] for command, numbers in pieces_of(d) if command != "z"]
        ours = [((x - left) / (right - left), (bottom - y) / (bottom - top)) for x, y in ours]
        glyph = font["glyf"][base]
        points, ends, flags = glyph.getCoordinates(font["glyf"])
        assert d.count("z") == len(ends)
        width, height = glyph.xMax - glyph.xMin, glyph.yMax - glyph.yMin
        for (x, y), on_curve in zip(points, flags, strict=True):
            if on_curve:
                place = (x - glyph.xMin) / width, (y - glyph.yMin) / height
                assert min(abs(place[0] - u) + abs(place[1] - v) for u, v in ours) < 0.02, (base, place)


def test_letters_of_no_height_are_not_drawn():
    assert [letter.base for letter in drawn([[0, 0, 1.5, 0], [0, 0, 0, 0]]).letters] == ["G"]


def test_the_other_strand_is_the_mirror_image():
    heights = logo_of("CTCF", "information").heights
    ahead, back = drawn(heights), drawn(reverse_complement_matrix(heights))
    pairs = dict(zip("ACGT", "TGCA", strict=True))
    width = len(heights) * COLUMN
    mirrored = [
        (width + 1, pairs[x.base], width - x.right, width - x.left, x.bottom, x.top) for x in ahead.letters
    ]
    found = [(width + 1, x.base, x.left, x.right, x.bottom, x.top) for x in back.letters]
    for one, other in zip(sorted(mirrored, key=by_place), sorted(found, key=by_place), strict=True):
        assert one[1] == other[1]
        assert one[2:] == pytest.approx(other[2:], abs=1e-4)


def by_place(letter):
    """Sort by column, then from the axis outwards."""
    return round(letter[2]), letter[4]


def test_a_wide_motif_has_fewer_labels_and_all_its_letters():
    heights = np.random.default_rng(0).dirichlet([0.5] * 4, 60)
    panel = drawn(heights, "probability")
    assert len(panel.letters) == 240
    assert panel.xticks == ["1", *map(str, range(5, 61, 5))]
    assert drawn(heights[:19], "probability").xticks == [str(i) for i in range(1, 20)]


@pytest.mark.parametrize("columns", [1, 3, 50])
def test_many_motifs_keep_apart_and_share_their_letter_width(columns):
    names = list(MOTIFS) * 4
    svg = draw_logos([logo_of(name, "information") for name in names], "information", "svg", 1, columns)
    panels = panels_of(svg)
    assert [panel.texts.count(name) for panel, name in zip(panels, names, strict=True)] == [1] * 12
    widths = {round(letter.right - letter.left, 3) for panel in panels for letter in panel.letters}
    assert widths == {round(0.94 * COLUMN, 3)}
    corners = [(round(panel.frame[2]), round(panel.frame[0])) for panel in panels]
    assert corners == sorted(corners)  # row by row
    assert len({x for _, x in corners}) == min(columns, 12)
    assert len({y for y, _ in corners}) == -(-12 // columns)
    _, _, width, height = map(float, read(svg).get("viewBox").split())
    assert width == pytest.approx(min(columns, 12) * (19 * 0.25 + 0.75) * 72)
    for i, one in enumerate(panels):
        assert 0 < one.frame[0] < one.frame[1] < width
        assert 0 < one.frame[2] < one.frame[3] < height
        for other in panels[:i]:
            beside = one.frame[0] > other.frame[1] or other.frame[0] > one.frame[1]
            assert beside or one.frame[2] > other.frame[3]


def test_panels_share_one_axis():
    logos = [Logo("low", np.array([[1.0, 0, 0, -1]])), Logo("high", np.array([[8.0, 0, 0, -2]]))]
    low, high = panels_of(draw_logos(logos, "log-odds", "svg"))
    assert low.yticks == high.yticks == [-2, 0, 2, 4, 6, 8]
    assert "\N{MINUS SIGN}2" in low.texts
    assert [letter.height for letter in low.letters] == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("MA0139.1 CTCF", "MA0139.1 CTCF"),
        (r"$x$ a_b^c $\frac$", r"$x$ a_b^c $\frac$"),
        ("<a>&\"'", "<a>&\"'"),
        ("a--b-", "a- -b-"),  # a comment of XML holds no two hyphens
        ("β-catenin", "β-catenin"),
        ("a\nb\x01c\t漢", "a?b?c??"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_any_name_can_be_a_title(title, shown):
    (panel,) = panels_of(draw_logos([Logo(title, np.array([[1.0, 0, 0, 0]]))], "information", "svg"))
    assert shown in panel.texts


def test_a_long_title_makes_the_picture_wide_enough():
    svg = draw_logos([Logo("W" * 40, np.array([[1.0, 0, 0, 0]]))], "information", "svg")
    left, _, _, _ = panels_of(svg)[0].frame
    letter = 0.98 * 10.8  # a W of this font is 0.98 of its size, and titles are set in 10.8 points
    assert float(read(svg).get("viewBox").split()[2]) > left + 40 * letter
    assert f"translate({left:g} ".encode() in svg
    draw_logos([Logo("", np.array([[1.0, 0, 0, 0]]))], "information", "svg")


def test_text_grows_with_the_picture():
    sizes = []
    for scale in (0.5, 1, 2):
        svg = draw_logos([logo_of("lecture", "information")], "information", "svg", scale).decode()
        sizes.append([float(size) / scale for size in re.findall(r"scale\(([\d.]+) -", svg)])
    assert set(sizes[0]) == {0.09, 0.108}
    assert sizes[0] == sizes[1] == sizes[2]


def test_no_font_is_needed_to_see_the_picture():
    svg = draw_logos([logo_of("lecture", "information")], "information", "svg")
    assert list(read(svg).iter(f"{SVG}text")) == []
    assert b"font-family" not in svg


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="no motifs"):
        draw_logos([], "information", "svg")


HASHES = """
import hashlib, json, sys
import numpy as np
from seqnet.reports.logos import Logo, draw_logos
logos = [Logo(title, np.array(heights)) for title, heights in json.load(sys.stdin)]
kinds = ("information", "log-odds")
images = [draw_logos(logos, kind, form, 1, 2) for kind in kinds for form in ("svg", "png", "pdf")]
assert "matplotlib.pyplot" not in sys.modules
print(json.dumps([hashlib.sha256(image).hexdigest() for image in images]))
"""


def test_bytes_are_the_same_in_every_process_whatever_the_reader_s_style(tmp_path):
    logos = [logo_of(name, "information") for name in MOTIFS]
    kinds = ("information", "log-odds")
    images = [draw_logos(logos, kind, form, 1, 2) for kind in kinds for form in ("svg", "png", "pdf")]
    style = tmp_path / "matplotlibrc"
    style.write_text("axes.facecolor: black\nfont.size: 20\nsvg.fonttype: none\npdf.fonttype: 42\n")
    finished = subprocess.run(
        [sys.executable, "-c", HASHES],
        input=json.dumps([(logo.title, logo.heights.tolist()) for logo in logos]),
        env={**os.environ, "PYTHONHASHSEED": "1", "MATPLOTLIBRC": str(style)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(finished.stdout) == [hashlib.sha256(image).hexdigest() for image in images]


@pytest.mark.parametrize("image_format", ["svg", "png", "pdf"])
def test_drawing_twice_gives_the_same_and_leaves_the_settings_alone(image_format):
    before = dict(mpl.rcParams)
    logo = logo_of("lecture", "information")
    first = draw_logos([logo], "information", image_format)
    assert first == draw_logos([logo], "information", image_format)
    assert first != draw_logos([Logo("lecture", logo.heights / 2)], "information", image_format)
    assert dict(mpl.rcParams) == before


def chunks_of(png):
    """Yield type and content of each chunk of a PNG."""
    place = 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_a_png_has_its_size_in_pixels_and_no_text(scale):
    png = draw_logos([logo_of("CTCF", "information")], "information", "png", scale)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks = list(chunks_of(png))
    size = struct.unpack(">II", chunks[0][1][:8])
    assert size == (int((19 * 0.25 + 0.75) * 200 * scale), int((1.2 + 0.65) * 200 * scale))
    assert {name for name, _ in chunks} == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


def test_pixels_have_the_colour_of_their_letter():
    image = pytest.importorskip("PIL.Image")
    png = draw_logos([logo_of("lecture", "probability")], "probability", "png")
    picture = image.open(BytesIO(png)).convert("RGB")
    colours = {base: tuple(bytes.fromhex(colour[1:])) for base, colour in COLOURS.items()}
    stem = picture.getpixel((int((0.6 + 3.5 * 0.25) * 200), int((0.35 + 0.6) * 200)))
    assert stem == colours["T"]  # position 4, in the middle
    beside = picture.getpixel((int((0.6 + 3.1 * 0.25) * 200), int((0.35 + 0.6) * 200)))
    assert beside == (255, 255, 255)
    upper = {picture.getpixel((x, 75)) for x in range(int(0.6 * 200) + 1, int(0.85 * 200))}
    assert colours["G"] in upper
    assert colours["C"] not in upper
    edge = picture.getpixel((int(0.6 * 200 + 3 * 50 + 48.5), int((0.35 + 0.1) * 200)))
    assert edge == pytest.approx([(255 + part) / 2 for part in colours["T"]], abs=2)  # half of it


def test_a_pdf_has_its_size_in_points_and_no_date():
    pdf = draw_logos([logo_of("CTCF", "information")], "information", "pdf", 2)
    assert pdf.startswith(b"%PDF-")
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", pdf)
    assert [float(side) for side in box.groups()] == pytest.approx([11 * 72, 3.7 * 72])
    assert b"Date" not in pdf


def structure_of(svg):
    """Return what a logo shows: size, and per position its letters from the bottom up."""
    (panel,) = panels_of(svg)
    root = read(svg)
    lines = [f"{root.get('width')} x {root.get('height')}"]
    for position, column in sorted(panel.columns.items()):
        letters = [f"{letter.base} {letter.height:.4f} {letter.colour}" for letter in column]
        lines.append("\t".join([str(position), *letters]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("scale", [0.5, 1, 2])
@pytest.mark.parametrize("name", MOTIFS)
def test_the_structure_is_as_recorded(request, name, scale):
    found = structure_of(draw_logos([logo_of(name, "information")], "information", "svg", scale))
    path = GOLDEN / f"{name}_{scale}.txt"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found)
    assert found == path.read_text()
