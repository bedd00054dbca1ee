"""Pictures of every workspace: light and dark, English and Chinese, small and large, 1× and 2×.

    make screenshots                      README's own, into docs/screenshots/
    make screenshots ARGS="--families"        only those of network families
    make screenshots ARGS="--all out/shots"   all of them, to be looked at

Each picture is taken by the program itself (`mtlstudio DIR --screenshot FILE`), so it shows what a user sees.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PETS = ROOT.parent / "shared" / "data" / "oxford-iiit-pet"
WORKSPACES = ("data", "design", "train", "inspect", "compare")
FAMILIES = ("ple", "cross_stitch", "fpn", "mtan")


def studio(*words: str | Path, home: Path, scale: str = "1") -> None:
    """Runs the program with its own settings folder."""
    environment = {**os.environ, "MTLSTUDIO_HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    subprocess.run([sys.executable, "-m", "mtlstudio", *map(str, words)], check=True, cwd=ROOT, env=environment)


def make_project(folder: Path, home: Path, epochs: str, data: Path | None) -> None:
    """A project with two trained runs and a study of baselines."""
    words = ["--data", str(data)] if data is not None else []
    studio("new", folder, *words, "--template", "unet", home=home)
    method = "training.balancing.method=uncertainty"
    studio("baselines", folder, "--seeds", "2", "--epochs", str(max(int(epochs) // 2, 1)), home=home)
    studio("train", folder, "--epochs", epochs, "--name", "uncertainty", "--set", method, home=home)
    studio("train", folder, "--epochs", epochs, "--name", "first", "--set", "training.measure_every=10", home=home)


def readme_pictures(project: Path, home: Path) -> None:
    """The pictures that README shows: sample scenes only, for no other image goes into the project."""
    out = ROOT / "docs" / "screenshots"
    for workspace in WORKSPACES:
        studio(project, "--workspace", workspace, "--theme", "dark", "--screenshot", out / f"{workspace}-dark.png",
               home=home)  # fmt: skip
    studio(project, "--workspace", "design", "--theme", "light", "--screenshot", out / "design-light.png", home=home)
    studio("--theme", "dark", "--screenshot", out / "welcome-dark.png", home=home)


def family_pictures(folder: Path, home: Path) -> None:
    """The sharing grid with some families, and with forty tasks of which most are folded into one row."""
    sys.path.insert(0, str(ROOT))
    from mtlstudio.project import files
    from tests.ui_design.families import project

    kinds = {family: project("pets", family) for family in FAMILIES} | {"forty-tasks": project("forty", "unet")}
    for index, (name, spec) in enumerate(kinds.items()):
        files.create(folder / name, spec)
        picture = ROOT / "docs" / "screenshots" / f"design-{name.replace('_', '-')}.png"
        theme = ("dark", "light")[index % 2]
        studio(folder / name, "--workspace", "design", "--theme", theme, "--size", "1280x720", "--screenshot", picture,
               home=home)  # fmt: skip
        _fewer_colours(picture)


def _fewer_colours(path: Path) -> None:
    """A picture of plain surfaces in 256 colours: a quarter of the size, and nobody sees it."""
    with Image.open(path) as picture:
        fewer = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    fewer.save(path, optimize=True)


def all_pictures(project: Path, home: Path, out: Path) -> None:
    """Every workspace in every manner."""
    manners = [
        (theme, language, size, scale)
        for theme in ("dark", "light")
        for language in ("en", "zh_CN")
        for size, scale in (("1440x900", "1"), ("1280x720", "1"), ("1280x720", "2"))
    ]
    for theme, language, size, scale in manners:
        words = ["--theme", theme, "--language", language, "--size", size]
        for workspace in WORKSPACES:
            file = out / f"{workspace}-{theme}-{language}-{size}-{scale}x.png"
            studio(project, "--workspace", workspace, *words, "--screenshot", file, home=home, scale=scale)
        studio(*words, "--screenshot", out / f"welcome-{theme}-{language}-{size}-{scale}x.png", home=home, scale=scale)


def main() -> None:
    """Makes the project, takes the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", type=Path, help="take every picture, into this folder")
    parser.add_argument("--families", action="store_true", help="only the pictures of network families")
    parser.add_argument("--project", type=Path, help="an existing project instead of a fresh one")
    parser.add_argument("--pets", action="store_true", help="the pets beside the project instead of the sample scenes")
    parser.add_argument("--epochs", default="8")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        if arguments.all is None:
            family_pictures(Path(temporary) / "families", home)
        if arguments.families:
            return
        project = arguments.project
        if project is None:
            project = Path(temporary) / ("pets" if arguments.pets else "demo")
            make_project(project, home, arguments.epochs, PETS if arguments.pets else None)
        if arguments.all is not None:
            all_pictures(project, home, arguments.all)
        else:
            readme_pictures(project, home)


if __name__ == "__main__":
    main()
