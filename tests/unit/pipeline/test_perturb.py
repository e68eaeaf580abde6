"""``seqnet.perturb`` from Python, against windows edited as text and predicted by ``seqnet.predict``."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.genome.alphabet import decode, encode_text
from seqnet.motifs.matrix import MotifInfo, MotifSet, Ppm
from seqnet.pipeline.perturbation.experiments import Spread, backgrounds
from tests.unit.pipeline.test_variants import CONTIG, OTHER, WIDTH, kmer_model, model

STARTS = (40, 120, 333, 500, 610)
SITES = {"one": "GATTACA", "two": "TTCCG"}
PAIRS = dict(zip("ACGT", "TGCA", strict=True))


def reverse(text):
    return "".join(PAIRS[letter] for letter in reversed(text))


def motifs():
    def ppm(name, site):
        columns = [[0.7 if base == letter else 0.1 for base in "ACGT"] for letter in site]
        return Ppm(MotifInfo(name), np.array(columns))

    return MotifSet(tuple(ppm(*item) for item in SITES.items()))


@pytest.fixture
def at(tmp_path):
    """A folder with genome and regions; ``run`` perturbs, ``predicted`` predicts edited windows."""
    (tmp_path / "g.fa").write_text(f">c1\n{CONTIG}\n>c2\n{OTHER}\n")
    (tmp_path / "r.bed").write_text("".join(f"c1\t{s}\t{s + WIDTH}\tr{s}\n" for s in STARTS))

    def run(models=None, **options):
        given = {"regions": tmp_path / "r.bed", "genome": tmp_path / "g.fa", "threads": 1, **options}
        return seqnet.perturb(models or model(), **given).effects.columns()

    def predicted(windows, models=None):
        fasta = tmp_path / "windows.fa"
        fasta.write_text("".join(f">w{n}\n{window}\n" for n, window in enumerate(windows)))
        values = seqnet.predict(models or model(), sequences=str(fasta), threads=1).predictions.values
        return values.astype(np.float64)

    return SimpleNamespace(folder=tmp_path, run=run, predicted=predicted)


WINDOWS = [CONTIG[start : start + WIDTH] for start in STARTS]


def put(window, site, start):
    return window[:start] + site + window[start + len(site) :]


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_inserted_motifs_have_the_effects_of_edited_sequences(at, made):
    found = at.run(made(), insert=motifs(), keep_regions=True)
    base = at.predicted(WINDOWS, made())
    row = 0
    for name, site in SITES.items():
        start = (WIDTH - len(site)) // 2
        for strand, text in (("+", site), ("-", reverse(site))):
            effects = at.predicted([put(window, text, start) for window in WINDOWS], made()) - base
            for task in range(effects.shape[1]):
                assert (found["motif"][row], found["strand"][row], found["start"][row]) == (
                    name,
                    strand,
                    start,
                )
                assert found["site"][row] == site
                low, high = stats.t.interval(
                    0.95, len(STARTS) - 1, loc=effects[:, task].mean(), scale=stats.sem(effects[:, task])
                )
                want = (effects[:, task].mean(), low, high, len(STARTS))
                got = [found[key][row] for key in ("mean", "low", "high", "n")]
                np.testing.assert_allclose(got, want, atol=3e-5)
                row += 1
    assert row == len(found["mean"])


def test_pairs_have_the_interaction_of_edited_sequences(at):
    found = at.run(insert=motifs(), pair=("two", "one"), distance=(3, 5), keep_regions=True)
    base = at.predicted(WINDOWS)
    first = (WIDTH - len(SITES["one"]) - len(SITES["two"]) - 5) // 2
    row = 0
    for distance in (3, 4, 5):
        second = first + len(SITES["two"]) + distance
        for b in "+-":
            for a in "+-":
                sites = {"two": SITES["two"] if a == "+" else reverse(SITES["two"]),
                         "one": SITES["one"] if b == "+" else reverse(SITES["one"])}  # fmt: skip
                one = [put(window, sites["two"], first) for window in WINDOWS]
                two = [put(window, sites["one"], second) for window in WINDOWS]
                both = [put(window, sites["one"], second) for window in one]
                effects = [at.predicted(windows) - base for windows in (both, one, two)]
                for task in range(2):
                    where = [
                        found[key][row] for key in ("motif_a", "strand_a", "motif_b", "strand_b", "distance")
                    ]
                    assert where == ["two", a, "one", b, distance]
                    want = [effect[:, task].mean() for effect in effects]
                    got = [found[key][row] for key in ("effect_pair", "effect_a", "effect_b")]
                    np.testing.assert_allclose(got, want, atol=3e-5)
                    assert found["mean"][row] == pytest.approx(want[0] - want[1] - want[2], abs=5e-5)
                    row += 1
    assert row == len(found["mean"])
    assert np.abs(found["mean"]).max() > 1e-3


def test_ablation_shuffles_the_stretch_alone(at):
    place = next(p for p in range(60, 90) if CONTIG[p] != CONTIG[p + 1])
    bed = at.folder / "hits.bed"
    bed.write_text(f"c1\t{place}\t{place + 2}\thit\nc1\t300\t306\trepeat\nc1\t395\t402\tcut\nc2\t5\t9\tx\n")
    found = at.run(ablate=bed, shuffles=9)
    assert found["name"].tolist() == ["hit"] * 2
    assert found["region"].tolist() == ["r40"] * 2
    window = WINDOWS[0]
    swapped = put(window, CONTIG[place + 1] + CONTIG[place], place - STARTS[0])
    change = (at.predicted([swapped]) - at.predicted([window]))[0]
    shares = found["mean"] / change  # of the nine shuffles that swap the two bases
    np.testing.assert_allclose(shares * 9, np.round(shares * 9), atol=1e-2)
    assert 0 < round(shares[0] * 9) < 9


def test_hits_outside_all_windows_are_counted(at, caplog):
    bed = at.folder / "hits.bed"
    place = STARTS[0] + 4
    bed.write_text(f"c1\t{place}\t{place + 6}\nc1\t2\t6\nc2\t5\t9\n")
    caplog.set_level("INFO")
    assert len(at.run(ablate=bed)["mean"]) == 2
    assert "2 of 3 hits lie outside all windows and are left out" in caplog.text


@pytest.mark.parametrize(
    ("line", "words"), [("1\t90\t99\n", "say '1', which"), ("c2\t5\t99999\n", "passes the end of c2")]
)
def test_hits_outside_the_genome_are_an_error(at, line, words):
    bed = at.folder / "hits.bed"
    bed.write_text(f"c1\t{STARTS[0] + 4}\t{STARTS[0] + 9}\n{line}")
    with pytest.raises(SeqnetError, match=words) as raised:
        at.run(ablate=bed)
    assert "hits.bed:2" in str(raised.value)


def test_a_hit_of_one_base_repeated_has_no_effect(at):
    place = CONTIG.index("AAA", 40, 700)
    (at.folder / "r.bed").write_text(f"c1\t{place - 20}\t{place - 20 + WIDTH}\n")
    bed = at.folder / "hits.bed"
    bed.write_text(f"c1\t{place}\t{place + 3}\n")
    found = at.run(ablate=bed)
    assert (found["mean"] == 0).all()


def test_backgrounds_keep_the_dinucleotides_of_each_window_and_leave_out_n():
    windows = np.stack([encode_text(window) for window in WINDOWS])
    windows[2, 5] = 4
    made = backgrounds(windows, 0, keep=False)

    def pairs(codes):
        text = decode(codes)
        return Counter(text[i : i + 2] for i in range(len(text) - 1))

    kept = [windows[row] for row in (0, 1, 3, 4)]
    assert [pairs(row) for row in made] == [pairs(row) for row in kept]
    assert not any(np.array_equal(one, two) for one, two in zip(made, kept, strict=True))
    assert (backgrounds(windows, 1, keep=False) != made).any()


def test_one_effect_has_no_interval():
    spread = Spread.of(np.array([[2.0, 3.0]]))
    assert spread.mean.tolist() == [2, 3]
    assert np.isnan(spread.low).all()


def test_regions_are_drawn_by_the_seed(at):
    one, two, other = (at.run(insert=motifs(), max_regions=2, seed=seed)["mean"] for seed in (0, 0, 3))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "give either --insert"),
        ({"insert": motifs(), "pair": ("one",)}, "takes two"),
        ({"insert": motifs(), "pair": ("one", "x")}, "x is the name of no motif of"),
        ({"insert": motifs(), "pair": ("one", "two"), "distance": (0, 55)}, "do not fit"),
        ({"insert": motifs(), "distance": (0, 5)}, "--distance is for --pair"),
        ({"insert": motifs(), "shuffles": 3}, "--shuffles is for --ablate"),
        ({"insert": motifs(), "task_names": ("x",)}, "no task 'x'"),
    ],
)
def test_requests_that_make_no_sense_are_usage_errors(at, options, words):
    with pytest.raises((UsageError, SeqnetError), match=words):
        at.run(**options)


def test_hits_outside_all_windows_are_an_error(at):
    bed = at.folder / "hits.bed"
    bed.write_text("c2\t5\t9\n")
    with pytest.raises(SeqnetError, match="no hit lies in a window"):
        at.run(ablate=bed)


def test_table_and_picture_are_written(at):
    out, plot = at.folder / "o.tsv", at.folder / "o.svg"
    at.run(insert=motifs(), pair=("one", "two"), distance=(0, 2), output=out, plot=plot)
    lines = out.read_text().splitlines()
    assert lines[1] == "##command=perturb"
    columns = next(line for line in lines if line.startswith("#motif_a")).split("\t")
    assert columns[-5:] == ["task", "mean", "low", "high", "n"]
    assert len(lines[-1].split("\t")) == len(columns)
    assert plot.read_text().count("one+ two+") == 2  # a curve of each task in the legend
    again = at.folder / "again.svg"
    at.run(insert=motifs(), pair=("one", "two"), distance=(0, 2), output=out, plot=again)
    assert again.read_bytes() == plot.read_bytes()


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_the_suffix_picks_the_format_of_the_picture(at, suffix):
    plot = at.folder / f"o.{suffix}"
    at.run(insert=motifs(), plot=plot)
    assert plot.read_bytes().startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[suffix])


def test_a_picture_of_another_suffix_is_an_error_before_the_work(at):
    plot = at.folder / "o.txt"
    with pytest.raises(UsageError, match=r"o\.txt: pictures are \.svg, \.png or \.pdf"):
        at.run(models=at.folder / "missing.safetensors", insert=motifs(), plot=plot)
    assert not plot.exists()


def hits_of(at):
    """Two stretches of the windows."""
    bed = at.folder / "hits.bed"
    bed.write_text("c1\t50\t58\tfirst\nc1\t130\t140\tsecond\n")
    return bed


@pytest.mark.parametrize("experiment", ["insert", "pair", "ablate"])
def test_the_report_shows_the_numbers_of_the_table(at, experiment):
    options = {
        "insert": lambda: {"insert": motifs()},
        "pair": lambda: {"insert": motifs(), "pair": ("one", "two"), "distance": (0, 3)},
        "ablate": lambda: {"ablate": hits_of(at), "shuffles": 3},
    }[experiment]()
    reports = [at.folder / "a.html", at.folder / "b.html"]
    for path in reports:
        table = at.run(report=path, **options)
    text = reports[0].read_text()
    assert text == reports[1].read_text()
    assert text.count("<svg") >= 2  # a picture of each task
    for value in table["mean"]:
        assert f">{value:.4g}<" in text
    largest = table["mean"][np.abs(table["mean"]).argmax()]
    assert f"{largest:.3g}" in text
    assert {"insert": "one+", "pair": "one+ two+", "ablate": "second"}[experiment] in text
    assert "http://" not in text.replace("http://www.w3.org", "")  # opens offline


def test_a_report_of_many_changes_shows_the_largest(at):
    sites = [Ppm(MotifInfo(f"m{number}"), np.eye(4)[np.array([number // 4**k % 4 for k in range(5)])] * 0.9 + 0.025)
             for number in range(130)]  # fmt: skip
    table = at.run(insert=MotifSet(tuple(sites)), report=at.folder / "r.html")
    text = (at.folder / "r.html").read_text()
    assert f"The page shows the largest 200 of {len(table['mean'])}" in text
    assert "The 40 changes of highest and lowest effect." in text
    sizes = np.sort(np.abs(table["mean"]))[::-1]
    shown = [value for value in table["mean"] if abs(value) >= sizes[199]]
    assert all(f">{value:.4g}<" in text for value in shown)
