"""Command lines as they are mistyped: a seeded grammar over every command, and what runs the lines.

The grammar knows click's own parameters. A line begins as one that works, or with its command alone, and
gets one to three mistakes: values that the option's type does not allow, files of another kind or none,
options twice, misspelt or left out. Each line runs in a process of its own, forked from one that has the
libraries loaded, inside the boundary of ``python -m seqnet``.

Alone: ``python -m tests.cli.mistakes FOLDER --seed 1 --lines 1000`` with a folder of prepared inputs.
"""

import argparse
import importlib
import json
import os
import pkgutil
import random
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import click

from seqnet.commands._boundary import names_file
from seqnet.commands.options.types import Parsed
from tests.cli.beginnings import BEGINNINGS, PREPARED, PREPARING
from tests.cli.test_contract import LEAVES, arguments, good_input
from tests.prepared import Prepared, must

CODES = {0, 1, 2, 141}
LIMIT = 120.0
"""Seconds of a line; nothing takes so long even where other work goes on."""
INPUTS = Path("../in")
"""Where lines find the prepared inputs: each line has links of its own, which it may replace."""
LONGEST = 500
"""Characters of an error with the command's name before it."""
NUMBERS = (
    "", "nan", "inf", "-inf", "0", "-1", "1e308", "1e400", str(10**20), "-" + "9" * 30, "9" * 5000, "1.5",
    "\u0663", "1_0", "0x10", "1e-400", "abc", " 1", "1,2", "+1", "1", "2", "0.5",
)  # fmt: skip
POSSIBLE = ("0", "1", "2", "3", "5", "8", "10", "30", "100", "0.5", "0.1", "1e-3", "1e-300", "0.999999", "7")
"""Numbers that some options take."""
WORDS = (
    "", " ", "x", "nan", "*", "[", "a=b", "=", "=x", "a,b", ",", "\u00e9\u4e2d", "A" * 3000, "../x", "-", "--",
    "chr1", "{motif}", "{task}", "%s", "name", "cuda:99", "(" * 2000, "1101", "11" * 40, "dnase",
)  # fmt: skip
TEXTS = {
    "layers": (
        "conv 99999999999999999999x5", "conv 4x99999999999999999999", "dense " + "9" * 5000, "conv 0x5",
        "conv nanxinf", "dropout nan", "dropout inf", "dropout 1e400", "residual(" * 3000, ",", "relu, relu",
        "residual(" * 400 + "relu" + ")" * 400, "dense -1", "conv 4x5 dilation=99999999999999999999", "(", ")",
        "conv 4x5 padding=99999999999999999999", "conv 4x5, global_pool max, dense 99999999999999999999",
        "conv 4x5 stride=\u0663", " " * 20000 + "x(", "max_pool 0", "flatten, flatten, dense 3",
    ),
    "device": ("cuda:99999999999999999999", "cuda:-1", "cuda:x", "mps", "cuda", "gpu", "meta", "cpu:3", "xpu"),
    "shift": ("4", "4,-5,6", "nan,1", "4,", f"{10**20},1"),
    "checkpoint_every": ("s", "nans", "infs", "-1s", "0", "0s", f"{10**20}s", "1e400s"),
    "batch_size": ("full", "half", "0"),
    "optimiser_options": ("eps=nan", "momentum=2", "beta1=1", "eps=0", "x=1", "eps", "=1", "beta2=\u0663"),
    "background": ("nan,1,1,1", "0,0,0,0", "1,1,1", "-1,1,1,2", "1e308,1e308,1e308,1e308", "inf,0,0,0", "from:",
                   "from:no/such", "from:-", "0.25,0.25,0.25,0.25"),
    "pseudocount": ("nan", "1e308", "-1", "sqrtt", "none", "0"),
    "contigs": ("c", "c=", "=5", "c=0", "c=-1", f"c={10**20}", "c=nan", "c d=5", "c=1000"),
    "signals": ("dnase=", "=x", "no/such.bw", "a=no/such.bw"),
    "seed": ("18446744073709551616",),
}  # fmt: skip
FILES = (
    "", "-", ".", "no/such/file", "/dev/null", "\u00e9.bed", "reb1.meme", "reb1.pssm", "hits.bed", "small.bed",
    "k.npz", "linear.safetensors", "dense.safetensors", "cnn.safetensors", "pred.bed", "head.fa", "sites.fa",
    "peaks.narrowPeak", "motifs.jaspar", "genome.fa", "track.bw", "hits.tests.tsv", "chrom.sizes", "cut.npz",
    "cut.safetensors", "binary", "empty", "deep.json", "deep.toml", "huge.bed", "table.csv", "latin1.txt",
    "metrics.json", "nested.bed/", "/proc/self/mem", *PREPARED,
)  # fmt: skip
OUTPUTS = ("out.txt", "out.bw", "out.npz", "out.svg", "out.gz", "", ".", "no/such/out", "/dev/full", "-",
           "{motif}.x", "/dev/null", "A" * 300, "out.bed.bgz", "out.\u00e9", "old.txt", "/dev/stdout/x")  # fmt: skip
_OUT = re.compile(
    r"^(output|.*_out|metrics|json_path|plot|report|track|logo|thresholds|dropped|truth|mqc|sites_out|peaks|"
    r"labels_out|checkpoint_dir|cache_dir|tmpdir|work_dir)$"
)
_INPUT_PEAKS = {"evaluate", "label"}


def extra_files(folder: Path, data: Path) -> None:
    """Put small, odd and damaged inputs beside the prepared ones."""
    from seqnet.formats.sequences.fasta import read_genome
    from seqnet.formats.tracks.bigwig import write_bigwig

    lines = (folder / "regions.bed").read_text().splitlines(keepends=True)
    head = [line for line in lines if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    (folder / "small.bed").write_text("".join(head + rows[:: max(1, len(rows) // 120)]))
    shutil.copy(data / "genome.fa", folder / "genome.fa")
    shutil.copy(data / "motifs.jaspar", folder / "motifs.jaspar")
    shutil.copy(data / "peaks" / "REB1.narrowPeak", folder / "peaks.narrowPeak")
    lengths = read_genome(str(data / "genome.fa")).lengths
    with write_bigwig(str(folder / "track.bw"), lengths) as writer:
        import numpy as np

        for name, length in lengths.items():
            writer.add(name, 0, np.arange(length // 20, dtype=np.float32) % 7, 20)
    (folder / "chrom.sizes").write_text("".join(f"{name}\t{length}\n" for name, length in lengths.items()))
    (folder / "hits.tests.tsv").write_text("##seqnet=1\n#motif\twindows\thits\nREB1\t\t\u0663\n")
    for name in ("k.npz", "cnn.safetensors"):
        whole = (folder / name).read_bytes()
        (folder / ("cut" + Path(name).suffix)).write_bytes(whole[: len(whole) // 2])
    (folder / "binary").write_bytes(bytes(range(256)) * 20)
    (folder / "empty").write_bytes(b"")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "deep.toml").write_text("layers = " + "[" * 100_000)
    (folder / "huge.bed").write_text(f"chr1\t1\t{10**30}\nchr1\t{'9' * 5000}\t2\n")
    (folder / "table.csv").write_text("seq,y\nACGTACGTACGT,1\nTTTTACGTACGA,0\n" * 10)
    (folder / "latin1.txt").write_bytes("caf\u00e9\t1\t2\n".encode("latin-1"))
    small_inputs(folder)
    for text in PREPARING:
        must(*(str(folder / word[1:]) if word[0] == "@" else word for word in text.split()))
    (folder / "metrics.json").write_text('{"schema_version": 1, "figures": "nan"}')


def small_inputs(folder: Path) -> None:
    """Put inputs of a few rows beside the prepared ones."""
    (folder / "few.bed").write_text("chr1\t480\t580\nchr2\t1000\t1010\n")
    (folder / "samples.tsv").write_text(
        f"REB1\t{folder / 'peaks.narrowPeak'}\t1\nother\t{folder / 'few.bed'}\t.\n"
    )
    rows = "".join(f"{'ACGT' * n}TTGACA,{n / 7}\n{'GATC' * n}ACGGTA,{-n}\n" for n in range(2, 22))
    (folder / "numbers.csv").write_text(f"seq,y\n{rows}")
    names = [line[1:].split()[0] for line in (folder / "sites.fa").read_text().splitlines() if line[0] == ">"]
    (folder / "weights.tsv").write_text("".join(f"{name}\t{1 + n % 3}\n" for n, name in enumerate(names)))
    letters = "".join((folder / "head.fa").read_text().splitlines()[1:])
    (folder / "small.fa").write_text("".join(f">s{n}\n{letters[n:][:100]}\n" for n in range(0, 2000, 100)))
    head, *rows = (folder / "calls.vcf").read_text().splitlines()[1:]
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=chr1>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="G">',
    ]
    lines += [f"{head}\tFORMAT\ts1\ts2", *(f"{row}\tGT\t0|1\t1|{n % 2}" for n, row in enumerate(rows))]
    (folder / "phased.vcf").write_text("\n".join(lines) + "\n")


def is_output(names, option):
    """Whether a value is a place to write to."""
    found = bool(_OUT.match(option.name))
    if option.name == "peaks":
        return names[0] == "simulate"
    return found or (option.name == "tests" and names == ("scan",)) or option.opts[0] in ("--signal-out",)


def value_of(names, option, generator, folder):
    """A value for an option, usually wrong."""
    kind = option.type
    if isinstance(option, click.Option) and is_output(names, option):
        return generator.choice(OUTPUTS)
    if kind.name in ("integer range", "float range") and generator.random() < 0.5:
        return generator.choice(POSSIBLE)
    if option.name in TEXTS and generator.random() < 0.7:
        return generator.choice(TEXTS[option.name])
    if isinstance(kind, click.Choice):
        return generator.choice(
            [*map(str, kind.choices), "", "bogus", str(kind.choices[0]).upper(), "\u00e9"]
        )
    if isinstance(kind, Parsed) and generator.random() < 0.8:
        example = generator.choice(kind.examples or ("1",))
        number = generator.choice(NUMBERS)
        return re.sub(r"\d[\d.e-]*", lambda _: number, example, count=1)
    if kind.name in ("integer range", "float range") or isinstance(kind, Parsed):
        return generator.choice(NUMBERS)
    if isinstance(option, click.Argument) or names_file(option) or generator.random() < 0.2:
        return path_of(generator, folder)
    return generator.choice(WORDS)


def path_of(generator, folder):
    """A file, usually of the wrong kind."""
    name = generator.choice(FILES)
    return str(folder / name) if name and name[0] not in "-/." and not name.startswith("no/") else name


def one_option(names, option, generator, folder):
    """An option with a value, or a flag."""
    flag = generator.choice([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return [flag]
    values = [value_of(names, option, generator, folder) for _ in range(option.nargs)]
    if option.nargs == 1 and flag.startswith("--") and generator.random() < 0.3:
        return [f"{flag}={values[0]}"]
    return [flag, *values]


def beginning(names, generator, prepared):
    """Words of a line to which mistakes are made: mostly those of one that works."""
    chance = generator.random()
    if chance < 0.5 and names in BEGINNINGS:
        words = shlex.split(generator.choice(BEGINNINGS[names]))
        return [re.sub(r"@(?=[a-z])", f"{prepared.folder}/", word) for word in words]
    if chance < 0.75:
        line = [str(word) for word in arguments(names, prepared, small_input(names, prepared))]
        own = {str(prepared / "out.safetensors"): "out.safetensors",
               str(prepared / "regions.bed"): str(prepared / "small.bed")}  # fmt: skip
        return [own.get(word, word) for word in line]
    return [
        path_of(generator, prepared.folder) for _ in range(generator.randint(0, 3) if chance < 0.9 else 0)
    ]


def make_mistake(line, names, options, generator, folder):
    """Change one thing of a line in place."""
    kind = generator.choices(("option", "swap", "drop", "twice", "typo", "word"), (50, 23, 7, 7, 7, 6))[0]
    option = generator.choice(options)
    if kind == "swap" and line:
        line[generator.randrange(len(line))] = path_of(generator, folder)
    elif kind == "drop" and line:
        del line[generator.randrange(len(line))]
    elif kind == "typo":
        flag = option.opts[-1]
        line.append(generator.choice([flag[:-1], flag + "s", flag.replace("-", "_"), flag.upper(), "-Z"]))
    elif kind == "word":
        line.insert(generator.randint(0, len(line)), generator.choice([*WORDS, *NUMBERS]))
    else:
        for _ in range(2 if kind == "twice" else 1):
            line += one_option(names, option, generator, folder)


def mistaken(names, command, generator, prepared):
    """One command line after ``seqnet``."""
    folder = prepared.folder
    options = [
        p for p in command.params if isinstance(p, click.Option) and p.opts not in (["--help"], ["--debug"])
    ]
    line = beginning(names, generator, prepared)
    for _ in range(generator.choice((1, 1, 1, 2, 2, 3))):
        make_mistake(line, names, options, generator, folder)
    if generator.random() < 0.5:
        line.append("-q")
    return [*names, *line]


def small_input(names, prepared):
    """The good input of a command, small where it takes labelled regions."""
    path = good_input(names, prepared)
    return prepared / "small.bed" if path.name == "regions.bed" else path


def lines_of(seed, count, prepared):
    """`count` command lines of a seed, each command in its turn."""
    generator = random.Random(seed)
    for number in range(count):
        names, command = LEAVES[number % len(LEAVES)]
        yield mistaken(names, command, generator, prepared)


def run_line(line, place: Path) -> tuple[int, str, float]:
    """Run one line in a forked process; code (negative for a signal), standard error, seconds."""
    begun = time.monotonic()
    child = os.fork()
    if not child:
        _child(line, place)
    while time.monotonic() - begun < LIMIT:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.003)
    else:
        os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    told = (place / "stderr").read_bytes().decode("utf-8", "backslashreplace")
    return os.waitstatus_to_exitcode(status), told, time.monotonic() - begun


def _child(line, place: Path) -> None:
    """Become ``seqnet LINE`` inside `place`."""
    os.setsid()
    os.chdir(place / "work")
    os.environ["TMPDIR"] = str(place / "tmp")
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(place / "cache")  # which torch makes when it is imported
    os.environ["SEQNET_CACHE"] = str(place / "cache")
    tempfile.tempdir = None
    for number, path in enumerate(("/dev/null", place / "stdout", place / "stderr")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, flags, 0o600), number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, open(number, "r" if not number else "w", closefd=False))  # noqa: SIM115
    sys.argv = ["seqnet", *line]
    code = 255
    try:
        from seqnet.__main__ import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # what the boundary let through
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


_OWN = re.compile(r"seqnet(-| [a-z]|:)")
_BAD = re.compile(r"Traceback|site-packages|[A-Z][a-z]+Warning|\.py:\d|Error in ")


def judged(line, code, told, seconds, place: Path) -> list[str]:
    """What is wrong with how a line ended."""
    rows = told.splitlines()
    options = line[: line.index("--")] if "--" in line else line
    errors = [row for row in rows if _OWN.match(row) and ": error: " in row]
    failed = code in (1, 2) and not (line[0] == "check" and code == 1 and not errors)  # what it looks for
    left = [path.name for path in place.glob("work/**/*") if path.name.endswith(".seqnet-tmp")]
    left += [path.name for path in place.glob("tmp/*")]
    wrong = {
        "takes too long": seconds >= LIMIT,
        f"code {code}": code not in CODES,
        "not for users": _BAD.search(told.replace("\n", " ")) is not None,
        "no single error at the end": failed and (len(errors) != 1 or rows[-1:] != errors),
        "more than the error under -q": failed and "-q" in options and len(rows) != 1,
        "an empty message": any(row.rstrip().endswith(": error:") for row in errors),
        "a long line": any(len(row) > LONGEST for row in rows),
        f"leaves {left[:1]}": bool(left) and seconds < LIMIT,
    }
    return [text for text, is_so in wrong.items() if is_so]


def try_lines(folder: Path, seed: int, count: int, show: bool = False) -> list[dict[str, object]]:
    """Run the lines of a seed; return those that end badly."""
    failures = []
    codes: dict[int, int] = {}
    with tempfile.TemporaryDirectory(dir=folder.parent) as base:  # links stay on one disk
        for number, line in enumerate(lines_of(seed, count, Prepared(INPUTS))):
            place = Path(base) / str(number)
            for part in ("work", "tmp", "cache"):
                (place / part).mkdir(parents=True)
            shutil.copytree(folder, place / "in", copy_function=os.link)
            (place / "work" / "old.txt").write_text("old\n")
            code, told, seconds = run_line(line, place)
            codes[code] = codes.get(code, 0) + 1
            wrong = judged(line, code, told, seconds, place)
            if wrong:
                short = [word if len(word) < 200 else f"{word[:60]}...({len(word)})" for word in line]
                failures.append(
                    {"line": short, "code": code, "wrong": wrong, "told": told[-3000:], "n": number}
                )
                if show:
                    print(json.dumps(failures[-1], ensure_ascii=False), flush=True)  # noqa: T201
            elif show and seconds > 10:
                print(f"slow: {seconds:.0f} s {' '.join(line)[:300]}", flush=True)  # noqa: T201
            shutil.rmtree(place, ignore_errors=True)
    if show:
        print(codes)  # noqa: T201
    return failures


def load_libraries() -> None:
    """Import what commands import, once for all processes."""
    import matplotlib
    import numpy  # noqa: F401
    import pyBigWig  # noqa: F401
    import pysam  # noqa: F401
    import torch  # noqa: F401

    import seqnet

    matplotlib.use("Agg")
    for module in pkgutil.walk_packages(seqnet.__path__, "seqnet."):
        if not module.name.endswith(("__main__", "_worker")):
            importlib.import_module(module.name)


def main() -> None:
    """Run lines from the command line; the failures, as JSON lines, on stdout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    load_libraries()
    failures = try_lines(asked.folder, asked.seed, asked.lines, show=asked.json is None)
    if asked.json is not None:
        asked.json.write_text(json.dumps(failures))


if __name__ == "__main__":
    main()
