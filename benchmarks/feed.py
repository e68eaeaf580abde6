"""Batches of windows, from a genome and a track in memory to float32, one thread.

seqnet's batches are channels last, (n, 4, 1, L), the others' (n, 4, L), all float32 as a network is fed.
tangermeme's extract_loci is handed the loci as a table and the genome as an indexed FASTA file or as
one-hot int8 in memory; it runs one job, returns int8 of all loci at once, and that is made float32 batch by
batch. pyfaidx reads its indexed file once for each window, which is then encoded with numpy. pyBigWig is
asked for each window's values as an array. All windows lie at random places and all ways are checked to
give the same numbers.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _measure import function_seconds, medians

from seqnet.aliases import Codes, Ints
from seqnet.formats.sequences.fasta import read_genome, write_fasta
from seqnet.formats.tracks.bigwig import open_bigwig, write_bigwig
from seqnet.genome.intervals import make_intervals
from seqnet.genome.sequence import EncodedSequence
from seqnet.genome.signals.layout import pack_genome, whole_contigs
from seqnet.genome.signals.tracks import load_track
from seqnet.model_inputs.inputs import GenomeInputs, Inputs
from seqnet.model_inputs.signals import signal_inputs

BASES, WIDTH, BATCH = 12_000_000, 600, 128
WINDOWS = 51_200
PART = 25
"""The slower ways take this part of the windows."""
JITTER = 50
ROUNDS = 5
CPU = torch.device("cpu")
CONTIG = "chr1"
_CODE = np.full(256, 4, dtype=np.uint8)
_CODE[list(b"ACGTacgt")] = [0, 1, 2, 3] * 2


def feed(inputs: Inputs, rows: Ints, augment: bool = False) -> None:
    """Make all batches, with jitter and random strands if so wished."""
    generator = np.random.default_rng(0)
    flip = generator.random(len(rows)) < 0.5
    shift = generator.integers(-JITTER, JITTER + 1, len(rows))
    for first in range(0, len(rows), BATCH):
        part = slice(first, first + BATCH)
        if augment:
            inputs.batch(rows[part], CPU, flip[part], shift[part])
        else:
            inputs.batch(rows[part], CPU)


def one_hot(codes: Codes) -> np.ndarray:
    """Return float32 (4, L) of one sequence."""
    return (codes == np.arange(4, dtype=np.uint8)[:, np.newaxis]).astype(np.float32)


def pyfaidx_way(path: Path, starts: Ints) -> Callable[[], list[np.ndarray]]:
    """Read and encode window by window."""
    import pyfaidx

    fasta = pyfaidx.Fasta(str(path), as_raw=True, sequence_always_upper=True)

    def run() -> list[np.ndarray]:
        windows = (fasta[CONTIG][int(s) : int(s) + WIDTH].encode() for s in starts)
        rows = [one_hot(_CODE[np.frombuffer(w, np.uint8)]) for w in windows]
        return [np.stack(rows[first : first + BATCH]) for first in range(0, len(rows), BATCH)]

    return run


def tangermeme_ways(path: Path, codes: Codes, starts: Ints) -> dict[str, Callable[[], list[torch.Tensor]]]:
    """Extract all loci in one call, from the file and from memory, where tangermeme is installed."""
    try:
        import pandas as pd
        from tangermeme.io import extract_loci
    except ImportError:
        return {}
    loci = pd.DataFrame({"chrom": CONTIG, "start": starts, "end": starts + WIDTH})
    held = {CONTIG: one_hot(codes).astype(np.int8)}
    options = {"in_window": WIDTH, "out_window": WIDTH, "n_jobs": 1}

    def run(source: object) -> list[torch.Tensor]:
        return [batch.float() for batch in extract_loci(loci, source, **options).split(BATCH)]

    return {
        "tangermeme extract_loci, FASTA": lambda: run(str(path)),
        "tangermeme extract_loci, in memory": lambda: run(held),
    }


def report(title: str, seconds: Mapping[str, float], ours: str) -> None:
    """Print windows a second of each way, and how many times its ours is."""
    print(f"\n{title} (CPU seconds for {WINDOWS} windows)")
    for name, value in seconds.items():
        rate = WINDOWS / value / 1e3
        print(f"  {name:<34}{value:>10.4f}{rate:>11.1f} k windows/s{value / seconds[ours]:>9.2f}x")


def measure(ways: Mapping[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Time ways, each with the part of the windows that it takes."""
    timed = {
        name: (lambda way=way, part=part: part * function_seconds(way)) for name, (way, part) in ways.items()
    }
    return medians(timed, ROUNDS)


def compare_sequences(folder: Path, starts: Ints) -> None:
    """Time the ways from a genome to batches."""
    genome = read_genome(str(folder / "genome.fa"))
    intervals = make_intervals([CONTIG] * WINDOWS, starts, starts + WIDTH)
    inputs, rows = GenomeInputs(pack_genome(genome), intervals), np.arange(WINDOWS)
    some = starts[: WINDOWS // PART]
    others: dict[str, Callable[[], Iterable[object]]] = {
        **tangermeme_ways(folder / "genome.fa", genome.codes[CONTIG], some),
        "pyfaidx per window": pyfaidx_way(folder / "genome.fa", some),
    }
    expected = inputs.batch(rows[: len(some)], CPU)[:, :, 0].numpy()
    for other in others.values():
        if not np.array_equal(np.concatenate([np.asarray(batch) for batch in other()]), expected):
            raise SystemExit("the ways differ")
    found = measure(
        {
            "seqnet": (lambda: feed(inputs, rows), 1),
            "seqnet, jitter and both strands": (lambda: feed(inputs, rows, augment=True), 1),
            **{name: (way, PART) for name, way in others.items()},
        }
    )
    report(f"one-hot batches of {BATCH} x {WIDTH} bp", found, "seqnet")


def compare_signals(path: str, contig: str, what: str, generator: np.random.Generator) -> None:
    """Time the ways from a track to batches, windows anywhere on one of its contigs."""
    import pyBigWig

    with open_bigwig(path) as reader:
        track = load_track("track", reader, whole_contigs(reader.lengths))
    starts = generator.integers(JITTER, track.layout.lengths[contig] - WIDTH - JITTER, WINDOWS)
    intervals = make_intervals([contig] * WINDOWS, starts, starts + WIDTH)
    inputs, rows = signal_inputs([track], intervals, reach=JITTER), np.arange(WINDOWS)
    file: Any = pyBigWig.open(path)
    some = [int(start) for start in starts[: WINDOWS // PART]]

    def slow() -> np.ndarray:
        return np.nan_to_num(np.stack([file.values(contig, s, s + WIDTH, numpy=True) for s in some]))

    def slower() -> np.ndarray:
        rows = [file.values(contig, s, s + WIDTH) for s in some]
        return np.nan_to_num(np.array(rows, dtype=np.float32))

    if not np.array_equal(slow(), inputs.batch(rows[: len(some)], CPU)[:, 0, 0].numpy()):
        raise SystemExit("the ways differ")
    found = measure(
        {
            "seqnet": (lambda: feed(inputs, rows), 1),
            "seqnet, jitter and both strands": (lambda: feed(inputs, rows, augment=True), 1),
            "pyBigWig.values, numpy=True": (slow, PART),
            "pyBigWig.values": (slower, PART),
        }
    )
    report(f"signal batches of {BATCH} x {WIDTH} bp, {what}", found, "seqnet")


def prepare(folder: Path, generator: np.random.Generator) -> None:
    """Write a random genome, and a track of runs of 1 to 20 equal bases with gaps."""
    codes = generator.integers(0, 4, BASES).astype(np.uint8)
    with (folder / "genome.fa").open("wb") as stream:
        write_fasta(stream, [EncodedSequence(CONTIG, codes)])
    runs = generator.integers(1, 21, BASES // 8)
    values = np.repeat(generator.poisson(2, len(runs)).astype(np.float32), runs)[:BASES]
    values[values == 0] = np.nan
    with write_bigwig(str(folder / "track.bw"), {CONTIG: BASES}, gaps=True) as writer:
        writer.add(CONTIG, 0, values)


def main() -> None:
    """Time all of them."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    generator = np.random.default_rng(1)
    starts = generator.integers(JITTER, BASES - WIDTH - JITTER, WINDOWS)
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), generator)
        compare_sequences(Path(name), starts)
        compare_signals(f"{name}/track.bw", CONTIG, "simulated", generator)
    real = Path(os.environ.get("SEQNET_DATA", "none")) / "yeast_R64" / "atac" / "atac_500k_coverage.bw"
    if real.exists():
        compare_signals(str(real), "chrIV", "yeast ATAC coverage", generator)


if __name__ == "__main__":
    main()
