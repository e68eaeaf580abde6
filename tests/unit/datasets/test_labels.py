import numpy as np

from seqnet.datasets.labels import default_merge_distance, label_peaks
from seqnet.genome.intervals import make_intervals
from seqnet.genome.regions import make_regions


def peaks(*rows):
    return make_regions(make_intervals([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))


def rows_of(labelled):
    table = labelled.regions
    return [
        (*row, [None if t != t else int(t) for t in targets])
        for *row, targets in zip(
            table.intervals.contig_names(),
            table.intervals.start.tolist(),
            table.intervals.end.tolist(),
            table.targets.tolist(),
            strict=True,
        )
    ]


def test_peaks_become_windows_with_their_tasks():
    found = label_peaks(
        {"A": peaks(("c2", 100, 120), ("c1", 300, 310)), "B": peaks(("c1", 304, 320))},
        {"c1": 1000, "c2": 1000},
        60,
    )
    assert rows_of(found) == [("c1", 279, 339, [1, 1]), ("c2", 80, 140, [1, 0])]
    assert found.regions.names.tolist() == ["c1:279-339", "c2:80-140"]
    assert (found.peaks, found.skipped) == (3, 0)


def test_an_unmerged_peak_over_the_middle_makes_a_target_unknown():
    # B's centre is 35 away from A's: too far to merge, but its interval reaches A's central third
    found = label_peaks(
        {"A": peaks(("c", 95, 106)), "B": peaks(("c", 105, 166))}, {"c": 1000}, 60, merge_distance=20
    )
    assert rows_of(found) == [("c", 70, 130, [1, None]), ("c", 105, 165, [0, 1])]


def test_windows_past_a_contig_end_are_left_out_and_counted():
    found = label_peaks({"A": peaks(("c", 5, 15), ("c", 500, 510), ("c", 985, 995))}, {"c": 1000}, 60)
    assert rows_of(found) == [("c", 475, 535, [1])]
    assert found.skipped == 2


def test_a_task_without_peaks_is_all_zero():
    found = label_peaks({"A": peaks(("c", 100, 110)), "B": peaks()}, {"c": 1000}, 60)
    assert rows_of(found) == [("c", 75, 135, [1, 0])]


def test_near_identical_rows_never_contradict_each_other():
    generator = np.random.default_rng(0)
    tasks = {}
    for name in "ABC":
        start = generator.integers(50, 20_000, 150)
        tasks[name] = make_regions(make_intervals(["c"] * 150, start, start + generator.integers(1, 80, 150)))
    table = label_peaks(tasks, {"c": 30_000}, 120).regions
    third = 40
    for row in range(len(table)):
        middle = (table.intervals.start[row] + third, table.intervals.end[row] - third)
        for task, name in enumerate(tasks):
            own = tasks[name].intervals
            touched = ((own.start < middle[1]) & (own.end > middle[0])).any()
            assert not (touched and table.targets[row, task] == 0)


def test_the_default_merge_distance():
    assert default_merge_distance(600) == 200
    assert default_merge_distance(3000) == 400
