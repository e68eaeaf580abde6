import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqnet.kernels import _dispatch
from seqnet.kernels.kmers import CodeRows, WordRules, count_words, count_words_numpy

ROOT = Path(__file__).resolve().parents[3]
NO_TABLES = np.empty(0, np.int32)


def some_rules(seed, count, features):
    """Rules of random masks and tables that stay below `features`."""
    rng = np.random.default_rng(seed)
    masks, bases, tables, starts = [], [], [NO_TABLES], []
    for _ in range(count):
        bits = int(rng.integers(1, 5))
        masks.append(sum(1 << int(place) for place in rng.choice(32, bits, replace=False)))
        base = int(rng.integers(0, features))
        if base + 4**bits <= features and rng.integers(2):
            starts.append(-1)
        else:
            starts.append(sum(map(len, tables)))
            tables.append(rng.integers(0, features - base, 4**bits, dtype=np.int32))
        bases.append(base)
    return WordRules(np.array(masks, np.uint32), np.array(bases), np.concatenate(tables), np.array(starts))


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 90), max_size=6),
    st.integers(1, 4),
    st.sampled_from([(1, 0), (300, 0), (70_000, 0), (16, 4), (1 << 17, 17)]),
)
def test_the_kernel_equals_its_numpy_twin(kernels, seed, lengths, count, size):
    features, bits = size
    rng = np.random.default_rng(seed)
    before = int(rng.integers(0, 5))  # codes outside the rows
    offsets = before + np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    codes = rng.choice(
        np.array([0, 1, 2, 3, 4, 255], np.uint8), int(offsets[-1]) + 3, p=[0.24] * 4 + [0.03, 0.01]
    )
    fresh = offsets[:-1] + rng.integers(0, 10, len(lengths))
    rules = some_rules(seed, count, features)
    rows = CodeRows(codes, offsets, fresh)
    found, expected = count_words(rows, rules, features, bits), count_words_numpy(rows, rules, features, bits)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()


def rules_of(mask=0b11, base=0, table=NO_TABLES, start=-1):
    return WordRules(np.array([mask], np.uint32), np.array([base]), table, np.array([start]))


def test_a_word_without_a_column_is_an_error(kernels):
    rows = CodeRows(np.array([3, 3], np.uint8), np.array([0, 2]), np.array([0]))
    assert count_words(rows, rules_of(), 16).columns.tolist() == [15]
    for rules in (rules_of(base=1), rules_of(table=np.full(16, -1, np.int32), start=0)):
        with pytest.raises(ValueError, match="columns below features"):
            count_words(rows, rules, 16)


CODES = bytes(8)
GOOD = {
    "kind": "c", "codes": CODES, "offsets": np.array([0, 8]), "fresh": np.array([0]), "masks": np.array([3], np.uint32),
    "bases": np.array([0]), "tables": NO_TABLES, "starts": np.array([-1]), "features": 16, "hash_bits": 0,
    "ends": np.zeros(1, np.int64), "columns": np.zeros(16, np.int32), "counts": np.zeros(16, np.uint32),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"offsets": np.array([0, 9])}, "offsets must ascend"),
        ({"offsets": np.array([4, 2])}, "offsets must ascend"),
        ({"offsets": np.array([-1, 2])}, "offsets must ascend"),
        ({"offsets": np.empty(0, np.int64)}, "offsets must hold at least one"),
        ({"fresh": np.array([0, 0])}, "fresh has 16 bytes; expected 8"),
        ({"fresh": np.array([-1])}, "of a wrong size"),
        ({"masks": np.zeros(1, np.uint32)}, "masks must have 1 to 12 bits"),
        ({"masks": np.array([0x1FFF], np.uint32)}, "masks must have 1 to 12 bits"),
        ({"masks": np.array([3, 3], np.uint32)}, "bases has 8 bytes; expected 16"),
        ({"masks": b"123"}, "masks has 3 bytes"),
        ({"bases": np.array([-1])}, "bases must not be negative"),
        ({"bases": np.array([2**63 - 1])}, "bases must not be negative or too large"),
        ({"starts": np.array([0])}, "starts must be of whole tables"),
        ({"starts": np.array([1]), "tables": np.zeros(16, np.int32)}, "starts must be of whole tables"),
        ({"starts": np.array([2**62]), "tables": np.zeros(16, np.int32)}, "starts must be of whole tables"),
        ({"features": 0}, "of a wrong size"),
        ({"features": 2**31}, "of a wrong size"),
        ({"hash_bits": 3}, "of a wrong size"),
        ({"hash_bits": -1}, "of a wrong size"),
        ({"ends": np.zeros(2, np.int64)}, "ends has 16 bytes; expected 8"),
        ({"columns": np.zeros(15, np.int32), "counts": np.zeros(15, np.uint32)}, "no room for the counts"),
        ({"columns": np.zeros(0, np.int32), "counts": np.zeros(0, np.uint32)}, "no room for the counts"),
        ({"columns": np.zeros(9, np.int32)}, "counts has 64 bytes; expected 36"),
        ({"columns": bytearray(65)}, "columns has 65 bytes; expected 64"),
        ({"kind": "fortran"}, "no kernels of the kind fortran"),
        ({"features": 1, "codes": bytes([3] * 8)}, "columns below features"),
    ],
)
def test_the_border_checks_every_size(changes, message):
    compiled = _dispatch.compiled()
    if compiled is None:
        pytest.skip("no compiled kernels")
    compiled.count_words(*GOOD.values())
    with pytest.raises(ValueError, match=message):
        compiled.count_words(*{**GOOD, **changes}.values())


@pytest.mark.slow
def test_random_inputs_under_the_sanitizers(tmp_path):
    """Compile the kernel beside a driver that checks it against a loop, and run it."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = ROOT / "seqnet" / "kernels" / "src"
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    trial = tmp_path / "trial.c"
    trial.write_text("int main(void) { return 0; }\n")
    if subprocess.run([compiler, *sanitizers, trial, "-o", tmp_path / "trial"], check=False).returncode:
        pytest.skip("no sanitizers")
    sources = [folder / "kmers.c", Path(__file__).with_name("fuzz_kmers.c")]
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [compiler, "-std=c11", "-O1", "-g", "-I", folder, "-o", tmp_path / "fuzz"]
    subprocess.run([*command, *warnings, *sanitizers, *sources], check=True)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1"}
    done = subprocess.run([tmp_path / "fuzz"], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr
