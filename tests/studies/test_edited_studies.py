"""Study folders and runs that somebody edited: Compare and the commands name what is wrong and go on with the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mtlstudio.base.errors import StudioError
from mtlstudio.cli.main import main
from mtlstudio.runs.folder import RunFolder
from mtlstudio.studies.compare import compare
from mtlstudio.studies.folder import StudyFolder, find_study, studies_of
from mtlstudio.studies.publish import publish
from mtlstudio.studies.queue import enqueue, queued
from tests.training.small import TASKS


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def command(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_compare_names_the_runs_it_cannot_read_and_compares_the_rest(
    copied: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied.project_folder
    whole = compare(folder)
    assert whole.unreadable == () and len(whole.entries) == 8
    runs = [entry.run for entry in whole.entries]
    edit(runs[0].path / "run.json", epochs="many")
    edit(
        runs[1].path / "run.json",
        project={**json.loads((runs[1].path / "run.json").read_text())["project"], "tasks": 3},
    )
    (runs[2].path / "run.json").write_text("{")
    with runs[3].log.path.open("ab") as log:
        log.write(b"rubbish\n")
    found = compare(folder)
    assert [entry.run.id for entry in found.entries] == [run.id for run in runs[3:]]
    assert len(found.unreadable) == 4
    for line, words in zip(sorted(found.unreadable), sorted(str(run.path) for run in runs[:4]), strict=True):
        assert words in line
    code, out, err = command(capsys, "compare", folder, "--json")
    assert code == 1 and json.loads(out)["unreadable"] == list(found.unreadable)
    assert (
        err.count("\n") == 4
        and "epochs must be a whole number" in err
        and "1 lines" in err.replace("1 line ", "1 lines ")
    )
    code, out, err = command(capsys, "compare", folder)
    assert code == 1 and runs[5].info().name in out and err.count("\n") == 4


def test_damaged_studies_are_named_and_their_runs_still_compared(copied: StudyFolder) -> None:
    publish(copied, draws=20)
    runs = len(compare(copied.project_folder).entries)
    for changes, told in (
        ({"failures": ["shared_s0"]}, "failures must be an object"), ({"status": 3}, "status must be a text"),
        ({"members": [{"id": "alone_moon_s0", "role": "alone:moon", "seed": 0, "changes": []}]}, "moon"),
        ({"members": 5}, "damaged"), ({"project": {}}, "study.json"), ({"format": "poem"}, "not the file of a study"),
    ):  # fmt: skip
        kept = (copied.path / "study.json").read_bytes()
        edit(copied.path / "study.json", **changes)
        found = compare(copied.project_folder)
        assert found.studies == () and len(found.entries) == runs
        (line,) = found.unreadable
        assert told in line and "study.json" in line
        with pytest.raises(StudioError) as caught:
            find_study(copied.project_folder, copied.id)
        assert caught.value.text() == line
        (copied.path / "study.json").write_bytes(kept)
    assert len(studies_of(copied.project_folder)) == 1


def test_failures_of_members_that_there_are_not_change_nothing(copied: StudyFolder) -> None:
    before = [(state.member, state.status, state.failure) for state in copied.states()]
    edit(copied.path / "study.json", failures={"nobody": "fell asleep"})
    assert [(state.member, state.status, state.failure) for state in copied.states()] == before


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"tasks": 5}', '{"tasks": {"mask": 1}}', '{"tasks": {"mask": {}}}']
)
def test_a_damaged_answer_is_worked_out_anew(copied: StudyFolder, content: str) -> None:
    publish(copied, draws=20)
    (copied.path / "answer.json").write_text(content)
    assert copied.answer() is None
    (study,) = compare(copied.project_folder).as_json()["studies"]
    assert study["headline"] is None and study["verdicts"] == {}
    publish(copied, draws=20)
    told = copied.answer()
    assert told is not None and set(told["tasks"]) == set(TASKS)


@pytest.mark.parametrize("content", [None, "", "[1, {}]", '{"a": 1}', '["gone-001", "gone-001"]'])
def test_a_lost_or_damaged_queue_offers_what_is_open_all_the_same(copied: StudyFolder, content: str | None) -> None:
    copied.update(status="stopped")
    enqueue(copied)
    queue = copied.path.parent / "queue.json"
    assert json.loads(queue.read_text()) == [copied.id]
    queue.unlink() if content is None else queue.write_text(content)
    assert [folder.id for folder in queued(copied.project_folder)] == [copied.id]
    enqueue(copied)
    assert json.loads(queue.read_text()) == [copied.id]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("file", ["run.json", "study.json", "answer.json"])
def test_whatever_stands_in_the_files_no_command_stumbles(
    finished: StudyFolder, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    """Any value anywhere in the file, or any value instead of it: one clear line per fault, never a traceback."""
    import shutil

    folder = tmp_path_factory.mktemp("edited") / "project"
    shutil.copytree(finished.project_folder, folder)
    study = studies_of(folder)[0]
    publish(study, draws=10)
    run: RunFolder = next(state.run for state in study.states() if state.run is not None)
    path = (run.path if file == "run.json" else study.path) / file
    good = json.loads(path.read_text(encoding="utf-8"))
    known = places(good)
    shallow = [place for place in known if len(place) < 3]

    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    @given(place=st.sampled_from(shallow) | st.sampled_from(known), value=JSON)
    @example(place=(next(iter(good)),), value={"\n": None, "\u2028": "\r"})
    @example(place=("project",) if "project" in good else (), value={"\n": None})
    def stumbles(place: tuple[Any, ...], value: Any) -> None:
        path.write_text(json.dumps(put(good, place, value)), encoding="utf-8")
        code, out, err = command(capsys, "compare", folder, "--json")
        assert code in (0, 1) and "unexpected" not in err, (place, value, err)
        document = json.loads(out)
        assert code == (1 if document["unreadable"] else 0) and err.count("\n") == len(document["unreadable"])
        code, _, err = command(capsys, "train", folder, "--resume", run.id, "--epochs", "0")
        assert code in (0, 1) and "unexpected" not in err and err.count("\n") <= 1, (place, value, err)

    stumbles()
