"""Many contigs: the same bases as 50,000 contigs of 900 bp and as 50 of 900 kbp, command by command.

The text of the two genomes is the same, cut at other places; so are the peaks, which touch no cut, and the
fragments. CPU seconds of the command and its children, one thread, medians; the ratio is what the additional
contigs cost. Names of commands as arguments restrict the table to those; --contigs N and --rounds N measure
less.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _measure import command_seconds, medians

SMALL, LARGE = 900, 900_000
CONTIGS = 50_000
WIDTH = 200
ROUNDS = 3
LAYERS = "conv 8x15, relu, global_pool max, dense 8, relu"
MOTIF = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m\nletter-probability matrix: alength= 4 w= 8\n" + "".join(
    " ".join("0.91" if base == best else "0.03" for base in range(4)) + "\n"
    for best in (0, 2, 3, 1, 1, 0, 3, 2)
)


def seqnet(*words: str) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "seqnet", *words]


def write_inputs(folder: Path, size: int, codes: np.ndarray, peaks: np.ndarray, cuts: np.ndarray) -> None:
    """Write genome, peaks and fragments for contigs of `size` bases."""
    count = len(codes) // size
    text = np.frombuffer(b"ACGT", np.uint8)[codes].tobytes().decode()
    parts = [f">c{i}\n{text[i * size : (i + 1) * size]}\n" for i in range(count)]
    (folder / "genome.fa").write_text("".join(parts))
    lines = [f"c{p // size}\t{p % size}\t{p % size + WIDTH}\tpeak{i}\t{i % 900}\t.\t5\t4\t3\t{WIDTH // 2}\n"
             for i, p in enumerate(peaks.tolist())]  # fmt: skip
    for task in (0, 1):
        (folder / f"task{task}.narrowPeak").write_text("".join(lines[task::2]))
    spans = [f"c{p // size}\t{p % size}\t{p % size + 80}\tcell\t1\n" for p in cuts.tolist()]
    (folder / "fragments.tsv").write_text("".join(spans))
    (folder / "sizes").write_text("".join(f"c{i}\t{size}\n" for i in range(count)))
    (folder / "motif.meme").write_text(MOTIF)


def commands(folder: Path) -> dict[str, list[str]]:
    """Return every command line that is timed, in the order in which one needs the other's results."""
    at = {name: str(folder / name) for name in (
        "genome.fa", "task0.narrowPeak", "task1.narrowPeak", "{task}.narrowPeak", "fragments.tsv", "sizes",
        "motif.meme", "labels.bed", "bins.bed", "negatives.bed", "depth.bw", "depth.bedgraph", "{task}.bw",
        "tiles.bed", "hits.bed", "track.bw", "region_hits.bed", "kmers.npz", "check.tsv",
        "rows.bed", "metrics.tsv", "tile_metrics.tsv", "model.safetensors", "enriched.tsv")}  # fmt: skip
    genome = ("--genome", at["genome.fa"])
    peaks = (at["task0.narrowPeak"], at["task1.narrowPeak"])
    return {
        "label": seqnet(
            "label", *peaks, *genome, "--width", str(WIDTH), "--valid-fraction", "0.1",
            "--test-fraction", "0.5", "-o", at["labels.bed"]
        ),
        "label --bins": seqnet(
            "label", *peaks, *genome, "--bins", "100", "--negatives", "0",
            "-o", at["bins.bed"]),
        "negatives": seqnet("negatives", peaks[0], *genome, "--width", str(WIDTH), "-o", at["negatives.bed"]),
        "coverage": seqnet(
            "coverage", at["fragments.tsv"], "--count", "fragments", "--genome", at["sizes"],
            "-o", at["depth.bw"]),
        "coverage, bedGraph": seqnet(
            "coverage", at["fragments.tsv"], "--count", "fragments", "--genome", at["sizes"],
            "-o", at["depth.bedgraph"]),
        "label --signal": seqnet(
            "label", *peaks, *genome, "--width", str(WIDTH), "--signal", f"depth={at['depth.bw']}",
            "--negatives", "0", "-o", at["bins.bed"]),
        "scan": seqnet("scan", at["motif.meme"], at["genome.fa"], "-o", at["hits.bed"]),
        "scan --track": seqnet("scan", at["motif.meme"], at["genome.fa"], "--track", at["track.bw"]),
        "scan --regions": seqnet(
            "scan", at["motif.meme"], *genome, "--regions", at["labels.bed"], "-o", at["region_hits.bed"]),
        "kmer-featurize --regions": seqnet(
            "kmer-featurize", "--regions", at["labels.bed"], *genome, "-k", "5", "-o", at["kmers.npz"]),
        "enrich": seqnet(
            "enrich", at["motif.meme"], "--regions", at["task0.narrowPeak"], *genome,
            "--against-regions", at["task1.narrowPeak"], "-o", at["enriched.tsv"]),
        "check": seqnet(
            "check", at["labels.bed"], *genome, "--signal", f"depth={at['depth.bw']}", "-o", at["check.tsv"]),
        "predict --tile": seqnet(
            "predict", at["model.safetensors"], *genome, "--tile", "50", "-o", at["{task}.bw"]),
        "predict --tile, BED": seqnet(
            "predict", at["model.safetensors"], *genome, "--tile", "50", "-o", at["tiles.bed"]),
        "predict --regions": seqnet(
            "predict", at["model.safetensors"], *genome, "--regions", at["labels.bed"], "-o", at["rows.bed"]),
        "evaluate": seqnet("evaluate", at["rows.bed"], "--labels", at["labels.bed"], "-o", at["metrics.tsv"]),
        "evaluate --tiles": seqnet(
            "evaluate", at["rows.bed"], "--labels", at["labels.bed"], "--tiles", at["{task}.bw"],
            "--peaks", at["{task}.narrowPeak"], "-o", at["tile_metrics.tsv"]),
    }  # fmt: skip


def train(folder: Path) -> None:
    """Train the small model of one task that is used for both genomes."""
    rows = (folder / "labels.bed").read_text().splitlines(keepends=True)
    head = [row for row in rows if row.startswith("#")]
    (folder / "few.bed").write_text("".join(head + [row for row in rows if not row.startswith("#")][:4000]))
    command = seqnet(
        "train", "cnn", "--regions", str(folder / "few.bed"), "--genome", str(folder / "genome.fa"),
        "--layers", LAYERS, "--epochs", "1", "--no-kmer-term", "-t", "1",
        "-o", str(folder / "model.safetensors"), "-q")  # fmt: skip
    subprocess.run(command, check=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Time every command on both genomes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("commands", nargs="*")
    parser.add_argument("--contigs", type=int, default=CONTIGS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        measure(Path(chosen.folder or temporary), chosen.contigs, chosen.rounds, chosen.commands)


def measure(folder: Path, contigs: int, rounds: int, names: Sequence[str]) -> None:
    """Print seconds and ratio of each command."""
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 4, contigs * SMALL)
    bin_of_peak = np.sort(generator.permutation(contigs)[: contigs // 2])
    peaks = bin_of_peak * SMALL + generator.integers(50, SMALL - WIDTH - 50, len(bin_of_peak))
    cuts = np.sort(generator.integers(0, contigs, 10 * contigs)) * SMALL
    cuts += generator.integers(0, SMALL - 80, len(cuts))
    folders = {size: folder / str(size) for size in (SMALL, LARGE)}
    for size, own in folders.items():
        own.mkdir(parents=True, exist_ok=True)
        write_inputs(own, size, codes, peaks, cuts)
    lines = {size: commands(own) for size, own in folders.items()}
    for size, own in folders.items():
        if "label" not in names or not (own / "labels.bed").exists():
            subprocess.run([*lines[size]["label"], "-q"], check=True)
    if not (folders[LARGE] / "model.safetensors").exists():
        train(folders[LARGE])
    (folders[SMALL] / "model.safetensors").write_bytes((folders[LARGE] / "model.safetensors").read_bytes())
    print(f"{contigs} contigs of {SMALL} bp against {contigs * SMALL // LARGE} of {LARGE} bp (CPU seconds)")
    for name in lines[SMALL]:
        if names and name not in names:
            continue
        timed = {size: (lambda line=lines[size][name]: command_seconds([*line, "-q"])) for size in folders}
        found = medians(timed, rounds)
        print(
            f"  {name:<26}{found[SMALL]:>10.2f}{found[LARGE]:>10.2f}{found[SMALL] / found[LARGE]:>8.2f}x",
            flush=True,
        )


if __name__ == "__main__":
    main()
