"""What the rules of the house count: code lines, imports, names, in Python and C."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path

from seqnet.cli import COMMANDS
from tests.conftest import ROOT

PACKAGE = ROOT / "seqnet"
MODULES = sorted(PACKAGE.rglob("*.py"))
C_FILES = sorted([*PACKAGE.rglob("*.c"), *PACKAGE.rglob("*.h")])

MODULE_LINES, FUNCTION_LINES, C_FUNCTION_LINES, C_FILE_LINES = 300, 50, 80, 500
FOLDER_MODULES, FLOOR_LINES = 15, 60
_SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text())


@cache
def code_lines(path: Path) -> frozenset[int]:
    """Return the numbers of the lines that hold code: no docstrings, comments or blank lines."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    lines -= set(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return frozenset(lines)


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of a module, nested ones and methods included."""
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def function_lines(path: Path, node: ast.AST) -> int:
    """Return the number of code lines of a function, its signature included."""
    return len(code_lines(path) & set(range(node.lineno, node.end_lineno + 1)))


def long_modules() -> list[str]:
    """Return the modules above the limit of code lines."""
    return [name(path) for path in MODULES if len(code_lines(path)) > MODULE_LINES]


def long_functions() -> list[str]:
    """Return the functions above the limit of code lines."""
    return [
        f"{name(path)}:{node.name}"
        for path in MODULES
        for node in functions(path)
        if function_lines(path, node) > FUNCTION_LINES
    ]


def wide_folders() -> list[str]:
    """Return the folders with too many modules; commands are rows of a table and not counted."""
    commands = {PACKAGE / "commands" / f"{row.module}.py" for row in COMMANDS.values()}
    counts = Counter(path.parent for path in MODULES if path.stem != "__init__" and path not in commands)
    return [name(folder) for folder, count in counts.items() if count > FOLDER_MODULES]


def function_imports() -> list[str]:
    """Return the imports inside functions, one for each statement."""
    return [
        f"{name(path)}:{statement.lineno}"
        for path in MODULES
        for node in functions(path)
        for statement in ast.walk(node)
        if isinstance(statement, ast.Import | ast.ImportFrom)
    ]


def names_twice() -> list[str]:
    """Return the names that two modules give to public functions or classes of their own."""
    given = [
        {node.name for node in tree(path).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        for path in MODULES  # a set for each: the overloads of a function share its name
    ]
    counts = Counter(name for names in given for name in names if not name.startswith("_"))
    return sorted(each for each, count in counts.items() if count > 1 and each != "command")


def signatures_of_any() -> list[str]:
    """Return the functions outside the command line whose signature says ``Any``."""
    return [
        f"{name(path)}:{node.name}"
        for path in MODULES
        if "commands" not in path.parts
        for node in functions(path)
        if any(_says_any(part) for part in _annotations(node))
    ]


def lines_of_commands() -> int:
    """Return the lines of the command layer, as ``wc`` counts them."""
    return sum(path.read_text().count("\n") for path in MODULES if "commands" in path.parts)


def splinters() -> list[str]:
    """Return the small modules that one other module imports, but for those that the rule leaves alone."""
    graph = import_graph()
    small = []
    for path in MODULES:
        module = dotted(path)
        importers = list(graph.find_modules_that_directly_import(module))
        if path.stem == "__init__" or len(importers) != 1 or not 0 < len(code_lines(path)) < FLOOR_LINES:
            continue
        if path.stem != "request" and not is_table(path) and not is_lazy(module, importers[0]):
            small.append(name(path))
    return small


def is_table(path: Path) -> bool:
    """Return whether a module declares a public table: a mapping of rows in capitals."""
    return any(
        isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.Dict)
        and isinstance(node.target, ast.Name)
        and node.target.id.isupper()
        and not node.target.id.startswith("_")
        for node in tree(path).body
    )


def is_lazy(module: str, importer: str) -> bool:
    """Return whether a module is imported inside a function alone, when it is used."""
    (path,) = (path for path in MODULES if dotted(path) == importer)
    inside = {
        statement.lineno
        for node in functions(path)
        for statement in ast.walk(node)
        if isinstance(statement, ast.ImportFrom)
    }
    imports = import_graph().get_import_details(importer=importer, imported=module)
    return {line["line_number"] for line in imports} <= inside


@cache
def import_graph():
    """Return who imports whom, imports inside functions included."""
    import grimp

    return grimp.build_graph("seqnet")


def longest_chain() -> list[str]:
    """Return the longest chain of imports without a module twice; rings are passed once."""
    graph = import_graph()
    best: dict[str, tuple[str, ...]] = {}

    def chain(module: str, above: frozenset[str]) -> tuple[str, ...]:
        if module not in best:
            below = sorted(graph.find_modules_directly_imported_by(module) - above - {module})
            best[module] = (
                module,
                *max((chain(each, above | {module}) for each in below), key=len, default=()),
            )
        return best[module]

    return list(max((chain(module, frozenset()) for module in sorted(graph.modules)), key=len))


def long_c_files() -> list[str]:
    """Return the C files above the limit of code lines."""
    return [name(path) for path in C_FILES if len(_c_lines(path)) > C_FILE_LINES]


def long_c_functions() -> list[str]:
    """Return the C functions above the limit of code lines; a body starts and ends in the first column."""
    found = []
    for path in C_FILES:
        head, length = "", 0
        for line in _c_lines(path):
            if length == 0 and (line.startswith("{") or line.endswith(") {")):
                head, length = head if line.startswith("{") else line, 1
            elif length:
                length += 1
                if line.startswith("}"):
                    found += [f"{name(path)}:{head[:40]}"] if length > C_FUNCTION_LINES else []
                    length = 0
            else:
                head = line
    return found


def phrases() -> list[str]:
    """Return the wordings of `phrases.txt` that are still used, each with its place."""
    listed = (Path(__file__).parent / "phrases.txt").read_text().splitlines()
    pattern = re.compile(
        "|".join(line for line in listed if line and not line.startswith("#")), re.IGNORECASE
    )
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    pages.remove(ROOT / "docs" / "cli.md")  # made from the help of the commands
    return [
        f"{path.relative_to(ROOT)}: {match}"
        for path in [*MODULES, *C_FILES, *pages]
        for text in _prose(path)
        for match in (found.group() for found in pattern.finditer(" ".join(text.split())))
    ]


def tests_per_code_line() -> float:
    """Return the code lines of the tests for each code line of the package."""
    tests = sum(len(code_lines(path)) for path in (ROOT / "tests").rglob("*.py"))
    return tests / sum(len(code_lines(path)) for path in MODULES)


def name(path: Path) -> str:
    """Return a path inside the package."""
    return str(path.relative_to(PACKAGE))


def dotted(path: Path) -> str:
    """Return a module's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _prose(path: Path) -> list[str]:
    """Return the texts of a file that people read: strings and comments of code, whole pages."""
    text = path.read_text()
    if path.suffix in {".c", ".h"}:
        return re.findall(r"/\*.*?\*/|//[^\n]*", text, re.DOTALL)
    if path.suffix == ".md":
        return [text]
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", None)}  # from 3.12 on
    return [
        token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type in kinds
    ]


def _c_lines(path: Path) -> list[str]:
    """Return a C file's lines without comments and blank lines."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """Return the annotations of a function's parameters and result."""
    every = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        node.args.vararg,
        node.args.kwarg,
    ]
    parts = [each.annotation for each in every if each is not None] + [node.returns]
    return [part for part in parts if part is not None]


def _says_any(annotation: ast.expr) -> bool:
    """Return whether ``Any`` is part of an annotation."""
    return any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(annotation))
