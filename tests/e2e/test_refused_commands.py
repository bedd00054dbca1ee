"""Commands on a full disk or in a folder that may only be read: one line that says what and where, exit code 1, and what
was there stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mtlstudio.cli.main import main
from mtlstudio.project import files
from tests.refusing import FORBIDDEN, FULL, READ_ONLY, refusing
from tests.training.small import project, trained

NUMBERS = {"full": FULL, "read-only": READ_ONLY, "forbidden": FORBIDDEN}
WRITING = {
    "train": ("train", "--epochs", "1"),
    "resume": ("train", "--resume", "run", "--epochs", "2"),
    "baselines": ("baselines", "--seeds", "1", "--epochs", "1"),
    "sweep": ("sweep", "training.batch_size=4,8", "--epochs", "1"),
    "export": ("export", "--run", "run", "--format", "safetensors", "--out", "{folder}/out.safetensors"),
    "predict": ("predict", "{folder}/picture.png", "--out", "{folder}/out"),
}
READING = {"compare": ("compare",), "evaluate": ("evaluate",), "data": ("data",), "check": ("check",)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("refused") / "project"
    made.mkdir()
    files.save(made, project(epochs=1))
    trained(made, project(epochs=1), "run")
    Image.fromarray(np.zeros((40, 30, 3), np.uint8)).save(made / "picture.png")
    return made


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("command", WRITING)
def test_what_cannot_be_written_is_told_in_one_line(
    folder: Path, command: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(folder=folder) for word in WRITING[command]]
    before = content(folder)
    with refusing(folder, NUMBERS[number]) as seen:
        code = main([words[0], str(folder), *words[1:]])
    err = capsys.readouterr().err
    assert code == 1 and seen.refused, (code, err)
    assert err.count("\n") == 1 and str(folder) in err and "unexpected" not in err, err
    assert ("full" in err) if number == "full" else ("ermission" in err or "ead-only" in err), err
    assert content(folder) == before


@pytest.mark.parametrize("command", READING)
def test_reading_needs_no_writing(folder: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(folder)
    with refusing(folder, READ_ONLY) as seen:
        code = main([READING[command][0], str(folder)])
    said = capsys.readouterr()
    assert code == 0 and said.err == "" and said.out, said.err
    assert not seen.refused and content(folder) == before


def test_a_project_that_cannot_be_made_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with refusing(tmp_path, FULL):
        assert main(["new", str(tmp_path / "new")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "unexpected" not in err and str(tmp_path) in err
