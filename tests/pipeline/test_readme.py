"""The README's commands, run as written."""

import re

import pytest

from seqnet.cli import COMMANDS
from tests.conftest import ROOT
from tests.pipeline.test_pipes import shell

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_commands_run_as_written():
    blocks = [block for block in BLOCKS if "seqnet" in block and "make " not in block]
    assert blocks
    for block in blocks:
        folder, *lines = block.splitlines()
        for line in lines:  # one by one: a closed pipe (141) must not hide the lines behind it
            finished = shell(f"{folder} && {line}", cwd=ROOT)
            assert finished.returncode in (0, 141), f"{line}: {finished.stderr}"


def test_the_first_example_prints_the_hits_that_it_shows():
    folder, line = next(block for block in BLOCKS if "seqnet scan" in block).splitlines()
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    printed = shell(f"{folder} && {line}", cwd=ROOT).stdout
    assert [row.split("\t") for row in printed.splitlines()] == [row.split() for row in shown.splitlines()]
    assert shown.count("\n") == 4


def test_the_make_targets_exist_and_every_command_is_named():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", "\n".join(BLOCKS), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    for name in COMMANDS:
        assert f"`{name}`" in README


def test_links_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
