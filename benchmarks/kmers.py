"""k-mer tables: ``seqnet kmer-featurize`` from FASTA to npz against scikit-learn, and the library call.

scikit-learn's CountVectorizer gets the same file, read as plainly as can be, and its matrix is saved
uncompressed too. It counts k-mers of one strand: seqnet is timed with both strands, its default, and with
one, whose tables must be equal.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from _measure import command_seconds, function_seconds, medians, print_table
from scipy.sparse import load_npz, save_npz

from seqnet.genome.alphabet import decode
from seqnet.kernels import _dispatch
from seqnet.kmers.counting import count_codes
from seqnet.kmers.settings import GAPPED, KmerSettings, all_patterns, contiguous

SEQUENCES = 100_000
LENGTH = 600
K = 6
ROUNDS = 3


def featurize(fasta: str, table: str, *options: str) -> float:
    """Time the command."""
    command = [sys.executable, "-m", "seqnet", "kmer-featurize", fasta, "-k", str(K), *options, "-o", table]
    return command_seconds(command)


def vectorize(fasta: str, table: str) -> float:
    """Time scikit-learn in a process of its own, as the command has one."""
    return command_seconds([sys.executable, __file__, fasta, table])


def vectorizer_table(fasta: str, table: str) -> None:
    """Count with scikit-learn."""
    from sklearn.feature_extraction.text import CountVectorizer

    records = Path(fasta).read_text().split(">")[1:]
    texts = ["".join(record.split("\n")[1:]) for record in records]
    counter = CountVectorizer(analyzer="char", ngram_range=(K, K), lowercase=False, dtype=np.float32)
    save_npz(table, counter.fit_transform(texts), compressed=False)


def end_to_end(fasta: str, folder: Path) -> None:
    """Time FASTA to npz."""
    ours, theirs = str(folder / "ours.npz"), str(folder / "theirs.npz")
    found = medians(
        {
            "seqnet kmer-featurize": partial(featurize, fasta, str(folder / "both.npz")),
            "seqnet kmer-featurize, one strand": partial(featurize, fasta, ours, "--strands", "forward"),
            "CountVectorizer": partial(vectorize, fasta, theirs),
        },
        ROUNDS,
    )
    # scikit-learn leaves out words that never occur; its columns are in alphabetical order too
    counted = load_npz(ours)
    seen = np.flatnonzero(np.asarray(counted.sum(axis=0)).ravel())
    assert (counted[:, seen] != load_npz(theirs)).nnz == 0
    print_table(
        f"{SEQUENCES} sequences of {LENGTH} bp, FASTA to npz, k = {K}", found, "seqnet kmer-featurize"
    )


def library(codes: np.ndarray) -> None:
    """Time the library call for codes in memory."""
    chosen = {f"k = {k}": KmerSettings((contiguous(k),)) for k in (4, 6, 8, 10, 12)}
    chosen["eleven gapped patterns"] = KmerSettings(GAPPED, normalize="sqrt")
    chosen["66 patterns 7 of 11"] = KmerSettings(tuple(all_patterns(11, 7, "both")))
    chosen["66 patterns 7 of 11, 16 bits"] = chosen["66 patterns 7 of 11"]._replace(hash_bits=16)
    print(f"\ncount_codes, kernels {_dispatch.description()}, both strands, one thread")
    for name, settings in chosen.items():
        rows = codes[: SEQUENCES // 5 // len(settings.patterns)]
        count_codes(rows[:1], settings)  # makes the tables that every later call shares
        call = partial(function_seconds, partial(count_codes, rows, settings))
        seconds = medians({name: call}, ROUNDS)[name]
        print(f"  {name:<40}{seconds:>10.3f} s{len(rows) / seconds:>12.0f} sequences/s")


def main() -> None:
    """Simulate, and time both."""
    codes = np.random.default_rng(0).integers(0, 4, (SEQUENCES, LENGTH), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder, "sequences.fa")
        with fasta.open("w") as stream:
            for number, row in enumerate(codes):
                text = decode(row)
                lines = "\n".join(text[i : i + 60] for i in range(0, LENGTH, 60))
                stream.write(f">s{number}\n{lines}\n")
        end_to_end(str(fasta), Path(folder))
    library(codes)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        vectorizer_table(*sys.argv[1:])
    else:
        main()
