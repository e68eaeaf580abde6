"""``seqnet explain`` on small stored models."""

import json
import re

import numpy as np
import pytest

import seqnet
from seqnet.attribution.methods import METHODS
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.formats.regions.bed import read_bed
from seqnet.formats.tracks.bigwig import open_bigwig
from seqnet.genome.sequence import centred_start
from seqnet.networks.model import Model
from seqnet.pipeline.explanation.outputs import along_contig
from seqnet.pipeline.explanation.request import KINDS, ExplainRequest, output_kind
from seqnet.pipeline.explanation.results import Attribution
from seqnet.reports.attribution_sections import drawn_bases
from tests.conftest import ROOT
from tests.unit.attribution.networks import FIXTURES, fixture_model
from tests.unit.inference.test_tiles import network_model

GOLDEN = ROOT / "tests" / "cli" / "golden"
FEW = GOLDEN / "few.safetensors"
REGIONS = {"regions": FIXTURES / "rows.bed", "genome": FIXTURES / "genome.fa", "threads": 1}


def options(**more):
    """Options of the command from arguments of the function."""
    named = {**REGIONS, **more}
    return [text for name, value in named.items() for text in (f"--{name.replace('_', '-')}", value)]


@pytest.mark.parametrize(
    "name", ["linear", "linear_regression", "dense", "lecture", "multiclass", "counts", "kmer_term"]
)
def test_every_kind_of_model_is_explained_by_default(name, tmp_path):
    model = fixture_model(name, tmp_path)
    found = seqnet.explain(model, **REGIONS, shuffles=3, rows="top:3")
    assert {each.method for each in found.attributions} == {"deeplift"}
    assert [each.task for each in found.attributions] == list(model.tasks)
    assert len(found.table) == 3 * len(model.tasks)
    assert found.table.completeness.max() < 1e-5


def test_explanations_of_a_model_are_of_what_it_predicts(tmp_path):
    model = fixture_model("lecture", tmp_path)
    found = seqnet.explain(model, **REGIONS, rows="all", methods=["ism"]).of("ism")
    predicted = seqnet.predict(model, **REGIONS).predictions
    np.testing.assert_allclose(1 / (1 + np.exp(-found.output)), predicted.values[:, 0], rtol=1e-5)
    assert found.names.tolist() == predicted.names.tolist()


def test_a_model_with_signals_is_explained_with_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQNET_CACHE", str(tmp_path / "cache"))
    model = fixture_model("signal", tmp_path)
    signals = {"signal": str(FIXTURES / "signal.bw")}
    fixed = seqnet.explain(model, **REGIONS, signals=signals, shuffles=3).of()
    assert not fixed.signals.any()
    compared = seqnet.explain(model, **REGIONS, signals=signals, shuffles=3, signal_reference="mean")
    assert compared.of().signals.any()
    assert compared.table.completeness.max() < 1e-5
    slopes = seqnet.explain(model, **REGIONS, signals=signals, methods=["gradient"]).of()
    assert slopes.signals.any()
    edited = seqnet.explain(model, **REGIONS, signals=signals, methods=["ism"], rows="top:1").of()
    assert edited.signals is None
    assert edited.observed.any()


def test_outputs_by_suffix(inside, tmp_path):
    out = {kind: tmp_path / f"out.{{method}}{suffix}" for suffix, kind in KINDS.items()}
    tables = [tmp_path / "out.bed", tmp_path / "out.tsv.gz"]
    paths = [*(out[kind] for kind in ("bigwig", "npz", "picture")), *tables]
    inside(
        "explain", FIXTURES / "lecture.safetensors", *options(rows="top:4", shuffles=3, task="bound"), "--method", "ism",
        "--method", "deeplift", "-q", *(text for path in paths for text in ("-o", path)),
    )  # fmt: skip
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "out.bed", "out.tsv.gz", *(f"out.{method}{end}" for method in ("ism", "deeplift") for end in
                                   (".bigwig", ".npz", ".onehot.npz", ".pdf")),
    }  # fmt: skip
    with np.load(tmp_path / "out.ism.npz") as arrays, np.load(tmp_path / "out.ism.onehot.npz") as sequences:
        attributions, one_hot = arrays["arr_0"], sequences["arr_0"]
        assert "command=explain" in str(arrays["provenance"])
    assert attributions.shape == one_hot.shape == (4, 4, attributions.shape[2])
    assert attributions.dtype == np.float32
    assert set(np.unique(one_hot)) <= {0, 1}
    np.testing.assert_allclose(attributions.sum(axis=1), 0, atol=1e-5)
    rows = [line.split("\t") for line in (tmp_path / "out.bed").read_text().splitlines() if line[:2] != "##"]
    assert rows[0][:6] == ["#chrom", "start", "end", "name", "score", "strand"]
    assert len(rows) == 9
    assert {row[7] for row in rows[1:]} == {"ism", "deeplift"}
    assert {row[-1] for row in rows[1:] if row[7] == "ism"} == {"."}
    observed = (attributions * one_hot).sum(axis=1)
    chrom, start, end = rows[1][:3]
    with open_bigwig(str(tmp_path / "out.ism.bigwig")) as track:
        values = track.values(chrom, int(start), int(end))
    assert np.isin(values.astype(np.float32), observed.astype(np.float32)).mean() > 0.9


def test_equal_runs_give_equal_bytes_for_any_number_of_threads(inside, tmp_path):
    for name, threads in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        inside(
            "explain", FIXTURES / "lecture.safetensors", *options(shuffles=4, threads=threads, task="bound"), "-q",
            "-o", tmp_path / name / "a.npz", "-o", tmp_path / name / "a.bw", "-o", tmp_path / name / "a.svg",
        )  # fmt: skip
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_rows_are_those_asked_for(tmp_path):
    model = fixture_model("lecture", tmp_path)
    regions = read_bed(str(FIXTURES / "rows.bed"))
    targets = np.where(np.arange(len(regions)) % 3 == 1, 1.0, 0.0)[:, None]
    given = REGIONS | {"regions": regions.with_targets(("bound",), targets)}
    every = seqnet.explain(model, **given, rows="all", shuffles=1).of()
    positive = seqnet.explain(model, **given, shuffles=1).of()
    assert 0 < len(positive) < len(every)
    labels = every.regions.targets[:, 0]
    assert positive.names.tolist() == every.names[labels > 0].tolist()
    best = seqnet.explain(model, **REGIONS, rows="top:2", shuffles=1).of()
    assert sorted(best.output) == sorted(every.output)[-2:]
    middle = seqnet.explain(model, **REGIONS, rows="all", shuffles=1, central=20).of()
    start = (every.observed.shape[1] - 20) // 2
    np.testing.assert_array_equal(middle.observed, every.observed[:, start : start + 20])
    np.testing.assert_array_equal(middle.codes, every.codes[:, start : start + 20])
    edited = seqnet.explain(model, **REGIONS, rows="top:1", methods=["ism"], central=20).of()
    whole = seqnet.explain(model, **REGIONS, rows="top:1", methods=["ism"]).of()
    np.testing.assert_allclose(edited.observed, whole.observed[:, start : start + 20], atol=1e-6)


def test_references_of_one_s_own(tmp_path):
    model = fixture_model("lecture", tmp_path)
    width = model.input["width"]
    (tmp_path / "zeros.fa").write_text(f">a\n{'A' * width}\n>b\n{'ACGT' * width}\n")
    with pytest.raises(SeqnetError, match=f"b has {4 * width} bases; expected {width}"):
        seqnet.explain(model, **REGIONS, references=str(tmp_path / "zeros.fa"))
    (tmp_path / "zeros.fa").write_text(f">a\n{'A' * width}\n")
    found = seqnet.explain(model, **REGIONS, references=str(tmp_path / "zeros.fa"), tasks="bound")
    assert len(set(found.table.reference.tolist())) == 1
    assert not found.of().observed[found.of().codes == 0].any()  # where A stands in both


def explained(starts, values, strand="+", width=10, stranded=False):
    """Attributions of regions of one contig, read as rows of as many bases as there are values."""
    from seqnet.genome.intervals import make_intervals
    from seqnet.genome.regions import make_regions

    n = len(starts)
    sign = {"+": 1, "-": -1}[strand]
    regions = make_regions(make_intervals(["c"] * n, starts, [start + width for start in starts], [sign] * n))
    observed = np.array(values, dtype=np.float32)
    first = centred_start(np.full(n, width), observed.shape[1])
    nothing = np.full(n, np.nan)
    return Attribution(
        "ism", "t", regions.names, None, np.zeros((n, 4, observed.shape[1]), np.float32), observed,
        nothing, nothing, nothing, np.arange(n), first, 0, None, regions, stranded,
    )  # fmt: skip


def test_where_regions_overlap_the_nearest_centre_decides():
    one = explained([20, 26], [np.arange(10), 100 + np.arange(10)])
    places, values = along_contig(one, "c")
    assert places.tolist() == list(range(20, 36))
    # centres are 25 and 31: bases to 27 are nearer to the first
    assert values.tolist() == [*range(8), *range(102, 110)]


def test_rows_read_from_the_minus_strand_are_turned_around():
    one = explained([20], [np.arange(10)], "-", stranded=True)
    assert along_contig(one, "c")[1].tolist() == list(range(9, -1, -1))
    one = explained([20], [np.arange(10)], "-", stranded=False)
    assert along_contig(one, "c")[1].tolist() == list(range(10))


@pytest.mark.parametrize("strand", ["+", "-"])
def test_padded_and_cropped_rows_lie_where_their_bases_do(strand):
    turn = slice(None, None, 1 if strand == "+" else -1)
    padded = explained([20], [[9, *range(5), 9, 9]], strand, stranded=True, width=5)
    places, values = along_contig(padded, "c")
    assert places.tolist() == list(range(20, 25))
    assert values.tolist() == list(range(5))[turn]
    cropped = explained([20], [np.arange(2, 7)], strand, stranded=True, width=9)  # two bases at both ends
    places, values = along_contig(cropped, "c")
    assert places.tolist() == list(range(22, 27))
    assert values.tolist() == list(range(2, 7))[turn]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": "a.fa", "regions": "a.bed"}, "give --regions with --genome, or FASTA"),
        ({"regions": "a.bed"}, "--regions needs --genome"),
        ({"sequences": "a.fa", "outputs": ("a.bw",)}, "a bigWig needs --regions"),
        ({"sequences": "a.fa", "outputs": ("a.xyz",)}, "names no kind of output"),
        ({"sequences": "a.fa", "outputs": ("a.npz.gz",)}, "names no kind of output"),
        ({"sequences": "a.fa", "methods": ("x",)}, "method 'x' is none of deeplift, ism, gradient"),
        ({"sequences": "a.fa", "rows": "best"}, "'best' is none of positive, all, top:N"),
        ({"sequences": "a.fa", "rows": "top:0"}, "--rows: "),
        ({"sequences": "a.fa", "split": "test"}, "--split is for --regions"),
        ({"sequences": "a.fa", "references": "r.fa", "shuffle_range": (1, 2)}, "exclude each other"),
    ],
)
def test_contradictions_are_refused(arguments, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        ExplainRequest("m.safetensors", **arguments)


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/63", "a.b/fifo"])
def test_names_without_a_suffix_are_tables(name):
    assert output_kind(name) == "tsv"


def test_what_does_not_apply_is_refused_with_the_way_out(tmp_path):
    for name, method, message in (
        ("linear", "gradient", "no smooth function of bases; use ism or deeplift"),
        ("kmer_term", "gradient", "k-mer term is no smooth function"),
    ):
        with pytest.raises(UsageError, match=message):
            seqnet.explain(fixture_model(name, tmp_path), **REGIONS, methods=[method])
    model = fixture_model("multiclass", tmp_path)
    with pytest.raises(UsageError, match=r"there are \d tasks; put '\{task\}' in the name"):
        seqnet.explain(model, **REGIONS, outputs=["a.bw"])
    with pytest.raises(UsageError, match="a table holds all methods and tasks"):
        seqnet.explain(model, **REGIONS, outputs=["a.{task}.tsv"])
    with pytest.raises(UsageError, match="the model has no task 'x'; its tasks are "):
        seqnet.explain(model, **REGIONS, tasks=["x"])
    with pytest.raises(UsageError, match="the rows have no labels"):
        seqnet.explain(FEW, str(GOLDEN / "few.fa"), rows="positive")


def test_recurrent_layers_are_explained_by_mutagenesis_and_the_note_says_why(tmp_path, caplog):
    made = network_model("conv 4x5, relu, bilstm 3, flatten", 30)
    header = {"kind": "cnn", "genome": {}, "task_type": "binary", "base_rates": {}, "splits": {}}
    model = Model({**made.header, **header}, made.tensors)
    fasta = tmp_path / "s.fa"
    fasta.write_text(">s\nACGTTGCATGCATTACGGATCCGATTACAG\n")
    caplog.set_level("INFO")
    found = seqnet.explain(model, str(fasta))
    assert {each.method for each in found.attributions} == {"ism"}
    assert "method ism: the layer bilstm has no rule for deeplift" in caplog.messages
    with pytest.raises(
        UsageError, match="--method deeplift: the layer bilstm has no rule for deeplift; use ism"
    ):
        seqnet.explain(model, str(fasta), methods=["deeplift"])


def test_every_method_is_on_the_page():
    page = (ROOT / "docs" / "explain.md").read_text()
    for method in METHODS:
        assert f"`{method}`" in page


def test_filters_become_motifs_that_are_named(inside, tmp_path):
    path = tmp_path / "filters.meme"
    reb1 = GOLDEN / "reb1.meme"
    inside(
        "explain", FIXTURES / "lecture.safetensors", *options(rows="all"), "--filters", path, "--motifs", reb1, "-q",
    )  # fmt: skip
    found = read_motifs(str(path)).motifs
    assert found
    assert all(motif.width == 4 and motif.info.nsites >= 20 for motif in found)
    assert "##influence=" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["filters.meme"]
    result = seqnet.explain(str(FIXTURES / "lecture.safetensors"), **REGIONS, rows="all", filters=str(path))
    assert not result.attributions
    table = result.filters.columns()
    assert (np.diff(table["influence"]) <= 0).all()
    assert [motif.info.name for motif in result.filter_motifs.motifs] == table["filter"].tolist()


def test_filters_that_resemble_no_motif_are_reported_with_the_nearest(capfd, inside, tmp_path):
    path, motifs = tmp_path / "filters.meme", tmp_path / "many.meme"
    columns = np.random.default_rng(0).dirichlet(np.ones(4), (40, 9))
    blocks = [
        f"MOTIF m{number}\nletter-probability matrix: alength= 4 w= 9\n"
        + "".join(" ".join(f"{value:.6f}" for value in column) + "\n" for column in motif)
        for number, motif in enumerate(columns)
    ]
    motifs.write_text("MEME version 4\n\n" + "\n".join(blocks))
    inside(
        "explain",
        FIXTURES / "lecture.safetensors",
        *options(rows="all"),
        "--filters",
        path,
        "--motifs",
        motifs,
    )
    text = path.read_text()
    assert [motif.info.alt_name for motif in read_motifs(str(path)).motifs] == [""] * 3
    (line,) = [line for line in text.splitlines() if line.startswith("##nearest=")]
    found = seqnet.explain(
        str(FIXTURES / "lecture.safetensors"), **REGIONS, rows="all", filters=str(path), motifs=str(motifs)
    ).filters.columns()
    best = seqnet.compare(str(path), str(motifs), top=1, q_value=1).table.columns()
    assert dict(zip(found["filter"], found["nearest"], strict=True)) == dict(
        zip(best["query"], best["target"], strict=True)
    )
    np.testing.assert_allclose(sorted(found["nearest_q"]), sorted(best["q_value"]))
    assert np.isnan(found["q_value"]).all()
    assert line == "##nearest=" + ",".join(
        f"{name}:{near} (q {q:.2g})"
        for name, near, q in zip(found["filter"], found["nearest"], found["nearest_q"], strict=True)
    )
    smallest = int(found["nearest_q"].argmin())
    said = f"the smallest is {found['nearest_q'][smallest]:.2g}, of {found['filter'][smallest]} and"
    assert said in capfd.readouterr().err


def test_models_without_filters_say_so(tmp_path):
    with pytest.raises(UsageError, match="the model has no filters over bases"):
        seqnet.explain(fixture_model("linear", tmp_path), **REGIONS, filters=str(tmp_path / "f.meme"))


def test_the_report_shows_the_rows_of_highest_attribution(inside, tmp_path):
    given = ("--regions", FIXTURES / "rows.bed", "--genome", FIXTURES / "genome.fa", "-t", 1, "-q")
    model, page = FIXTURES / "linear.safetensors", tmp_path / "r.html"
    inside("explain", model, *given, "--task", "bound", "--rows", "all", "--shuffles", 3, "--report", page)
    found = seqnet.explain(
        str(model), regions=str(FIXTURES / "rows.bed"), genome=str(FIXTURES / "genome.fa"), tasks=("bound",),
        rows="all", shuffles=3, threads=1,
    ).of()  # fmt: skip
    sums = found.observed.sum(axis=1, dtype=float)
    best = np.argsort(-sums, kind="stable")[:12]
    text = page.read_text()
    table = re.search(r"<table.*?</table>", text, flags=re.DOTALL)[0]
    numbers = [
        [float(number) for number in re.findall(r'data-number="([^"]*)"', row)]
        for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", table, flags=re.DOTALL)
    ]
    assert [row[0] for row in numbers] == pytest.approx(found.output[best].tolist())
    assert [row[2] for row in numbers] == pytest.approx(sums[best].tolist())
    assert max(row[3] for row in numbers) < 1e-5
    assert text.count("<figure") == text.count("<svg ") == len(best)
    links = set(re.findall(r'(?:src|href|xlink:href)="([^"]*)"|url\(([^)]*)\)', text))
    assert all((a or b).startswith("#") for a, b in links)
    used = re.findall(r' id="([^"]*)"', text)
    assert len(used) == len(set(used))
    assert str(tmp_path) not in text


def test_bases_around_the_highest_attributions_are_drawn():
    heights = np.zeros((40, 4))
    heights[35, 2] = 1
    assert drawn_bases(heights, 20).first == 20
    assert drawn_bases(heights[::-1], 20).first == 0
    assert drawn_bases(heights, 50).heights.shape == (40, 4)
    first, drawn = drawn_bases(heights, 8)
    assert first + int(drawn[:, 2].argmax()) == 35


def test_filters_alone_are_not_all_where_a_report_is_wanted():
    assert ExplainRequest("m.safetensors", "s.fa", filters="f.meme").only_filters
    assert not ExplainRequest("m.safetensors", "s.fa", filters="f.meme", report="r.html").only_filters


@pytest.mark.parametrize(
    "words", [("explain",), ("explain", "--method", "ism"), ("discover",), ("variants",), ("predict",)]
)
def test_a_layer_of_another_version_is_named(run, prepared, tmp_path, words):
    model = read_model(str(prepared / "cnn.safetensors"))
    header = json.loads(json.dumps(model.header))
    header["architecture"][1]["layer"] = "hyena"
    write_model(str(tmp_path / "m.safetensors"), Model(header, model.tensors))
    rows = (prepared / "calls.vcf",) if words[0] == "variants" else ("--regions", prepared / "regions.bed")
    line = (words[0], tmp_path / "m.safetensors", *rows, "--genome", prepared.data / "genome.fa", *words[1:])
    ended = run(*line, "-q", "-t", 1)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, b"", 1)
    assert "error: architecture: layer 2 is 'hyena'; expected one of conv, " in ended.err
