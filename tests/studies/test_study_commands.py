"""The commands as scripts use them: one JSON document, exit codes, nothing trained twice, what is bad is named."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import runs_of
from mtlstudio.studies.folder import studies_of
from tests.training.small import TASKS, project

Studio = Callable[..., "Outcome"]


@dataclass
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def studio(capsys: pytest.CaptureFixture[str]) -> Iterator[Studio]:
    """Runs a command in this process; the ways of its signals are put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def saved(folder: Path, spec: ProjectSpec) -> Path:
    folder.mkdir()
    files.save(folder, spec)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return saved(tmp_path / "project", project(count=40, epochs=2))


def test_baselines_answer_in_words_and_as_a_document_and_train_nothing_twice(studio: Studio, small: Path) -> None:
    done = studio("baselines", small, "--seeds", 2, "--epochs", 1, "--set", "training.batch_size=8", "--json")
    assert (done.code, done.err) == (0, "")
    answer = done.json
    assert (answer["status"], answer["seeds"], answer["split"]) == ("finished", [0, 1], "test")
    assert set(answer["tasks"]) == set(TASKS)
    for task in answer["tasks"].values():
        assert task["verdict"] in ("helps", "hurts", "not_distinguishable", "unknown") and task["sentence"]
        for metric in task["metrics"].values():
            assert set(metric["shared"]) == set(metric["alone"]) == {"mean", "sd", "n"}
            assert set(metric["difference"]) == {"value", "sd", "n", "low", "high"}
    assert set(answer["delta_m"]) == {"per_task", "per_metric", "left_out", "conventions"}
    assert answer["costs"]["shared"]["parameters"] < answer["costs"]["separate"]["parameters"]
    assert Path(answer["report"]).is_file() and Path(answer["csv"]).is_file()
    specs = [run.spec() for run in runs_of(small)]
    assert len(specs) == 8
    assert {(spec.training.epochs, spec.training.batch_size) for spec in specs} == {(1, 8)}

    words = ("baselines", small, "--seeds", 2, "--epochs", 1, "--set", "training.batch_size=8")
    again = studio(*words)
    assert again.code == 0 and len(runs_of(small)) == 8
    assert answer["headline"] in again.out and "report.html" in again.out and "seeds 0, 1" in again.out
    assert studio(*words, "--again", "--json").json["study"] == "baselines-002"
    assert len(runs_of(small)) == 16


def test_one_failing_member_is_named_the_rest_is_done_and_the_code_is_1(studio: Studio, tmp_path: Path) -> None:
    spec = project(epochs=1)
    data = replace(spec.datasets[0], targets=spec.datasets[0].targets.without("mask"))
    folder = saved(tmp_path / "project", replace(spec, datasets=(data,)))
    done = studio("baselines", folder, "--seeds", 1, "--json")
    assert done.code == 1
    assert "alone:mask, seed 0" in done.err and done.err.count("\n") == 1
    assert done.json["status"] == "failed" and list(done.json["failures"]) == ["alone_mask_s0"]
    assert done.json["tasks"]["mask"]["verdict"] == "unknown"
    assert done.json["tasks"]["count"]["verdict"] != "unknown"


def test_a_sweep_prints_a_row_per_point(studio: Studio, small: Path) -> None:
    done = studio("sweep", small, "training.batch_size=4,8", "network.split=0,1", "--epochs", 1, "--json")
    assert done.code == 0
    assert [point["changes"] for point in done.json["points"]] == [
        {"training.batch_size": size, "network.split": split} for size in ("4", "8") for split in ("0", "1")
    ]
    assert sorted(point["rank"] for point in done.json["points"]) == [1, 2, 3, 4]
    told = studio("sweep", small, "--resume", done.json["study"]).out
    assert "training.batch_size=8, network.split=1" in told and "Best by validation" in told


def test_lists_in_brackets_are_one_value(studio: Studio, small: Path) -> None:
    done = studio("sweep", small, "tasks.mask.weight_schedule=[[0,1],[1,0.5]],[]", "--epochs", 1, "--json")
    assert [point["changes"]["tasks.mask.weight_schedule"] for point in done.json["points"]] == [
        "[[0,1],[1,0.5]]",
        "[]",
    ]


def test_several_seeds_without_a_field_are_a_study_too(studio: Studio, small: Path) -> None:
    found = studio("sweep", small, "--seeds", 2, "--epochs", 1, "--json").json
    assert found["kind"] == "seeds" and found["seeds"] == [0, 1] and len(found["points"]) == 1


def test_compare_puts_runs_and_studies_side_by_side(studio: Studio, small: Path) -> None:
    empty = studio("compare", small)
    assert (empty.code, empty.out) == (0, "There is no run yet.\n")
    studio("baselines", small, "--seeds", 1, "--epochs", 1, "--json")
    studio("train", small, "--epochs", "2", "--name", "own", "--json")
    found = studio("compare", small, "--json")
    assert found.code == 0
    own = next(run for run in found.json["runs"] if run["run"] == "own")
    assert own["delta_m"]["baselines"] == "baselines-001" and own["delta_m"]["unlike"] == ["training.epochs"]
    assert set(own["tasks"]) == set(TASKS)
    told = studio("compare", small)
    assert "Δm per task" in told.out and "unlike the baselines: training.epochs" in told.out
    studio("baselines", small, "--seeds", 1, "--epochs", 1, "--again", "--json")
    assert studio("evaluate", small, "--json").json["run"] == "baselines_002_shared_s0", "no single task by default"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sweep", "training.nothing=1,2"), "nothing"),
        (("sweep", "training.batch_size"), "has no values"),
        (("sweep", "training.batch_size="), "has no values"),
        (("sweep", "training.batch_size=4", "training.batch_size=8"), "stands there twice"),
        (("sweep",), "nothing to sweep over"),
        (("sweep", "--resume", "sweep-007"), "there is no study"),
        (("baselines", "--seeds", "0"), "at least one seed"),
        (("baselines", "--set", "training.batch_size"), "has no value"),
        (("baselines", "--resume", "baselines-001"), "there is no study"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(studio: Studio, small: Path, words: tuple[str, ...], told: str) -> None:
    command, *rest = words
    done = studio(command, small, *rest)
    assert done.code == 1 and told in done.err and done.err.count("\n") == 1 and done.out == ""
    assert studies_of(small) == [] and runs_of(small) == []


def test_another_kind_of_study_is_not_gone_on_with(studio: Studio, small: Path) -> None:
    studio("sweep", small, "--seeds", 2, "--epochs", 1, "--json")
    done = studio("baselines", small, "--resume", "seeds-001")
    assert done.code == 1 and "of another kind: seeds" in done.err


def test_no_project_is_a_failure_and_bad_usage_is_2(studio: Studio, tmp_path: Path) -> None:
    for command in ("baselines", "sweep", "compare"):
        assert studio(command, tmp_path / "nowhere").code == 1
        with pytest.raises(SystemExit) as left:
            main([command])
        assert left.value.code == 2


def test_compare_needs_no_torch(small: Path, root: Path) -> None:
    code = (
        "import sys; from mtlstudio.cli.main import main; code = main(sys.argv[1:]);"
        "sys.exit(code or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, "compare", str(small)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
