import contextlib
import hashlib
import logging
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from seqnet.errors import FormatError, SeqnetError
from seqnet.formats.tracks import cache
from seqnet.formats.tracks.bigwig import BigWigReader, open_bigwig, write_bigwig
from seqnet.formats.tracks.cache import CachedTrack, cache_folder, cached_track, open_track
from seqnet.genome.signals.layout import whole_contigs
from seqnet.genome.signals.tracks import load_track

LENGTHS = {"a": 5000, "b": 300}


def make_track(path, seed=0, scale=1):
    values = (scale * np.random.default_rng(seed).random(5000)).astype(np.float32)
    values[100:200] = np.nan
    with write_bigwig(str(path), LENGTHS, gaps=True) as writer:
        writer.add("a", 0, values)
    return values


@pytest.fixture
def track(tmp_path):
    path = tmp_path / "t.bw"
    return str(path), make_track(path)


def entries(folder):
    return sorted(p.name for p in folder.iterdir() if p.suffix == ".track")


def test_the_cache_holds_the_values_of_the_file(track, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "STEP", 999)
    path, values = track
    found = cached_track(path, tmp_path / "c")
    assert found.lengths == LENGTHS
    assert np.array_equal(found.values("a", 0, 5000), values, equal_nan=True)
    assert np.array_equal(found.values("a", 150, 300), values[150:300], equal_nan=True)
    assert np.isnan(found.values("b", 0, 300)).all()
    assert not found.mapped.flags.writeable
    assert found.size == Path(found.path).stat().st_size
    for contig, start, end in (("a", 0, 5001), ("a", -1, 3), ("z", 0, 1), ("a", 3, 3)):
        with pytest.raises(SeqnetError, match=f"{contig}:{start}-{end}"):
            found.values(contig, start, end)
        with pytest.raises(SeqnetError, match=f"{contig}:{start}-{end}"):
            found.values_of(["a", contig], np.array([0, start]), np.array([1, end]))
    several = found.values_of(["b", "a", "a"], np.array([10, 150, 0]), np.array([13, 300, 2]))
    expected = np.concatenate([np.full(3, np.nan), values[150:300], values[:2]])
    assert np.array_equal(several, expected, equal_nan=True)
    with open_bigwig(path) as reader:
        direct = load_track("t", reader, whole_contigs(LENGTHS))
    kept = load_track("t", found, whole_contigs(LENGTHS))
    assert np.array_equal(direct.values, kept.values)
    assert direct.found == kept.found


def test_a_second_use_reads_no_bigwig(track, tmp_path, monkeypatch):
    path, values = track
    cached_track(path, tmp_path / "c")
    monkeypatch.setattr(cache, "open_bigwig", None)
    assert np.array_equal(cached_track(path, tmp_path / "c").values("a", 0, 5000), values, equal_nan=True)
    assert len(entries(tmp_path / "c")) == 1


def test_a_changed_track_has_a_cache_of_its_own(track, tmp_path):
    path, _ = track
    cached_track(path, tmp_path / "c")
    changed = make_track(path, seed=1)
    found = cached_track(path, tmp_path / "c")
    assert np.array_equal(found.values("a", 0, 5000), changed, equal_nan=True)
    assert len(entries(tmp_path / "c")) == 2


def test_verify_notices_a_change_that_size_and_time_hide(tmp_path, caplog):
    path = str(tmp_path / "t.bw")

    def make(seed):
        values = make_track(path, seed)
        with Path(path).open("r+b") as stream:  # readers do not look behind the last block
            stream.truncate(1 << 17)
        os.utime(path, ns=(0, 10**18))
        return values

    values = make(0)
    cached_track(path, tmp_path / "c")
    changed = make(1)
    stale = cached_track(path, tmp_path / "c")
    assert np.array_equal(stale.values("a", 0, 5000), values, equal_nan=True)
    with caplog.at_level(logging.WARNING, "seqnet"):
        fresh = cached_track(path, tmp_path / "c", verify=True)
    assert np.array_equal(fresh.values("a", 0, 5000), changed, equal_nan=True)
    assert "does not fit" in caplog.text
    assert len(entries(tmp_path / "c")) == 1


def test_verify_notices_a_flipped_bit(track, tmp_path, caplog):
    path, values = track
    found = cached_track(path, tmp_path / "c")
    data = bytearray(Path(found.path).read_bytes())
    data[4000] ^= 1
    Path(found.path).write_bytes(data)
    with caplog.at_level(logging.WARNING, "seqnet"):
        mended = cached_track(path, tmp_path / "c", verify=True)
    assert np.array_equal(mended.values("a", 0, 5000), values, equal_nan=True)
    assert "does not fit" in caplog.text
    caplog.clear()
    cached_track(path, tmp_path / "c", verify=True)
    assert not caplog.text


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_cache_is_made_anew(track, tmp_path, seed, caplog):
    """Cut anywhere, or with damage anywhere behind the values, the file is never taken for what it was."""
    path, values = track
    found = cached_track(path, tmp_path / "c")
    data = bytearray(Path(found.path).read_bytes())
    generator = np.random.default_rng(seed)
    if seed % 2:
        del data[int(generator.integers(len(data))) :]
    else:
        place = int(generator.integers(4 * 5300, len(data)))
        data[place] = (data[place] + int(generator.integers(1, 256))) % 256
    Path(found.path).write_bytes(data)
    again = cached_track(path, tmp_path / "c", verify=True)
    assert np.array_equal(again.values("a", 0, 5000), values, equal_nan=True)


def test_little_is_read_from_the_file_itself(track, tmp_path):
    path, values = track
    with open_track(path, 100, tmp_path / "c") as found:
        assert isinstance(found, BigWigReader)
        assert np.array_equal(found.values("a", 90, 110), values[90:110], equal_nan=True)
    assert not (tmp_path / "c").exists()
    with open_track(path, 3000, tmp_path / "c") as found:
        assert isinstance(found, CachedTrack)
    with open_track(path, 1, tmp_path / "c") as found:  # it is there now
        assert isinstance(found, CachedTrack)


def test_bad_tracks_leave_no_cache(tmp_path):
    bad = tmp_path / "bad.bw"
    bad.write_bytes(b"not a bigWig")
    with pytest.raises(FormatError, match=r"bad\.bw"):
        cached_track(str(bad), tmp_path / "c")
    assert entries(tmp_path / "c") == []
    with pytest.raises(FileNotFoundError, match=r"none\.bw"):
        cached_track(str(tmp_path / "none.bw"), tmp_path / "c")


def test_a_track_that_changes_while_it_is_read_is_refused(track, tmp_path, monkeypatch):
    states = iter([(1, 1), (1, 2)])
    monkeypatch.setattr(cache, "_state", lambda _path: next(states))
    with pytest.raises(FormatError, match="changed while it was read"):
        cached_track(track[0], tmp_path / "c")
    assert entries(tmp_path / "c") == []


def test_where_caches_go(monkeypatch, tmp_path):
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SEQNET_CACHE", raising=False)
    assert cache_folder() == tmp_path / "seqnet"
    monkeypatch.setenv("SEQNET_CACHE", "elsewhere")
    assert cache_folder() == Path("elsewhere")
    assert cache_folder("here") == Path("here")
    monkeypatch.delenv("SEQNET_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "seqnet"
    monkeypatch.setattr(cache.sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "seqnet"


def first_use(path, folder, start, results):
    start.wait()
    found = cached_track(path, Path(folder))
    results.put(hashlib.sha256(memoryview(found.mapped)).hexdigest())


@pytest.mark.fault
@pytest.mark.parametrize("locks", [True, False])
def test_sixteen_processes_at_once(track, tmp_path, monkeypatch, locks):
    path, values = track
    if not locks:
        monkeypatch.setattr(cache, "_lock", lambda _path: contextlib.nullcontext())
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(16), context.Queue()
    workers = [
        context.Process(target=first_use, args=(path, str(tmp_path / "c"), start, results)) for _ in range(16)
    ]
    for worker in workers:
        worker.start()
    found = {results.get(timeout=120) for _ in workers}
    for worker in workers:
        worker.join()
    expected = np.concatenate([values, np.full(300, np.nan, np.float32)])
    assert found == {hashlib.sha256(memoryview(expected)).hexdigest()}
    assert {worker.exitcode for worker in workers} == {0}
    assert len(entries(tmp_path / "c")) == 1
    assert not [p for p in (tmp_path / "c").iterdir() if "seqnet-tmp" in p.name]
