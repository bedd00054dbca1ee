"""The report on the data: counts, coverage, balance, findings."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.balance import balance
from mtlstudio.data.memory import load_split
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import add_dataset, propose, sample_scenes
from mtlstudio.data.statistics import report, target_statistics
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.registry import bind_all


def told(make, tmp_path, **options):
    spec = propose("p", [make.root], tmp_path / "p")
    return report(open_data(spec, tmp_path / "p"), spec, **options)


@pytest.fixture(scope="module")
def pets_report(pets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pets")
    spec = propose("pets", [pets], folder)
    return report(open_data(spec, folder), spec)


def test_the_pets_are_counted_as_their_readme_says(pets_report):
    values = pets_report.as_json()
    assert values["samples"] == {"train": 255, "val": 45, "test": 149}
    assert values["tasks"]["breed"]["classes"] == ["Abyssinian", "american bulldog", "Bengal"]
    breeds = [values["tasks"]["breed"]["balance"][split]["counts"] for split in ("train", "val", "test")]
    assert {name: sum(counts[name] for counts in breeds) for name in breeds[0]} == {
        "Abyssinian": 149, "american bulldog": 150, "Bengal": 150,
    }  # fmt: skip
    head = values["tasks"]["head"]["coverage"]
    assert head["train"]["count"] + head["val"]["count"] == 296 and head["test"] == {"count": 0, "share": 0.0}
    assert values["tasks"]["head"]["balance"]["train"]["values"]["width"]["count"] == head["train"]["count"]
    sizes = values["image_sizes"]
    assert (sizes["width"]["min"], sizes["width"]["max"]) == (150, 1646)
    assert (sizes["height"]["min"], sizes["height"]["max"]) == (116, 1278)
    assert values["unreadable"] == []


def test_the_pets_pixels_are_shared_out_as_their_readme_says(pets_report):
    (mask,) = [task for task in pets_report.tasks if task.id == "mask"]
    for split in ("train", "test"):
        shares = mask.balance[split]["pixel_shares"]
        assert shares["pet"] == pytest.approx(0.269 / (0.269 + 0.612), abs=0.03)
        assert mask.balance[split]["ignored_share"] == pytest.approx(0.119, abs=0.02)


def test_the_pets_findings_are_told_in_words(pets_report):
    lines = [problem.line() for problem in pets_report.findings]
    assert any("Head box: no test image has one" in line for line in lines)
    assert any("really GIF" in line and "Abyssinian_34.jpg" in line for line in lines)


def test_the_report_is_json_and_needs_no_torch(make, tmp_path):
    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(20))
    script = (
        "import json, sys; from pathlib import Path\n"
        "from mtlstudio.data.propose import propose; from mtlstudio.data.project import open_data\n"
        "from mtlstudio.data.statistics import report\n"
        "root, folder = map(Path, sys.argv[1:]); spec = propose('p', [root], folder)\n"
        "print(json.dumps(report(open_data(spec, folder), spec).as_json(), allow_nan=False))\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, make.root, tmp_path / "p"], capture_output=True, text=True, check=True
    )
    assert sum(json.loads(done.stdout)["samples"].values()) == 40


def test_pictures_cut_short_or_misnamed_are_told(make, tmp_path):
    for name in ("cat", "dog"):
        make.pictures((f"{name}/{i}.jpg" for i in range(12)), (64, 64))
    cut = make.root / "cat/3.jpg"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    make.picture("dog/4.jpg", format="PNG")
    make.text("dog/5.jpg", "words")
    result = told(make, tmp_path)
    files = {entry["file"].rpartition("/")[2] for entry in result.as_json()["unreadable"]}
    assert files == {"3.jpg", "5.jpg"} and result.as_json()["image_sizes"]["count"] == 22
    assert [p.values["names"] for p in result.findings if p.code == "data.other_format"] == ["4.jpg"]


def test_imbalance_tiny_splits_and_missing_classes_are_told(make, tmp_path, codes):
    make.pictures(f"train/cat/{i}.png" for i in range(40))
    make.pictures(["train/dog/1.png", "train/dog/2.png", "val/cat/1.png", "test/eel/1.png"])
    found = told(make, tmp_path).findings
    assert {"data.imbalance", "data.tiny_split", "data.class_absent"} <= set(codes(found))
    assert any(p.values.get("ratio") == 20 for p in found) and any(p.values.get("names") == "eel" for p in found)


def test_without_looking_at_pictures_labels_are_counted_all_the_same(make, tmp_path):
    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(10))
    result = told(make, tmp_path, pictures=False)
    assert result.pictures is None and result.tasks[0].balance["train"]["counts"] == {"cat": 7, "dog": 7}


def test_a_task_without_any_label_is_told(make, tmp_path, codes):
    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(10))
    spec = propose("p", [make.root], tmp_path / "p")
    spec = replace(spec, tasks=(*spec.tasks, TaskSpec("other", "Other", "regression")))
    found = report(open_data(spec, tmp_path / "p"), spec).findings
    assert [p.place.id for p in found if p.code == "data.no_labels_at_all"] == ["other"]


def test_scenes_with_missing_labels_are_counted(tmp_path):
    few = replace(sample_scenes(), parameters=FrozenDict(count=100, size=32, missing_by_task=("depth=0.5",)))
    spec = add_dataset(ProjectSpec("demo"), few, tmp_path)
    values = report(open_data(spec, tmp_path), spec).as_json()["tasks"]
    assert values["largest"]["coverage"]["train"] == {"count": 70, "share": 1.0}
    assert 0.3 < values["depth"]["coverage"]["train"]["share"] < 0.7
    assert sum(values["largest"]["balance"]["train"]["counts"].values()) == 70


def test_numbers_are_summed_up_without_their_gaps():
    task = TaskSpec("t", "T", "regression", parameters=FrozenDict(value_names=("x", "y")))
    found = balance(task, [np.array([1, np.nan]), np.array([3, np.nan])])["values"]
    assert found["x"] == {"count": 2, "mean": 2.0, "sd": 1.0, "min": 1.0, "max": 3.0}
    assert found["y"] == {"count": 0, "mean": None, "sd": None, "min": None, "max": None}


def test_labels_are_counted_among_those_that_are_known():
    task = TaskSpec("t", "T", "multilabel", parameters=FrozenDict(class_names=("a", "b")))
    found = balance(task, [np.array([1, np.nan], np.float32), np.array([1, 0], np.float32)])
    assert found == {"counts": {"a": 2, "b": 0}, "known": {"a": 2, "b": 1}}


def test_statistics_for_the_tasks_are_those_of_all_training_targets(make, tmp_path):
    for i in range(20):
        make.save(f"images/{i}.png", Image.new("RGB", (8, 8)))
        make.mask(f"masks/{i}.png", [0, 0, 0, 1], (8, 8))
    spec = propose("p", [make.root], tmp_path / "p")
    spec = replace(spec, data=replace(spec.data, image_size=8))
    data, tasks = open_data(spec, tmp_path / "p"), bind_all(spec)
    in_memory = target_statistics(load_split(data, "train", tasks, spec.data), tasks)
    on_disk = target_statistics(load_split(data, "train", tasks, spec.data, budget=0), tasks)
    assert in_memory == on_disk
    counts = in_memory["mask"]["counts"]
    assert counts[0] == 3 * counts[1] == len(data.items("train")) * 48


def test_a_report_is_kept_until_a_file_changes(make, tmp_path, monkeypatch):
    import os

    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(12))
    make.text("dog/12.png", "words")
    first = told(make, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("mtlstudio.data.statistics.census", None)  # it must not look again
        assert told(make, tmp_path).as_json() == first.as_json()
    changed = make.root / "cat/1.png"
    changed.write_bytes(b"")
    os.utime(changed, ns=(changed.stat().st_atime_ns, changed.stat().st_mtime_ns + 10**10))
    assert len(told(make, tmp_path).as_json()["unreadable"]) == 2


def test_a_damaged_report_in_the_cache_is_made_anew(make, tmp_path):
    from mtlstudio.data.reportcache import cache_file

    for name in ("cat", "dog"):
        make.pictures(f"{name}/{i}.png" for i in range(12))
    spec = propose("p", [make.root], tmp_path / "p")
    data = open_data(spec, tmp_path / "p")
    first = report(data, spec)
    for content in ("{", '{"sizes": 3}', "[]"):
        cache_file(data, spec).write_text(content)
        assert report(data, spec) == first
