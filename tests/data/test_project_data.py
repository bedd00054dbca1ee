"""The data of a project: several data sets, tasks mapped to targets, what does not fit is told."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.interface import layouts
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import TASK_COLOURS, add_dataset, propose, recognise, sample_scenes
from mtlstudio.project.spec import DatasetSpec, ProjectSpec


@pytest.fixture
def animals(make) -> Path:
    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(10))
    return make.root


def test_what_it_read_is_under_the_tasks_ids(animals, tmp_path):
    spec = propose("p", [animals], tmp_path / "p")
    renamed = replace(
        spec,
        tasks=(replace(spec.tasks[0], id="species"),),
        datasets=(replace(spec.datasets[0], targets=FrozenDict(species="class")),),
    )
    data = open_data(renamed, tmp_path / "p")
    item = data.all_items[0]
    assert data.present(item) == {"species"} and data.read(item).targets == {"species": 0}
    assert data.coverage() == {"species": {"train": 14, "val": 3, "test": 3}}


def test_two_data_sets_share_a_task_where_their_classes_agree(animals, make, tmp_path):
    other = animals.parent / "more"
    shutil.copytree(animals, other)
    spec = propose("p", [animals, other], tmp_path / "p")
    assert [task.id for task in spec.tasks] == ["class"] and len(spec.datasets) == 2
    data = open_data(spec, tmp_path / "p")
    assert {item.dataset for item in data.all_items} == {0, 1} and len(data.all_items) == 40


def test_two_data_sets_of_other_classes_are_two_tasks_and_each_lacks_the_others(animals, make, tmp_path):
    other = animals.parent / "more"
    shutil.copytree(animals, other)
    (other / "cat").rename(other / "eel")
    spec = propose("p", [animals, other], tmp_path / "p")
    assert [task.id for task in spec.tasks] == ["class", "class_2"]
    assert [task.colour for task in spec.tasks] == list(TASK_COLOURS[:2])
    data = open_data(spec, tmp_path / "p")
    assert {(item.dataset, *data.present(item)) for item in data.all_items} == {(0, "class"), (1, "class_2")}


def test_without_data_the_sample_scenes_are_proposed(tmp_path):
    spec = propose("demo", [], tmp_path)
    assert [task.id for task in spec.tasks] == ["largest", "shapes", "colours", "count", "mask", "depth"]
    (dataset,) = spec.datasets
    assert (dataset.layout, dataset.path) == ("scenes", "")


def test_scenes_read_as_the_generator_drew_them(tmp_path):
    from mtlstudio.data.scenes import SceneDials, generate

    few = replace(sample_scenes(), parameters=FrozenDict(count=20, size=32, missing=0.5))
    data = open_data(add_dataset(ProjectSpec("demo"), few, tmp_path), tmp_path)
    drawn = generate(SceneDials(count=20, size=32, missing=0.5))
    for index, item in enumerate(data.all_items):
        reading = data.read(item)
        assert np.array_equal(reading.image, drawn.images[index])
        for task in data.spec.task_ids:
            assert (task in reading.targets) == bool(drawn.present[task][index])
            if task in reading.targets:
                assert np.array_equal(reading.targets[task], drawn.truth(index, task))


def test_a_folder_near_the_project_is_kept_relative_and_found_when_both_move(animals, tmp_path):
    project = tmp_path / "work" / "p"
    spec = propose("p", [animals], project)
    assert spec.datasets[0].path == "../../data"
    moved = tmp_path / "elsewhere"
    (tmp_path / "work").mkdir()
    moved.mkdir()
    animals.rename(moved / "data")
    assert len(open_data(spec, moved / "work" / "p").all_items) == 20


def test_a_folder_far_away_is_kept_whole(animals, tmp_path):
    project = tmp_path.joinpath(*"abcdef")
    assert Path(propose("p", [animals], project).datasets[0].path) == animals


def test_bad_folders_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    for name, words in (("gone", "no such folder"), ("empty", "empty"), ("file.txt", "not a folder")):
        with pytest.raises(StudioError) as caught:
            recognise(tmp_path / name)
        assert name in caught.value.text() and words in caught.value.text()


def test_an_unknown_folder_is_refused_with_all_that_is_understood(bccd):
    with pytest.raises(StudioError) as caught:
        recognise(bccd)
    for kind in layouts():
        assert not kind.needs_path or kind.name in caught.value.text()


def test_a_project_without_data_says_so(tmp_path):
    with pytest.raises(StudioError, match="no data"):
        open_data(ProjectSpec("p"), tmp_path)


def test_one_data_set_that_is_gone_is_an_error_among_the_findings(animals, tmp_path):
    spec = propose("p", [animals], tmp_path / "p")
    both = replace(spec, datasets=(*spec.datasets, DatasetSpec("other", "Other", "class_folders", "gone")))
    data = open_data(both, tmp_path / "p")
    assert len(data.all_items) == 20
    (closed,) = data.closed()
    assert closed.place.id == "other" and "no such folder" in closed.text()


def test_where_none_can_be_opened_it_raises(animals, tmp_path):
    spec = propose("p", [animals], tmp_path / "p")
    shutil.rmtree(animals)
    with pytest.raises(StudioError, match="no such folder"):
        open_data(spec, tmp_path / "p")


def test_an_unknown_layout_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(StudioError) as caught:
        open_data(ProjectSpec("p", datasets=(DatasetSpec("d", "D", "no_such"),)), tmp_path)
    assert "no_such" in caught.value.text() and "class_folders" in caught.value.text()


def test_targets_that_do_not_fit_their_tasks_are_errors_and_not_read(animals, tmp_path, codes):
    spec = propose("p", [animals], tmp_path / "p")
    (dataset,), (task,) = spec.datasets, spec.tasks
    unknown = replace(spec, datasets=(replace(dataset, targets=FrozenDict({"class": "breed"})),))
    data = open_data(unknown, tmp_path / "p")
    assert codes(data.findings) == ["data.target_unknown"] and not data.present(data.all_items[0])
    other_type = replace(spec, tasks=(replace(task, type="regression", parameters=FrozenDict()),))
    data = open_data(other_type, tmp_path / "p")
    assert codes(data.findings) == ["data.target_other_type"] and not data.present(data.all_items[0])
    fewer = replace(spec, tasks=(replace(task, parameters=FrozenDict(class_names=("cat",))),))
    assert codes(open_data(fewer, tmp_path / "p").findings) == ["data.classes_differ"]


def test_the_fingerprint_follows_names_sizes_labels_and_splits_but_not_dates(animals, tmp_path):
    import os

    spec = propose("p", [animals], tmp_path / "p")

    def fingerprint(chosen: ProjectSpec = spec) -> str:
        return open_data(chosen, tmp_path / "p").fingerprint()

    first = fingerprint()
    assert fingerprint() == first
    file = animals / "cat" / "3.png"
    os.utime(file, (1, 1))
    assert fingerprint() == first
    assert fingerprint(replace(spec, data=replace(spec.data, split_seed=5))) != first
    with file.open("ab") as more:
        more.write(b"x")
    changed = fingerprint()
    assert changed != first
    file.rename(animals / "dog" / "33.png")
    assert fingerprint() not in (first, changed)
