"""The compiled kernels, built with AddressSanitizer and UBSan, under their own tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=all"
NAMES = (
    "blocks",
    "fasta",
    "gather",
    "maxima",
    "residual",
    "text",
    "tails",
    "shuffle",
    "word_edits",
    "word_maxima",
)
"""Of ``screen`` and ``windows`` drivers in C are fuzzed, beside their tests."""


def library(name):
    """Where gcc keeps a run-time library of a sanitizer; the name itself where it has none."""
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.mark.slow
def test_kernels_do_nothing_undefined(tmp_path):
    if shutil.which("gcc") is None or not Path(library("libasan.so")).is_absolute():
        pytest.skip("gcc or its sanitizers are not installed")
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    for name in ("seqnet", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    env = {**os.environ, "CC": "gcc", "CFLAGS": f"{FLAGS} -O1 -g", "LDFLAGS": FLAGS}
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(build, cwd=tmp_path, env=env, check=True, capture_output=True)
    assert list((tmp_path / "seqnet" / "kernels").glob("_compiled*.so"))
    checked = {
        **os.environ,
        "LD_PRELOAD": f"{library('libasan.so')} {library('libubsan.so')}",
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own
        "PYTHONPATH": str(tmp_path),
        "SEQNET_KERNELS": "",
    }
    code = "import seqnet, sys; sys.exit(not seqnet.__file__.startswith(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=tmp_path, env=checked, check=True)
    tests = [f"tests/unit/kernels/test_{name}.py" for name in NAMES]
    line = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    finished = subprocess.run(line, cwd=tmp_path, env=checked, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
