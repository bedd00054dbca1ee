"""The plan of the house holds: who imports whom, what stays free of torch and Qt, nothing grows out of hand."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FREE_OF_TORCH = (
    "base",
    "project",
    "runs",
    "tasks",
    "network/layers",
    "data/sources",
    "training/balancing",
    "training/strategies",
    "cli",
)
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 60

IMPORT_EACH = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = [module for module in ("torch", "torchvision", "PySide6", "pyqtgraph") if module in sys.modules]
    if heavy:
        sys.exit(f"{name} imports {', '.join(heavy)}")
"""


def sources(root: Path) -> list[Path]:
    return sorted((root / "mtlstudio").rglob("*.py"))


def modules(root: Path, room: str) -> list[str]:
    """Every module of a room, packages by their own name."""
    files = sorted((root / "mtlstudio" / room).rglob("*.py"))
    names = [path.relative_to(root).with_suffix("").as_posix().replace("/", ".") for path in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith(".__main__")]


def test_rooms_import_downwards_only(root: Path) -> None:
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists():
        pytest.skip("import-linter is not installed (the extra `dev`)")
    done = subprocess.run([command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", FREE_OF_TORCH)
def test_declarations_import_neither_torch_nor_qt(root: Path, room: str) -> None:
    names = modules(root, room)
    assert names, f"no modules in {room}"
    command = [sys.executable, "-c", IMPORT_EACH, *names]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_modules_fit_in_the_head(root: Path) -> None:
    lengths = {path.relative_to(root).as_posix(): len(path.read_text("utf-8").splitlines()) for path in sources(root)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_are_short(root: Path) -> None:
    long = {}
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long[f"{path.relative_to(root)}:{node.name}"] = lines
    assert long == {}


def test_every_room_that_imports_as_a_package_is_one(root: Path) -> None:
    folders = {path.parent for path in sources(root)}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
