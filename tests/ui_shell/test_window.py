"""The window's own doings: commands, keys, projects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.base.errors import StudioError
from mtlstudio.project import edits, files
from mtlstudio.ui.shell import dialogs
from mtlstudio.ui.shell.actions import ACTIONS, MENUS
from mtlstudio.ui.shell.command_palette import CommandPalette, matches
from mtlstudio.ui.shell.key_map import KeyMap
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import theme
from mtlstudio.ui.widgets.icons import names
from tests.ui_shell.studio_window import small_project, window_over


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    small_project(tmp_path / "p")
    with window_over(qtbot, tmp_path / "p", "design") as made:
        yield made


def test_every_command_has_a_menu_an_icon_that_exists_and_a_key_of_its_own() -> None:
    menus = {menu for menu, _name in MENUS} | {""}
    taken: dict[tuple[str, str], str] = {}
    for declaration in ACTIONS:
        assert declaration.menu in menus
        assert declaration.icon in ("", *names()), declaration.id
        for key in filter(None, declaration.key.split("; ")):
            assert not QKeySequence(key).isEmpty(), declaration.id
            for workspace in {declaration.workspace, ""}:
                other = taken.get((key, workspace))
                assert other is None, f"{declaration.id} and {other} share {key}"
            taken[key, declaration.workspace] = declaration.id


def test_the_palette_finds_a_command_by_its_words_and_carries_it_out(qtbot: QtBot, window: MainWindow) -> None:
    was_dark = theme().is_dark
    QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    palette = window.findChild(CommandPalette, "command-palette")
    assert palette is not None and palette.isVisible()
    QTest.keyClicks(palette.search, "dark th")
    assert palette.list.count() == 1
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert theme().is_dark != was_dark


def test_words_match_in_any_order_and_case() -> None:
    assert matches("TRAIN run", "Run › Train") and not matches("train x", "Run › Train") and matches("", "anything")


def test_a_rebound_key_replaces_the_old_one_and_is_taken_from_its_owner(window: MainWindow) -> None:
    dialog = KeyMap(window.actions_, window.studio.settings, window)
    dialog._rebind("design.analyze", QKeySequence("F8"))
    assert window.actions_["design.analyze"].shortcuts() == [QKeySequence("F8")]
    assert QKeySequence("F8") not in window.actions_["design.next_problem"].shortcuts()
    assert window.studio.settings.keys == {"design.analyze": "F8", "design.next_problem": ""}


def test_saving_writes_what_is_shown_and_undo_goes_back_past_it(window: MainWindow) -> None:
    document = window.studio.document
    assert document is not None
    before = document.spec
    document.apply("name", lambda spec: edits.rename_task(spec, "mask", "分割"))
    assert not document.is_saved and "•" in window.top.project.text()
    window.actions_.trigger("project.save")
    assert document.is_saved and files.load(document.folder) == document.spec
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.spec == before and not document.is_saved


@pytest.mark.parametrize("answer", ["save", "discard", "cancel"])
def test_leaving_with_changes_asks_and_does_what_was_answered(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    document = window.studio.document
    assert document is not None
    folder, before = document.folder, document.spec
    document.apply("name", lambda spec: edits.rename_task(spec, "mask", "new"))
    monkeypatch.setattr(dialogs, "ask_to_save", lambda *_: answer)
    window.actions_.trigger("project.close")
    assert (window.studio.document is None) == (answer != "cancel")
    assert files.load(folder).task("mask").name == ("new" if answer == "save" else before.task("mask").name)


def test_dropped_things_go_where_they_belong(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_project(tmp_path / "other")
    window.drop([tmp_path / "other" / "project.json"])
    assert window.studio.document is not None and window.studio.document.folder == (tmp_path / "other").resolve()
    asked: list[Path | None] = []
    monkeypatch.setattr(window.projects, "new", lambda data: asked.append(data))
    (tmp_path / "pictures").mkdir()
    window.drop([tmp_path / "pictures"])
    assert asked == [tmp_path / "pictures"]


def test_a_second_window_on_the_same_project_is_refused(qtbot: QtBot, window: MainWindow) -> None:
    from mtlstudio.session.document import Document

    assert window.studio.document is not None
    second = Document(window.studio.document.folder, window.studio.document.spec)
    with pytest.raises(StudioError):
        second.lock()


def test_a_command_of_a_room_not_yet_entered_opens_it(qtbot: QtBot, tmp_path: Path) -> None:
    small_project(tmp_path / "q")
    with window_over(qtbot, tmp_path / "q", "data") as made:
        assert "design" not in made.workspaces
        made.actions_.trigger("design.next_problem")
        assert made.current == "design" and made.workspaces["design"].isVisible()
