"""``seqnet discover`` finds what a small stored model was trained on."""

import json
import re

import numpy as np
import pytest

import seqnet
from seqnet.errors import SeqnetError, UsageError
from seqnet.formats.motifs.any_format import read_motifs
from seqnet.genome.alphabet import decode
from seqnet.pipeline.discovery.request import DiscoverRequest
from seqnet.reports.pattern_sections import pattern_section
from tests.unit.attribution.networks import FIXTURES, fixture_model

PLANTED = "CACGTGAC"


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    """Sequences of unequal lengths that hold the word on which the stored models were trained."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("discover") / "planted.fa"
    lines = []
    for number in range(150):
        length = int(random.integers(45, 61))
        bases = decode(random.integers(0, 4, length).astype(np.uint8))
        start = int(random.integers(0, length - 8))
        lines.append(f">s{number}\n{bases[:start]}{PLANTED}{bases[start + 8 :]}\n")
    path.write_text("".join(lines))
    return path


def test_the_planted_word_is_found_and_written(inside, sequences, tmp_path):
    inside(
        "discover", FIXTURES / "linear.safetensors", sequences, "-t", 1, "-q", "--shuffles", 3,
        "-o", tmp_path / "p.meme", "--seqlets", tmp_path / "s.tsv", "--json", tmp_path / "p.json",
    )  # fmt: skip
    (motif, *_) = read_motifs(str(tmp_path / "p.meme")).motifs
    letters = decode(motif.probabilities.argmax(axis=1).astype(np.uint8))
    assert "CACGTG" in letters
    rows = [line.split("\t") for line in (tmp_path / "s.tsv").read_text().splitlines() if line[0] != "#"]
    patterns = json.loads((tmp_path / "p.json").read_text())["patterns"]
    assert len(rows) == sum(each["seqlets"] for each in patterns)
    assert patterns[0]["seqlets"] == motif.info.nsites
    records = dict(zip(*[iter(sequences.read_text().replace(">", "").split())] * 2, strict=True))
    words = [records[row[0]][int(row[1]) : int(row[2])] for row in rows if row[3] == motif.info.name]
    assert sum("CACGTG" in word for word in words) > 0.8 * len(words)


def test_equal_seeds_give_equal_patterns(sequences):
    model = str(FIXTURES / "linear.safetensors")
    one, other = (seqnet.discover(model, str(sequences), shuffles=2, threads=n, seed=4) for n in (1, 2))
    assert one.table.columns()["seqlets"].tolist() == other.table.columns()["seqlets"].tolist()
    for first, second in zip(one.motifs.motifs, other.motifs.motifs, strict=True):
        np.testing.assert_array_equal(first.counts, second.counts)


def test_too_few_rows_are_an_error_and_nothing_is_written(sequences, tmp_path):
    few = tmp_path / "few.fa"
    few.write_text("".join(sequences.read_text().splitlines(keepends=True)[:20]))
    with pytest.raises(SeqnetError, match="no pattern has 20 seqlets"):
        seqnet.discover(str(FIXTURES / "linear.safetensors"), str(few), str(tmp_path / "p.meme"), threads=1)
    assert not (tmp_path / "p.meme").exists()


def test_what_does_not_apply_is_refused(tmp_path):
    with pytest.raises(UsageError, match="method 'gradient' is none of deeplift, ism"):
        DiscoverRequest("m.safetensors", "a.fa", method="gradient")
    with pytest.raises(UsageError, match="give --regions with --genome, or FASTA"):
        DiscoverRequest("m.safetensors")
    with pytest.raises(UsageError, match="reads signal tracks, which shuffles do not have"):
        seqnet.discover(
            fixture_model("signal", tmp_path), regions=FIXTURES / "rows.bed", genome=FIXTURES / "genome.fa"
        )


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory):
    """A genome that holds the word again and again, and regions that overlap, on both strands."""
    random = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("overlapping")
    bases = list(decode(random.integers(0, 4, 6000).astype(np.uint8)))
    for start in range(20, 5980, 53):
        bases[start : start + 8] = PLANTED
    (folder / "genome.fa").write_text(
        ">c1\n" + "".join(bases[:4000]) + "\n>c2\n" + "".join(bases[4000:]) + "\n"
    )
    rows = [("c1", start, start + 60) for start in range(0, 3900, 40)]
    rows += [("c2", start, start + 60) for start in range(0, 1900, 45)]
    lines = [f"{c}\t{start}\t{end}\tr{i}\t0\t{'+-'[i % 2]}\n" for i, (c, start, end) in enumerate(rows)]
    (folder / "regions.bed").write_text("".join(lines))
    return {"regions": folder / "regions.bed", "genome": folder / "genome.fa"}, rows


def test_hits_are_those_of_a_scan_with_the_attributions_of_the_nearest_region(overlapping):
    given, rows = overlapping
    model = str(FIXTURES / "linear.safetensors")
    found = seqnet.discover(model, **given, shuffles=2, threads=1, fdr=0.3, hits=True)
    hits = list(found.hits.rows())
    scanned = seqnet.scan(found.motifs, genome=str(given["genome"])).hits
    inside = {
        row[:6]: row[6:8]
        for row in zip(*list(scanned.columns().values())[:8], strict=True)
        if any(row[0] == c and start <= row[1] and row[2] <= end for c, start, end in rows)
    }
    assert len(inside) > 100
    assert {row[:6] for row in hits} == set(inside)
    assert len(hits) == len(inside)
    explained = seqnet.explain(model, **given, shuffles=2, threads=1).of()
    for row in hits:
        chrom, start, end, *_, log_odds, p_value, attribution, task = row
        expected = inside[row[:6]]
        assert (log_odds, p_value, task) == (
            pytest.approx(expected[0], abs=1e-4),
            pytest.approx(expected[1], rel=1e-2),
            "bound",
        )
        middle = {
            i: abs((a + b) / 2 - (start + end) / 2)
            for i, (c, a, b) in enumerate(rows)
            if c == chrom and a <= start and end <= b
        }
        nearest = [i for i, distance in middle.items() if distance == min(middle.values())]
        begin = start - rows[nearest[0]][1]
        assert attribution == pytest.approx(
            float(explained.observed[nearest[0], begin : begin + end - start].astype(float).sum()), abs=1e-6
        )


def test_hits_of_sequences_are_written_with_their_places(inside, sequences, tmp_path):
    inside(
        "discover", FIXTURES / "linear.safetensors", sequences, "-t", 1, "-q", "--shuffles", 2,
        "-o", tmp_path / "p.meme", "--hits", tmp_path / "h.bed",
    )  # fmt: skip
    lines = (tmp_path / "h.bed").read_text().splitlines()
    assert "##p-value=0.0001" in lines
    (columns,) = [line for line in lines if line.startswith("#chrom")]
    assert columns.split("\t")[-4:] == ["log_odds", "p_value", "attribution", "task"]
    records = dict(zip(*[iter(sequences.read_text().replace(">", "").split())] * 2, strict=True))
    inside("scan", tmp_path / "p.meme", sequences, "-q", "-o", tmp_path / "scan.bed")
    places = [
        {
            tuple(line.split("\t")[i] for i in (0, 1, 2, 3, 5))
            for line in path.read_text().splitlines()
            if line[0] != "#"
        }
        for path in (tmp_path / "h.bed", tmp_path / "scan.bed")
    ]
    assert places[0] == places[1]
    assert all(0 <= int(start) < int(end) <= len(records[name]) for name, start, end, *_ in places[0])


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The planted word's other strand as a motif, between columns that hold nothing, and another motif."""
    path = tmp_path_factory.mktemp("known") / "known.jaspar"
    text = ""
    for name, word in (
        ("M1", f"NN{PLANTED.translate(str.maketrans('ACGT', 'TGCA'))[::-1]}NNN"),
        ("M2", "TTTTATAA"),
    ):
        rows = [[25 if letter == "N" else 97 if letter == base else 1 for letter in word] for base in "ACGT"]
        lines = [f"{base} [ {' '.join(map(str, row))} ]" for base, row in zip("ACGT", rows, strict=True)]
        text += "\n".join([f">{name} {name}-alt", *lines]) + "\n"
    path.write_text(text)
    return path


def test_the_report_is_one_page_that_asks_for_nothing(inside, sequences, known, tmp_path):
    inside(
        "discover", FIXTURES / "linear.safetensors", sequences, "-t", 1, "-q", "--shuffles", 2, "--motifs", known,
        "-o", tmp_path / "p.meme", "--report", tmp_path / "r.html", "--hits", tmp_path / "h.bed",
    )  # fmt: skip
    text = (tmp_path / "r.html").read_text()
    patterns = read_motifs(str(tmp_path / "p.meme")).motifs
    assert text.count('<svg viewBox="0 0 200 18"') == 0
    assert text.count("<figure") == text.count("<svg ") == 2 * len(patterns)
    assert patterns[0].info.alt_name == "M1-alt"
    assert f"<h3>{patterns[0].info.name}: M1-alt</h3>" in text
    hits = [line for line in (tmp_path / "h.bed").read_text().splitlines() if line[0] != "#"]
    row = re.search(rf'<th scope="row">{patterns[0].info.name}</th>.*?</tr>', text, flags=re.DOTALL)[0]
    numbers = [float(number) for number in re.findall(r'data-number="([^"]*)"', row)]
    assert numbers[0] == patterns[0].info.nsites
    assert numbers[2] == sum(line.split("\t")[3] == patterns[0].info.name for line in hits)
    links = set(re.findall(r'(?:src|href|xlink:href)="([^"]*)"|url\(([^)]*)\)', text))
    assert all((a or b).startswith("#") for a, b in links)
    used = re.findall(r' id="([^"]*)"', text)
    assert len(used) == len(set(used))
    assert "#0a0a0" not in text
    assert "#0b0b0" not in text
    assert str(tmp_path) not in text


def test_the_similar_motif_is_drawn_on_the_strand_and_at_the_place_of_its_match(
    sequences, known, tmp_path, monkeypatch
):
    from seqnet.pipeline.discovery import report

    shown = []
    monkeypatch.setattr(
        report,
        "pattern_section",
        lambda pattern, number: shown.append(pattern) or pattern_section(pattern, number),
    )
    found = seqnet.discover(
        str(FIXTURES / "linear.safetensors"), str(sequences), shuffles=2, threads=1, motifs=str(known),
        report=str(tmp_path / "r.html"),
    )  # fmt: skip
    first = shown[0]
    assert (first.similar.name, len(first.similar.heights)) == ("M1-alt", 13)
    letters = decode(first.similar.heights.argmax(axis=1).astype(np.uint8))
    pattern = decode(first.counts.argmax(axis=1).astype(np.uint8))
    core = pattern.index("CACGTG")
    assert letters[core - first.similar.offset :].startswith("CACGTG")
    # positions are those of the seqlets: middle of each, from the middle of the padded row
    records = sequences.read_text().replace(">", "").split()[1::2]
    sizes = dict(zip((f"s{n}" for n in range(len(records))), map(len, records), strict=True))
    rows = found.seqlets.rows()
    longest = max(sizes.values())
    expected = sorted(
        (start + end) / 2 + (longest - sizes[name]) // 2 - longest / 2
        for name, start, end, pattern, *_ in rows
        if pattern == first.name
    )
    assert sorted(first.positions.tolist()) == expected


def test_attributions_made_before_give_the_patterns_of_their_model(overlapping, tmp_path):
    given, _ = overlapping
    model, path = str(FIXTURES / "linear.safetensors"), tmp_path / "a.npz"
    same = {"threads": 1, "fdr": 1.0, "hits": True}  # every stretch counts, whatever it is compared with
    expected = seqnet.discover(model, **given, shuffles=2, tasks=("bound",), **same)
    seqnet.explain(model, **given, shuffles=2, threads=1, tasks=("bound",), outputs=(str(path),))
    found = seqnet.discover(attributions=str(path), **same)
    assert [row[:4] for row in found.table.rows()] == [row[:4] for row in expected.table.rows()]
    assert [*found.hits.rows()] == [*expected.hits.rows()]
    columns = [0, 1, 2, 3, 4, 5, 6]  # the q-values differ
    assert [[row[i] for i in columns] for row in found.seqlets.rows()] == [
        [row[i] for i in columns] for row in expected.seqlets.rows()
    ]


def test_attributions_of_sequences_keep_their_places(sequences, tmp_path):
    model, path = str(FIXTURES / "linear.safetensors"), tmp_path / "a.npz"
    given = {"shuffles": 2, "threads": 1, "tasks": ("bound",)}
    seqnet.explain(model, str(sequences), **given, outputs=(str(path),))
    found = seqnet.discover(attributions=str(path), fdr=1.0, threads=1).seqlets
    expected = seqnet.discover(model, str(sequences), fdr=1.0, **given).seqlets
    for one, other in (
        (found.chrom, expected.chrom),
        (found.start, expected.start),
        (found.end, expected.end),
    ):
        np.testing.assert_array_equal(one, other)
    sizes = dict(zip(*[iter(sequences.read_text().replace(">", "").split())] * 2, strict=True))
    assert all(0 <= start < end <= len(sizes[name]) for name, start, end, *_ in found.rows())


def arrays_of_another_program(sequences):
    """One-hot sequences and attributions that see the planted word, float64 (n, 4, L)."""
    records = sequences.read_text().split()[1::2]
    x = np.zeros((len(records), 4, 60))
    hypothetical = np.random.default_rng(1).normal(0, 0.05, x.shape)
    for row, text in enumerate(records):
        codes = np.array(["ACGT".index(letter) for letter in text])
        x[row, codes, np.arange(len(text))] = 1
        start = text.index(PLANTED)
        hypothetical[row, codes[start : start + 8], start + np.arange(8)] += 1
    return x, hypothetical


def test_attributions_of_another_program_are_searched(inside, sequences, known, tmp_path):
    x, hypothetical = arrays_of_another_program(sequences)
    np.savez(tmp_path / "ohe.npz", x)
    np.savez_compressed(tmp_path / "shap.npz", hypothetical)
    inside(
        "discover", "--attributions", tmp_path / "shap.npz", "--onehot", tmp_path / "ohe.npz", "-q", "-t", 1,
        "--motifs", known, "-o", tmp_path / "p.meme", "--seqlets", tmp_path / "s.bed",
        "--report", tmp_path / "r.html", "--hits", tmp_path / "h.bed",
    )  # fmt: skip
    (motif,) = read_motifs(str(tmp_path / "p.meme")).motifs
    assert (motif.info.name, motif.info.alt_name) == ("shap_1", "M1-alt")
    assert motif.info.nsites >= 145
    assert "##attributions=shap.npz" in (tmp_path / "s.bed").read_text()
    names = [line.split("\t")[0] for line in (tmp_path / "s.bed").read_text().splitlines() if line[0] != "#"]
    assert set(names) <= {f"row{number}" for number in range(1, 151)}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda x, a: (x, a.transpose(0, 2, 1)), r"a.npz: arr_0 has the shape \(150, 60, 4\); expected \(n, 4, L\)"),
        (lambda x, a: (x[:9], a), r"a.onehot.npz: holds 9 sequences of 60 bases; the attributions of .* are 150 of 60"),
        (lambda x, a: (x, np.where(np.arange(150)[:, None, None] == 3, np.nan, a)), "a.npz: row 4 holds a number that is not finite"),
        (lambda x, a: (x * 2, a), "a.onehot.npz: row 1 is not one-hot"),
        (lambda x, a: (x, a.astype(str)), "a.npz: is no npz file of .*expected numbers"),
        (lambda x, a: (x, a[0]), "a.npz: is no npz file of .*2 dimensions"),
        (lambda x, a: (x, {"arr_0": a, "names": np.zeros((3, 2))}), "a.npz: is no npz file of .*names has type"),
        (lambda x, a: (x, {"arr_0": a, "start": np.arange(3)}), r"a.npz: start has the shape \(3,\); expected \(150,\)"),
        (lambda x, a: (x, {"arr_0": a, "start": np.zeros(150)}), "a.npz: is no npz file of .*start has the type float64"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(sequences, tmp_path, damage, message):
    x, hypothetical = damage(*arrays_of_another_program(sequences))
    np.savez(tmp_path / "a.onehot.npz", x)
    arrays = hypothetical if isinstance(hypothetical, dict) else {"arr_0": hypothetical}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(SeqnetError, match=message):
        seqnet.discover(attributions=str(tmp_path / "a.npz"), threads=1)


def test_a_missing_file_of_sequences_and_a_table_are_refused(sequences, tmp_path):
    np.savez(tmp_path / "a.npz", arrays_of_another_program(sequences)[1])
    with pytest.raises(FileNotFoundError, match=r"a\.onehot\.npz"):
        seqnet.discover(attributions=str(tmp_path / "a.npz"))
    with pytest.raises(SeqnetError, match=r"planted\.fa: is no npz file"):
        seqnet.discover(attributions=str(sequences))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give MODEL, or --attributions"),
        ({"model": "m.safetensors", "attributions": "a.npz"}, "takes the place of MODEL"),
        ({"attributions": "a.npz", "rows": "all"}, "--rows needs MODEL"),
        ({"attributions": "a.npz", "tasks": ("a",)}, "--task needs MODEL"),
        ({"attributions": "a.npz", "seed": 3}, "--seed needs MODEL"),
        (
            {"model": "m.safetensors", "sequences": "s.fa", "onehot": "b.npz"},
            "--onehot goes with --attributions",
        ),
    ],
)
def test_attributions_and_a_model_exclude_each_other(arguments, message):
    with pytest.raises(UsageError, match=message):
        DiscoverRequest(**arguments)
