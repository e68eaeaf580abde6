"""What a motif format holds comes back from a file as it went in; what does not is named as lost."""

import gzip
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats import MOTIF_WRITERS
from seqnet.formats.files.opening import open_output
from seqnet.formats.files.sniff import KindError
from seqnet.formats.motifs.any_format import lost_in, read_motifs, write_motifs
from seqnet.motifs.background import UNIFORM, Background
from seqnet.motifs.matrix import MotifInfo, MotifSet, Pfm, Ppm, Pssm, to_pfm, to_ppm, to_pssm

COUNTED = [name for name, writer in MOTIF_WRITERS.items() if "counts" in writer.holds]
SCORED = [name for name, writer in MOTIF_WRITERS.items() if "scores" in writer.holds]
EXAMPLES = 30
TOLD = {"cluster-buster": "cluster-buster", "pfm": "pfm-rows"}
"""How to read a file that holds nothing but four rows of four."""

visible = st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_categories=["Z", "C"])
names = st.text(visible, min_size=1, max_size=8)
alternates = st.one_of(
    st.just(""), names.filter(lambda name: name != "."), st.tuples(names, names).map(" ".join)
)  # a point alone stands for nothing in tables
site_numbers = st.one_of(st.integers(2, 10**6).map(float), st.floats(1.2, 1e6))
infos = st.builds(
    MotifInfo,
    names,
    alternates,
    st.one_of(st.none(), site_numbers),
    st.sampled_from(["", "0", "4.1e-009", "1e-400"]),
    st.sampled_from(["", "http://example.org/a?b=c#d;e"]),
    st.one_of(st.none(), st.just(0.0), st.floats(-50, 50).filter(lambda x: abs(x) > 1e-100)),
)
widths = st.sampled_from([1, 2, 3, 4, 5, 7, 12])
values = st.one_of(st.integers(0, 40).map(float), st.floats(0, 1e6), st.sampled_from([0.0, 1e-300, 1 / 3]))
backgrounds = st.one_of(
    st.none(), st.lists(st.floats(0.05, 1), min_size=4, max_size=4).map(lambda f: Background(np.array(f)))
)


@st.composite
def matrices(draw):
    """Rows of counts, of totals that differ or not, far enough from 1 to be counts to any reader."""
    width = draw(widths)
    row = st.lists(values, min_size=4, max_size=4)
    rows = [draw(row.filter(lambda row: sum(row) > 0)) for _ in range(width)]
    matrix = np.array(rows)
    if draw(st.booleans()):
        matrix = matrix / matrix.sum(axis=1, keepdims=True) * draw(st.integers(2, 50))
    matrix[0, 0] += 2.0
    return matrix


@st.composite
def pfms(draw):
    info, matrix = draw(infos), draw(matrices())
    if draw(st.booleans()):  # the number of sites that the counts add up to
        info = replace(info, nsites=None)
    return Pfm(info, matrix)


@st.composite
def ppms(draw):
    info, matrix = draw(infos), draw(matrices())
    return Ppm(info, matrix / matrix.sum(axis=1, keepdims=True))


def sets(motifs, most=3):
    found = st.lists(motifs, min_size=1, max_size=most, unique_by=lambda motif: motif.info.name)
    return st.builds(lambda motifs, background: MotifSet(tuple(motifs), background), found, backgrounds)


def alone(motifs, motif_format):
    """Leave one motif where a format holds one."""
    return MotifSet(motifs.motifs[:1], motifs.background) if motif_format == "pfm" else motifs


def saved(path, motifs, motif_format):
    with open_output(str(path)) as stream:
        write_motifs(stream, motifs, motif_format, {"command": "convert", "motif": "x"})


def loaded(path, motif_format, motifs):
    """Read a file by what it holds; be told where it can be read two ways."""
    if motif_format in TOLD and all(motif.width == 4 for motif in motifs.motifs):
        with pytest.raises(FormatError, match="four rows of four: say --motif-format"):
            read_motifs(str(path))
        return read_motifs(str(path), TOLD[motif_format])
    try:
        return read_motifs(str(path))
    except KindError as error:  # positions that differ this much in number are no counts of sites
        if motif_format != "pfm" or "a matrix needs --motif-format pfm-rows" not in str(error):
            raise
        totals = to_pfm(motifs.motifs[0]).counts.sum(axis=1)
        assert totals.max() > 20 * totals.min()
        return read_motifs(str(path), "pfm-rows")


def there_and_back(folder, motifs, motif_format, *, compressed=False):
    path = folder / ("motif.gz" if compressed else "motif")
    saved(path, motifs, motif_format)
    assert path.read_bytes().startswith(b"\x1f\x8b") == compressed
    return loaded(path, motif_format, motifs)


def check_info(before, after, motif_format):
    """Compare what goes with a matrix, as far as the format holds it."""
    holds = MOTIF_WRITERS[motif_format].holds
    assert after.info.name == (before.info.name if motif_format != "pfm" else "motif")
    expected = before.info.alt_name.replace(" ", "_") if motif_format == "meme" else before.info.alt_name
    assert after.info.alt_name == (expected if "alt_name" in holds else "")
    for field in ("evalue", "url"):
        assert getattr(after.info, field) == (getattr(before.info, field) if field in holds else "")
    if before.info.threshold is None or "threshold" not in holds:
        assert after.info.threshold is None
    elif motif_format == "homer":  # kept in natural logarithms
        assert after.info.threshold == pytest.approx(before.info.threshold, rel=1e-15)
    else:
        assert after.info.threshold == before.info.threshold
    if "nsites" in holds:
        known = before.ppm or before if isinstance(before, Pssm) else before
        assert after.info.nsites == (known.nsites if isinstance(known, Pfm) else known.info.nsites)
    elif "counts" in holds:
        assert after.info.nsites == after.counts.sum(axis=1).max()
    else:
        assert after.info.nsites is None


def check_background(before, after, motif_format):
    if "background" not in MOTIF_WRITERS[motif_format].holds:
        assert after.background is None
    elif before.background is None:  # MEME text says uniform
        assert after.background is None or np.array_equal(after.background.frequencies, UNIFORM.frequencies)
    else:
        assert np.array_equal(after.background.frequencies, before.background.frequencies)


@pytest.mark.parametrize("motif_format", MOTIF_WRITERS)
@settings(max_examples=EXAMPLES)
@given(st.one_of(sets(pfms()), sets(ppms())), st.booleans())
def test_a_format_gives_back_what_it_holds(tmp_path, motif_format, motifs, compressed):
    motifs = alone(motifs, motif_format)
    again = there_and_back(tmp_path, motifs, motif_format, compressed=compressed)
    assert len(again.motifs) == len(motifs.motifs)
    for before, after in zip(motifs.motifs, again.motifs, strict=True):
        check_info(before, after, motif_format)
        if isinstance(after, Pfm):
            assert isinstance(before, Pfm) or motif_format not in SCORED
            assert np.array_equal(after.counts, to_pfm(before).counts)
        else:
            assert np.array_equal(after.probabilities, to_ppm(before).probabilities)
        assert isinstance(after, Pfm) == ("counts" in MOTIF_WRITERS[motif_format].holds) or isinstance(
            before, Ppm
        )
    check_background(motifs, again, motif_format)


@st.composite
def pssms(draw, background):
    """Scores of any kind, with the probabilities they were made from or without."""
    ppm = draw(ppms())
    rule = draw(st.sampled_from(["none", "sqrt", "0.5"]))
    if draw(st.booleans()):
        return to_pssm(ppm, background, rule)
    cell = st.one_of(st.just(-np.inf), st.integers(-20, 2).map(float), st.floats(-1e4, 100))
    scores = draw(st.lists(cell, min_size=4 * ppm.width, max_size=4 * ppm.width))
    kept = ppm if draw(st.booleans()) else None
    return Pssm(ppm.info, np.array(scores).reshape(-1, 4), background, kept, rule if kept else "")


@st.composite
def pssm_sets(draw):
    background = draw(backgrounds) or UNIFORM
    found = draw(st.lists(pssms(background), min_size=1, max_size=2, unique_by=lambda motif: motif.info.name))
    return MotifSet(tuple(found), draw(st.sampled_from([None, background])))


@pytest.mark.parametrize("motif_format", SCORED)
@settings(max_examples=EXAMPLES)
@given(pssm_sets(), st.booleans())
def test_scores_are_exact_to_the_bit(tmp_path, motif_format, motifs, compressed):
    again = there_and_back(tmp_path, motifs, motif_format, compressed=compressed)
    for before, after in zip(motifs.motifs, again.motifs, strict=True):
        assert isinstance(after, Pssm)
        assert after.scores.tobytes() == before.scores.tobytes()  # -inf and -0.0 too
        assert after.pseudocount == before.pseudocount
        assert np.array_equal(after.background.frequencies, before.background.frequencies)
        assert (after.ppm is None) == (before.ppm is None)
        if before.ppm is not None:
            assert np.array_equal(after.ppm.probabilities, before.ppm.probabilities)
        check_info(before, after, motif_format)


@pytest.mark.parametrize("motif_format", [name for name in MOTIF_WRITERS if name not in SCORED])
@settings(max_examples=EXAMPLES)
@given(pssm_sets())
def test_other_formats_take_the_probabilities_of_scores(tmp_path, motif_format, motifs):
    motifs = alone(motifs, motif_format)
    if any(motif.ppm is None for motif in motifs.motifs):
        with pytest.raises(SeqnetError, match=f"cannot write {motif_format}: .* holds scores without"):
            saved(tmp_path / "motif", motifs, motif_format)
        return
    again = there_and_back(tmp_path, motifs, motif_format)
    for before, after in zip(motifs.motifs, again.motifs, strict=True):
        assert np.array_equal(to_pfm(after).counts if isinstance(after, Pfm) else after.probabilities,
                              to_pfm(before).counts if isinstance(after, Pfm) else before.ppm.probabilities)  # fmt: skip


def test_zeros_are_counts_and_no_lengths_of_contigs(tmp_path):
    counts = np.array([[2.0, 0, 18, 1], [0, 0, 0, 1]])
    motifs = MotifSet((Pfm(MotifInfo("motif"), counts),))
    saved(tmp_path / "motif", motifs, "pfm")
    assert np.array_equal(read_motifs(str(tmp_path / "motif")).motifs[0].counts, counts)


@pytest.mark.parametrize(("first", "second"), list(permutations(COUNTED, 2)))
@settings(max_examples=EXAMPLES // 2)
@given(sets(pfms(), most=2))
def test_counts_survive_a_detour_through_another_format(tmp_path, first, second, motifs):
    motifs = alone(motifs, "pfm" if "pfm" in (first, second) else first)
    start = there_and_back(tmp_path, motifs, first)
    between = there_and_back(tmp_path, start, second)
    end = there_and_back(tmp_path, between, first)
    for before, after in zip(start.motifs, end.motifs, strict=True):
        assert np.array_equal(before.counts, after.counts)
        if "pfm" not in (first, second):
            assert after.info.name == before.info.name
            assert after.info.alt_name == before.info.alt_name


@pytest.mark.parametrize("detour", [name for name in MOTIF_WRITERS if "nsites" in MOTIF_WRITERS[name].holds])
@settings(max_examples=EXAMPLES)
@given(
    st.lists(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), min_size=1, max_size=8),
    st.integers(1, 10**6),
)
def test_whole_counts_of_even_columns_survive_probabilities(tmp_path, detour, rows, most):
    total = max(most, *(sum(row) for row in rows))
    assume(total > 1)
    counts = np.array([[*row, total - sum(row)] for row in rows], dtype=float)
    motifs = MotifSet((Pfm(MotifInfo("m", nsites=float(total)), counts),))
    (middle,) = there_and_back(tmp_path, motifs, detour).motifs
    back = there_and_back(tmp_path, MotifSet((middle,)), "jaspar")
    assert np.array_equal(back.motifs[0].counts, counts)
    assert "counts" not in lost_in(motifs, detour)


def changed(before, after):
    """Name what of a motif a file did not give back."""
    names = [f for f in ("evalue", "url") if getattr(before.info, f) != getattr(after.info, f)]
    if before.info.alt_name.replace(" ", "_") != after.info.alt_name.replace(" ", "_"):
        names.append("alt_name")
    if before.info.threshold is not None and after.info.threshold != pytest.approx(
        before.info.threshold, rel=1e-15
    ):
        names.append("threshold")
    stated = before.info.nsites
    if stated is not None and after.info.nsites != pytest.approx(stated, rel=1e-8):
        names.append("nsites")
    if isinstance(before, Pfm) and not np.allclose(to_pfm(after).counts, before.counts, rtol=1e-8, atol=1e-9):
        names.append("counts")
    return names


@pytest.mark.parametrize("motif_format", MOTIF_WRITERS)
@settings(max_examples=EXAMPLES)
@given(st.one_of(sets(pfms()), sets(ppms())))
def test_whatever_changes_is_named_as_lost(tmp_path, motif_format, motifs):
    motifs = alone(motifs, motif_format)
    again = there_and_back(tmp_path, motifs, motif_format)
    found = {name for pair in zip(motifs.motifs, again.motifs, strict=True) for name in changed(*pair)}
    stated, kept = (UNIFORM if b is None else b for b in (motifs.background, again.background))
    if not np.array_equal(stated.frequencies, kept.frequencies):
        found.add("background")
    assert found <= set(lost_in(motifs, motif_format))


@pytest.mark.parametrize("motif_format", MOTIF_WRITERS)
def test_any_compression_reads_the_same(tmp_path, motif_format):
    motifs = MotifSet((Pfm(MotifInfo("m"), np.arange(1.0, 21).reshape(5, 4)),))
    plain = there_and_back(tmp_path, motifs, motif_format).motifs[0]
    path = tmp_path / "motif"
    path.write_bytes(gzip.compress(path.read_bytes()))
    packed = read_motifs(str(path)).motifs[0]
    assert packed.info == plain.info
    assert np.array_equal(to_ppm(packed).probabilities, to_ppm(plain).probabilities)
