"""Runs every benchmark of this folder: `make bench`. Each module has `measure() -> [(name, value, unit, bound)]`.

Each bound is what the issue asks for: `<= 33` or `>= 0.95`, as text. Figures go to the screen and, with `--write`, into
docs/benchmarks.md. Ratios are taken in one run, so that they hold although machines wander.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from pathlib import Path

HERE = Path(__file__).resolve().parent
REMARKS, SECTION = "## Remarks", "### "
Row = tuple[str, float, str, str]


def holds(value: float, bound: str) -> bool:
    """Whether a value is within its bound."""
    relation, limit = bound.split()
    return value <= float(limit) if relation == "<=" else value >= float(limit)


def measure(names: list[str]) -> dict[str, list[Row]]:
    """Runs the benchmarks one after the other, each in this process; their rows by name."""
    found: dict[str, list[Row]] = {}
    for path in sorted(HERE.glob("bench_*.py")):
        if names and path.stem.removeprefix("bench_") not in names:
            continue
        module = importlib.import_module(path.stem)  # this folder is the first that Python looks in
        name = path.stem.removeprefix("bench_")
        print(f"== {name}", flush=True)
        rows = []
        for row in module.measure():
            rows.append(row)
            print(line(row), flush=True)
        if rows:
            found[name] = rows
    return found


def line(row: Row) -> str:
    """One figure as text."""
    name, value, unit, bound = row
    verdict = "" if not bound else ("holds" if holds(value, bound) else "MISSED")
    return f"{name:64} {value:10.3f} {unit:8} {bound:10} {verdict}"


def _verdict(value: float, bound: str) -> str:
    return "" if not bound else "holds" if holds(value, bound) else "**missed**"


def write(found: dict[str, list[Row]]) -> None:
    """Puts the figures into docs/benchmarks.md; those of benchmarks that were not run stay, and so do the remarks."""
    head = [
        "# Benchmarks",
        "",
        f"Made by `make bench ARGS=--write` on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, without a screen. Trust ratios more than times.",
        'One alone: `make bench ARGS="methods --write"`.',
        "",
    ]
    path = HERE.parents[1] / "docs" / "benchmarks.md"
    before, _, remarks = path.read_text(encoding="utf-8").partition(REMARKS)
    parts = dict(part.split("\n", 1) for part in before.split(SECTION)[1:])
    parts |= {name: "\n" + table(rows) for name, rows in found.items()}
    tables = [f"{SECTION}{name}\n{parts[name].rstrip()}\n" for name in sorted(parts)]
    path.write_text("\n".join([*head, *tables, REMARKS + remarks]), encoding="utf-8")


def table(rows: list[Row]) -> str:
    """Figures as a table."""
    head = ["| what | measured | unit | asked for | |", "| --- | ---: | --- | --- | --- |"]
    body = [
        f"| {name} | {value:.3g} | {unit} | {bound} | {_verdict(value, bound)} |" for name, value, unit, bound in rows
    ]
    return "\n".join([*head, *body])


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = measure(arguments.names)
    if arguments.write:
        write(found)


if __name__ == "__main__":
    main()
