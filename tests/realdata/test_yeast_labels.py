"""The labels of all yeast ChIP-exo sets against the obvious loop, on one chromosome."""

import numpy as np
import pytest

from seqnet.formats.regions.bed import read_bed

pytestmark = pytest.mark.realdata
WIDTH, DISTANCE = 600, 200


def merged(centers):
    """Merge (centre, task) pairs, the closest adjacent pair first, looking at all again each time."""
    rows = [[center, {task}] for center, task in sorted(centers)]
    while len(rows) > 1:
        gaps = np.diff([row[0] for row in rows])
        i = int(np.argmin(gaps))
        if gaps[i] > DISTANCE:
            break
        (a, first), (b, second) = rows[i], rows[i + 1]
        weights = 1 + len(first), 1 + len(second)
        center = int(np.floor((weights[0] * a + weights[1] * b) / sum(weights) + 0.5))
        rows[i : i + 2] = [[center, first | second]]
    return rows


def test_all_sets_at_once(seqnet_ok, real_data, tmp_path):
    folder = real_data / "yeast_R64"
    files = sorted((folder / "chexmix_peaks").glob("*.bed"))
    assert len(files) == 390
    genome = folder / "sacCer3.fa.gz"
    seqnet_ok(
        "label",
        *files,
        "--genome",
        genome,
        "--width",
        WIDTH,
        "--negatives",
        0,
        "-q",
        "-o",
        tmp_path / "t.bed",
    )
    table = read_bed(str(tmp_path / "t.bed"))
    assert table.tasks == tuple(file.stem for file in files)
    assert len(set(table.names)) == len(table)
    here = table.take(table.intervals.contig_names() == "chrI")
    peaks = [
        (start, task)
        for task, file in enumerate(files)
        for contig, start in (line.split("\t")[:2] for line in file.read_text().splitlines())
        if contig == "chrI"
    ]
    length = 230_218
    expected = [
        (center - WIDTH // 2, active)
        for center, active in merged([(int(start), task) for start, task in peaks])
        if center >= WIDTH // 2 and center + WIDTH // 2 <= length
    ]
    found = [
        (start, set(np.flatnonzero(row == 1).tolist()))
        for start, row in zip(here.intervals.start.tolist(), here.targets, strict=True)
    ]
    assert found == expected
    assert len(expected) > 100
    # a peak over a row's central third is positive or unknown there
    for start, row in zip(here.intervals.start.tolist(), here.targets, strict=True):
        middle = {task for place, task in peaks if start + WIDTH // 3 <= int(place) < start + 2 * WIDTH // 3}
        assert not (row[list(middle)] == 0).any()
        unknown = set(np.flatnonzero(np.isnan(row)).tolist())
        assert unknown <= middle
