from __future__ import annotations

import gettext
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tool(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations_tool", root / "packaging" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only file of a little package that the tool takes for the real one."""
    (tmp_path / "mtlstudio").mkdir()
    monkeypatch.setattr(tool, "SOURCES", tmp_path / "mtlstudio")
    monkeypatch.setattr(tool, "CATALOGUES", tmp_path / "i18n")
    path = tmp_path / "mtlstudio" / "a.py"
    path.write_text('a = tr("Open")\nb = mark("Save {name}")\nc = ntr("{n} image", "{n} images", 3)\n')
    return path


FILLED = {"Open": "打开", "Save {name}": "保存 {name}", "{n} image": ["{n} 张图像"]}


def filled(tool: ModuleType, tmp_path: Path, given: dict[str, object]) -> int:
    path = tmp_path / "fill.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return int(tool.main(["fill", str(path)]))


def test_the_sources_of_the_project_hide_no_text(tool: ModuleType) -> None:
    assert tool.extract_all().faults == []


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('tr("Open")', {"Open"}),
        ('tr("Open " "all")', {"Open all"}),
        ('texts.tr("Open {a}", a=1)', {"Open {a}"}),
        ('mark("Save")', {"Save"}),
        ('tr("Start" if idle else "Stop")', {"Start", "Stop"}),
        ('ntr("{n} image", "{n} images", count)', {("{n} image", "{n} images")}),
        ('nmark("{n} image", "{n} images", "n")', {("{n} image", "{n} images")}),
        ('StudioError(mark("no class"), fix=mark("Add it"))', {"no class", "Add it"}),
        ("tr(label)", set()),
        ('tr(labels["species"])', set()),
        ("tr(word(x))", set()),
        ('tr("")', set()),
        ('pytest.mark("Save")', set()),
        ('other("Open")', set()),
    ],
)
def test_what_is_extracted(tool: ModuleType, code: str, texts: set[object]) -> None:
    found = tool.extract(code, "a.py")
    assert found.texts == texts
    assert found.faults == []


@pytest.mark.parametrize(
    "code",
    [
        'tr(f"Open {name}")',
        'tr("Open " + name)',
        'tr(name + "x")',
        'tr("Open %s" % name)',
        'tr("Open {}".format(name))',
        "tr()",
        "tr(*words)",
        "mark(label)",
        'mark(f"{a}")',
        'ntr("{n} image", plural, 3)',
        'ntr(f"{n} image", f"{n} images", 3)',
        'ntr("a" if x else "b", "c", 3)',
        'self.tr("Open")',
        'QObject.tr("Open")',
    ],
)
def test_calls_that_can_never_match(tool: ModuleType, code: str) -> None:
    found = tool.extract(f"x = 1\n{code}", "a.py")
    assert len(found.faults) == 1
    assert found.faults[0].startswith("a.py:2: ")


def test_one_singular_has_one_plural(tool: ModuleType, source: Path) -> None:
    source.write_text('ntr("{n} mouse", "{n} mice", 1)\nntr("{n} mouse", "{n} mouses", 1)\ntr("{n} mouse")\n')
    assert len(tool.extract_all().faults) == 1


def test_update_fill_verify(tool: ModuleType, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["update"]) == 0
    assert tool.main(["verify"]) == 1
    told = capsys.readouterr().err
    assert all(f"untranslated: {text!r}" in told for text in FILLED)

    assert tool.main(["missing"]) == 0
    assert json.loads(capsys.readouterr().out) == {"Open": "", "Save {name}": "", "{n} image": ["{n} images"]}

    assert filled(tool, tmp_path, FILLED) == 0
    assert tool.main(["verify"]) == 0
    chinese = gettext.translation("mtlstudio", tmp_path / "i18n", ["zh_CN"])
    assert chinese.gettext("Open") == "打开"
    assert chinese.ngettext("{n} image", "{n} images", 1) == "{n} 张图像"


def test_update_changes_nothing_twice_and_drops_what_is_gone(tool: ModuleType, source: Path, tmp_path: Path) -> None:
    filled(tool, tmp_path, FILLED)
    files = sorted((tmp_path / "i18n").rglob("mtlstudio.*"))
    before = [path.read_bytes() for path in files]
    assert tool.main(["update"]) == 0
    assert [path.read_bytes() for path in files] == before
    assert not any(word in before[1].decode() for word in ("Date", "Babel", "a.py"))

    source.write_text('tr("Open")\ntr("Close")\n')
    assert tool.main(["verify"]) == 1
    assert tool.main(["update"]) == 0
    assert tool.missing("zh_CN") == {"Close": ""}
    assert "Save" not in files[1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Save {name}", "保存"),
        ("Save {name}", "保存 {nome}"),
        ("Save {name}", "保存 {name:.2f}"),
        ("Save {name}", "保存 {name"),
        ("{n} image", ["图像"]),
        ("{n} image", ["{n} 张", "{n} 张"]),
        ("Gone", "没了"),
    ],
)
def test_what_does_not_fit_is_not_filled_in(
    tool: ModuleType,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    translation: str | list[str],
) -> None:
    assert filled(tool, tmp_path, {**FILLED, text: translation}) == 1
    assert tool.main(["verify"]) == (0 if text == "Gone" else 1)


def test_faults_in_an_edited_catalogue_are_found(
    tool: ModuleType, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tool, tmp_path, FILLED)
    po = tool.po_file("zh_CN")
    whole = po.read_text(encoding="utf-8")
    for good, bad, words in [
        ("保存 {name}", "保存 {nome}", "other places"),
        ("打开", "", "untranslated: 'Open'"),
        ("打开", "开", ".mo does not fit"),
        ('msgid "Open"', '#, fuzzy\nmsgid "Open"', "fuzzy: 'Open'"),
        ('msgid "Open"', 'msgid "Opened"', ".po does not fit the sources"),
    ]:
        po.write_text(whole.replace(good, bad), encoding="utf-8")
        capsys.readouterr()
        assert tool.main(["verify"]) == 1
        assert words in capsys.readouterr().err
