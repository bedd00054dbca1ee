from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.base.files import read_json
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.check import check_structure
from mtlstudio.project.codec import fragment_from_json, from_json, to_json, to_text
from mtlstudio.project.migrations import migrate
from mtlstudio.project.problems import ProjectFileError
from mtlstudio.project.settings import DataSettings, MethodSpec, TrainingSettings
from mtlstudio.project.spec import (
    VERSION,
    Connection,
    DatasetSpec,
    InputSpec,
    LayerGroup,
    LayerSpec,
    LossSpec,
    NetworkSpec,
    Output,
    ProjectSpec,
    StageSpec,
    TaskGroup,
    TaskSpec,
)
from tests.project.golden import GOLDEN, GOLDEN_LANES, GOLDEN_STAGES

TEXT = st.text(max_size=8)
ID = st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
PARAMETERS = st.dictionaries(TEXT.filter(lambda key: key != "method"), JSON, max_size=2).map(FrozenDict)
METHOD = st.builds(MethodSpec, TEXT, PARAMETERS)
POINTS = st.lists(st.tuples(NUMBER, NUMBER), max_size=2).map(tuple)
LOSSES = st.lists(st.builds(LossSpec, TEXT, NUMBER, PARAMETERS), max_size=2).map(tuple)


def _many(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


PROJECTS = st.builds(
    ProjectSpec,
    TEXT,
    _many(st.builds(InputSpec, ID, TEXT, TEXT, st.integers())),
    _many(st.builds(DatasetSpec, ID, TEXT, TEXT, TEXT, PARAMETERS, PARAMETERS, PARAMETERS)),
    _many(st.builds(TaskSpec, ID, TEXT, TEXT, TEXT, PARAMETERS, LOSSES, NUMBER, POINTS, _many(TEXT))),
    st.builds(
        NetworkSpec,
        _many(
            st.builds(
                LayerSpec, ID, TEXT, TEXT, st.frozensets(TEXT, max_size=3), PARAMETERS, st.booleans(), st.booleans(),
                NUMBER, st.none() | ID,
            )
        ),
        _many(st.builds(Connection, TEXT, TEXT, TEXT, TEXT)),
        _many(st.builds(Output, TEXT, TEXT, TEXT)),
        _many(st.builds(LayerGroup, ID, TEXT, _many(TEXT), st.booleans())),
    ),
    st.builds(DataSettings, image_size=st.integers(), resize=TEXT, val_fraction=NUMBER),
    st.builds(
        TrainingSettings, optimizer=METHOD, schedule=METHOD, clip_norm=st.none() | NUMBER, patience=st.none() | st.integers(),
        channels_last=st.none() | st.booleans(), best=TEXT, start_from=TEXT,
        strategy=_many(st.builds(StageSpec, TEXT, st.none() | st.integers(), NUMBER, _many(TEXT), restart=st.booleans())),
    ),
    _many(st.builds(TaskGroup, ID, TEXT, _many(TEXT), st.booleans())),
)  # fmt: skip


@settings(max_examples=30, deadline=None, derandomize=True)
@given(PROJECTS)
def test_a_project_comes_back_exactly_as_it_was_written(spec: ProjectSpec) -> None:
    text = to_text(to_json(spec))
    back = from_json(json.loads(text), where="p")
    assert back == spec
    assert to_text(to_json(back)) == text
    assert hash(back) == hash(spec)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(JSON)
def test_readable_text_is_the_same_json(value: Any) -> None:
    for ascii_only in (False, True):
        assert json.loads(to_text(value, ascii_only=ascii_only)) == value


@pytest.mark.parametrize(
    ("name", "spec"), [("project-v3", GOLDEN), ("project-v3-lanes", GOLDEN_LANES), ("project-v3-stages", GOLDEN_STAGES)]
)
def test_the_golden_files_read_as_ever_and_are_written_as_ever(root: Path, name: str, spec: ProjectSpec) -> None:
    path = root / "tests" / "golden" / f"{name}.json"
    assert from_json(read_json(path), where=str(path)) == spec
    assert to_text(to_json(spec)) == path.read_text(encoding="utf-8")
    assert check_structure(spec) == []


def test_what_most_projects_do_not_have_is_not_written() -> None:
    text = to_text(to_json(GOLDEN))
    assert not [
        key
        for key in ("task_groups", "groups", "start_from", "strategy", "state", '"inputs": {}')
        if f'"{key}"' in text
    ]


@pytest.mark.parametrize(
    ("name", "spec"), [("project-v1", GOLDEN), ("project-v2", GOLDEN), ("project-v2-lanes", GOLDEN_LANES)]
)
def test_older_versions_read_as_ever(root: Path, name: str, spec: ProjectSpec) -> None:
    path = root / "tests" / "golden" / f"{name}.json"
    assert from_json(read_json(path), where=str(path)) == spec


def test_backbones_of_version_1_become_variants_of_their_families(root: Path) -> None:
    spec = from_json(read_json(root / "tests" / "golden" / "project-v1-backbones.json"), where="p")
    assert [(layer.type, layer.parameters.get("variant")) for layer in spec.network.layers[1:]] == [
        ("resnet", "resnet18"), ("resnet", "resnet50"), ("mobilenet", "mobilenet_v3_large"),
        ("efficientnet", "efficientnet_b0"), ("convnext", "convnext_tiny"),
    ]  # fmt: skip
    assert spec.network.layer("resnet50").parameters["weights"] == "imagenet"
    assert spec.network.layer("efficientnet_b0").parameters["weights_file"] == "b0.pth"
    assert spec.network.layer("convnext_tiny").frozen


def test_version_0_becomes_current(root: Path) -> None:
    values = read_json(root / "tests" / "golden" / "project-v0.json")
    spec = from_json(values, where="p")
    assert [(task.id, task.loss_weight) for task in spec.tasks] == [("species", 0.25), ("mask", 1.0)]
    assert spec.network.layer("image").tasks == {"species", "mask"}
    assert migrate(values)["version"] == VERSION and values["version"] == 0


def _faults(change: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ProjectFileError) as caught:
        from_json({**to_json(GOLDEN), **change}, where="folder/project.json")
    assert caught.value.text().startswith("folder/project.json: ")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems and again.text() == caught.value.text()
    return {problem.place.field: problem.text() for problem in caught.value.problems}


def test_all_faults_are_told_with_their_places() -> None:
    tasks = to_json(GOLDEN)["tasks"]
    tasks[0]["loss_weight"] = "heavy"
    tasks[1]["colr"] = tasks[1].pop("colour")
    del tasks[2]["name"]
    assert _faults({"tasks": tasks, "name": 3, "extra": 1, "data": {"image_size": 12.5, "workers": True}}) == {
        "name": "expected a text, found 3.",
        "extra": "there is no 'extra'.",
        "tasks[0].loss_weight": 'expected a number, found "heavy".',
        "tasks[1].colr": "there is no 'colr'.",
        "tasks[2]": "'name' is missing.",
        "data.image_size": "expected a whole number, found 12.5.",
        "data.workers": "expected a whole number, found true.",
    }


def test_a_misspelt_key_is_told_with_the_right_one() -> None:
    with pytest.raises(ProjectFileError, match="nam"):
        from_json({**to_json(GOLDEN), "nmae": "x"}, where="p")
    try:
        from_json({**to_json(GOLDEN), "nmae": "x"}, where="p")
    except ProjectFileError as error:
        assert error.text() == "p: nmae: there is no 'nmae'. Did you mean 'name'?"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"network": []}, "network"),
        ({"network": {"layers": {}}}, "network.layers"),
        ({"network": {"layers": [{"id": "a", "name": "A", "type": "t", "tasks": "b"}]}}, "network.layers[0].tasks"),
        ({"network": {"layers": [{"id": "../a", "name": "A", "type": "t", "tasks": []}]}}, "network.layers[0].id"),
        ({"network": {"connections": [{"source": "a"}]}}, "network.connections[0]"),
        ({"training": {"optimizer": {"lr": 1}}}, "training.optimizer"),
        ({"training": {"optimizer": "sgd"}}, "training.optimizer"),
        ({"training": {"optimizer": {"method": "sgd", "lr": math.inf}}}, "training.optimizer.lr"),
        ({"training": {"clip_norm": math.nan}}, "training.clip_norm"),
        ({"tasks": [{"id": "a", "name": "A", "type": "t", "weight_schedule": [[1]]}]}, "tasks[0].weight_schedule[0]"),
        ({"data": None}, "data"),
    ],
)
def test_nonsense_is_told_where_it_is(change: dict[str, Any], place: str) -> None:
    assert list(_faults(change)) == [place]


def test_endless_nesting_is_a_fault_not_a_crash() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    layer = {"id": "a", "name": "A", "type": "t", "tasks": [], "parameters": {"p": deep}}
    assert list(_faults({"network": {"layers": [layer]}}).values()) == ["lists and objects are nested too deeply."]


@pytest.mark.parametrize("values", [None, [], 3, "x", {}, {"format": "other", "version": 1}])
def test_something_else_is_no_project(values: Any) -> None:
    with pytest.raises(ProjectFileError, match="no project of MTL Studio"):
        from_json(values, where="p")


@pytest.mark.parametrize("version", [None, "1", True, -1, 1.5])
def test_a_version_is_a_number(version: Any) -> None:
    with pytest.raises(ProjectFileError, match="version is no number"):
        from_json({**to_json(GOLDEN), "version": version}, where="p")


def test_a_newer_version_is_refused_in_plain_words() -> None:
    with pytest.raises(ProjectFileError) as caught:
        from_json({**to_json(GOLDEN), "version": 99, "unheard": 1}, where="p")
    assert caught.value.newer
    assert caught.value.text() == (
        "p: it was made by a newer MTL Studio (version 99; this one knows 3). "
        "Install a newer MTL Studio to open it; it was left as it is."
    )


def test_other_text_on_the_clipboard_is_no_layers() -> None:
    for values in (None, "x", to_json(GOLDEN)):
        with pytest.raises(ProjectFileError, match="no layers"):
            fragment_from_json(values)
