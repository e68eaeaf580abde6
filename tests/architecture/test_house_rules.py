"""The rules of the house that no linter checks."""

import ast
from pathlib import Path

from tests.architecture import measures
from tests.conftest import ROOT

MODULES = sorted((ROOT / "seqnet").rglob("*.py"))


def functions(path):
    return [
        n
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def code_lines(node):
    doc = ast.get_docstring(node)
    return node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)


def test_the_median_function_is_short():
    lengths = sorted(code_lines(node) for path in MODULES for node in functions(path))
    assert lengths[len(lengths) // 2] <= 10


def test_tests_have_four_lines_for_every_five_of_the_package():
    assert measures.tests_per_code_line() >= 0.8


def test_no_markers_of_unfinished_work():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "Not" + "ImplementedError")
    for path in [*MODULES, *(ROOT / "tests").rglob("*.py")]:
        if path == Path(__file__):
            continue
        for word in words:
            assert word not in path.read_text(), path
