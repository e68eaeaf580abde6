from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.formats.sequences.fasta import read_blocks, read_runs
from seqnet.genome.alphabet import encode_text
from seqnet.genome.sequence import SequenceBlock, SequenceRun, join_blocks, join_runs, overlap_blocks
from seqnet.motifs.background import UNIFORM
from seqnet.motifs.matrix import MotifInfo, Pssm
from seqnet.motifs.overlaps import best_of_sequences, nonoverlapping
from seqnet.motifs.runs import scan_stream
from seqnet.motifs.scan import make_scanner, overlap_of, scan_blocks
from seqnet.motifs.windows import WindowCounter

records = st.lists(st.text("ACGTN", max_size=30), min_size=1, max_size=12)


def scanners_at(score=0.0):
    def scanner(seed, width):
        scores = np.random.default_rng(seed).normal(size=(width, 4))
        return make_scanner(Pssm(MotifInfo(f"m{seed}"), scores, UNIFORM), score=score)

    return [scanner(1, 1), scanner(2, 4), scanner(3, 7)]


def rows(found):
    return [
        (block.name, *row, block.codes[row[0] - block.offset :][:1].tolist())
        for block, hits in found
        for row in zip(*(column.tolist() for column in hits), strict=True)
    ]


def runs_of(texts, cuts):
    """Cut records into runs at any base, as a file read in chunks might be."""
    names = [f"s{number}" for number, text in enumerate(texts) for _ in text] or []
    whole = encode_text("".join(texts))
    edges = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    starts = dict(zip((f"s{n}" for n in range(len(texts))), np.cumsum([0, *map(len, texts)]), strict=False))
    for low, high in pairwise(edges):
        own = list(dict.fromkeys(names[low:high]))
        stops = [starts[name] + len(texts[int(name[1:])]) for name in own]
        ends = np.array([min(stop, high) - low for stop in stops], np.int64)
        yield SequenceRun(own, int(low - starts[own[0]]), whole[low:high], ends, last=stops[-1] <= high)


@given(records, st.lists(st.integers(0, 400), max_size=5), st.integers(1, 2), st.booleans())
def test_runs_have_the_hits_and_windows_of_their_blocks(texts, cuts, threads, at_once):
    scanners = scanners_at()
    texts = [text for text in texts if text] or ["ACGT"]
    runs = list(runs_of(texts, cuts))
    blocks = [block for run in runs for block in run.blocks()]
    plain, counter = WindowCounter(scanners), WindowCounter(scanners)
    for block in overlap_blocks(blocks, overlap_of(scanners)):
        plain.add(block)
    found = list(scan_stream(runs, scanners, threads, at_once=at_once, counter=counter))
    assert rows(found) == rows(scan_blocks(blocks, scanners))
    assert counter.windows == plain.windows
    for choose in (best_of_sequences, nonoverlapping):
        assert rows(choose(iter(found), scanners)) == rows(choose(scan_blocks(blocks, scanners), scanners))
    joined, separate = list(join_runs(runs)), list(join_blocks(blocks))
    assert [(n, c.tolist()) for n, c in joined] == [(n, c.tolist()) for n, c in separate]


@pytest.mark.parametrize("kernels", ["compiled", "numpy"])
@pytest.mark.parametrize("size", [16, 100, 1 << 20])
def test_files_of_short_records_have_the_hits_of_each(tmp_path, monkeypatch, kernels, size):
    if kernels == "numpy":
        monkeypatch.setenv("SEQNET_KERNELS", "numpy")
    generator = np.random.default_rng(3)
    path = tmp_path / "g.fa"
    with path.open("w") as stream:
        for number, length in enumerate(generator.integers(0, 25, 300).tolist()):
            text = "".join("ACGTacgtN"[code] for code in generator.integers(0, 9, length))
            stream.write(f">s{number}\n{text}\n" if text else f">s{number}\n")
    for soft_mask in ("ignore", "mask"):
        scanners = scanners_at(0.5)
        plain = rows(scan_blocks(read_blocks(str(path), soft_mask=soft_mask), scanners))
        for threads in (1, 2):
            runs = read_runs(str(path), soft_mask=soft_mask, block=size)
            assert rows(scan_stream(runs, scanners, threads)) == plain != []


def test_blocks_and_runs_mix_and_hits_come_before_more_is_read():
    scanners = scanners_at(-100.0)
    run = SequenceRun(["a", "b"], 0, encode_text("ACGTAC"), np.array([3, 6]), last=True)

    def stream():
        yield run
        yield SequenceBlock("c", 0, encode_text("ACG"), last=True)
        raise AssertionError("read on too early")

    found = scan_stream(stream(), scanners)
    assert [next(found).block.name for _ in range(3)] == ["a", "b", "c"]


def test_records_without_hits_cost_no_object():
    run = SequenceRun(["a", "b"], 0, encode_text("ACGTAC"), np.array([3, 6]), last=True)
    with patch.object(SequenceRun, "blocks", side_effect=AssertionError):
        assert list(scan_stream([run], scanners_at(100.0))) == []
