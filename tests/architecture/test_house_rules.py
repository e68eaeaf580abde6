"""The rules of the house that no linter checks."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted((ROOT / "seqnet").rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def functions(path):
    return [
        n
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def code_lines(node):
    doc = ast.get_docstring(node)
    return node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_stay_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    for node in functions(path):
        assert code_lines(node) <= LONGEST_FUNCTION, node.name


def test_the_median_function_is_short():
    lengths = sorted(code_lines(node) for path in MODULES for node in functions(path))
    assert lengths[len(lengths) // 2] <= 10


def test_no_markers_of_unfinished_work():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "Not" + "ImplementedError")
    for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]:
        if path == Path(__file__):
            continue
        for word in words:
            assert word not in path.read_text(), path
