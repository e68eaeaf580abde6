"""bigWig tracks of 12 Mbp: writing and reading beside the libraries called directly.

Written: a value a base and a value for 50 bases, both random, and a coverage-like track. Ours is timed with
the reading back and without, of one file and of twenty in a row, which share the process that reads. CPU
seconds, those of child processes among them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyBigWig
from _measure import children_seconds, function_seconds, medians, print_table
from numpy.typing import NDArray

from seqnet.formats.files.sandbox import stop_waiting
from seqnet.formats.tracks import bigwig
from seqnet.formats.tracks.bigwig import open_bigwig, write_bigwig

BASES = 12_000_000
PIECE = 1 << 20
ROUNDS = 3
FILES = 20

Values = NDArray[np.float32]
Writer = Callable[[str, Values, int], None]


def seconds(function: Callable[[], object]) -> float:
    """Return the CPU seconds of one call and of its child processes."""

    def whole() -> None:
        function()
        stop_waiting()  # a process counts when it has ended

    stop_waiting()
    before = children_seconds()
    return function_seconds(whole) + children_seconds() - before


def ours(path: str, values: Values, step: int) -> None:
    """Write with seqnet."""
    with write_bigwig(path, {"c": BASES}) as writer:
        for first in range(0, len(values), PIECE):
            writer.add("c", first * step, values[first : first + PIECE], step)


@contextmanager
def unverified() -> Iterator[None]:
    """Leave out the reading back."""
    verify = bigwig._verify
    bigwig._verify = lambda *_: None
    try:
        yield
    finally:
        bigwig._verify = verify


def ours_unverified(path: str, values: Values, step: int) -> None:
    """Write with seqnet, not reading back."""
    with unverified():
        ours(path, values, step)


def direct(path: str, values: Values, step: int) -> None:
    """Write with pyBigWig."""
    file = pyBigWig.open(path, "w")
    file.addHeader([("c", BASES)])
    file.addEntries("c", 0, values=values.astype(np.float64), span=step, step=step)
    file.close()


def bigtools(path: str, values: Values, step: int) -> None:
    """Write with pybigtools, which takes tuples."""
    import pybigtools

    starts = range(0, BASES, step)
    rows = (("c", start, start + step, value) for start, value in zip(starts, values.tolist(), strict=True))
    pybigtools.open(path, "w").write({"c": BASES}, rows)


def bedgraph(path: str, values: Values, step: int) -> None:
    """Write a bedGraph with pandas."""
    import pandas

    starts = np.arange(0, BASES, step)
    table = pandas.DataFrame({"chrom": "c", "start": starts, "end": starts + step, "value": values})
    table.to_csv(path, sep="\t", header=False, index=False)


WRITERS: dict[str, Writer] = {
    "seqnet": ours,
    "seqnet, not read back": ours_unverified,
    "pyBigWig": direct,
    "pybigtools": bigtools,
    "bedGraph by pandas": bedgraph,
}


def compare_writing(title: str, values: Values, step: int, folder: str) -> None:
    """Time the writers of one track."""
    paths = {name: f"{folder}/{rank}.bw" for rank, name in enumerate(WRITERS)}
    timed = {
        name: (lambda name=name: seconds(lambda: WRITERS[name](paths[name], values, step)))
        for name in WRITERS
    }
    found = medians(timed, ROUNDS)
    print_table(f"writing {title}", found, "seqnet")
    print(
        "  " + ", ".join(f"{name}: {Path(path).stat().st_size / 1e6:.1f} MB" for name, path in paths.items())
    )


def compare_many(title: str, values: Values, step: int, folder: str) -> None:
    """Time writing files one after the other, as a model of many tasks does."""

    def written(writer: Writer) -> float:
        return seconds(lambda: [writer(f"{folder}/many.bw", values, step) for _ in range(FILES)])

    names = ("seqnet", "seqnet, not read back", "pyBigWig")
    timed = {name: (lambda name=name: written(WRITERS[name]) / FILES) for name in names}
    print_table(f"writing {title}, each of {FILES} files", medians(timed, ROUNDS), "seqnet")


def compare_reading(title: str, values: Values, step: int, folder: str) -> None:
    """Time reading all values of a contig."""
    path = f"{folder}/read.bw"
    ours(path, values, step)

    def worker() -> None:
        with open_bigwig(path) as reader:
            reader.values("c", 0, BASES)

    def library() -> None:
        with pyBigWig.open(path) as file:
            file.values("c", 0, BASES, numpy=True)

    def nothing() -> None:
        with open_bigwig(path):
            pass

    ways = {"seqnet": worker, "seqnet, opening alone": nothing, "pyBigWig": library}
    timed = {name: (lambda way=way: seconds(way)) for name, way in ways.items()}
    print_table(f"reading {title}", medians(timed, ROUNDS), "seqnet")


def main() -> None:
    """Time all of them."""
    generator = np.random.default_rng(1)
    cuts = np.zeros(BASES)
    cuts[generator.integers(0, BASES, 200_000)] = 1
    tracks = {
        "a float a base": (generator.standard_normal(BASES).astype(np.float32), 1),
        "a float for 50 bases": (generator.random(BASES // 50).astype(np.float32), 50),
        "counts a base": (np.convolve(cuts, np.ones(150), "same").round().astype(np.float32), 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        for title, (values, step) in tracks.items():
            compare_writing(title, values, step, folder)
            compare_reading(title, values, step, folder)
        compare_many("a float for 50 bases", *tracks["a float for 50 bases"], folder)


if __name__ == "__main__":
    main()
