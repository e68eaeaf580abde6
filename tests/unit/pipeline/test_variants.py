"""``seqnet.variants`` from Python, against genomes edited as text and predicted by ``seqnet.predict``."""

import random
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pysam.bcftools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqnet
from seqnet.errors import FormatError, SeqnetError, UsageError
from seqnet.genome.alphabet import encode_text
from seqnet.genome.variants import Variant
from seqnet.networks.model import Model
from seqnet.pipeline.variants import run as step
from seqnet.pipeline.variants.genotypes import Outside
from seqnet.pipeline.variants.haplotypes import haplotype_window
from seqnet.pipeline.variants.rows import FLAGS
from seqnet.pipeline.variants.windows import like_substitutions
from tests.unit.inference.test_tiles import PADDED, network_model

WIDTH = 60
HEADER = "##fileformat=VCFv4.2\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
LETTERS = random.Random(5).choices("ACGT", k=800)
CONTIG = "".join(LETTERS[:300]) + "CA" * 20 + "".join(LETTERS[300:])
OTHER = "".join(random.Random(6).choices("AC", k=400))


def model(seed=0, **more):
    made = network_model(PADDED, WIDTH, seed=seed)
    empty = {"rows": 0, "contigs": []}
    header = {"kind": "cnn", "genome": {}, "base_rates": {}, "task_type": "regression",
              "splits": dict.fromkeys(("train", "valid", "test"), empty)}  # fmt: skip
    return Model({**made.header, **header, **more}, made.tensors)


def kmer_model(width=WIDTH, normalize="sqrt", tasks=("t",)):
    """A linear model of gapped words with random weights."""
    settings = {"patterns": ["1101", "111"], "strands": "both", "normalize": normalize, "hash_bits": 5}
    header = {
        "kind": "linear", "architecture": [], "tasks": list(tasks), "strands": "forward",
        "task_type": "regression", "input": {"type": "kmers", "width": width, "features": 32, "settings": settings},
        "splits": {name: {"rows": 0, "contigs": []} for name in ("train", "valid", "test")},
        "base_rates": {}, "genome": {},
    }  # fmt: skip
    weights = np.random.default_rng(1).normal(size=(len(tasks), 32)).astype(np.float32)
    tensors = {"0.weight": weights, "0.bias": np.zeros(len(tasks), np.float32),
               "input.mean": np.zeros(32, np.float32), "input.scale": np.ones(32, np.float32)}  # fmt: skip
    return Model(header, tensors)


@pytest.fixture
def at(tmp_path):
    """A folder with a genome; ``vcf`` writes rows, ``effects`` judges them."""
    genome = tmp_path / "g.fa"
    genome.write_text(f">c1\n{CONTIG}\n>c2\n{OTHER}\n")

    def vcf(*rows, name="v.vcf", samples=()):
        extra = "\t".join(["\tFORMAT", *samples]) if samples else ""
        lines = [row if isinstance(row, str) else "\t".join(map(str, row)) for row in rows]
        (tmp_path / name).write_text("\n".join([HEADER.strip(), COLUMNS + extra, *lines]) + "\n")
        return tmp_path / name

    def effects(rows, models=None, fasta=genome, **options):
        path = vcf(*(plain_row(*row) for row in rows))
        return seqnet.variants(models or model(), path, genome=fasta, threads=1, **options).effects

    return SimpleNamespace(folder=tmp_path, genome=genome, vcf=vcf, effects=effects)


def plain_row(contig, pos, ref, alt):
    return (contig, pos, ".", ref, alt, ".", ".", ".")


def edited(pos, ref, alt, text=CONTIG):
    assert text[pos - 1 : pos - 1 + len(ref)] == ref
    return text[: pos - 1] + alt + text[pos - 1 + len(ref) :]


def logits(fasta, windows, models=None):
    """Predict windows of a FASTA file by the command that predicts; a regression, so that outputs are plain."""
    bed = fasta.with_suffix(".bed")
    bed.write_text("".join(f"c1\t{start}\t{start + WIDTH}\n" for start in windows))
    values = seqnet.predict(models or model(), regions=bed, genome=fasta, threads=1).predictions.values
    return values.astype(np.float64)


ROWS = [
    (100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0]),
    (150, CONTIG[149:152], "GATTA"),
    (200, CONTIG[199:201], CONTIG[199]),
    (250, CONTIG[249], CONTIG[249] + "TTTAG"),
    (305, "CA", "C") if CONTIG[304:306] == "CA" else (306, "CA", "C"),
    (320, CONTIG[319:324], CONTIG[319]),
    (400, CONTIG[399:411], CONTIG[399]),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}:{row[1]}>{row[2]}")
def test_effects_are_those_of_predictions_of_an_edited_genome(at, row):
    pos, ref, alt = row
    changed = edited(pos, ref, alt)
    fasta = at.folder / "edited.fa"
    fasta.write_text(f">c1\n{changed}\n")
    change, starts, other = len(changed) - len(CONTIG), [], []
    # how far the two texts agree from either end
    front = next(n for n in range(len(CONTIG)) if CONTIG[n] != changed[n])
    back = next(n for n in range(len(CONTIG)) if CONTIG[-1 - n] != changed[-1 - n])
    shorter = min(len(CONTIG), len(changed))
    if change == 0 or front + back < shorter:  # bases differ on both sides: the variant lies at one place
        middle, first, last = shorter - front - back, front, len(CONTIG) - back
    else:  # the texts agree on more than there is: the shorter one's repeat
        middle = front + back - shorter
        first = shorter - back
        last = len(CONTIG) - (shorter - front)
        middle = min(middle, WIDTH // 2) if middle else 0
    before = (WIDTH - middle + 1) // 2
    starts = [first - before]
    if change:
        other = [last + WIDTH - middle - before - WIDTH]
    old = logits(at.genome, [*starts, *other])
    new = [logits(fasta, starts)]
    if other:
        new.append(logits(fasta, [other[0] + change]))
    found = at.effects([("c1", pos, ref, alt)])
    for task, column in enumerate(("A", "B")):
        want_ref, want_alt = old[:, task].mean(), np.concatenate(new)[:, task].mean()
        assert found.columns()[f"ref_{column}"][0] == pytest.approx(want_ref, abs=2e-5)
        assert found.columns()[f"alt_{column}"][0] == pytest.approx(want_alt, abs=2e-5)
        assert found.columns()[f"delta_{column}"][0] == pytest.approx(want_alt - want_ref, abs=4e-5)
    assert abs(found.columns()["delta_A"][0]) > 1e-4


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}:{row[1]}>{row[2]}")
def test_swapping_the_alleles_gives_exactly_the_negative(at, row, made):
    pos, ref, alt = row
    fasta = at.folder / "edited.fa"
    fasta.write_text(f">c1\n{edited(pos, ref, alt)}\n>c2\n{OTHER}\n")
    forth = at.effects([("c1", pos, ref, alt)], made())
    back = at.effects([("c1", pos, alt, ref)], made(), fasta)
    for name in forth.others:
        if name.startswith("delta_"):
            assert forth.others[name][0] == -back.others[name][0] != 0


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_every_spelling_of_an_indel_in_a_repeat_gives_one_value(at, made):
    first = CONTIG.index("CA" * 20)
    deletions = [("c1", p, CONTIG[p - 1 : p + 2], CONTIG[p - 1]) for p in range(first, first + 39)]
    longer = ("c1", first, CONTIG[first - 1 : first + 9], CONTIG[first - 1 : first + 7])
    gone = at.effects([*deletions, longer], made())
    insertions = [
        ("c1", p, CONTIG[p - 1], CONTIG[p - 1] + CONTIG[p : p + 2]) for p in range(first, first + 39)
    ]
    come = at.effects(insertions, made())
    for table in (gone, come):
        for name, values in table.others.items():
            assert len(set(values.tolist())) == 1, name
    name = next(name for name in gone.others if name.startswith("delta_"))
    assert gone.others[name][0] != come.others[name][0]


def test_a_k_mer_model_s_effects_are_those_of_counted_windows(at):
    rows = [("c1", *row) for row in ROWS]
    found = at.effects(rows, kmer_model(), task_names=("t",))
    fasta = at.folder / "edited.fa"
    for number, (pos, ref, alt) in enumerate(ROWS):
        if len(ref) != len(alt):
            continue
        fasta.write_text(f">c1\n{edited(pos, ref, alt)}\n")
        start = pos - 1 - (WIDTH - len(ref) + 1) // 2
        want = logits(fasta, [start], kmer_model()) - logits(at.genome, [start], kmer_model())
        assert found.others["delta_t"][number] == pytest.approx(want[0, 0], abs=1e-5)


@pytest.mark.parametrize("normalize", ["sqrt", "log", "counts", "frequency"])
def test_substitutions_under_a_k_mer_model_are_those_of_whole_windows(at, normalize):
    made = kmer_model(normalize=normalize, tasks=("t", "u"))
    text = f"{CONTIG[:200]}{'N' * 9}{CONTIG[209:230]}N{CONTIG[231:]}"
    fasta, changed = at.folder / "padded.fa", at.folder / "changed.fa"
    fasta.write_text(f">c1\n{text}\n")
    rows = [(pos, text[pos - 1], "ACGT".replace(text[pos - 1], "")[pos % 3])
            for pos in (1, 2, 31, 190, 200, 210, 400, len(text) - 3, len(text))]  # fmt: skip
    rows.append((231, "A", "C"))  # the genome has N there
    found = at.effects([("c1", *row) for row in rows], made, fasta)
    inner = range(2, 7)  # those whose moved windows are not mostly outside the contig
    moved = at.effects([("c1", *rows[number]) for number in inner], made, fasta, shifts=(-5, 0))
    assert set(found.flag) == {""}
    pad = "N" * WIDTH
    for number, (pos, _, alt) in enumerate(rows):
        fasta.write_text(f">c1\n{pad}{text}{pad}\n")
        changed.write_text(f">c1\n{pad}{text[: pos - 1]}{alt}{text[pos:]}{pad}\n")
        start = pos - 1 + WIDTH - WIDTH // 2
        old, new = (logits(path, [start, start - 5], made) for path in (fasta, changed))
        for task, name in enumerate("tu"):
            assert found.others[f"ref_{name}"][number] == pytest.approx(old[0, task], abs=1e-5)
            delta = (new - old)[:, task]
            assert found.others[f"delta_{name}"][number] == pytest.approx(delta[0], abs=1e-5)
            if number in inner:
                shifted = moved.others[f"delta_{name}"][inner.index(number)]
                assert shifted == pytest.approx(delta.mean(), abs=1e-5)
    assert np.abs(found.others["delta_t"]).min() > 1e-4


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_values_do_not_depend_on_the_other_rows(at, monkeypatch, made):
    rows = [("c1", *row) for row in ROWS]
    whole = at.effects(rows, made())
    monkeypatch.setattr(step, "_ALLELES_AT_ONCE", 2)
    parts = at.effects(rows[::-1], made())
    for name, values in whole.others.items():
        np.testing.assert_array_equal(values, parts.others[name][::-1])


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_multiallelic_rows_and_duplicates_keep_their_order(at, made):
    base = CONTIG[99]
    alts = [letter for letter in "ACGT" if letter != base]
    apart = at.effects([("c1", 100, base, alt) for alt in alts], made())
    together = at.effects([("c1", 100, base, ",".join(alts)), ("c1", 100, base, alts[1])], made())
    assert together.alt.tolist() == [*alts, alts[1]]
    name = next(name for name in together.others if name.startswith("delta_"))
    np.testing.assert_array_equal(together.others[name][:3], apart.others[name])
    assert together.others[name][3] == apart.others[name][1]


def test_several_models_give_mean_and_spread(at):
    rows = [("c1", *row) for row in ROWS]
    apart = [at.effects(rows, model(seed)).others["delta_A"] for seed in range(3)]
    both = at.effects(rows, tuple(model(seed) for seed in range(3)))
    np.testing.assert_allclose(both.others["delta_A"], np.mean(apart, axis=0), atol=1e-12)
    np.testing.assert_allclose(both.others["sd_A"], np.std(apart, axis=0, ddof=1), atol=1e-12)


def test_shifts_average_over_moved_windows(at):
    row = ("c1", *ROWS[0])
    fasta = at.folder / "edited.fa"
    fasta.write_text(f">c1\n{edited(*ROWS[0])}\n")
    starts = [ROWS[0][0] - 1 - WIDTH // 2 + shift for shift in (-7, 0, 11)]
    want = (logits(fasta, starts) - logits(at.genome, starts)).mean(axis=0)
    found = at.effects([row], shifts=(-7, 0, 11))
    assert found.others["delta_A"][0] == pytest.approx(want[0], abs=3e-5)


def test_regressions_are_in_the_units_of_their_targets(at):
    scale = {"target_scale": {"rule": "standardise", "center": [5.0, 0.0], "deviation": [100.0, 1.0]}}
    plain = at.effects([("c1", *ROWS[0])], model(task_type="regression"))
    scaled = at.effects([("c1", *ROWS[0])], model(task_type="regression", **scale))
    assert scaled.others["delta_A"][0] == pytest.approx(100 * plain.others["delta_A"][0], rel=1e-4)
    assert scaled.others["ref_A"][0] == pytest.approx(5 + 100 * plain.others["ref_A"][0], rel=1e-4)


# ---- odd rows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "alt", "flag"),
    [
        (CONTIG[99], ".", "NO_ALT"),
        (CONTIG[99], "*", "STAR"),
        (CONTIG[99], "<DEL>", "SYMBOLIC"),
        (CONTIG[99], CONTIG[99] + "[c2:30[", "BREAKEND"),
        (CONTIG[99], "." + CONTIG[99], "BREAKEND"),
        ("N", "C", "AMBIGUOUS_ALLELE"),
        (CONTIG[99], "CNC", "AMBIGUOUS_ALLELE"),
        (CONTIG[99], CONTIG[99], "SAME"),
        (CONTIG[99:199], CONTIG[99], "LONG"),
        (CONTIG[99], CONTIG[99] + "ACGT" * 30, "LONG"),
    ],
)
def test_alleles_without_an_effect_are_flagged_and_counted(at, ref, alt, flag):
    path = at.vcf(plain_row("c1", 100, ref, alt))
    result = seqnet.variants(model(), path, genome=at.genome, threads=1)
    assert result.effects.flag.tolist() == [flag]
    assert result.flags == {flag: 1}
    assert np.isnan(result.effects.others["delta_A"]).all()
    assert flag in FLAGS


def test_lower_case_alleles_are_read_as_upper_case(at):
    pos, ref, alt = ROWS[2]
    one, two = at.effects([("c1", pos, ref, alt), ("c1", pos, ref.lower(), alt.lower())]).others["delta_A"]
    assert one == two


def test_at_the_ends_of_a_contig_windows_are_padded_as_those_of_tiles(at):
    last = len(CONTIG)
    changed = "ACGT".replace(CONTIG[2], "")[0]
    found = at.effects([("c1", 3, CONTIG[2], changed), ("c1", last, CONTIG[-1], "A" + CONTIG[-1])])
    assert found.flag.tolist() == ["", ""]
    fasta = at.folder / "padded.fa"
    fasta.write_text(f">c1\n{'N' * 100}{CONTIG}\n")
    old = logits(fasta, [102 - WIDTH // 2])
    fasta = at.folder / "edited.fa"
    fasta.write_text(f">c1\n{'N' * 100}{edited(3, CONTIG[2], changed)}\n")
    want = logits(fasta, [102 - WIDTH // 2]) - old
    assert found.others["delta_A"][0] == pytest.approx(want[0, 0], abs=3e-5)


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_windows_that_are_mostly_ambiguous_are_flagged(at, made):
    fasta = at.folder / "n.fa"
    alt = "AG"[CONTIG[99] == "A"]
    for known, flag in ((6, "N_WINDOW"), (29, "N_WINDOW"), (30, "")):
        end = 95 + known
        fasta.write_text(f">c1\n{'N' * 95}{CONTIG[95:end]}{'N' * 95}\n")
        found = at.effects([("c1", 100, CONTIG[99], alt)], made(), fasta)
        assert found.flag[0] == flag
        assert np.isnan(found.others[next(iter(found.others))]).all() == bool(flag)


def test_a_window_too_short_for_a_base_on_either_side_is_flagged(at):
    found = at.effects([("c1", *ROWS[0])], kmer_model(width=2))
    assert found.flag.tolist() == ["LONG"]
    assert at.effects([("c1", *ROWS[0])], kmer_model(width=3)).flag.tolist() == [""]
    assert at.effects([("c1", *ROWS[0])], kmer_model(), shifts=(WIDTH // 2,)).flag.tolist() == ["LONG"]


def test_a_hundred_alternative_alleles(at):
    alts = [CONTIG[99] + "".join(random.Random(n).choices("ACGT", k=5)) for n in range(100)]
    found = at.effects([("c1", 100, CONTIG[99], ",".join(alts))])
    assert len(found) == 100
    assert found.others["delta_A"][37] == at.effects([("c1", 100, CONTIG[99], alts[37])]).others["delta_A"][0]


# ---- rows that do not fit --------------------------------------------------------------------


def mismatched(text=CONTIG):
    return [("c1", p, "ACGT".replace(text[p - 1], "")[0], text[p - 1]) for p in range(100, 110)]


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        (mismatched(), "REF and ALT look swapped in 10"),
        ([("c1", p, OTHER[p], "G") for p in range(100, 110)], "another assembly"),
    ],
)
def test_a_wrong_ref_is_an_error_with_count_and_cause(at, rows, cause):
    good = ("c1", 50, CONTIG[49], "ACGT".replace(CONTIG[49], "")[0])
    rows = [row for row in rows if CONTIG[row[1] - 1] != row[2]]
    with pytest.raises(FormatError, match=cause) as raised:
        at.effects([good, *rows])
    assert raised.value.line == 4
    assert f"so {len(rows)} of {len(rows) + 1} rows" in str(raised.value)
    assert f"REF is '{rows[0][2]}'" in str(raised.value) or f"REF is {rows[0][2]}" in str(raised.value)


def test_positions_that_count_from_zero_are_recognised(at):
    rows = [("c1", p, CONTIG[p : p + 4], "A") for p in range(100, 110)]
    with pytest.raises(FormatError, match="positions look 0-based"):
        at.effects(rows)


def test_a_position_beyond_the_contig_is_an_error(at):
    with pytest.raises(FormatError, match="has no base"):
        at.effects([("c2", 5000, "A", "C")])
    with pytest.raises(FormatError, match=r"at c1:0, where .* has no base"):
        at.effects([("c1", 0, "A" if CONTIG[0] != "A" else "T", "C")])


@pytest.mark.parametrize("rule", ["flag", "skip"])
def test_rows_that_do_not_fit_are_flagged_or_left_out(at, rule):
    rows = [("c1", *ROWS[0]), mismatched()[5], ("c9", 5, "A", "C")]
    path = at.vcf(*(plain_row(*row) for row in rows))
    result = seqnet.variants(model(), path, genome=at.genome, on_mismatch=rule, threads=1)
    expected = ["", "REF_MISMATCH", "UNKNOWN_CONTIG"] if rule == "flag" else [""]
    assert result.effects.flag.tolist() == expected
    assert (result.rows, result.skipped) == (3, 0 if rule == "flag" else 2)
    assert result.flags == {"REF_MISMATCH": 1, "UNKNOWN_CONTIG": 1}


def test_contigs_in_the_other_style_are_named(at):
    fasta = at.folder / "ucsc.fa"
    fasta.write_text(f">chr1\n{CONTIG}\n")
    with pytest.raises(FormatError, match=r"v\.vcf:3: variants say '1'.*only the style of names differs"):
        at.effects([("1", 100, CONTIG[99], "A")], fasta=fasta)


def test_letters_that_are_no_bases_are_refused(at):
    with pytest.raises(FormatError, match=r"v\.vcf:3: ALT is 'CX'"):
        at.effects([("c1", 100, CONTIG[99], "CX")])


# ---- choices ---------------------------------------------------------------------------------


def test_targets_and_contigs_choose_rows(at):
    rows = [("c1", *ROWS[0]), ("c1", *ROWS[1]), ("c2", 100, OTHER[99], "G")]
    assert at.effects(rows, chroms=("c2",)).chrom.tolist() == ["c2"]
    bed = at.folder / "t.bed"
    bed.write_text("c1\t99\t100\nc1\t151\t160\n")
    assert at.effects(rows, targets=str(bed)).pos.tolist() == [100, 150]
    bed.write_text("c1\t98\t99\nc1\t152\t160\n")
    assert len(at.effects(rows, targets=str(bed))) == 0


def test_targets_in_the_other_style_are_refused(at):
    bed = at.folder / "targets.bed"
    bed.write_text("chrc1\t0\t800\n")
    with pytest.raises(SeqnetError, match=r"targets.bed: its rows say 'chrc1', which .*g.fa does not have"):
        at.effects([("c1", *ROWS[0])], kmer_model(), targets=bed)
    bed.write_text("chrc1\t0\t800\nc1\t0\t800\n")
    assert len(at.effects([("c1", *ROWS[0])], kmer_model(), targets=bed).flag) == 1


def test_tasks_are_chosen_by_name(at):
    assert "delta_A" not in at.effects([("c1", *ROWS[0])], task_names=("B",)).others
    with pytest.raises(UsageError, match="no task 'x'; its tasks are A, B"):
        at.effects([("c1", *ROWS[0])], task_names=("x",))


def test_at_most_eight_tasks_are_written_unless_named(at, caplog):
    tasks = tuple(f"t{number}" for number in range(11))
    found = at.effects([("c1", *ROWS[0])], kmer_model(tasks=tasks))
    assert sum(name.startswith("delta_") for name in found.others) == 8
    assert "the first 8 of 11 tasks are used" in caplog.text
    named = at.effects([("c1", *ROWS[0])], kmer_model(tasks=tasks), task_names=tasks)
    assert sum(name.startswith("delta_") for name in named.others) == 11


def test_models_of_different_tasks_do_not_go_together(at):
    with pytest.raises(SeqnetError, match="its tasks are t, those of the model are A, B"):
        at.effects([("c1", *ROWS[0])], (model(), kmer_model()))


def test_a_k_mer_model_without_a_width_asks_for_it(at):
    with pytest.raises(SeqnetError, match="give --width"):
        at.effects([("c1", *ROWS[0])], kmer_model(width=None))
    wide = at.effects([("c1", *ROWS[0])], kmer_model(width=None), width=WIDTH)
    assert wide.others["delta_t"][0] == at.effects([("c1", *ROWS[0])], kmer_model()).others["delta_t"][0]


def test_windows_shorter_than_the_words_of_a_k_mer_model_are_refused(at):
    with pytest.raises(UsageError, match="--width 3: the model counts words of 4 bases"):
        at.effects([("c1", *ROWS[0])], kmer_model(), width=3)
    assert at.effects([("c1", *ROWS[0])], kmer_model(), width=4).others["delta_t"][0] != 0


def test_normalising_rewrites_rows_as_bcftools_does_and_changes_no_value(at):
    rows = [plain_row("c1", *row) for row in ROWS]
    rows.append(plain_row("c1", 330, CONTIG[329:333], f"{CONTIG[329:331]},{CONTIG[329:333]}CACA"))
    path = at.vcf(*rows)
    text = path.read_text().replace("#CHROM", f"##contig=<ID=c1,length={len(CONTIG)}>\n#CHROM", 1)
    path.write_text(text)
    out = at.folder / "n.vcf"
    seqnet.variants(model(), path, genome=at.genome, output=out, normalize=True, threads=1)
    known = pysam.bcftools.norm("-f", str(at.genome), str(path), catch_stdout=True)

    def alleles(text):
        lines = (line.split("\t") for line in text.splitlines() if line[0] != "#")
        return sorted((int(cells[1]), cells[3], cells[4]) for cells in lines)

    assert alleles(out.read_text()) == alleles(known)
    assert alleles(out.read_text()) != alleles(text)
    plain = seqnet.variants(model(), path, genome=at.genome, threads=1).effects
    moved = seqnet.variants(model(), path, genome=at.genome, normalize=True, threads=1).effects
    np.testing.assert_array_equal(plain.others["delta_A"], moved.others["delta_A"])


def test_like_substitutions_have_the_same_three_bases_on_either_strand():
    window = encode_text("ACGTTACGGCGTAACGN")
    places, bases = like_substitutions(window, 1, 3)  # C>T in ACG
    assert places.tolist() == [2, 6, 10, 14]
    assert bases.tolist() == [0, 3, 0, 3]  # CGT is ACG on the other strand, where C>T is G>A


@pytest.mark.parametrize("made", [model, kmer_model], ids=["network", "k-mers"])
def test_the_null_quantile_is_that_of_substitutions_made_by_hand(at, made):
    pos, ref, alt = ROWS[0]
    start = pos - 1 - WIDTH // 2
    window = CONTIG[start : start + WIDTH]
    pairs = dict(zip("ACGT", "TGCA", strict=True))
    triple = CONTIG[pos - 2 : pos + 1]
    reverse = "".join(pairs[letter] for letter in reversed(triple))
    fasta = at.folder / "e.fa"
    fasta.write_text(f">c1\n{edited(pos, ref, alt)}\n")
    base = logits(at.genome, [start], made())[0, 0]
    own, sizes = abs(logits(fasta, [start], made())[0, 0] - base), []
    for place in range(1, WIDTH - 1):
        around = window[place - 1 : place + 2]
        if start + place == pos - 1 or around not in (triple, reverse):
            continue
        new = alt if around == triple else pairs[alt]
        fasta.write_text(f">c1\n{edited(start + place + 1, window[place], new)}\n")
        sizes.append(abs(logits(fasta, [start], made())[0, 0] - base))
    assert sizes
    found = at.effects([("c1", pos, ref, alt), ("c1", *ROWS[2])], made(), null=1000)
    values = next(column for name, column in found.others.items() if name.startswith("null_"))
    assert values[0] == pytest.approx(np.mean([size < own for size in sizes]))
    assert np.isnan(values[1])  # an indel


@pytest.mark.parametrize(("made", "name"), [(model, "null_A"), (kmer_model, "null_t")])
def test_null_draws_depend_on_the_seed_and_the_variant_alone(at, made, name):
    rows = [("c1", *ROWS[0]), ("c2", 100, OTHER[99], "G"), ("c2", 200, OTHER[199], "G")]

    def quantiles(rows, seed=0):
        return at.effects(rows, made(), null=2, seed=seed).others[name]

    one = quantiles(rows)
    np.testing.assert_array_equal(one, quantiles(rows[::-1])[::-1])
    assert any((quantiles(rows, seed) != one).any() for seed in range(1, 9))


def test_saturation_judges_every_substitution_of_the_regions(at):
    bed = at.folder / "r.bed"
    bed.write_text("c1\t100\t103\nc1\t102\t104\n")
    found = seqnet.variants(model(), genome=at.genome, saturation=True, regions=bed, threads=1).effects
    assert found.pos.tolist() == [p for p in (101, 102, 103, 104) for _ in range(3)]
    rows = [("c1", pos, ref, alt) for pos, ref, alt in zip(found.pos, found.ref, found.alt, strict=True)]
    again = at.effects(rows)
    np.testing.assert_array_equal(found.others["delta_A"], again.others["delta_A"])


def test_saturation_gives_what_mutagenesis_gives_in_the_same_windows(at):
    places = range(98, 108)
    (at.folder / "sites.bed").write_text("".join(f"c1\t{place}\t{place + 1}\n" for place in places))
    (at.folder / "windows.bed").write_text(
        "".join(f"c1\t{place - WIDTH // 2}\t{place - WIDTH // 2 + WIDTH}\n" for place in places)
    )
    options = {"genome": at.genome, "threads": 1}
    every = seqnet.variants(
        model(), saturation=True, regions=at.folder / "sites.bed", **options
    ).effects  # fmt: skip
    seqnet.explain(
        model(), regions=at.folder / "windows.bed", methods=("ism",), rows="all",
        outputs=(str(at.folder / "{task}.npz"),), **options,
    )  # fmt: skip
    for task in ("A", "B"):
        attributions = np.load(at.folder / f"{task}.npz")["arr_0"][:, :, WIDTH // 2]
        number = np.repeat(np.arange(len(places)), 3)
        codes = {letter: code for code, letter in enumerate("ACGT")}
        ref, alt = ([codes[letter] for letter in column] for column in (every.ref, every.alt))
        expected = attributions[number, alt] - attributions[number, ref]
        np.testing.assert_allclose(every.others[f"delta_{task}"], expected, rtol=0, atol=1e-5)
        assert np.abs(expected).max() > 1e-2


def test_substitutions_of_several_bases_swap_and_split_exactly(at):
    ref = CONTIG[99:102]
    alts = [
        "GAT" if ref != "GAT" else "CCC",
        "A" + ref[1:],
        ref[:2] + "".join(sorted(set("AC") - {ref[2]}))[0],
    ]
    alts = [alt for alt in alts if alt != ref]
    together = at.effects([("c1", 100, ref, ",".join(alts))])
    apart = at.effects([("c1", 100, ref, alt) for alt in alts])
    np.testing.assert_array_equal(together.others["delta_A"], apart.others["delta_A"])
    for alt, delta in zip(alts, apart.others["delta_A"], strict=True):
        fasta = at.folder / "edited.fa"
        fasta.write_text(f">c1\n{edited(100, ref, alt)}\n>c2\n{OTHER}\n")
        back = at.effects([("c1", 100, alt, ref)], fasta=fasta)
        assert back.others["delta_A"][0] == -delta != 0


# ---- motifs ----------------------------------------------------------------------------------


@pytest.fixture
def pssm(at, example_data):
    path = at.folder / "reb1.meme"
    seqnet.build_pwm(example_data / "sites.fa", name="REB1", output=str(path))
    return path


def scanned(folder, pssm, text):
    """The best hit of a sequence, by the command that scans."""
    fasta = folder / "stretch.fa"
    fasta.write_text(f">s\n{text}\n")
    hits = seqnet.scan(str(pssm), str(fasta), p_value=1, best=True).hits
    return float(hits.log_odds[0]), float(hits.p_value[0])


@pytest.mark.parametrize("row", [ROWS[0], ROWS[1], ROWS[2], ROWS[3]], ids=str)
def test_motif_effects_are_the_best_scores_of_the_windows_that_overlap(at, pssm, row):
    pos, ref, alt = row
    found = at.effects([("c1", pos, ref, alt)], str(pssm))
    width = 15
    new = edited(pos, ref, alt)
    same = max(p for p in range(len(CONTIG)) if CONTIG[:p] == new[:p])
    behind = min(p for p in range(len(CONTIG) + 1) if CONTIG[p:] == new[len(new) - len(CONTIG) + p :])
    if len(ref) != len(alt):  # the whole repeat
        same, behind = min(same, behind, pos), max(same, behind)
        size = len(ref) - len(alt)
        same = min(same, behind - max(size, 0))
    first, last = same - (width - 1), behind + (width - 1)
    if len(ref) == 1 and len(alt) > 1:
        last = max(same, behind) + width - 1
    score, p_value = scanned(at.folder, pssm, CONTIG[first:last])
    changed, p_changed = scanned(at.folder, pssm, new[first : last + len(new) - len(CONTIG)])
    assert found.others["ref_REB1"][0] == pytest.approx(score, abs=1e-6)
    assert found.others["alt_REB1"][0] == pytest.approx(changed, abs=1e-6)
    assert found.others["p_ref_REB1"][0] == pytest.approx(p_value, rel=2e-3)
    assert found.others["p_alt_REB1"][0] == pytest.approx(p_changed, rel=2e-3)


def test_a_variant_among_ambiguous_bases_has_no_motif_score_and_others_keep_theirs(at, pssm):
    text = CONTIG[:96] + "N" * 4 + CONTIG[100] + "N" * 4 + CONTIG[105:]
    fasta = at.folder / "ambiguous.fa"
    fasta.write_text(f">c1\n{text}\n")
    rows = [("c1", p, text[p - 1], "ACGT".replace(text[p - 1], "")[0]) for p in (101, 200)]
    found = at.effects(rows, str(pssm), fasta=fasta)
    assert found.flag.tolist() == ["N_WINDOW", ""]
    assert np.isnan(
        [found.others[f"{name}_REB1"][0] for name in ("ref", "alt", "delta", "p_ref", "p_alt")]
    ).all()
    score, p_value = scanned(at.folder, pssm, text[185:214])
    assert found.others["ref_REB1"][1] == pytest.approx(score, abs=1e-6)
    assert found.others["p_ref_REB1"][1] == pytest.approx(p_value, rel=2e-3)


def test_a_broken_site_is_named(at, pssm):
    site = "TTATTACCCGGCATT"
    text = CONTIG[:100] + site + CONTIG[100:]
    fasta = at.folder / "site.fa"
    fasta.write_text(f">c1\n{text}\n")
    middle = 100 + site.index("CCC") + 2  # 1-based second C
    loss = at.effects([("c1", middle, "C", "A")], fasta=fasta, motifs=str(pssm)).others["motif"][0]
    name, kind, p_ref, p_alt = loss.split("|")
    assert (name, kind) == ("REB1", "loss")
    assert 10 * float(p_ref) < float(p_alt)
    assert float(p_ref) < 1e-4
    fasta.write_text(f">c1\n{text[: middle - 1]}A{text[middle:]}\n")
    gain = at.effects([("c1", middle, "A", "C")], fasta=fasta, motifs=str(pssm)).others["motif"][0]
    assert gain.split("|")[1:] == ["gain", p_alt, p_ref]
    far = at.effects([("c1", 400, text[399], "ACGT".replace(text[399], "")[0])], fasta=fasta,
                     motifs=str(pssm)).others["motif"][0]  # fmt: skip
    assert far == ""
    assert (
        at.effects([("c1", middle, "A", "C")], fasta=fasta, motifs=str(pssm), motif_p=1e-12).others["motif"][
            0
        ]
        == ""
    )


# ---- haplotypes ------------------------------------------------------------------------------


def genotyped(pos, ref, alt, *calls):
    return (*plain_row("c1", pos, ref, alt), "GT", *calls)


def symbolic(pos, end):
    """A deletion on the first copy, from the base behind `pos` up to `end`, 1-based."""
    row = genotyped(pos, CONTIG[pos - 1], "<DEL>", "1|0")
    return (*row[:7], f"SVTYPE=DEL;END={end}", *row[8:])


REGION = (90, 150)
CALLS = [
    (100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "0|1", "1|1"),
    (110, CONTIG[109:113], CONTIG[109], "1|0", "0|1"),
    (120, CONTIG[119], CONTIG[119] + "GATTACA", "1|0", "0|1"),
    (130, CONTIG[129], ",".join(letter for letter in "ACGT" if letter != CONTIG[129]), "2|3", "0|0"),
]


def test_haplotypes_are_predictions_of_the_consensus_that_bcftools_makes(at):
    bcftools = shutil.which("bcftools")
    if bcftools is None:
        pytest.skip("bcftools is not installed")
    path = at.vcf(*(genotyped(*call) for call in CALLS), samples=("s1", "s2"))
    lines = (
        f"##contig=<ID=c1,length={len(CONTIG)}>\n" + '##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n'
    )
    path.write_text(path.read_text().replace("#CHROM", lines + "#CHROM", 1))
    bed = at.folder / "r.bed"
    bed.write_text("\t".join(map(str, ("c1", *REGION))) + "\tregion\n")
    made = model()
    found = seqnet.variants(made, path, genome=at.genome, haplotypes="all", regions=bed, threads=1).effects
    pysam.tabix_index(str(path), preset="vcf", force=True, keep_original=True)
    table = found.columns()
    assert table["sample"].tolist() == ["s1", "s1", "s2", "s2"]
    assert table["haplotype"].tolist() == [1, 2, 1, 2]
    for row, (sample, copy) in enumerate((s, c) for s in ("s1", "s2") for c in (1, 2)):
        text = subprocess.run(
            [bcftools, "consensus", "-f", at.genome, "-s", sample, "-H", str(copy), f"{path}.gz"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        whole = "".join(text.split(">c1\n")[1].split(">")[0].split())
        change = len(whole) - len(CONTIG)
        fasta = at.folder / "consensus.fa"
        fasta.write_text(f">x\n{whole[REGION[0] - 20 : REGION[1] + change + 20]}\n")
        want = seqnet.predict(made, sequences=str(fasta), threads=1).predictions.values[0].astype(float)
        assert table["alt_A"][row] == pytest.approx(want[0], abs=2e-5)
    assert (table["delta_A"] != 0).all()


@pytest.mark.parametrize(
    ("rows", "flags"),
    [
        ([genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "0/1")], ["UNPHASED"] * 2),
        ([genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "1/1")], [""] * 2),
        ([genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], ".|1")], ["MISSING", ""]),
        ([genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "./.")], ["MISSING"] * 2),
        ([genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "1")], [""]),
        ([genotyped(100, CONTIG[99], "<DEL>", "1|0")], ["SYMBOLIC", ""]),
        ([symbolic(70, 91)], ["SYMBOLIC", ""]),
        ([symbolic(70, 90)], [""] * 2),
        ([genotyped(145, CONTIG[144:160], CONTIG[144], "1|0")], ["EDGE", ""]),
        (
            [
                genotyped(100, CONTIG[99:103], CONTIG[99], "1|0"),
                genotyped(101, CONTIG[100], "ACGT".replace(CONTIG[100], "")[0], "1|1"),
            ],
            ["OVERLAP", ""],
        ),
    ],
)
def test_haplotypes_that_are_not_known_are_flagged_or_an_error(at, rows, flags):
    path = at.vcf(*rows, samples=("s1",))
    bed = at.folder / "r.bed"
    bed.write_text("\t".join(map(str, ("c1", *REGION))) + "\n")
    options = {"genome": at.genome, "haplotypes": "s1", "regions": bed, "threads": 1}
    table = seqnet.variants(kmer_model(), path, **options).effects.columns()
    assert [flag if flag != "." else "" for flag in table["flag"]] == flags
    assert np.isnan(table["alt_t"]).tolist() == [bool(flag) for flag in flags]
    if any(flags):
        with pytest.raises(SeqnetError, match="--unphased skip"):
            seqnet.variants(kmer_model(), path, unphased="error", **options)


def test_haplotypes_of_contigs_in_the_other_style_are_refused(at):
    row = genotyped(100, CONTIG[99], "ACGT".replace(CONTIG[99], "")[0], "1|1")
    path = at.vcf(("chrc1", *row[1:]), samples=("s1",))
    bed = at.folder / "r.bed"
    bed.write_text("\t".join(map(str, ("c1", *REGION))) + "\n")
    options = {"genome": at.genome, "haplotypes": "s1", "regions": bed, "threads": 1}
    with pytest.raises(FormatError, match=r"variants say 'chrc1', which .* does not have"):
        seqnet.variants(kmer_model(), path, **options)
    with pytest.raises(SeqnetError, match=r"its rows say 'chrc1', which .* does not have"):
        seqnet.variants(kmer_model(), path, chroms=("c1",), **options)
    left = seqnet.variants(kmer_model(), path, on_mismatch="skip", **options)
    assert left.skipped == 1


def test_a_longer_or_shorter_haplotype_is_cut_as_predict_cuts_sequences():
    codes = encode_text("ACGTACGTACGTACGTACGT")
    shorter, _flag = haplotype_window(codes, 6, 14, [Variant(8, codes[8:11].tobytes(), b"")])
    edited_codes = np.concatenate(
        [codes[:8], codes[11:]]
    )  # 3 bases fewer: two from the left, one from the right
    np.testing.assert_array_equal(shorter, edited_codes[4:12])
    longer, _flag = haplotype_window(codes, 6, 14, [Variant(8, b"", b"\0\0\0")])
    edited_codes = np.concatenate([codes[:8], np.zeros(3, np.uint8), codes[8:]])
    np.testing.assert_array_equal(longer, edited_codes[7:15])


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_a_shorter_haplotype_takes_its_own_bases_from_outside_the_window(random):
    codes = np.array(random.choices(range(4), k=80), np.uint8)
    start, end = 30, 50
    edited, variants, position = [], [], 0
    change_in = before = 0
    while position < len(codes):
        lost = random.choice([0, 0, 0, 0, 1, 2, 4])
        lost = min(
            lost,
            len(codes) - position,
            (start if position < start else end if position < end else 80) - position,
        )
        gained = bytes(
            random.choices(range(4), k=random.choice([0, 0, 0, 1, 3]) if lost or position % 3 == 0 else 0)
        )
        if (lost or gained) and position not in (start, end):  # an insertion there is the window's or not
            variants.append(Variant(position, codes[position : position + lost].tobytes(), gained))
            before += (len(gained) - lost) * (position < start)
            change_in += (len(gained) - lost) * (start <= position < end)
            edited += gained
            position += lost
        if position < len(codes):
            edited.append(codes[position])
            position += 1
    inside = [each for each in variants if start <= each.start < end]
    outside = Outside(tuple(each for each in variants if not start <= each.start < end))
    first = start + before + (change_in // 2)
    window, flag = haplotype_window(codes, start, end, inside, outside)
    assert not flag
    np.testing.assert_array_equal(window, np.array(edited, np.uint8)[first : first + end - start])


def test_variants_next_to_the_window_are_in_a_shorter_haplotype_as_bcftools_has_it(at):
    bcftools = shutil.which("bcftools")
    if bcftools is None:
        pytest.skip("bcftools is not installed")
    other = {place: "ACGT".replace(CONTIG[place - 1], "")[0] for place in (88, 151)}
    path = at.vcf(
        genotyped(88, CONTIG[87], other[88], "1|0"),
        genotyped(110, CONTIG[109:118], CONTIG[109], "1|0"),
        genotyped(151, CONTIG[150], other[151], "1|0"),
        samples=("s1",),
    )
    lines = (
        f"##contig=<ID=c1,length={len(CONTIG)}>\n" + '##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n'
    )
    path.write_text(path.read_text().replace("#CHROM", lines + "#CHROM", 1))
    bed = at.folder / "r.bed"
    bed.write_text("\t".join(map(str, ("c1", *REGION))) + "\n")
    made = model()
    table = seqnet.variants(
        made, path, genome=at.genome, haplotypes="s1", regions=bed, threads=1
    ).effects.columns()
    pysam.tabix_index(str(path), preset="vcf", force=True, keep_original=True)
    text = subprocess.run(
        [bcftools, "consensus", "-f", at.genome, "-s", "s1", "-H", "1", f"{path}.gz"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    whole = "".join(text.split(">c1\n")[1].split(">")[0].split())
    fasta = at.folder / "consensus.fa"
    fasta.write_text(f">x\n{whole[REGION[0] - 20 : REGION[1] - 8 + 20]}\n")
    want = seqnet.predict(made, sequences=str(fasta), threads=1).predictions.values[0].astype(float)
    assert table["alt_A"][0] == pytest.approx(want[0], abs=2e-5)
    near = at.vcf(
        genotyped(88, CONTIG[87], other[88], "1/0"), genotyped(110, CONTIG[109:118], CONTIG[109], "1|0"),
        samples=("s1",),
    )  # fmt: skip
    flagged = seqnet.variants(
        made, near, genome=at.genome, haplotypes="s1", regions=bed, threads=1
    ).effects.columns()
    assert flagged["flag"].tolist() == [
        "UNPHASED",
        ".",
    ]  # the second copy is not shorter and needs no neighbour


# ---- continued runs --------------------------------------------------------------------------


def test_a_run_that_was_stopped_continues_to_the_same_bytes(at, monkeypatch):
    rows = [("c1", p, CONTIG[p - 1], "ACGT".replace(CONTIG[p - 1], "")[0]) for p in range(100, 220)]
    path = at.vcf(*(plain_row(*row) for row in rows))
    monkeypatch.setattr(step, "_ALLELES_AT_ONCE", 16)
    whole, out = at.folder / "whole.vcf", at.folder / "out.vcf"
    options = {"genome": at.genome, "threads": 1, "null": 3}
    from seqnet.inference.predictor import Predictor

    made = at.folder / "m.safetensors"
    from seqnet.formats.models.model_file import write_model

    write_model(str(made), model())
    seqnet.variants(made, path, output=whole, **options)
    calls = []

    def dying(real):
        def counted(self, *args):
            calls.append(len(calls))
            if len(calls) == 7:
                raise KeyboardInterrupt
            return real(self, *args)

        return counted

    for name in ("logits", "edited_logits"):  # of the null's windows, and of the variants'
        monkeypatch.setattr(Predictor, name, dying(getattr(Predictor, name)))
    with pytest.raises(KeyboardInterrupt):
        seqnet.variants(made, path, output=out, resume=True, **options)
    assert not out.exists()
    assert len(list((at.folder / "out.vcf.parts").glob("*.f32"))) == 6
    seqnet.variants(made, path, output=out, resume=True, **options)
    assert out.read_bytes() == whole.read_bytes()
    assert len(calls) == 7 + 10  # 16 calls in all, of which 6 were known
    assert not (at.folder / "out.vcf.parts").exists()


def test_parts_of_another_run_are_refused(at):
    path = at.vcf(plain_row("c1", *ROWS[0]))
    from seqnet.formats.tracks.finished_contigs import Parts

    Parts(str(at.folder / "o.vcf.parts"), {"version": "other"})
    with pytest.raises(SeqnetError, match="holds parts of another run"):
        seqnet.variants(model(), path, genome=at.genome, output=at.folder / "o.vcf", resume=True, threads=1)
