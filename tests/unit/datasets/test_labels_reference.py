"""label_peaks, label_bins and measure against slow, obvious loops on random peaks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.datasets.bins import TileRule, label_bins
from seqnet.datasets.labels import AmbiguousLabels, label_peaks
from seqnet.datasets.signals import measure
from seqnet.errors import SeqnetError
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions

LENGTHS = {"c1": 400, "c2": 150}
TASKS = ("A", "B", "C")

peak = st.tuples(
    st.sampled_from(TASKS),
    st.sampled_from(list(LENGTHS)),
    st.integers(0, 140),
    st.integers(1, 60),
    st.sampled_from([1, -1, 0]),
).filter(lambda p: p[2] + p[3] <= LENGTHS[p[1]])
peak_lists = st.lists(peak, min_size=1, max_size=25)


def intervals_of(rows):
    return make_intervals(
        [r[1] for r in rows], [r[2] for r in rows], [r[2] + r[3] for r in rows], [r[4] for r in rows]
    )


def tasks_of(rows):
    return {task: make_regions(intervals_of([r for r in rows if r[0] == task])) for task in TASKS}


def table_of(regions):
    where = regions.intervals
    targets = [["." if t != t else int(t) for t in row] for row in regions.targets.tolist()]
    columns = where.contig_names(), where.start.tolist(), where.end.tolist(), where.strand.tolist(), targets
    return list(zip(*columns, strict=True))


def touch(a_start, a_end, row):
    return a_start < row[2] + row[3] and row[2] < a_end


def merged(rows, distance):
    """Merge the closest adjacent pair, again and again."""
    found = sorted((r[2] + r[2] + r[3]) // 2 * 10 + TASKS.index(r[0]) for r in rows)
    found = [[value // 10, {TASKS[value % 10]}, 1] for value in found]
    while True:
        gaps = [(b[0] - a[0], a[0], i) for i, (a, b) in enumerate(pairwise(found))]
        gaps = [gap for gap in gaps if gap[0] <= distance]
        if not gaps:
            return found
        i = min(gaps)[2]
        (a, first, n), (b, second, m) = found[i], found[i + 1]
        weights = 1 + len(first), 1 + len(second)
        center = int(np.floor((weights[0] * a + weights[1] * b) / sum(weights) + 0.5))
        found[i : i + 2] = [[center, first | second, n + m]]


def target(task, active, place, rows, relaxed, absent):
    """What the obvious reader of the rules would write."""
    contig, start, end, strand = place

    def near(other):
        return other[:2] == (task, contig) and (strand == 0 or other[4] in (0, strand))

    if task in absent:
        return "."
    if task in active:
        return 1
    third = (end - start) // 3
    over = any(near(r) and touch(start + third, end - third, r) for r in rows)
    return "." if over or any(near(r) and touch(start, end, r) for r in relaxed) else 0


def reference(rows, width, distance, strands, relaxed, absent):
    found = []
    for contig in LENGTHS:
        for strand in (-1, 0, 1) if strands == "column" else (None,):
            here = [r for r in rows if r[1] == contig and strand in (None, r[4])]
            found += [
                (contig, c - width // 2, strand or 0, active, n) for c, active, n in merged(here, distance)
            ]
    table, several = [], 0
    for contig, start, strand, active, n in sorted(found, key=lambda p: p[:3]):
        if start >= 0 and start + width <= LENGTHS[contig]:
            place = contig, start, start + width, strand
            several += n > 1
            table.append((*place, [target(t, active, place, rows, relaxed, absent) for t in TASKS]))
    return table, several, len(found) - len(table)


@given(
    peak_lists,
    st.integers(3, 50),
    st.integers(-1, 40),
    st.sampled_from(["both", "column"]),
    st.lists(peak, max_size=4),
)
def test_labels_equal_the_obvious_loop(rows, width, distance, strands, relaxed):
    absent = [task for task in TASKS[:2] if not any(r[0] == task for r in rows)]
    ambiguous = AmbiguousLabels({t: intervals_of([r for r in relaxed if r[0] == t]) for t in TASKS}, absent)
    found = label_peaks(
        tasks_of(rows), LENGTHS, width, merge_distance=distance, strands=strands, ambiguous=ambiguous
    )
    expected, several, skipped = reference(rows, width, distance, strands, relaxed, absent)
    assert table_of(found.regions) == expected
    assert (found.peaks, found.merged, found.skipped) == (len(rows), several, skipped)


def bins_reference(rows, tiling, blacklist, relaxed):
    table = []
    for contig, length in LENGTHS.items():
        for start in range(0, length - tiling.size + 1, tiling.step):
            end = start + tiling.size
            if any(r[1] == contig and touch(start, end, r) for r in blacklist):
                continue
            targets = []
            for task in TASKS:
                own = [r for r in rows if r[:2] == (task, contig)]
                covered = sum(any(touch(base, base + 1, r) for r in own) for base in range(start, end))
                doubt = any(r[:2] == (task, contig) and touch(start, end, r) for r in relaxed)
                if covered and covered >= tiling.min_overlap * tiling.size:
                    targets.append(1)
                else:
                    targets.append("." if covered or doubt else 0)
            begin = start - (tiling.width - tiling.size) // 2
            if (1 in targets or tiling.everything) and begin >= 0 and begin + tiling.width <= length:
                table.append((contig, begin, begin + tiling.width, 0, targets))
    return table


@given(
    peak_lists, st.integers(2, 40), st.integers(1, 40), st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 30),
    st.booleans(), st.lists(peak, max_size=2), st.lists(peak, max_size=3),
)  # fmt: skip
def test_bins_equal_the_obvious_loop(rows, size, step, share, more, everything, blacklist, relaxed):
    tiling = TileRule(size, step, share, size + more, everything)
    ambiguous = AmbiguousLabels({t: intervals_of([r for r in relaxed if r[0] == t]) for t in TASKS})
    found = label_bins(
        tasks_of(rows), LENGTHS, tiling, blacklist=intervals_of(blacklist), ambiguous=ambiguous
    )
    assert table_of(found.regions) == bins_reference(rows, tiling, blacklist, relaxed)


def test_names_are_unique_on_both_strands():
    rows = [("A", "c1", 100, 10, 1), ("A", "c1", 100, 10, -1), ("B", "c1", 100, 10, 0)]
    found = label_peaks(tasks_of(rows), LENGTHS, 20, strands="column")
    assert found.regions.names.tolist() == ["c1:95-115(-)", "c1:95-115", "c1:95-115(+)"]
    assert len(label_peaks(tasks_of(rows), LENGTHS, 20).regions) == 1


GAPPED = {
    "c1": np.where(np.arange(400) % 7 == 3, np.nan, np.arange(400) / 8).astype(np.float32),
    "c2": np.full(150, np.nan, np.float32),
}
GAPPED["c2"][:60] = -2.5


def gapped_values(contigs, starts, ends):
    places = zip(contigs, starts, ends, strict=True)
    return np.concatenate([GAPPED[contig][begin:end] for contig, begin, end in places])


@pytest.mark.parametrize("statistic", ["mean", "max", "sum"])
@pytest.mark.parametrize("missing", ["zero", "nan"])
def test_signals_equal_a_loop(monkeypatch, statistic, missing):
    monkeypatch.setattr("seqnet.datasets.signals._STRETCH", 64)
    generator = np.random.default_rng(2)
    contigs = generator.choice(["c1", "c2"], 60).tolist()
    start = np.array([generator.integers(0, len(GAPPED[c]) - 30) for c in contigs])
    table = make_intervals(contigs, start, start + 30)
    lengths = {name: len(values) for name, values in GAPPED.items()}
    found = measure(table, 30, gapped_values, lengths, statistic, missing)
    gaps = 0
    for row, (contig, begin) in enumerate(zip(contigs, start.tolist(), strict=True)):
        values = [float(v) for v in GAPPED[contig][begin : begin + 30]]
        known = [v for v in values if v == v]
        gaps += 30 - len(known)
        used = known if missing == "nan" else [0.0 if v != v else v for v in values]
        if not used:
            assert np.isnan(found.values[row])
            continue
        expected = {"mean": sum(used) / len(used), "max": max(used), "sum": sum(used)}[statistic]
        assert found.values[row] == pytest.approx(expected)
    assert found.gaps == gaps > 0


def test_what_a_track_lacks():
    table = make_intervals(["c1", "c9"], [0, 5], [30, 35])
    lengths, values = {"c1": 400}, gapped_values
    with pytest.raises(SeqnetError, match="regions say 'c9', which the track does not have; it has"):
        measure(table, 30, values, lengths, "mean", "zero")
    found = measure(table, 30, values, lengths, "mean", "nan")
    assert np.isnan(found.values).tolist() == [False, True]
    assert found.gaps == 30 + 4
    with pytest.raises(SeqnetError, match="4 bases of the regions have no value"):
        measure(table.take(np.array([0])), 30, values, lengths, "mean", "error")
    with pytest.raises(SeqnetError, match="regions on c1 reach base 30; the track has 20 bases of it"):
        measure(table.take(np.array([0])), 30, values, {"c1": 20}, "mean", "zero")


def plain_statistic(values, statistic, missing):
    """Return the statistic of one region and its number of gaps."""
    values = values.astype(np.float64)
    absent = np.isnan(values)
    if missing == "nan" and absent.all():
        return np.nan, len(values)
    filled = np.where(absent, -np.inf if (statistic, missing) == ("max", "nan") else 0.0, values)
    if statistic == "max":
        return filled.max(), absent.sum()
    known = (~absent).sum() if missing == "nan" else len(values)
    return filled.sum() / (known if statistic == "mean" else 1), absent.sum()


@pytest.mark.parametrize("statistic", ["mean", "max", "sum"])
@pytest.mark.parametrize("missing", ["zero", "nan"])
@pytest.mark.parametrize(("stretch", "chunk"), [(1 << 23, 1 << 21), (64, 1), (700, 100)])
def test_regions_of_many_contigs_measure_as_each_does_alone(monkeypatch, statistic, missing, stretch, chunk):
    monkeypatch.setattr("seqnet.datasets.signals._STRETCH", stretch)
    monkeypatch.setattr("seqnet.datasets.signals._CHUNK", chunk)
    generator, width = np.random.default_rng(3), 17
    track = {f"c{number}": generator.normal(size=generator.integers(20, 300)) for number in range(40)}
    track = {name: values.astype(np.float32) for name, values in track.items()}
    for name, values in track.items():
        values[generator.random(len(values)) < {"1": 1.0, "2": 0.0}.get(name[-1], 0.6)] = np.nan
    lengths = {name: len(values) for name, values in track.items()}
    lacking = {f"c{number}" for number in range(40) if number % 9 == 4} if missing == "nan" else set()
    contigs = generator.permutation([name for name in track for _ in range(generator.integers(0, 6))])
    start = np.array([generator.integers(0, lengths[name] - width + 1) for name in contigs])
    asked = []

    def values_of(names, starts, ends):
        asked.append((ends - starts).sum())
        return np.concatenate([track[n][a:b] for n, a, b in zip(names, starts, ends, strict=True)])

    known = {name: length for name, length in lengths.items() if name not in lacking}
    table = make_intervals(contigs.tolist(), start, start + width)
    found = measure(table, width, values_of, known, statistic, missing)
    gaps = 0
    for row, (name, begin) in enumerate(zip(contigs.tolist(), start.tolist(), strict=True)):
        values = np.full(width, np.nan) if name in lacking else track[name][begin : begin + width]
        expected, absent = plain_statistic(values, statistic, missing)
        gaps += absent
        np.testing.assert_array_equal(found.values[row], expected)
    assert found.gaps == gaps
    assert max(asked) <= stretch + width
    assert len(asked) == 1 or stretch < 1000


def test_no_region_has_no_value():
    table = make_intervals([], np.empty(0, np.int64), np.empty(0, np.int64))
    found = measure(table, 30, gapped_values, {"c1": 400}, "mean", "zero")
    assert (len(found.values), found.gaps) == (0, 0)
