"""The cache of tracks: many first users at once, kills among them, links and permissions."""

import random
from pathlib import Path

import numpy as np
import pytest

from seqnet.formats.tracks.bigwig import write_bigwig
from tests.faults.lines import ids
from tests.faults.processes import Setting, contents, finish, settle, start
from tests.running import run_seqnet

pytestmark = pytest.mark.fault

SPLITS, LENGTH = {"c1": "train", "c2": "train", "c3": "valid", "c4": "test"}, 3000
REGIONS, TRACK = ("--regions", "r.bed"), ("--signal", "s=s.bw")
CNN = (*REGIONS, "--genome", "g.fa", *TRACK, "--layers", "conv 2x5, relu, global_pool max", "--epochs", 1)
CACHING = {
    ("train", "cnn"): [*CNN, "-o", "out.safetensors"],
    ("train", "dense"): [*REGIONS, "--genome", "g.fa", "-k", 2, *TRACK, "--epochs", 1, "--hidden", 2,
                         "-o", "out.safetensors"],
    ("predict",): ["m.safetensors", *REGIONS, "--genome", "g.fa", *TRACK, "-o", "out.bed"],
    ("evaluate",): ["--model", "m.safetensors", *REGIONS, "--genome", "g.fa", *TRACK, "-o", "out.tsv"],
    ("explain",): ["m.safetensors", *REGIONS, "--genome", "g.fa", *TRACK, "--rows", "all", "--max-rows", 2,
                   "--shuffles", 2, "-o", "out.tsv"],
    ("variants",): ["m.safetensors", "v.tsv", "--genome", "g.fa", *TRACK, "-o", "out.tsv"],
}  # fmt: skip
"""Lines that read a track through the cache."""
EVERY = pytest.mark.parametrize("names", CACHING, ids=ids)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A small genome, a track that is worth keeping, labelled regions and a model of both."""
    folder = tmp_path_factory.mktemp("given")
    generator = np.random.default_rng(3)
    rows, genome = ["#chrom\tstart\tend\tname\tscore\tstrand\tsplit\tx"], []
    write_track(folder / "s.bw", SPLITS)
    for name, split in SPLITS.items():
        genome.append(f">{name}\n{''.join(generator.choice(list('ACGT'), LENGTH))}\n")
        for number, begin in enumerate(range(0, LENGTH - 60, 60)):
            rows.append(f"{name}\t{begin}\t{begin + 60}\t.\t.\t.\t{split}\t{number % 2}")
    (folder / "g.fa").write_text("".join(genome))
    (folder / "r.bed").write_text("\n".join(rows) + "\n")
    places = range(30, LENGTH, 40)
    bases = {name: text.split()[1] for name, text in zip(SPLITS, genome, strict=True)}
    calls = [f"{name}\t{place + 1}\t{bases[name][place]}\tACGTA" for name in SPLITS for place in places]
    (folder / "v.tsv").write_text("\n".join(["#chrom\tpos\tref\talt", *calls]) + "\n")
    made = run_seqnet(
        "train", "cnn", *CNN, "-q", "-o", "m.safetensors", cwd=folder, env={"SEQNET_CACHE": str(folder / "c")}
    )
    assert made.code == 0, made.err
    return folder


def words(names):
    return [*names, *CACHING[names], "-t", 1, "-q"]


def write_track(path, contigs):
    """A track with a value at every base of some contigs."""
    generator = np.random.default_rng(4)
    with write_bigwig(str(path), dict.fromkeys(contigs, LENGTH)) as track:
        for name in contigs:
            track.add(name, 0, generator.gamma(1, 2, LENGTH).astype(np.float32))


def place_for(given, folder: Path):
    """Return a folder in which the lines find their inputs."""
    (folder / "work").mkdir(parents=True)
    for name in ("g.fa", "s.bw", "r.bed", "v.tsv", "m.safetensors"):
        (folder / "work" / name).symlink_to(given / name)
    return folder


def outputs(place):
    return {name: data for name, data in contents(place / "work").items() if name.startswith("out")}


def cached(folder):
    return sorted(path.suffix for path in folder.iterdir())


@pytest.fixture(scope="module")
def whole(given, tmp_path_factory):
    """Return what a line leaves where nobody else runs."""

    def get(names):
        place = place_for(given, tmp_path_factory.mktemp("whole") / "p")
        ended = finish(words(names), place)
        assert (ended.code, ended.err) == (0, ""), ended
        assert cached(place / "cache") == [".lock", ".track"]
        return outputs(place)

    return get


@pytest.mark.slow
@EVERY
def test_sixteen_first_users_of_a_cache(given, whole, names, tmp_path):
    """All begin together, and four more that are killed meanwhile."""
    killed = 4
    cache = Setting(env={"SEQNET_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"})
    places = [place_for(given, tmp_path / str(number)) for number in range(killed + 16)]
    runs = [start(words(names), place, cache) for place in places]
    generator = random.Random(ids(names))
    for run in runs[:killed]:
        settle(lambda: (tmp_path / "cache").exists(), 0.5 * generator.random())
        run.kill()
    ends = [run.wait() for run in runs]
    expected = whole(names)
    for ended, place in zip(ends[killed:], places[killed:], strict=True):
        assert (ended.code, ended.err) == (0, ""), ended
        assert outputs(place) == expected
    assert cached(tmp_path / "cache")[-2:] == [".lock", ".track"]


# ---- links and permissions ---------------------------------------------------------------------


@EVERY
def test_a_cache_behind_a_link_is_used(given, whole, names, tmp_path):
    place = place_for(given, tmp_path / "p")
    (tmp_path / "real").mkdir()
    (place / "cache").symlink_to(tmp_path / "real")
    ended = finish(words(names), place)
    assert (ended.code, ended.err) == (0, "")
    assert outputs(place) == whole(names)
    assert cached(tmp_path / "real") == [".lock", ".track"]


@EVERY
@pytest.mark.parametrize("kind", [".lock", ".track"])
def test_links_in_the_place_of_cache_files_are_not_written_through(given, whole, names, kind, tmp_path):
    """In a folder that others may write to, such a link would replace any file of the user's."""
    place = place_for(given, tmp_path / "p")
    assert finish(words(names), place).code == 0
    (name,) = [path.name for path in (place / "cache").iterdir() if path.suffix == kind]
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for path in (place / "cache").iterdir():
        path.unlink()
    (place / "cache" / name).symlink_to(precious)
    ended = finish(words(names), place)
    assert precious.read_bytes() == b"precious"
    assert ended.code == 0 or ended.is_one_line(), ended
    if ended.code == 0:
        assert outputs(place) == whole(names)


@EVERY
@pytest.mark.parametrize("kind", ["file", "dangling link", "closed folder", "closed parent"])
def test_a_cache_that_cannot_be_made_is_one_line_naming_it(given, names, kind, tmp_path):
    place = place_for(given, tmp_path / "p")
    cache = place / "cache"
    if kind == "file":
        cache.write_text("")
    elif kind == "dangling link":
        cache.symlink_to(tmp_path / "nowhere" / "at all")
    elif kind == "closed folder":
        cache.mkdir(0o500)
    else:
        (tmp_path / "closed").mkdir(0o500)
        cache = tmp_path / "closed" / "cache"
    ended = finish(words(names), place, Setting(ordinary=True, env={"SEQNET_CACHE": str(cache)}))
    assert ended.is_one_line(), ended
    assert str(cache) in ended.err
    assert outputs(place) == {}


@EVERY
def test_a_cache_that_is_there_needs_no_permission_to_write(given, whole, names, tmp_path):
    place = place_for(given, tmp_path / "p")
    assert finish(words(names), place).code == 0
    (place / "cache").chmod(0o500)
    ended = finish(words(names), place, Setting(ordinary=True))
    (place / "cache").chmod(0o700)
    assert (ended.code, ended.err) == (0, "")
    assert outputs(place) == whole(names)


@EVERY
def test_a_cache_file_that_may_not_be_read_is_one_line_naming_it(given, names, tmp_path):
    place = place_for(given, tmp_path / "p")
    assert finish(words(names), place).code == 0
    (path,) = (place / "cache").glob("*.track")
    path.chmod(0)
    for output in outputs(place):
        (place / "work" / output).unlink()
    ended = finish(words(names), place, Setting(ordinary=True))
    assert ended.is_one_line(), ended
    assert str(path) in ended.err
    assert outputs(place) == {}


# ---- contigs -----------------------------------------------------------------------------------


@EVERY
def test_a_track_without_a_contig_is_an_error_or_zeros_by_choice(given, names, tmp_path):
    place = place_for(given, tmp_path / "p")
    (place / "work" / "s.bw").unlink()
    write_track(place / "work" / "s.bw", ["c1", "c2", "c3"])
    refused = finish(words(names), place)
    assert refused.is_one_line(), refused
    assert "c4" in refused.err
    assert outputs(place) == {}
    ended = finish([*words(names), "--signal-missing", "zero"], place)
    assert (ended.code, ended.err) == (0, "")
    assert set(outputs(place)) > set()


def test_a_target_track_without_a_contig_is_an_error(given, tmp_path):
    place = place_for(given, tmp_path)
    write_track(place / "work" / "deep.bw", ["c1", "c2", "c3"])
    line = ["train", "denoise", *TRACK, "--target-track", "deep=deep.bw", "--valid-chroms", "c3", "--epochs", 1,
            "--layers", "conv 2x5, relu, output per_position=true width=1", "-o", "out.safetensors", "-q"]  # fmt: skip
    ended = finish(line, place)
    assert ended.is_one_line(), ended
    assert "deep.bw: has no c4" in ended.err
    assert outputs(place) == {}
