from __future__ import annotations

import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from mtlstudio.base import resources, texts
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, nmark, ntr, on_language_changed, set_language, tr


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small catalogue instead of the real one, and Chinese set."""
    catalogue = Catalog(locale="zh_CN")
    catalogue.add("Opened {name}", "已打开 {name}")
    catalogue.add("Broken {name}", "坏 {nome}")
    catalogue.add(("{n} mask is lost", "{n} masks are lost"), ("{n} 个掩码丢失",))
    catalogue.add(("{n} image", "{n} images"), ("{n} 张图像",))
    content = BytesIO()
    write_mo(content, catalogue)
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "mtlstudio.mo").write_bytes(content.getvalue())
    monkeypatch.setattr(texts, "resource", lambda *_: tmp_path)
    texts._catalogue.cache_clear()
    set_language("zh_CN")
    yield
    texts._catalogue.cache_clear()


def test_english_fills_named_places() -> None:
    assert tr("Opened {name}", name="a{b}") == "Opened a{b}"
    assert tr("") == ""
    assert tr("100 % of {") == "100 % of {"
    assert ntr("{n} image", "{n} images", 1) == "1 image"
    assert ntr("{n} image of {name}", "{n} images of {name}", 0, name="cats") == "0 images of cats"
    assert mark("Convolution") == "Convolution"


def test_a_value_may_be_called_message() -> None:
    assert tr("{message} {n}", message="a", n=1) == "a 1"


def test_a_marked_sentence_chooses_its_form_by_the_value_it_counts() -> None:
    sentence = nmark("{n} mask of {name} is lost", "{n} masks of {name} are lost")
    assert tr(sentence, n=1, name="a") == "1 mask of a is lost"
    assert tr(sentence, n=0, name="a") == "0 masks of a are lost"
    other = nmark("{channels} number, {n}", "{channels} numbers, {n}", "channels")
    assert tr(other, n=1, channels=2) == "2 numbers, 1"
    assert tr(pickle.loads(pickle.dumps(other)), n=2, channels=1) == "1 number, 2"
    error = StudioError(mark("no"), fix=sentence, n=1, name="b")
    assert error.text() == "no. 1 mask of b is lost."
    assert pickle.loads(pickle.dumps(error)).text() == error.text()


@pytest.mark.usefixtures("chinese")
def test_a_marked_sentence_is_translated_by_its_count() -> None:
    assert tr(nmark("{n} mask is lost", "{n} masks are lost"), n=3) == "3 个掩码丢失"


@pytest.mark.usefixtures("chinese")
def test_chinese_comes_from_the_catalogue() -> None:
    assert tr("Opened {name}", name="宠物") == "已打开 宠物"
    assert ntr("{n} image", "{n} images", 1) == "1 张图像"
    assert ntr("{n} image", "{n} images", 5) == "5 张图像"
    assert tr("Unknown {name}", name="x") == "Unknown x"


@pytest.mark.usefixtures("chinese")
def test_a_faulty_translation_does_not_hide_the_message() -> None:
    assert tr("Broken {name}", name="x") == "Broken x"


@pytest.mark.usefixtures("chinese")
def test_listeners_hear_of_a_change_until_they_leave() -> None:
    heard: list[str] = []
    leave = on_language_changed(lambda: heard.append(tr("Opened {name}", name="x")))
    set_language("en")
    set_language("zh_CN")
    leave()
    leave()
    set_language("en")
    assert heard == ["Opened x", "已打开 x"]


def test_an_unknown_language_is_english() -> None:
    set_language("tlh")
    assert texts.language() == "en"


def test_an_error_says_where_what_and_how_to_mend_it() -> None:
    error = StudioError("no class {id}", where="a.png", fix="Known: {known}", id=7, known="0, 1")
    assert error.text() == "a.png: no class 7. Known: 0, 1."
    assert str(error) == "no class 7"
    assert StudioError("Really?").text() == "Really?"


def test_an_error_crosses_processes_whole() -> None:
    class_of = StudioError("no class {id}", where="a.png", fix="Known: {known}", id=7, known="0")
    back = pickle.loads(pickle.dumps(class_of))
    assert (type(back), back.text(), back.values) == (StudioError, class_of.text(), class_of.values)


def test_resources_lie_beside_the_package_or_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resources.resource("i18n").is_dir()
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "mtlstudio")
    assert resources.resource("icons", "a.svg") == tmp_path / "resources" / "icons" / "a.svg"
    (tmp_path / "mtlstudio" / "_resources").mkdir(parents=True)
    assert resources.resource("icons") == tmp_path / "mtlstudio" / "_resources" / "icons"
