"""The recipe offers the project's runs to start from and foresees what the layers would inherit. Without torch."""

from __future__ import annotations

import subprocess
import sys

from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE, TRAINING_FILE
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.studio import Studio
from mtlstudio.ui.train.recipe import RecipeBox


def a_run(studio: Studio, spec: ProjectSpec, name: str) -> RunFolder:
    assert studio.document is not None
    run = create_run(studio.document.folder, name, spec)
    with run.store.writing(0) as folder:
        (folder / NETWORK_FILE).write_bytes(b"")
        (folder / TRAINING_FILE).write_bytes(b"")
    return run


def test_a_run_is_chosen_and_a_split_is_foreseen(qtbot: QtBot, studio: Studio, spec: ProjectSpec) -> None:
    document = studio.document
    assert document is not None
    a_run(studio, spec, "My first")
    create_run(document.folder, "Without a checkpoint", spec)
    box = RecipeBox(studio)
    qtbot.addWidget(box)
    box.show()
    combo = box.form.editor("start_from").field()
    assert isinstance(combo, QComboBox)
    assert [combo.itemText(index) for index in range(combo.count())] == ["Nothing", "My first"]
    assert not box.heritage.isVisible()
    combo.setCurrentText("My first")
    combo.activated.emit(combo.currentIndex())
    assert document.spec.training.start_from == "my_first"
    assert box.heritage.isVisible() and "keep their weights" in box.heritage.text()
    assert "copy" not in box.heritage.text()
    trunk = [layer for layer in spec.network.layers if len(layer.tasks) > 1 and layer.type != "input"]
    document.apply("split", lambda now: edits.split_off(now, trunk[-1].id, {sorted(trunk[-1].tasks)[0]}))
    assert "cop" in box.heritage.text() and "“" in box.heritage.toolTip()


def test_a_run_that_is_gone_stays_shown_with_the_reason(qtbot: QtBot, studio: Studio) -> None:
    document = studio.document
    assert document is not None
    document.apply("choose", lambda now: edits.set_training(now, start_from="gone"))
    box = RecipeBox(studio)
    qtbot.addWidget(box)
    assert box.form.values()["start_from"] == "gone" and "there is no run 'gone'" in box.heritage.text()


def test_the_session_says_what_the_shown_run_would_give(studio: Studio, spec: ProjectSpec) -> None:
    assert studio.training.would_inherit(spec) is None
    studio.training.show(a_run(studio, spec, "one"))
    found = studio.training.would_inherit(spec)
    assert found is not None and found.run == "one" and not found.lost and not found.lines()


def test_nothing_of_that_needs_torch() -> None:
    code = "import sys, mtlstudio.network.inheritance, mtlstudio.session.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
