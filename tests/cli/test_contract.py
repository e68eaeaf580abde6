"""What every command promises, tested over the command table itself."""

import fcntl
import functools
import gzip
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from seqnet.cli import COMMANDS, seqnet
from seqnet.commands._boundary import Command
from tests.running import run_seqnet

HEAVY = ("numpy", "torch", "scipy", "sklearn", "matplotlib", "pysam", "pyBigWig", "Bio", "rich", "asyncio")


GRAMMARS = ("single", "density", "heterotypic", "spacing", "localization", "genome")


def leaves():
    """Every command a user can run: names, command."""
    found = []
    ctx = click.Context(seqnet)
    for name in COMMANDS:
        command = seqnet.get_command(ctx, name)
        if isinstance(command, click.Group):
            found += [((name, child), sub) for child, sub in command.commands.items()]
        else:
            found.append(((name,), command))
    return found


LEAVES = leaves()
NAMES = [names for names, _ in LEAVES]


def arguments(names, p, source):
    """How each command reads the one input `source` (and good ones beside it), writing to stdout
    where it can."""
    genome = p.data / "genome.fa"
    out = p / "out.safetensors"
    few = ("--positives", 3, "--negatives", 3)
    return {
        ("build-pwm",): [source],
        ("pssm",): [source],
        ("scan",): [p / "reb1.pssm", source],
        ("kmer-featurize",): [source, "-k", 2],
        ("train", "linear"): ["--features", p / "k.npz", "--labels", source, "-o", out],
        ("train", "dense"): ["--features", source, "--labels", p / "regions.bed", "-o", out, "--epochs", 1],
        ("train", "cnn"): [
            "--regions",
            source,
            "--genome",
            genome,
            "-o",
            out,
            "--epochs",
            1,
            "--preset",
            "lecture",
        ],
        ("train", "denoise"): [
            "--signal",
            p.data / "dnase.bw",
            "--target-track",
            f"deep={p.data / 'dnase.bw'}",
            "--target-peaks",
            source,
            "--valid-chroms",
            "chr3",
            "--layers",
            "conv 2x5, relu, output per_position=true width=1",
            "--epochs",
            1,
            "-o",
            out,
        ],
        ("predict",): [p / "cnn.safetensors", "--genome", genome, "--regions", source],
        ("evaluate",): [source, "--labels", p / "regions.bed"],
        ("variants",): [p / "cnn.safetensors", source, "--genome", genome],
        ("perturb",): [
            p / "cnn.safetensors",
            "--regions",
            source,
            "--genome",
            genome,
            "--insert",
            p / "reb1.meme",
        ],
        ("explain",): [
            p / "cnn.safetensors",
            "--genome",
            genome,
            "--regions",
            source,
            "--max-rows",
            2,
            "--task",
            "REB1",
            "--shuffles",
            2,
            "-t",
            1,
        ],
        ("discover",): [
            p / "linear.safetensors",
            "--genome",
            genome,
            "--regions",
            source,
            "--task",
            "REB1",
            "--shuffles",
            1,
            "-t",
            1,
        ],
        ("background",): [source],
        ("convert",): [source, "--to", "jaspar"],
        ("merge-hits",): [source],
        ("coverage",): [source, "--genome", genome, "--count", "fragments"],
        ("label",): [source, "--genome", genome, "--width", 100],
        ("negatives",): [source, "--genome", genome],
        ("simulate", "single"): [source, *few],
        ("simulate", "density"): [source, *few],
        ("simulate", "heterotypic"): [source, *few],
        ("simulate", "spacing"): [source, *few, "--motif", "CTCF", "--motif", "GATA1"],
        ("simulate", "localization"): [source, *few],
        ("simulate", "genome"): [source, "--contig", "c=30000", "--bound", 5, "--unbound", 5],
        ("logo",): [source],
        ("compare",): [source, p.data / "motifs.jaspar"],
        ("enrich",): [p / "reb1.meme", source, "--against", p / "sites.fa"],
        ("check",): [source, "--genome", genome],
        ("show",): [source],
    }[names]


def good_input(names, p):
    """A file that `arguments` can take as its source."""
    return {
        ("build-pwm",): p / "sites.fa",
        ("pssm",): p / "reb1.meme",
        ("scan",): p / "head.fa",
        ("kmer-featurize",): p / "head.fa",
        ("train", "linear"): p / "regions.bed",
        ("train", "dense"): p / "k.npz",
        ("train", "cnn"): p / "regions.bed",
        ("train", "denoise"): p.data / "peaks" / "REB1.narrowPeak",
        ("predict",): p / "regions.bed",
        ("evaluate",): p / "pred.bed",
        ("explain",): p / "regions.bed",
        ("discover",): p / "regions.bed",
        ("variants",): p / "calls.vcf",
        ("perturb",): p / "regions.bed",
        ("background",): p / "head.fa",
        ("convert",): p / "reb1.meme",
        ("merge-hits",): p / "hits.bed",
        ("coverage",): p.data / "peaks" / "REB1.narrowPeak",
        ("label",): p.data / "peaks" / "REB1.narrowPeak",
        ("negatives",): p / "regions.bed",
        **{("simulate", grammar): p.data / "motifs.jaspar" for grammar in GRAMMARS},
        ("logo",): p / "reb1.meme",
        ("compare",): p / "reb1.meme",
        ("enrich",): p / "head.fa",
        ("check",): p / "regions.bed",
        ("show",): p / "reb1.meme",
    }[names]


def one_line(finished, names, code):
    assert finished.code == code, finished
    assert finished.out == b""
    lines = finished.err.splitlines()
    assert len(lines) == 1, finished.err
    assert lines[0].startswith(f"seqnet {' '.join(names)}: error: ")
    return lines[0]


@pytest.mark.parametrize(("names", "command"), LEAVES, ids=[" ".join(n) for n in NAMES])
def test_each_command_is_inside_the_boundary_and_has_help_and_an_example(names, command):
    assert isinstance(command, Command)
    assert command.help
    assert command.short_help
    assert f"seqnet {' '.join(names)}" in command.epilog
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_s_help_is_the_command_s(name):
    command = seqnet.get_command(click.Context(seqnet), name)
    assert command.short_help == COMMANDS[name].help


@pytest.mark.parametrize("names", sorted({(), *[(n,) for n in COMMANDS], *NAMES}), ids=" ".join)
def test_help_loads_nothing_heavy(names):
    code = (
        "import sys\nfrom seqnet.__main__ import main\n"
        f"sys.argv = ['seqnet', *{list(names)!r}, '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.stdout.startswith("Usage: seqnet")
    assert finished.stderr.strip() == "[]"


@pytest.mark.parametrize("names", sorted({(), *[(n,) for n in COMMANDS], *NAMES}), ids=" ".join)
def test_h_is_short_for_help(inside, capsys, names):
    shown = []
    for option in ("--help", "-h"):
        inside(*names, option)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert shown[0].startswith(f"Usage: {' '.join(('seqnet', *names))} ")
    assert "-h, --help" in shown[0]


@pytest.fixture(scope="module")
def plainly(prepared):
    """Run a command on a good input; several tests compare with it, and training takes a while."""

    @functools.cache
    def run_once(names):
        return run_seqnet(*names, *arguments(names, prepared, good_input(names, prepared)), "-q")

    return run_once


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_a_good_input_works_quietly_in_a_fresh_interpreter_as_in_this_one(plainly, child, prepared, names):
    """What a command forgets to import may have been imported here by others."""
    finished = child(*names, *arguments(names, prepared, good_input(names, prepared)), "-q")
    assert (finished.code, finished.err) == (0, "")
    assert plainly(names) == finished


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_gzip_on_stdin_just_works(run, plainly, prepared, names):
    plain, source = plainly(names), good_input(names, prepared)
    piped = run(*names, *arguments(names, prepared, "-"), "-q", stdin=gzip.compress(source.read_bytes()))
    assert (piped.code, piped.err) == (0, "")
    strip = [
        b"##sites=",
        b"##motifs=",
        b"##input=",
        b"##peaks=",
        b"##positives=",
        b"##sequences=",
        b"##queries=",
        b"##regions=",
    ]  # the input's name is the one difference

    def body(out):
        return [line for line in out.splitlines() if not line.startswith(tuple(strip))]

    if names == ("label",):  # the task is named after the file
        assert len(body(piped.out)) == len(body(plain.out))
    else:
        assert body(piped.out) == body(plain.out)


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_a_missing_input_is_one_line_naming_it(run, prepared, names):
    line = one_line(run(*names, *arguments(names, prepared, "no/such.file")), names, 1)
    assert "no/such.file: no such file or directory" in line


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
@pytest.mark.parametrize("kind", ["empty", "binary", "text", "folder"])
def test_a_bad_input_is_one_line_naming_it(run, prepared, tmp_path, names, kind):
    path = tmp_path / "bad.input"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(
            {"empty": b"", "binary": bytes(range(256)) * 20, "text": b"to be\nor not to be\n"}[kind]
        )
    line = one_line(run(*names, *arguments(names, prepared, path), "-q"), names, 1)
    assert "bad.input" in line


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_an_unknown_option_is_a_usage_error_of_one_line(run, names):
    line = one_line(run(*names, "--no-such-option"), names, 2)
    assert "no such option" in line.lower()
    assert line.endswith(f"(see 'seqnet {' '.join(names)} --help')")


@pytest.mark.parametrize("names", NAMES, ids=" ".join)
def test_debug_shows_the_traceback(run, prepared, names):
    finished = run(*names, *arguments(names, prepared, "no/such.file"), "--debug")
    assert finished.code == 1
    assert "Traceback" in finished.err
    assert finished.err.splitlines()[-1].startswith(f"seqnet {' '.join(names)}: error: ")


STREAMING = {
    "negatives": ["negatives", "{data}/genome.fa", "--shuffle", "dinucleotide", "-q"],
    "simulate": ["simulate", "single", "{data}/motifs.jaspar", "-q"],
    "coverage": [
        "coverage",
        "{data}/peaks/REB1.narrowPeak",
        "--genome",
        "{data}/genome.fa",
        "--count",
        "fragments",
        "--bin",
        "1",
        "-q",
    ],
    "scan": ["scan", "{p}/reb1.pssm", "{data}/genome.fa", "--p-value", "0.5"],
    "merge-hits": ["merge-hits", "{p}/hits.bed"],
    "kmer-featurize": [
        "kmer-featurize",
        "--regions",
        "{p}/regions.bed",
        "--genome",
        "{data}/genome.fa",
        "-k",
        "4",
    ],
    "variants": [
        "variants",
        "{p}/cnn.safetensors",
        "--saturation",
        "--regions",
        "{p}/regions.bed",
        "--genome",
        "{data}/genome.fa",
    ],
    "predict": [
        "predict",
        "{p}/cnn.safetensors",
        "--regions",
        "{p}/regions.bed",
        "--genome",
        "{data}/genome.fa",
    ],
    "label": [
        "label",
        "{data}/peaks/REB1.narrowPeak",
        "--genome",
        "{data}/genome.fa",
        "--width",
        "20",
        "--negatives",
        "20",
        "-q",
    ],
}


@pytest.mark.parametrize("name", STREAMING)
def test_a_closed_pipe_ends_silently_with_141(prepared, name):
    args = [arg.format(p=prepared.folder, data=prepared.data) for arg in STREAMING[name]]
    reading, writing = os.pipe()
    # so small that no command can be done before the line is read
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen(
        [sys.executable, "-m", "seqnet", *args], stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        while os.read(reading, 1) not in (b"\n", b""):
            pass
        os.close(reading)
        told = process.communicate()[1]
    assert (process.returncode, told) == (141, b"")


@pytest.mark.parametrize("name", STREAMING)
def test_a_full_disk_on_stdout_is_an_error(prepared, name):
    args = [arg.format(p=prepared.folder, data=prepared.data) for arg in STREAMING[name]]
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "seqnet", *args], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert finished.returncode == 1
    assert finished.stderr.decode().strip().endswith("no space left on device")


def test_stdin_on_a_terminal_is_a_usage_error_not_a_hang():
    master, terminal = os.openpty()
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "seqnet", "build-pwm"],
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(master)
        os.close(terminal)
    assert finished.returncode == 2
    assert finished.stderr.count("\n") == 1
    assert "standard input is a terminal" in finished.stderr


def test_help_lists_every_command_in_order_and_by_section(run):
    text = run("--help").text
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert text.index("Pipeline:") < places[0]
    assert run().text == text  # alone, seqnet shows its help


def test_versions(run):
    import seqnet as package

    assert run("--version").text == f"seqnet, version {package.__version__}\n"
    verbose = run("--version", "-v").text
    assert "kernels: " in verbose
    assert "torch: " in verbose


def test_a_typo_suggests_the_command_that_was_meant(run):
    finished = run("scna")
    assert (finished.code, finished.out) == (2, b"")
    assert finished.err == "seqnet: error: no command 'scna'; did you mean 'scan'? (see 'seqnet --help')\n"
    nested = run("train", "cnnn")
    assert nested.code == 2
    assert (
        nested.err
        == "seqnet train: error: no command 'cnnn'; did you mean 'cnn'? (see 'seqnet train --help')\n"
    )
    assert run("train").text == run("train", "--help").text


def test_unknown_kernels_are_a_usage_error(run, prepared):
    finished = run(
        "build-pwm",
        prepared / "sites.fa",
        "--genome",
        prepared.data / "genome.fa",
        env={"SEQNET_KERNELS": "x"},
    )
    assert finished.code == 2
    assert finished.err.count("\n") == 1
