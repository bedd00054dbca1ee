from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, slug, write_atomic, write_json_atomic


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_text_and_bytes_arrive_unchanged(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", "ein\r\nzwei 三\n")
    write_atomic(tmp_path / "b.bin", b"\x00\xff")
    assert (tmp_path / "a.txt").read_bytes() == "ein\r\nzwei 三\n".encode()
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == {"a.txt", "b.bin"}


def test_previous_content_is_kept(tmp_path: Path) -> None:
    path, previous = tmp_path / "p.json", tmp_path / "p.previous.json"
    write_atomic(path, "one", keep_previous=previous)
    assert not previous.exists()
    write_atomic(path, "two", keep_previous=previous)
    write_atomic(path, "three", keep_previous=previous)
    assert (path.read_text(), previous.read_text()) == ("three", "two")
    assert names(tmp_path) == {"p.json", "p.previous.json"}


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "no permission to write"),
        (errno.EIO, "the system refused: Input/output error"),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: str
) -> None:
    path = tmp_path / "p.json"
    write_atomic(path, "old")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(step, fail)
    with pytest.raises(StudioError) as caught:
        write_atomic(path, "new and longer")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names(tmp_path) == {"p.json"}
    assert caught.value.where == str(path)
    assert words in caught.value.text()


def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.json"
    write_atomic(path, "old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == {"p.json"}


def test_a_missing_folder_is_named_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="its folder does not exist"):
        write_atomic(tmp_path / "none" / "p.json", "x")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")
def test_permissions_and_links_survive(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    write_atomic(real, "one")
    assert stat.S_IMODE(real.stat().st_mode) & 0o600 == 0o600
    real.chmod(0o640)
    link.symlink_to(real)
    write_atomic(link, "two")
    assert link.is_symlink()
    assert real.read_text() == "two"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_json_is_readable_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json_atomic(path, {"name": "宠物", "values": [1, 2.5, None]})
    assert '  "name": "宠物"' in path.read_text(encoding="utf-8")
    assert path.read_bytes().endswith(b"}\n")
    assert read_json(path) == {"name": "宠物", "values": [1, 2.5, None]}


def test_what_is_no_json_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json_atomic(path, {"loss": wrong})
    with pytest.raises(TypeError):
        write_json_atomic(path, {"path": path})
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1,\n "b" 2}', "damaged at line 2, column 6"),
        (b'{"a": 1', "damaged at line 1"),
        (b"", "damaged at line 1, column 1"),
        (b'{"a": NaN}', "damaged: NaN"),
        (b"[" * 100_000, "damaged"),
        (b'{"a": "\xff"}', "not UTF-8 text (byte 7)"),
    ],
)
def test_damaged_json_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        read_json(path)
    assert words in caught.value.text()
    assert caught.value.where == str(path)


def test_json_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no such file"):
        read_json(tmp_path / "none.json")
    with pytest.raises(StudioError, match="folder, not a file" if os.name == "posix" else "permission"):
        read_json(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps([1]).encode())
    assert read_json(path) == [1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Species", "species"),
        ("宠物 mask", "mask"),
        ("分割", "item"),
        ("Größe (cm)", "grosse_cm"),
        ("a/b.c", "a_b_c"),
        ("  ", "item"),
        ("x" * 100, "x" * 40),
    ],
)
def test_ids_from_names(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_taken_id_gets_a_number() -> None:
    assert slug("Mask", {"mask"}) == "mask_2"
    assert slug("Mask", ["mask", "mask_2", "mask_3"]) == "mask_4"
    assert slug("分割", {"item"}) == "item_2"


@given(st.text(), st.lists(st.text(max_size=5)))
def test_ids_are_plain_unique_and_stable(text: str, others: list[str]) -> None:
    taken = {slug(other) for other in others}
    made = slug(text, taken)
    assert made not in taken
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert made
    assert slug(made) == made
