"""Similarity of features of the tasks of a study of baselines."""

from __future__ import annotations

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.inspection.similarity import between_runs
from mtlstudio.runs.folder import find_run
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.likeness import likeness


def test_layers_by_pairs_of_tasks_each_trained_alone(finished: StudyFolder) -> None:
    told: list[tuple[int, int]] = []
    found = likeness(finished, progress=lambda done, of: told.append((done, of)))
    assert found.columns == (("largest", "mask"), ("largest", "count"), ("mask", "count"))
    assert told == [(0, 3), (1, 3), (2, 3)] and found.seed == 0 and found.pictures == 9
    assert [layer for layer, _ in found.layers] == ["stem", "drop", "pool"]
    assert {column for layer, column in found.values if layer == "stem"} == {0, 1, 2}
    assert {column for layer, column in found.values if layer == "pool"} == {1}  # the mask has no way through it
    runs = [find_run(finished.project_folder, f"baselines_001_alone_{task}_s0") for task in ("largest", "mask")]
    direct = {item.first: item.value for item in between_runs(finished.project_folder, *runs)}
    assert found.values["stem", 0] == pytest.approx(direct["stem"])


def test_a_study_without_a_complete_seed_is_refused_in_words(copied: StudyFolder, tmp_path: object) -> None:
    for state in copied.states():
        if state.member.role == "alone:mask" and state.run is not None:
            state.run.update(status="stopped")
    with pytest.raises(StudioError, match="trained to the end"):
        likeness(copied)
