"""The example data are what their script makes."""

import subprocess
import sys

import numpy as np
import pyBigWig

from tests.conftest import EXAMPLE_DATA


def test_the_script_makes_the_committed_files(tmp_path):
    script = EXAMPLE_DATA / "make_example_data.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    committed = sorted(p.relative_to(EXAMPLE_DATA) for p in EXAMPLE_DATA.rglob("*") if p.is_file())
    assert made == [path for path in committed if path.suffix not in (".py", ".pyc")]
    for path in made:
        if path.suffix != ".bw":  # its compression may differ between libraries
            assert (tmp_path / path).read_bytes() == (EXAMPLE_DATA / path).read_bytes(), path
    with (
        pyBigWig.open(str(tmp_path / "dnase.bw")) as ours,
        pyBigWig.open(str(EXAMPLE_DATA / "dnase.bw")) as theirs,
    ):
        assert ours.chroms() == theirs.chroms()
        for name, length in ours.chroms().items():
            np.testing.assert_array_equal(ours.values(name, 0, length), theirs.values(name, 0, length))
    assert sum(path.stat().st_size for path in EXAMPLE_DATA.rglob("*") if path.is_file()) < 3_000_000
