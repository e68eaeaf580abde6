"""SIGKILL while writing, and several runs that write one output: over every command."""

import random
import shutil
import time

import pytest

from seqnet.formats.files.together import TEMPORARY
from tests.faults.lines import NAMES, ids, line, output_of, source_of
from tests.faults.processes import Setting, contents, finish, settle, start

pytestmark = pytest.mark.fault


def temporary(folder):
    return [path.name for path in folder.iterdir() if path.name.endswith(TEMPORARY)]


def kill_and_look(names, prepared, whole, place, moment):
    """Kill one run at a moment; what is there is old or complete, and the main output comes last."""
    work = place / "work"
    for path in work.iterdir():
        if not path.name.endswith(TEMPORARY):
            path.unlink()
    for name in whole.files:
        (work / name).write_bytes(b"old")
    run = start(line(names, prepared), place)
    if moment is None:  # as soon as something is being written
        settle(lambda: temporary(work) or run.ended())
        time.sleep(random.random() * 0.01)
    else:
        time.sleep(moment)
    run.kill()
    run.wait()
    found = {name: data for name, data in contents(work).items() if not name.endswith(TEMPORARY)}
    assert found.keys() == whole.files.keys()
    assert all(data in (b"old", whole.files[name]) for name, data in found.items())
    if found[output_of(names)] != b"old":
        assert found == whole.files


def kill_often(names, prepared, alone, tmp_path, kills):
    whole, work = alone(names), tmp_path / "work"
    work.mkdir()
    generator = random.Random(ids(names))
    for number in range(kills):
        moment = None if number % 2 else generator.uniform(0, 1.1 * whole.seconds)
        kill_and_look(names, prepared, whole, tmp_path, moment)

    def swept():
        finish(line(names, prepared), tmp_path)
        return contents(work) == whole.files

    assert settle(swept), temporary(work)  # helpers of a killed run let go when they see its closed pipes


@pytest.mark.slow
@pytest.mark.parametrize("names", NAMES, ids=ids)
def test_a_killed_run_leaves_old_or_complete_outputs_and_the_next_sweeps(names, prepared, alone, tmp_path):
    kill_often(names, prepared, alone, tmp_path, 4)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("names", NAMES, ids=ids)
def test_runs_killed_fifty_times_leave_old_or_complete_outputs(names, prepared, alone, tmp_path):
    kill_often(names, prepared, alone, tmp_path, 50)


@pytest.mark.slow
@pytest.mark.parametrize("names", NAMES, ids=ids)
def test_of_several_runs_with_one_output_one_wins_whole(names, prepared, tmp_path):
    """Two inputs that differ in their names alone, so that most outputs tell which they are of."""
    source = source_of(names, prepared)
    sources = [tmp_path / f"{side}_{source.name}" for side in "ab"]
    results = []
    for path in sources:
        shutil.copy(source, path)
        assert finish(line(names, prepared, path), tmp_path / path.stem).code == 0
        results.append(contents(tmp_path / path.stem / "work"))
    place = tmp_path / "both"
    (place / "work").mkdir(parents=True)
    runs = [start(line(names, prepared, path), place) for path in sources * 2]
    assert {run.wait().code for run in runs} == {0}
    assert contents(place / "work") in results


def test_two_runs_with_several_outputs_do_not_mix_them(prepared, tmp_path):
    """One run gives its outputs their names slowly, and the other comes in between."""
    sources = [tmp_path / f"{side}.jaspar" for side in "ab"]
    for path in sources:
        shutil.copy(prepared.data / "motifs.jaspar", path)
    lines = [["pssm", path, "-o", "m.pssm", "--thresholds", "t.tsv", "-q"] for path in sources]
    results = []
    for path, words in zip(sources, lines, strict=True):
        assert finish(words, tmp_path / path.stem).code == 0
        results.append(contents(tmp_path / path.stem / "work"))
    assert results[0]["t.tsv"] != results[1]["t.tsv"]
    place = tmp_path / "both"
    (place / "work").mkdir(parents=True)
    slow = start(lines[0], place, Setting(seconds_per_name=1.0))
    assert settle(lambda: (place / "work" / "t.tsv").exists())
    quick = start(lines[1], place)
    assert [run.wait().code for run in (slow, quick)] == [0, 0]
    assert contents(place / "work") in results
