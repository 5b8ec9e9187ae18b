"""No module of the command line imports itself by a detour, not even inside a function."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tests.cli.conftest import ROOT

PACKAGE = ROOT / "chatty" / "cli"


def test_imports_of_the_command_line_form_no_circle() -> None:
    modules = {_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = {name: _imported(path) & set(modules) for name, path in modules.items()}
    assert any(graph.values())
    TopologicalSorter(graph).prepare()


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found
