"""Layers on the clipboard: from window to window and process to process; what is no layers is refused in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QApplication

from mtlstudio.project.codec import fragment_to_json
from mtlstudio.project.edits import extract
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.clipboard import LAYERS, as_data

CTRL = Qt.KeyboardModifier.ControlModifier
OTHER_PROCESS = """
import sys
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project.edits import extract
from mtlstudio.ui.design.clipboard import LAYERS, as_data
from pathlib import Path
spec = propose("other", [], Path("other"))
spec = spec.with_network(template("unet").build(spec))
sys.stdout.buffer.write(as_data(extract(spec, ["down_2", "down_3"])).data(LAYERS).data())
"""


def put(text: str, kind: str = LAYERS) -> None:
    data = QMimeData()
    data.setData(kind, text.encode())
    QApplication.clipboard().setMimeData(data)


def paste(room: Any) -> None:
    """Ctrl+V with the mask's fourth stage selected."""
    room.said.clear()
    room.click(room.card("stage4_2"))
    room.key(Qt.Key.Key_V, CTRL)


def test_from_window_to_window(open_room: Callable[..., Any], pets_spec: ProjectSpec) -> None:
    here, there = open_room(pets_spec), open_room(pets_spec)
    here.window.activateWindow()
    here.click(here.card("stage2"))
    here.key(Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().mimeData().hasFormat(LAYERS)
    assert json.loads(QApplication.clipboard().text())["layers"][0]["name"] == "Stage 2", "readable elsewhere too"
    there.window.activateWindow()
    paste(there)
    assert there.spec.network.layer(there.document.selection[0]).name == "Stage 2"
    assert here.spec == pets_spec


def test_from_process_to_process(room: Any, root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OTHER_PROCESS], cwd=root, capture_output=True, check=True)
    put(done.stdout.decode())
    paste(room)
    pasted = [room.spec.network.layer(layer_id) for layer_id in room.document.selection]
    assert [layer.type for layer in pasted] == ["residual_stage", "residual_stage"]
    assert all(layer.tasks == {"mask"} for layer in pasted), "tasks of another project become those of the place"


def broken(spec: ProjectSpec, **changes: Any) -> str:
    return json.dumps({**fragment_to_json(extract(spec, ["up3", "up2"])), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        "null",
        "3",
        '{"format": "mtlstudio-fragment"}',
        "[" * 100_000,
        '{"format": 1}',
        "\x00",
    ],
)
def test_rubbish_is_no_layers(room: Any, text: str) -> None:
    before = room.spec
    put(text)
    paste(room)
    assert room.spec == before
    assert room.said == ["There are no layers on the clipboard."] or room.said == [
        "The layers on the clipboard are damaged. Copy them again."
    ]


def test_an_empty_clipboard_and_a_picture(room: Any) -> None:
    before = room.spec
    QApplication.clipboard().clear()
    paste(room)
    put("…", "image/png")
    paste(room)
    assert room.spec == before and room.said == ["There are no layers on the clipboard."]


def test_unknown_types_are_named(room: Any, pets_spec: ProjectSpec) -> None:
    layers = fragment_to_json(extract(pets_spec, ["up3", "up2"]))["layers"]
    put(broken(pets_spec, layers=[{**layer, "type": "quantum"} for layer in layers]))
    paste(room)
    assert room.spec == pets_spec
    assert room.said[0].startswith("The layer type “quantum” is not known here.")


def test_a_newer_version_is_named(room: Any, pets_spec: ProjectSpec) -> None:
    put(broken(pets_spec, version=99))
    paste(room)
    assert room.spec == pets_spec and "newer MTL Studio" in room.said[0]


def test_what_does_not_hang_together_is_refused(room: Any, pets_spec: ProjectSpec) -> None:
    whole = fragment_to_json(extract(pets_spec, ["up3", "up2"]))
    first, second = whole["layers"]
    (joined,) = whole["connections"]
    back = {**joined, "source": joined["target"], "target": joined["source"]}
    for changes in (
        {"layers": [first, first]},
        {"layers": [first]},
        {"connections": [joined, back]},
        {"layers": []},
    ):
        put(broken(pets_spec, **changes))
        paste(room)
        assert room.spec == pets_spec
        assert room.said == ["The layers on the clipboard are damaged. Copy them again."], changes
    put(broken(pets_spec, layers=[{**first, "type": "input"}, second]))
    paste(room)
    assert room.spec == pets_spec and "under Data" in room.said[0]


def test_as_data_says_the_same_twice(pets_spec: ProjectSpec) -> None:
    data = as_data(extract(pets_spec, ["stage2"]))
    assert bytes(data.data(LAYERS).data()).decode() == data.text()
