"""A thousand command lines as they are mistyped: each ends with a code of the table and one line."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.cli.mistakes import extra_files
from tests.conftest import ROOT

SEED, LINES = 14, 1000


@pytest.fixture(scope="session")
def folder(prepared, tmp_path_factory):
    """The prepared inputs with small, odd and damaged ones, for lines that may do anything to them."""
    path = tmp_path_factory.mktemp("mistakes") / "inputs"
    shutil.copytree(prepared.folder, path)
    extra_files(path, prepared.data)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 1])
def test_mistyped_command_lines_end_with_a_code_of_the_table_and_one_line(folder, tmp_path, part):
    found = tmp_path / "failures.json"
    command = [
        sys.executable, "-m", "tests.cli.mistakes", folder, "--seed", SEED + part, "--lines", LINES // 2,
        "--json", found,
    ]  # fmt: skip
    subprocess.run([*map(str, command)], check=True, cwd=ROOT, timeout=1800)
    failures = json.loads(found.read_text())
    assert not failures, json.dumps(failures[:5], indent=1, ensure_ascii=False)
