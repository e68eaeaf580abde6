"""variants: formats, pipes, standard readers of its output, killed runs, memory."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import chain

import pysam
import pysam.bcftools
import pytest

from seqnet.commands._boundary import CommandError
from seqnet.formats.models.model_file import read_model, write_model
from seqnet.networks.model import Model
from tests.conftest import EXAMPLE_DATA

GENOME = EXAMPLE_DATA / "genome.fa"


def arguments(prepared, *more):
    return ["variants", prepared / "cnn.safetensors", *more, "--genome", GENOME, "-t", 1, "-q"]


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory):
    """The calls with all that a VCF should have, and samples."""
    path = tmp_path_factory.mktemp("calls") / "calls.vcf"
    length = len("".join(GENOME.read_text().split(">")[1].split("\n")[1:]))
    lines = (prepared / "calls.vcf").read_text().splitlines()
    header = [
        lines[0],
        f"##contig=<ID=chr1,length={length}>",
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        lines[1] + "\tFORMAT\ts1",
    ]
    rows = [line[: -len(".")] + "DP=7\tGT\t0|1" for line in lines[2:]]
    path.write_text("\n".join([*header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    "args", [["view"], ["norm", "-f", "genome.fa"], ["query", "-f", "%POS %SN_DELTA_REB1\n"]]
)
@pytest.mark.parametrize("name", ["o.vcf", "o.vcf.gz", "o.bcf"])
def test_bcftools_reads_the_output_without_a_warning(prepared, whole, tmp_path, inside, args, name):
    bcftools = shutil.which("bcftools")
    if bcftools is None:
        pytest.skip("bcftools is not installed")
    inside(*arguments(prepared, whole, "--motifs", EXAMPLE_DATA / "motifs.jaspar", "-o", tmp_path / name))
    shutil.copy(GENOME, tmp_path / "genome.fa")  # norm writes an index next to it
    finished = subprocess.run(
        [bcftools, *args, name], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    told = [line for line in finished.stderr.splitlines() if not line.startswith("Lines ")]  # norm's count
    assert (finished.returncode, told) == (0, [])
    rows = [line for line in finished.stdout.splitlines() if not line.startswith("#")]
    assert len(rows) == 40
    if args[0] == "query":
        assert all(float(row.split()[1]) == float(row.split()[1]) for row in rows)


def test_an_indexed_output_is_found_by_position(prepared, whole, tmp_path, inside):
    out = tmp_path / "o.vcf.gz"
    inside(*arguments(prepared, whole, "-o", out, "--index"))
    with pysam.VariantFile(str(out)) as source:
        (record,) = source.fetch("chr1", 600, 601)
        assert record.info["DP"] == 7
        assert isinstance(record.info["SN_DELTA_REB1"][0], float)
    assert (tmp_path / "o.vcf.gz.tbi").exists()


def test_unsorted_rows_pass_but_cannot_be_indexed(prepared, tmp_path, inside):
    lines = (prepared / "calls.vcf").read_text().splitlines(keepends=True)
    path = tmp_path / "v.vcf"
    path.write_text("".join([*lines[:2], *lines[:1:-1]]))
    inside(*arguments(prepared, path, "-o", tmp_path / "o.vcf"))
    positions = [row.split("\t")[1] for row in (tmp_path / "o.vcf").read_text().splitlines() if row[0] != "#"]
    assert positions == [line.split("\t")[1] for line in lines[:1:-1]]
    last, one_before = (f"chr1:{line.split()[1]}" for line in (lines[-1], lines[-2]))
    with pytest.raises(
        CommandError, match=f"could not be indexed .rows are not sorted: {one_before} comes after {last}"
    ):
        inside(*arguments(prepared, path, "-o", tmp_path / "o.vcf.gz", "--index"))
    assert not (tmp_path / "o.vcf.gz").exists()


def test_a_pipe_gives_what_the_file_gives(prepared, whole, run):
    plain = run(*arguments(prepared, whole))
    piped = run(*arguments(prepared, "-"), stdin=whole.read_bytes())
    left_out = run(*arguments(prepared), stdin=gzip.compress(whole.read_bytes()))
    assert plain.code == 0
    assert plain.out == piped.out == left_out.out


def test_bcf_on_stdin_is_read(prepared, whole, run, tmp_path):
    with (
        pysam.VariantFile(str(whole)) as source,
        pysam.VariantFile(str(tmp_path / "v.bcf"), "wb", header=source.header) as target,
    ):
        for record in source:
            target.write(record)
    piped = run(*arguments(prepared, "-"), stdin=(tmp_path / "v.bcf").read_bytes())
    assert (piped.code, piped.err) == (0, "")
    plain = run(*arguments(prepared, whole))
    assert piped.rows == plain.rows


def test_threads_do_not_change_the_bytes(prepared, whole, run):
    one, two = run(*arguments(prepared, whole)), run(*arguments(prepared, whole), "-t", 2)
    assert len(one.rows) == 40
    assert two.out == one.out


def test_a_wrong_ref_leaves_no_output(prepared, tmp_path, run):
    path = tmp_path / "v.vcf"
    path.write_text((prepared / "calls.vcf").read_text().replace("\tA\t", "\tC\t"))
    finished = run(*arguments(prepared, path, "-o", tmp_path / "o.vcf"))
    assert finished.code == 1
    assert finished.err.count("\n") == 1
    assert "rows do not fit" in finished.err
    assert not (tmp_path / "o.vcf").exists()
    printed = run(*arguments(prepared, path))
    assert (printed.code, printed.out) == (1, b"")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--saturation"], "need --regions"),
        (["--motif-p", 0.1], "--motif-p is for --motifs"),
        (["--prefix", "a b"], "no beginning of an INFO key"),
        (["--resume"], "--resume needs"),
        (["--index"], "--index needs"),
        (["--shifts", "x"], "shifts"),
        (["--haplotypes", "s", "--regions", "x.bed", "--null", 5], "--null does not go with --haplotypes"),
        (["--unphased", "skip"], "--unphased is for --haplotypes"),
    ],
)
def test_options_that_contradict_each_other_are_usage_errors(prepared, run, more, words):
    finished = run(*arguments(prepared, prepared / "calls.vcf"), *more)
    assert (finished.code, finished.out) == (2, b"")
    assert words in finished.err


def test_a_second_model_in_a_pipe_needs_another_prefix(prepared, run):
    first = run(*arguments(prepared, prepared / "calls.vcf"))
    again = run(*arguments(prepared, "-"), stdin=first.out)
    assert again.code == 1
    assert "choose another --prefix" in again.err
    other = run(*arguments(prepared, "-"), "--prefix", "M2", stdin=first.out)
    assert other.code == 0
    assert "SN_DELTA_REB1=" in other.rows[0][7]
    assert "M2_DELTA_REB1=" in other.rows[0][7]


def test_models_and_variants_in_the_wrong_order_are_named(prepared, run):
    finished = run("variants", prepared / "calls.vcf", prepared / "cnn.safetensors", "--genome", GENOME)
    assert (finished.code, finished.out) == (2, b"")
    assert "calls.vcf holds variants; give the models first" in finished.err


def test_rows_of_many_samples_are_not_held_together(prepared, tmp_path, run, inside, monkeypatch):
    from seqnet.pipeline.variants import rows

    held = []
    real = rows.in_chunks

    def counted(*args):
        for chunk in real(*args):
            held.append(len(chunk))
            yield chunk

    monkeypatch.setattr("seqnet.pipeline.variants.run.in_chunks", counted)
    monkeypatch.setattr(rows, "_BYTES_AT_ONCE", 100)
    inside(*arguments(prepared, prepared / "calls.vcf", "-o", tmp_path / "o.vcf"))
    assert max(held) < 10
    assert sum(held) == 40


def test_motifs_need_no_torch(prepared, tmp_path):
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom seqnet.__main__ import main\n"
        f"sys.argv = ['seqnet', 'variants', {str(prepared / 'reb1.pssm')!r}, {str(prepared / 'calls.vcf')!r}, "
        f"'--genome', {str(GENOME)!r}, '-q', '-o', {str(tmp_path / 'o.tsv')!r}]\nmain()"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "p_alt_REB1" in (tmp_path / "o.tsv").read_text()


def test_a_killed_run_leaves_no_output_and_continues_to_the_same_bytes(prepared, tmp_path, run):
    regions = tmp_path / "r.bed"
    regions.write_text("chr1\t1000\t13000\n")
    args = [*arguments(prepared, "--saturation", "--regions", regions), "--resume"]
    whole = run(*args, "-o", tmp_path / "whole.vcf")
    assert whole.code == 0, whole.err
    out, parts = tmp_path / "o.vcf", tmp_path / "o.vcf.parts"
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-m", "seqnet", *map(str, [*args, "-o", out])])
        before = len(list(parts.glob("*.f32")))
        deadline = time.monotonic() + 60
        while len(list(parts.glob("*.f32"))) <= before + 1 and time.monotonic() < deadline:
            if child.poll() is not None:
                break
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        if not out.exists():
            assert list(parts.glob("*.f32"))
    finished = run(*args, "-o", out)
    assert finished.code == 0, finished.err
    assert out.read_bytes() == (tmp_path / "whole.vcf").read_bytes()
    assert not parts.exists()


def peak_memory(prepared, rows):
    """Process so many rows from a pipe; the largest resident size, kB."""
    code = (
        "import resource, runpy, sys\n"
        "try:\n    runpy.run_module('seqnet', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    args = ["variants", prepared / "reb1.pssm", "-", "--genome", GENOME, "-q"]
    header, *lines = (prepared / "calls.vcf").read_text().splitlines(keepends=True)
    text = header + lines[0] + "".join(lines[1:]) * (rows // 40)
    finished = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        input=text.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    return int(finished.stderr.split()[-1])


def test_memory_does_not_grow_with_the_file(prepared):
    assert peak_memory(prepared, 160_000) - peak_memory(prepared, 16_000) < 30_000


def test_windows_of_which_most_lies_outside_every_contig_are_refused(run, prepared):
    line = ("variants", prepared / "linear.safetensors", prepared / "calls.vcf", "--genome", GENOME, "-q")
    ended = run(*line, "--width", 2147483647)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, b"", 1)
    assert ended.err.endswith(f"--width 2147483647: no contig of {GENOME} is half as long\n")


def test_a_network_whose_header_has_no_k_mer_settings_is_read(run, prepared, tmp_path):
    model = read_model(str(prepared / "cnn.safetensors"))
    own = {key: value for key, value in model.input.items() if key != "settings"}
    write_model(str(tmp_path / "m.safetensors"), Model({**model.header, "input": own}, model.tensors))
    line = (prepared / "calls.vcf", "--genome", GENOME, "-t", 1, "-q")
    both = [
        run("variants", path, *line) for path in (prepared / "cnn.safetensors", tmp_path / "m.safetensors")
    ]
    assert [ended.code for ended in both] == [0, 0], both[1].err
    assert both[0].text.replace("cnn.safetensors", "m.safetensors") == both[1].text


def body(path):
    """The rows of an output, of any of its formats."""
    if str(path).endswith(".bcf"):
        with pysam.VariantFile(str(path)) as rows:
            return [str(row) for row in rows]
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt") as lines:
        return [line for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("suffix", ["vcf", "vcf.gz", "bcf", "tsv"])
@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_the_rows_of_all_parts_are_those_of_the_whole_run(prepared, whole, tmp_path, inside, suffix, more):
    args = arguments(prepared, whole)
    inside(*args, "-o", tmp_path / f"whole.{suffix}")
    paths = [tmp_path / f"{number}.{suffix}" for number in range(1, 4)]
    for number, path in enumerate(paths, 1):
        inside(*args, "--part", f"{number}/3", *more, "-o", path)
    parts = [body(path) for path in paths]
    assert list(chain(*parts)) == body(tmp_path / f"whole.{suffix}")
    assert [len(rows) for rows in parts] == [13, 13, 14]
    if suffix == "tsv":
        return
    joined = tmp_path / f"joined.{suffix}"
    kind = {"vcf": "v", "vcf.gz": "z", "bcf": "b"}[suffix]
    pysam.bcftools.concat("--no-version", "-O", kind, "-o", str(joined), *map(str, paths), catch_stdout=False)
    assert body(joined) == body(tmp_path / f"whole.{suffix}")


def test_parts_of_a_bcf_of_selected_rows_and_of_saturation_add_up(prepared, whole, tmp_path, inside):
    packed, targets = tmp_path / "calls.bcf", tmp_path / "t.bed"
    pysam.bcftools.view("-O", "b", "-o", str(packed), str(whole), catch_stdout=False)
    targets.write_text("chr1\t0\t2500\n")
    for args in ([packed, "--targets", targets], ["--saturation", "--regions", targets]):
        if args[0] == "--saturation":
            targets.write_text("chr1\t1000\t1031\n")
        inside(*arguments(prepared, *args), "-o", tmp_path / "w.vcf")
        for number in (1, 2):
            inside(*arguments(prepared, *args, "--part", f"{number}/2"), "-o", tmp_path / f"{number}.vcf")
        rows = body(tmp_path / "w.vcf")
        assert 2 < len(rows) < 40
        assert body(tmp_path / "1.vcf") + body(tmp_path / "2.vcf") == rows
        assert abs(len(body(tmp_path / "1.vcf")) - len(rows) / 2) < 1


def test_more_parts_than_rows_leave_some_empty(prepared, whole, tmp_path, inside):
    few = tmp_path / "few.vcf"
    few.write_text("".join(whole.read_text().splitlines(keepends=True)[:7]))
    parts = []
    for number in range(1, 6):
        inside(*arguments(prepared, few, "--part", f"{number}/5"), "-o", tmp_path / "o.vcf")
        parts.append(body(tmp_path / "o.vcf"))
    inside(*arguments(prepared, few), "-o", tmp_path / "o.vcf")
    assert sorted(map(len, parts)) == [0, 0, 0, 1, 1]
    assert list(chain(*parts)) == body(tmp_path / "o.vcf")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "'3' has no / (expected K/N, part K of N, such as 2/8)"),
        ("0/3", "(expected K/N"),
        ("4/3", "(expected K/N"),
        ("1/x", "(expected K/N"),
    ],
)
def test_a_part_that_there_is_not_is_refused(prepared, whole, run, text, said):
    finished = run(*arguments(prepared, whole, "--part", text))
    assert finished.code == 2
    assert said in finished.err


def test_a_part_of_a_pipe_is_refused(prepared, tmp_path, inside):
    with pytest.raises(CommandError, match="it needs variants from a file"):
        inside(*arguments(prepared, "-", "--part", "1/2"))
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    with pytest.raises(CommandError, match="not in a pipe"):
        inside(*arguments(prepared, fifo, "--part", "1/2"))


def test_undeclared_info_keys_are_counted_in_one_warning(prepared, whole, tmp_path, run):
    text = whole.read_text().replace("##INFO=<ID=DP,", "##INFO=<ID=AB,").replace("DP=7", "DP=7;X", 1)
    (tmp_path / "calls.vcf").write_text(text)
    args = [argument for argument in arguments(prepared, tmp_path / "calls.vcf") if argument != "-q"]
    said = run(*args, "-o", tmp_path / "o.vcf").err
    assert said.count("no ##INFO line declares") == 1
    assert "calls.vcf: no ##INFO line declares DP (40 rows), X (1 row); other programs" in said
    assert "declares" not in run(*args, "-o", tmp_path / "o.tsv").err


def test_a_row_that_has_a_field_already_is_an_error_with_its_line(prepared, whole, tmp_path, inside):
    lines = whole.read_text().replace("DP=7", "DP=7;SN_DELTA_REB1=1", 1).splitlines(keepends=True)
    (tmp_path / "calls.vcf").write_text("".join(lines))
    said = r"calls\.vcf:6: has the INFO field SN_DELTA_REB1 already; choose another --prefix"
    with pytest.raises(CommandError, match=said):
        inside(*arguments(prepared, tmp_path / "calls.vcf", "-o", tmp_path / "o.vcf"))
    inside(*arguments(prepared, tmp_path / "calls.vcf", "--prefix", "TWO", "-o", tmp_path / "o.vcf"))
