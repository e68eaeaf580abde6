"""The outputs of a command appear together or not at all."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import EXAMPLE_DATA, heed_interrupts
from tests.running import run_seqnet

pytestmark = pytest.mark.fault
GENOME, MOTIFS = EXAMPLE_DATA / "genome.fa", EXAMPLE_DATA / "motifs.jaspar"
PEAKS = EXAMPLE_DATA / "peaks" / "CTCF.narrowPeak"

# the line, and its outputs; the last of them fails
COMMANDS = {
    "build-pwm": (
        f"build-pwm {PEAKS} --genome {GENOME} --width 40 --seed CCACNAGG -o m.meme --sites-out s.fa --logo l.svg",
        ["m.meme", "s.fa", "l.svg"],
    ),
    "pssm": (f"pssm {MOTIFS} -o m.pssm --thresholds t.tsv", ["m.pssm", "t.tsv"]),
    "scan": (f"scan {MOTIFS} {GENOME} -o h.bed --tests t.tsv", ["h.bed", "t.tsv"]),
    "scan --index": (f"scan {MOTIFS} {GENOME} -q -o h.bed.gz --index", ["h.bed.gz", "h.bed.gz.tbi"]),
    "scan --track": (
        f"scan {MOTIFS} {GENOME} --track {{motif}}.bw", ["CTCF.bw", "GATA1.bw", "REB1.bw"],
    ),
    "convert": (f"convert {MOTIFS} --to meme --to transfac -o m.{{format}}", ["m.meme", "m.transfac"]),
    "label": (
        f"label {PEAKS} --genome {GENOME} --width 50 -q -o r.bed --dropped d.tsv", ["r.bed", "d.tsv"],
    ),
    "negatives": (
        f"negatives {EXAMPLE_DATA}/sites.fa --shuffle dinucleotide -q -o n.fa --labels-out n.bed",
        ["n.fa", "n.bed"],
    ),
    "simulate": (
        f"simulate single {MOTIFS} --motif CTCF --positives 20 --negatives 20 -q -o s.fa --labels-out l.bed "
        "--truth t.bed",
        ["s.fa", "l.bed", "t.bed"],
    ),
    "simulate genome": (
        f"simulate genome {MOTIFS} --motif CTCF -q -o g.fa --truth t.bed --peaks-out p.narrowPeak "
        "--sites-out s.fa --signal-out s.bw",
        ["g.fa", "t.bed", "p.narrowPeak", "s.fa", "s.bw"],
    ),
    "check": (f"check {PEAKS} --genome {GENOME} -o c.tsv --json c.json", ["c.tsv", "c.json"]),
    "train linear": (
        "train linear --positives {pos} --negatives {neg} -k 3 -q -o m.safetensors",
        ["m.metrics.tsv", "m.json", "m.safetensors"],
    ),
    "train dense": (
        "train dense --positives {pos} --negatives {neg} -k 3 -q --epochs 1 -o m.safetensors --device cpu",
        ["m.metrics.tsv", "m.json", "m.safetensors", "m.curve.svg"],
    ),
    "evaluate": (
        "evaluate {scores} --labels {labelled} --split all -q -o e.tsv --json e.json --mqc e --report e.html",
        ["e.tsv", "e.json", "e_mqc.json", "e_general_mqc.json", "e.html"],
    ),
    "explain": (
        f"explain {{cnn}} --regions {{regions}} --genome {GENOME} --task REB1 --max-rows 3 --shuffles 1 -t 1 -q "
        "-o e.bw -o e.npz -o e.tsv --filters f.meme --report r.html",
        ["e.bw", "e.npz", "e.onehot.npz", "e.tsv", "r.html", "f.meme"],
    ),
    "discover": (
        f"discover {{linear}} --regions {{regions}} --genome {GENOME} --task REB1 --shuffles 1 --min-seqlets 5 -t 1 "
        "-q -o m.meme --seqlets s.bed --hits h.bed --json m.json --report r.html",
        ["m.meme", "s.bed", "h.bed", "m.json", "r.html"],
    ),
    "perturb": (
        f"perturb {{cnn}} --regions {{regions}} --genome {GENOME} --insert {MOTIFS} --max-regions 3 -t 1 -q -o p.tsv "
        "--plot p.svg",
        ["p.tsv", "p.svg"],
    ),
    "variants": (
        f"variants {{cnn}} {{calls}} --genome {GENOME} -t 1 -q -o v.vcf.gz --index", ["v.vcf.gz", "v.vcf.gz.tbi"],
    ),
    "predict": (
        f"predict {{cnn}} --genome {GENOME} --tile 500 -t 1 -q -o t.{{task}}.bw",
        ["t.CTCF.bw", "t.GATA1.bw", "t.REB1.bw"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, prepared):
    """Small inputs of the commands that learn, judge and interpret."""
    folder = tmp_path_factory.mktemp("inputs")
    for name, letters in (("pos", "ACGTTGCAAC"), ("neg", "TTAAGGATCA")):
        rows = [
            f">{name}{i}\n{letters[i % 10 :]}{letters}{letters[: i % 10]}{'ACGT'[i % 4] * 3}"
            for i in range(40)
        ]
        (folder / f"{name}.fa").write_text("\n".join(rows) + "\n")
    head = "#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tx\n"
    rows = [(i, i % 2) for i in range(60)]
    (folder / "labelled.bed").write_text(
        head + "".join(f"c\t{100 * i}\t{100 * i + 50}\tr{i}\t.\t.\ttest\t{y}\n" for i, y in rows)
    )
    (folder / "scores.tsv").write_text(
        "#name\tx\n" + "".join(f"r{i}\t{(i % 7) / 7 + y / 5}\n" for i, y in rows)
    )
    return {
        "{pos}": folder / "pos.fa", "{neg}": folder / "neg.fa", "{labelled}": folder / "labelled.bed",
        "{scores}": folder / "scores.tsv", "{cnn}": prepared / "cnn.safetensors",
        "{linear}": prepared / "linear.safetensors", "{regions}": prepared / "regions.bed",
        "{calls}": prepared / "calls.vcf",
    }  # fmt: skip


def arguments(name, inputs):
    line, outputs = COMMANDS[name]
    for place, path in inputs.items():
        line = line.replace(place, str(path))
    return line.split(), outputs


def run_in(folder, args):
    return run_seqnet(*args, cwd=folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(params=COMMANDS)
def case(request, inputs):
    return arguments(request.param, inputs)


def test_a_name_that_cannot_be_given_leaves_every_old_file(tmp_path, case):
    """The folder is there when the outputs are opened last, or was there before the work."""
    args, outputs = case
    for name in outputs[:-1]:
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / outputs[-1]).mkdir()
    finished = run_in(tmp_path, args)
    assert finished.code == 1, finished.err
    assert re.search(rf"{re.escape(outputs[-1])}: is a directory\n$", finished.err), finished.err
    assert contents(tmp_path) == dict.fromkeys(outputs[:-1], b"old")
    assert sorted(os.listdir(tmp_path)) == sorted(outputs)


def test_all_outputs_appear_and_nothing_else(tmp_path, case):
    args, outputs = case
    for name in outputs:
        (tmp_path / name).write_bytes(b"old")
    finished = run_in(tmp_path, args)
    assert finished.code in ((0, 1) if args[0] == "check" else (0,)), finished.err
    assert set(outputs) <= set(os.listdir(tmp_path)) <= {*outputs, "m.curve.svg"}
    assert b"old" not in contents(tmp_path).values()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("simulate genome", 150_000),
        ("scan --index", 100),
        ("train dense", 3000),
        ("evaluate", 5000),
        ("explain", 6000),
        ("discover", 3000),
        ("perturb", 3000),
        ("variants", 200),
        ("predict", 1000),
    ],
)
def test_a_file_that_may_not_grow_leaves_every_old_file(tmp_path, inputs, name, size):
    """The limit lies between the sizes of the outputs, so that some are complete when one fails."""
    import resource

    args, outputs = arguments(name, inputs)
    for output in outputs:
        (tmp_path / output).write_bytes(b"old")
    finished = subprocess.run(
        [sys.executable, "-m", "seqnet", *args], cwd=tmp_path, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip
    assert (finished.returncode, finished.stderr.count("\n")) == (1, 1), finished.stderr
    assert "file too large" in finished.stderr
    assert contents(tmp_path) == dict.fromkeys(outputs, b"old")


# a run whose names are given one after the other, with a stop between
STOPPED = """
import os, sys
from pathlib import Path
from seqnet.formats.files.opening import open_output
from seqnet.formats.files.together import outputs_together
replace, given = os.replace, []
def slowly(source, target):
    if len(given) == int(sys.argv[1]):
        {what}
    given.append(Path(target).name)
    replace(source, target)
os.replace = slowly
with outputs_together("main"):
    for name in ("main", "one", "two"):
        with open_output(name) as stream:
            stream.write(b"new")
"""


def stopped(folder, what, after):
    for name in ("main", "one"):
        (folder / name).write_bytes(b"old")
    code = STOPPED.replace("{what}", what)
    return subprocess.run(
        [sys.executable, "-c", code, str(after)], cwd=folder, capture_output=True, check=False
    )


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("what", ["raise OSError(30, 'read-only')", "raise KeyboardInterrupt"])
def test_names_that_were_given_are_taken_back(tmp_path, what, after):
    finished = stopped(tmp_path, f"os.replace = replace; {what}", after)
    assert finished.returncode != 0
    assert contents(tmp_path) == {"main": b"old", "one": b"old"}


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_kill_between_names_never_shows_the_main_file_first(tmp_path, after):
    finished = stopped(tmp_path, "os.kill(os.getpid(), 9)", after)
    assert finished.returncode == -9
    found = contents(tmp_path)
    assert found["main"] == b"old"
    assert [found["one"], found.get("two", b"")] == [[b"old", b""], [b"new", b""], [b"new", b"new"]][after]
    again = stopped(tmp_path, "pass", 9)
    assert again.returncode == 0, again.stderr
    assert contents(tmp_path) == dict.fromkeys(("main", "one", "two"), b"new")


def test_more_outputs_than_locks_appear(tmp_path):
    code = (
        "from seqnet.formats.files.opening import open_output\n"
        "from seqnet.formats.files.together import outputs_together\n"
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))\n"
        "with outputs_together():\n"
        "    for i in range(700):\n"
        "        with open_output(f'{i}.txt') as stream: stream.write(b'x')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert sorted(os.listdir(tmp_path)) == sorted(f"{i}.txt" for i in range(700))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_every_old_file(tmp_path, number, code):
    args, outputs = arguments("scan --track", {})
    for name in outputs:
        (tmp_path / name).write_bytes(b"old")
    process = subprocess.Popen(
        [sys.executable, "-m", "seqnet", *args], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        preexec_fn=heed_interrupts,
    )  # fmt: skip
    while not any(name.startswith(f".{outputs[-1]}.") for name in os.listdir(tmp_path)):
        assert process.poll() is None, "the others were complete before the last was begun"
        time.sleep(0.001)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == code, err
    assert contents(tmp_path) == dict.fromkeys(outputs, b"old")


def test_an_error_in_the_command_leaves_the_side_files_of_another_run(tmp_path, inputs):
    """A loss that is no number stops the training after its log was begun."""
    args, outputs = arguments("train dense", inputs)
    for name in outputs:
        (tmp_path / name).write_bytes(b"old")
    finished = run_in(tmp_path, [*args, "--epochs", "20", "--learning-rate", "1e9", "--optimiser", "sgd",
                                 "--schedule", "constant", "--clip", "1e30"])  # fmt: skip
    assert finished.code == 1, finished.err
    assert contents(tmp_path) == dict.fromkeys(outputs, b"old")


# ---- which files outputs may be ----------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "pssm {motifs} -o m.tsv --thresholds ./m.tsv",
        "pssm {motifs} --thresholds -",
        "scan {motifs} {genome} -o h.bed --tests h.bed",
        "scan {motifs} {genome} -o h.bed.gz --tests h.bed.gz.tbi --index",
        "label {peaks} --genome {genome} -o r.bed --dropped r.bed",
        "evaluate s.tsv --labels r.bed --json e.json --report e.json",
        "evaluate s.tsv --labels r.bed --json e_mqc.json --mqc e",
        "evaluate s.tsv --labels r.bed --json -",
        "train linear --positives a.fa --negatives shuffle -k 3 -o m.json --json m.json",
        "train dense --positives a.fa --negatives shuffle -k 3 -o m --metrics m.json",
        "simulate single {motifs} -o s.fa --truth s.fa",
        "build-pwm {motifs} -o m.svg --logo m.svg",
    ],
)
def test_two_outputs_in_one_file_are_a_usage_error(tmp_path, line):
    line = line.format(motifs=MOTIFS, genome=GENOME, peaks=PEAKS)
    finished = run_in(tmp_path, line.split())
    assert (finished.code, finished.err.count("\n")) == (2, 1), finished.err
    assert "written to" in finished.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("option", ["-o", "--thresholds"])
def test_an_output_without_a_name_is_a_usage_error(option):
    finished = run_seqnet("pssm", MOTIFS, option, "")
    assert (finished.code, finished.err.count("\n")) == (2, 1), finished.err
    assert "the name is empty; expected a file" in finished.err


def test_two_outputs_may_both_be_thrown_away():
    assert run_seqnet("pssm", MOTIFS, "-o", "/dev/null", "--thresholds", "/dev/null").code == 0


@pytest.mark.parametrize(
    "line",
    [
        "scan m.jaspar g.fa -o g.fa",
        "scan m.jaspar g.fa -o m.jaspar",
        "scan m.jaspar --genome g.fa --regions p.bed -o link.bed",
        "scan m.jaspar g.fa -o h.bed --tests g.fa",
        "pssm m.jaspar -o m.jaspar",
        "pssm m.jaspar --background from:g.fa -o g.fa",
        "label p.bed --genome g.fa --width 20 -o p.bed",
        "label p.bed --genome g.fa --width 20 --signal x=d.bw -o d.bw",
        "kmer-featurize g.fa -k 3 -o g.fa",
        "train linear --positives g.fa --negatives shuffle -k 3 -o g.fa",
        "background g.fa -o g.fa",
        "logo m.jaspar -o m.jaspar",
    ],
)
def test_an_output_that_is_an_input_is_a_usage_error(tmp_path, line):
    for name, source in (("m.jaspar", MOTIFS), ("g.fa", GENOME), ("d.bw", EXAMPLE_DATA / "dnase.bw")):
        (tmp_path / name).write_bytes(source.read_bytes())
    (tmp_path / "p.bed").write_bytes(PEAKS.read_bytes())
    (tmp_path / "link.bed").symlink_to("p.bed")
    before = contents(tmp_path)
    finished = run_in(tmp_path, line.split())
    assert (finished.code, finished.err.count("\n")) == (2, 1), finished.err
    assert contents(tmp_path) == before


def test_motifs_are_converted_and_negatives_added_in_place(tmp_path):
    (tmp_path / "m.jaspar").write_bytes(MOTIFS.read_bytes())
    (tmp_path / "s.fa").write_bytes((EXAMPLE_DATA / "sites.fa").read_bytes())
    for line in ("convert m.jaspar -o m.jaspar", "negatives s.fa --shuffle dinucleotide -q -o s.fa"):
        finished = run_in(tmp_path, line.split())
        assert finished.code == 0, finished.err


# ---- outputs that are no files -----------------------------------------------------------------

BINARY = [
    "scan {motifs} {genome} --motif CTCF --track {out}",
    "simulate genome {motifs} -o g.fa --signal-out {out}",
    "train linear --positives a.fa --negatives shuffle -k 3 -o {out}",
    "train cnn --positives a.fa --negatives shuffle -o {out}",
]
SUFFIXED = [
    ("coverage r.bam --count reads -o {out}", "x.bw"),
    ("predict m.safetensors --genome {genome} --tile 50 -o {out}", "x.bigWig"),
    ("kmer-featurize {genome} -k 3 -o {out}", "x.npz"),
    ("kmer-featurize {genome} -k 3 -o {out}", "x.parquet"),
]


def refused(tmp_path, line, out):
    line = line.format(motifs=MOTIFS, genome=GENOME, out=out)
    finished = run_in(tmp_path, line.split())
    assert (finished.code, finished.err.count("\n")) == (2, 1), finished.err
    assert "needs a regular file" in finished.err
    assert finished.out == b""


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/null", "-", "fifo", "/proc/self/fd/1"])
@pytest.mark.parametrize("line", BINARY)
def test_binary_outputs_need_a_regular_file_and_say_so_at_once(tmp_path, line, out):
    """Nobody reads the FIFO, and the inputs of some do not exist."""
    os.mkfifo(tmp_path / "fifo")
    refused(tmp_path, line, out)
    assert os.listdir(tmp_path) == ["fifo"]


@pytest.mark.parametrize(("line", "name"), SUFFIXED)
@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_binary_suffixes_need_a_regular_file_too(tmp_path, line, name, kind):
    if kind == "fifo":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/null")
    refused(tmp_path, line, name)


def test_an_index_needs_a_regular_file_too(tmp_path):
    os.mkfifo(tmp_path / "h.bed.gz.tbi")
    refused(tmp_path, "scan {motifs} {genome} --index -o {out}", "h.bed.gz")


@pytest.mark.parametrize("out", ["/dev/stdout", "/dev/null"])
def test_text_is_written_straight_through(out):
    finished = run_seqnet("pssm", MOTIFS, "-o", out, "--thresholds", "/dev/null")
    assert (finished.code, bool(finished.out)) == (0, out == "/dev/stdout")
