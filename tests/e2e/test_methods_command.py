"""The methods on the command line, and what the studio says of one that collapses, on the sample scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.project.fields import set_fields
from mtlstudio.runs.events import Noted, StepsMeasured
from mtlstudio.runs.folder import find_run
from mtlstudio.training.methods import balancing_methods
from tests.training.small import TASKS, of_kind, project


def studio(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert main([str(word) for word in words]) == code
    said = capsys.readouterr()
    return said.out, said.err


def test_the_list_of_methods_for_people_and_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(studio(capsys, "methods", "--json")[0])
    declared = {method.id: method for method in balancing_methods()}
    assert len(listed) >= 22 and {one["id"] for one in listed} == set(declared)
    spec = project()
    for one in listed:
        assert one["name"] and one["summary"] and one["source"], one["id"]
        assert one["works_on"] == declared[one["id"]].works_on
        chosen = [("training.balancing.method", one["id"])]
        for name, parameter in one["parameters"].items():  # what is told can be set
            if parameter["kind"] in ("int", "float") and parameter["default"] is not None:
                chosen.append((f"training.balancing.{name}", str(parameter["default"])))
        assert set_fields(spec, chosen).training.balancing.method == one["id"]
    out, err = studio(capsys, "methods")
    head, *lines = out.splitlines()
    assert err == "" and head.split()[:2] == ["Id", "Name"] and "Source" in head
    for line, one in zip(lines, listed, strict=False):
        assert line.startswith(one["id"]) and one["summary"] in line and one["source"] in line
    assert "training.balancing.method=ID" in lines[-1]


def test_a_method_that_lacks_a_package_says_so_everywhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from mtlstudio.training.balancing import interface

    found = interface.importlib.util.find_spec
    monkeypatch.setattr(
        interface.importlib.util, "find_spec", lambda name, *rest: None if name == "quadprog" else found(name, *rest)
    )
    listed = {one["id"]: one for one in json.loads(studio(capsys, "methods", "--json")[0])}
    assert "quadprog" in listed["dual_projection"]["lacks"] and "lacks" not in listed["pcgrad"]
    assert "needs torchjd" in studio(capsys, "methods")[0] or "needs quadprog" in studio(capsys, "methods")[0]
    files.save(tmp_path, project(epochs=1))
    _, err = studio(capsys, "train", tmp_path, "--set", "training.balancing.method=dual_projection", code=1)
    assert "quadprog" in err and "pip install" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["methods", "--nothing"], ["methods", "more"], ["train"], ["train", ".", "--epochs", "x"]]
)
def test_bad_usage_is_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and capsys.readouterr().err


@pytest.mark.parametrize("sum_to_one", [True, False])
def test_minimising_over_free_lambda_collapses_and_the_studio_says_what_happened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sum_to_one: bool
) -> None:
    files.save(tmp_path, project(epochs=25))
    told, _ = studio(
        capsys, "train", tmp_path, "--name", "free", "--set", "training.balancing.method=free_weights",
        "--set", f"training.balancing.sum_to_one={str(sum_to_one).lower()}",
        "--set", "training.optimizer.learning_rate=0.05",
    )  # fmt: skip
    (line,) = [line for line in told.splitlines() if "collapsed" in line]
    assert "Choose a method that cannot win by weighing losses down." in line
    run = find_run(tmp_path, "free")
    (note,) = [
        event for event in run.events() if isinstance(event, Noted) and event.code == "training_weights_collapsed"
    ]
    measured = of_kind(list(run.events()), StepsMeasured)
    first, last = measured[0].weights, measured[-1].weights
    assert first == pytest.approx(dict.fromkeys(TASKS, 1 / 3), abs=0.05)
    losses = {
        task: [value for event in measured[-20:] for value in event.losses[task] if value is not None] for task in TASKS
    }
    smallest = min(TASKS, key=lambda task: sum(losses[task]) / len(losses[task]))
    if sum_to_one:  # the task with the smallest loss takes all
        assert note.values["task"] == smallest == max(last, key=last.__getitem__) and last[smallest] > 0.8
        assert f"{smallest} holds {note.values['share']} %" in line
    else:  # all go to nothing
        assert sum(last.values()) < 0.5 and note.values["total"] < 0.5
        assert f"their sum is {note.values['total']} ×" in line


def test_steps_whose_problem_has_no_solution_are_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver gives up in three steps of the second epoch: the mean is taken, the run goes on, its epoch says so."""
    from mtlstudio.training.gradients import solvers

    solve, calls = solvers.fair, iter(range(10_000))

    def failing(*args: Any) -> Any:
        if next(calls) in (5, 6, 7):
            raise solvers.SolverFailure("fair")
        return solve(*args)

    monkeypatch.setattr(solvers, "fair", failing)
    files.save(tmp_path, project(epochs=3))
    told, _ = studio(capsys, "train", tmp_path, "--name", "run", "--set", "training.balancing.method=fairgrad")
    lines = told.splitlines()
    (place,) = [number for number, line in enumerate(lines) if "no solution" in line]
    assert "In 3 steps of this epoch" in lines[place] and lines[place - 1].startswith("epoch 2/3")
    run = find_run(tmp_path, "run")
    notes = [event for event in run.events() if isinstance(event, Noted) and event.code == "training_solver_failed"]
    assert [note.values for note in notes] == [{"n": 3}]
    weights = [event.weights for event in of_kind(list(run.events()), StepsMeasured)]
    assert all(value is not None and 0 < value < 1e6 for row in weights for value in row.values())


def test_the_command_that_is_proposed_after_an_explosion_trains_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed is typed as it stands: it keeps what was asked for, and starts from what was learned."""
    import shlex

    from mtlstudio.training.descent import Descent

    folder = tmp_path / "my project"
    folder.mkdir()
    files.save(folder, project())
    losses, batches = Descent.losses, iter(range(10_000))

    def spoiled(self: Descent, *given: Any) -> Any:
        found, counts = losses(self, *given)
        factor = float("inf") if next(batches) == 6 else 1.0
        return {task: loss * factor if task == "count" else loss for task, loss in found.items()}, counts

    words = ("train", folder, "--name", "bad", "--epochs", "2", "--set", "training.balancing.method=pcgrad")
    with monkeypatch.context() as patch:
        patch.setattr(Descent, "losses", spoiled)
        _, err = studio(capsys, *words, code=1)
    assert "the loss of count is no number any more (step 7)" in err and err.count("\n") == 1
    program, *proposed = shlex.split(err.split("`")[1])
    assert program == "mtlstudio"
    studio(capsys, *proposed)
    run = find_run(folder, "run-001")
    settings = run.spec().training
    assert (settings.balancing.method, settings.epochs, settings.clip_norm) == ("pcgrad", 2, 1.0)
    assert settings.start_from == "bad" and run.info().status == "finished"
