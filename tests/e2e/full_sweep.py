"""Every template at its full size, by real command lines; by hand: `python -m tests.e2e.full_sweep [FOLDER] [ID …]`.

For each: new, check, an epoch on the sample pictures, evaluate, export to Python and ONNX, the script run as it is.
Prints a table in Markdown; the exit code is the number of templates that failed. A folder keeps what is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COLUMNS = ("Template", "Parameters", "Separate", "MACs", "Warnings", "Epoch s", "All s", "Python", "ONNX", "Validation")
MAIN_FIGURE = {
    "classification": "accuracy", "multilabel": "f1", "regression": "mae", "segmentation": "mean_iou",
    "depth": "rmse", "sequence": "sequence_accuracy", "reconstruction": "psnr",
}  # fmt: skip


def command(*words: object) -> Any:
    """Runs a command line; its JSON document.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mtlstudio", *map(str, words), "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr.strip() or done.stdout[-400:]}")
    return json.loads(done.stdout)


def sweep(template: str, folder: Path) -> tuple[str, ...]:
    """A row of the table.

    Raises:
        RuntimeError: a step failed.
    """
    begun = time.perf_counter()
    made = command("new", folder, "--template", template)
    found = command("check", folder)
    if errors := [problem["text"] for problem in found["problems"] if problem["severity"] == "error"]:
        raise RuntimeError(f"check: {errors}")
    start = time.perf_counter()
    run = command("train", folder, "--epochs", 1, "--set", "training.threads=1", "--name", "first")
    epoch = time.perf_counter() - start
    tasks = command("evaluate", folder)["tasks"]
    differences = []
    for format_, name in (("python", "network.py"), ("onnx", "network.onnx")):
        told = command("export", folder, "--run", run["run"], "--format", format_, "--out", folder / "taken" / name)
        if not told["verified"]:
            raise RuntimeError(f"export: {told}")
        differences.append(f"{told['largest_difference']:.1e}")
    script = [sys.executable, "-I", str(folder / "taken" / "network.py"), "--steps", "1"]
    ran = subprocess.run(script, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"script: {ran.stderr[-400:]}")
    total, separate = (found[key]["parameters"] for key in ("total", "separate"))
    return (
        template, f"{total:,}", f"{separate:,}", f"{found['total']['macs'] / 1e6:,.0f} M",
        str(sum(problem["severity"] == "warning" for problem in found["problems"])), f"{epoch:.0f}",
        f"{time.perf_counter() - begun:.0f}", *differences, "  ".join(figures(tasks, made["tasks"])),
    )  # fmt: skip


def figures(measured: dict[str, dict[str, float | None]], tasks: dict[str, dict[str, Any]]) -> list[str]:
    """One figure of each task."""
    said = []
    for task, values in measured.items():
        metric = MAIN_FIGURE.get(tasks[task]["type"], "")
        metric = metric if metric in values else next(iter(values))
        value = values[metric]
        said.append(f"{task} {metric} —" if value is None else f"{task} {metric} {value:.3f}")
    return said


def main(words: list[str]) -> int:
    """Sweeps all templates, or those that are named."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    kept = Path(words[0]) if words else None
    wanted = words[1:] or [item["id"] for item in command("templates")]
    failed = 0
    print("|", " | ".join(COLUMNS), "|\n|", " | ".join("---" for _ in COLUMNS), "|", flush=True)
    with tempfile.TemporaryDirectory(prefix="mtlstudio-sweep-") as name:
        for template in wanted:
            try:
                row = sweep(template, (kept or Path(name)) / template)
            except RuntimeError as error:
                failed += 1
                row = (template, f"FAILED: {error}")
            print("|", " | ".join(row), "|", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
