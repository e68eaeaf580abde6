"""How well models learn: test auROC and auPRC of k-mer models and networks, one recipe for all sets.

Sets are the ten ENCODE ChIP-seq sets of the DeepBind paper (101 bp, tested against dinucleotide shuffles),
LS-GKM's NFE2 set, and what ``workflows/dragonn_simulations.sh`` made, by the names of its files (its summary
has the best-PWM scan by the true motif). Each line of the table is one model trained on one set by the
command line, with its defaults.

    SEQNET_DATA=... python benchmarks/learn.py [--sets MYC,nfe2] [--methods gapped,default]
    SEQNET_DATA=... python benchmarks/learn.py --simulations OUT --sets single_TAL1_known4,counting
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from _measure import children_seconds

ENCODE = ("ARID3A", "CTCFL", "ELK1", "FOXA1", "GABPA", "MYC", "REST", "SP1", "USF1", "ZBTB7A")
METHODS = {
    "kmers": ("linear", "-k", "6", "--normalize", "sqrt"),
    "gapped": ("linear", "--gapped", "--loss", "hinge"),
    **{
        name: ("cnn", "--preset", name)
        for name in (
            *("lecture", "dragonn", "deepbind", "danq", "factornet"),
            *("basset", "deepsea"),  # for longer sequences than the ENCODE sets'
            "default",
        )
    },
}
NFE2 = "wgEncodeSydhTfbsGm12878Nfe2hStdAlnRep0"


class LearningSet(NamedTuple):
    """What to train on and what to test on."""

    train: tuple[str, ...]
    """Options of ``seqnet train`` that name the input."""
    test: Path
    """FASTA."""
    labels: Path
    """Labels of the test sequences: a table of names, or regions of the FASTA."""


def seqnet(*args: object) -> str:
    """Run a command and return what it prints."""
    command = [sys.executable, "-m", "seqnet", *map(str, args)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_encode(path: Path) -> list[tuple[str, str]]:
    """Return (sequence, label) of a DeepBind file."""
    with gzip.open(path, "rt") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream][1:]
    return [(row[2], row[3]) for row in rows]


def write_named(folder: Path, name: str, rows: Sequence[tuple[str, str]], task: str) -> tuple[Path, Path]:
    """Write sequences as FASTA and their labels as a table."""
    fasta, labels = folder / f"{name}.fa", folder / f"{name}.labels.tsv"
    fasta.write_text("".join(f">{name}{i}\n{sequence}\n" for i, (sequence, _) in enumerate(rows)))
    labels.write_text(f"#name\t{task}\n" + "".join(f"{name}{i}\t{y}\n" for i, (_, y) in enumerate(rows)))
    return fasta, labels


def encode_set(name: str, data: Path, folder: Path) -> LearningSet:
    """Prepare one of the ten ENCODE sets."""
    (train,) = (data / "encode_deepbind10").glob(f"{name}_*_AC.seq.gz")
    (test,) = (data / "encode_deepbind10").glob(f"{name}_*_B.seq.gz")
    positives, _ = write_named(folder, "train", read_encode(train), "bound")
    fasta, labels = write_named(folder, "test", read_encode(test), "bound")
    return LearningSet(("--positives", str(positives), "--negatives", "shuffle"), fasta, labels)


def read_fasta(path: Path) -> list[str]:
    """Return the sequences of a FASTA file."""
    return ["".join(record.split("\n")[1:]) for record in path.read_text().split(">")[1:]]


def nfe2_set(data: Path, folder: Path) -> LearningSet:
    """Prepare LS-GKM's set, with its own negatives."""
    files = {part: data / "lsgkm_nfe2" / f"{NFE2}.{part}.fa" for part in ("tr", "neg.tr", "test", "neg.test")}
    rows = [(s, "1") for s in read_fasta(files["test"])] + [(s, "0") for s in read_fasta(files["neg.test"])]
    fasta, labels = write_named(folder, "test", rows, "bound")
    return LearningSet(("--positives", str(files["tr"]), "--negatives", str(files["neg.tr"])), fasta, labels)


def simulated_set(name: str, folder: Path, simulations: Path) -> LearningSet:
    """Take one of the sets that ``workflows/dragonn_simulations.sh`` made."""
    fasta, labels = simulations / f"{name}.fa", simulations / f"{name}.bed"
    lines = labels.read_text().splitlines()
    header = next(line for line in lines if line.startswith("#chrom"))
    held = folder / "test.bed"
    held.write_text(
        "\n".join([header, *(line for line in lines if line.split("\t")[6:7] == ["test"])]) + "\n"
    )
    return LearningSet(("--regions", str(labels), "--genome", str(fasta)), fasta, held)


def judge(scores: Path, labels: Path) -> tuple[str, str]:
    """Return test auROC and auPRC as text."""
    header, row = (
        line.split("\t") for line in seqnet("evaluate", scores, "--labels", labels, "-q").splitlines()[-2:]
    )
    values = dict(zip(header, row, strict=True))
    return values["auroc"], values["auprc"]


def train_and_test(method: str, part: LearningSet, folder: Path, threads: int) -> tuple[str, str, float]:
    """Train one model and return its test auROC, auPRC and the CPU seconds of training."""
    model, scores = folder / f"{method}.safetensors", folder / f"{method}.tsv"
    begun = children_seconds()
    seqnet("train", *METHODS[method], *part.train, "-t", threads, "-q", "-o", model)
    spent = children_seconds() - begun
    if part.labels.suffix == ".bed":
        seqnet("predict", model, "--regions", part.labels, "--genome", part.test, "-q", "-o", scores)
    else:
        seqnet("predict", model, part.test, "-q", "-o", scores)
    return *judge(scores, part.labels), spent


def prepared(
    names: Sequence[str], data: Path, simulations: Path | None
) -> Iterator[tuple[str, LearningSet, Path]]:
    """Yield each set with a folder of its own."""
    for name in names:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            if name == "nfe2":
                part = nfe2_set(data, folder)
            elif name in ENCODE:
                part = encode_set(name, data, folder)
            elif simulations is not None:
                part = simulated_set(name, folder, simulations)
            else:
                sys.exit(f"{name}: give --simulations, the output of workflows/dragonn_simulations.sh")
            yield name, part, folder


def main() -> None:
    """Train every method on every set and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join([*ENCODE, "nfe2"]))
    parser.add_argument("--methods", default="kmers,gapped,default")
    parser.add_argument("--simulations", type=Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    if "SEQNET_DATA" not in os.environ:
        sys.exit("SEQNET_DATA: give the folder of public data")
    data = Path(os.environ["SEQNET_DATA"])
    print("set", "method", "auroc", "auprc", "train_cpu_s", sep="\t", flush=True)
    for name, part, folder in prepared(options.sets.split(","), data, options.simulations):
        for method in options.methods.split(","):
            auroc, auprc, spent = train_and_test(method, part, folder, options.threads)
            print(name, method, auroc, auprc, f"{spent:.0f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
