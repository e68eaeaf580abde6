"""Installing without a C compiler: the numpy kernels run, the results are the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE_DATA, ROOT

GOLDEN = ROOT / "tests" / "cli" / "golden"


@pytest.mark.slow
def test_without_a_compiler(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / "seqnet", source / "seqnet", ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    hidden = {**os.environ, "CC": "/nonexistent/cc", "PATH": str(Path(sys.executable).parent)}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
               "--no-index", "--target", str(target), str(source)]  # fmt: skip
    installed = subprocess.run(command, env=hidden, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr

    def seqnet(*args):
        return subprocess.run(
            [sys.executable, "-m", "seqnet", *map(str, args)],
            env={**os.environ, "PYTHONPATH": str(target)}, cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip

    assert b"kernels: numpy" in seqnet("--version", "-v").stdout
    hits = seqnet("scan", GOLDEN / "reb1.meme", EXAMPLE_DATA / "genome.fa", "--p-value", "1e-5")
    assert hits.stdout == (GOLDEN / "reb1_hits.bed").read_bytes()
