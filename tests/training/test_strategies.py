"""Every strategy trains with half the labels missing and goes on after a kill as if there was none; what rests stays."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.edits import set_strategy
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import Connection, LayerSpec, Output, ProjectSpec, StageSpec, TaskSpec
from mtlstudio.project.staging import trained as trained_layers
from mtlstudio.runs.events import EpochFinished, Noted, RunFinished, StageStarted, StepsMeasured, TaskStateChanged
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import loop
from mtlstudio.training.control import Control
from mtlstudio.training.strategies import known_tasks, recognised, strategies, strategy, with_strategy
from mtlstudio.training.trainer import Trainer
from tests.training.small import TASKS, losses, of_kind, project, trained
from tests.training.test_resume import broken_off, equal, story, weights

IDS = [item.id for item in strategies()]
START = "start"


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


def with_picture(spec: ProjectSpec) -> ProjectSpec:
    """The project with an autoencoder's branch: the picture itself from the stem."""
    task = TaskSpec("picture", "Picture", "reconstruction")
    head = LayerSpec("picture_head", "Picture", "dense_head", frozenset(("picture",)))
    everyone = frozenset((*TASKS, "picture"))
    layers = tuple(replace(i, tasks=everyone) if i.tasks == frozenset(TASKS) else i for i in spec.network.layers)
    network = replace(
        spec.network, layers=(*layers, head), connections=(*spec.network.connections, Connection("drop", "picture_head")),
        outputs=(*spec.network.outputs, Output("picture", "picture_head")),
    )  # fmt: skip
    (data,) = spec.datasets
    data = replace(data, targets=FrozenDict({**data.targets, "picture": "image"}))
    return replace(spec, tasks=(*spec.tasks, task), network=network, datasets=(data,))


def without(spec: ProjectSpec, task: str) -> ProjectSpec:
    from mtlstudio.project.edits import remove_task

    return remove_task(spec, task)


def planned(folder: Path, strategy_id: str, **training: Any) -> ProjectSpec:
    """The small project with a strategy's stages; where it starts from a run, that run is trained first."""
    spec = project(missing=0.5, **{"epochs": 6, "checkpoint_steps": 3, **training})
    if strategy_id == "stacked":
        spec = with_picture(spec)
    if strategy_id.startswith("add_task"):
        old = without(spec, "count")
        trained(folder, replace(old, training=replace(old.training, epochs=2)), START)
        spec = replace(spec, training=replace(spec.training, start_from=START))
    return with_strategy(spec, strategy_id, folder)


@pytest.mark.parametrize("strategy_id", IDS)
def test_strategy_trains_and_resumes_exactly(tmp_path: Path, strategy_id: str) -> None:
    spec = planned(tmp_path, strategy_id)
    whole = trained(tmp_path, spec, "whole")
    events = list(whole.events())
    assert isinstance(events[-1], RunFinished) and events[-1].reason == "done"
    ends = of_kind(events, EpochFinished)
    assert len(ends) == 6
    for end in ends:  # what does not count is validated all the same, so that forgetting is seen
        assert all(end.val_losses[task] is not None for task in spec.task_ids)
    begun = of_kind(events, StageStarted)
    assert len(begun) == len(spec.training.strategy)
    assert sum(stage.epochs for stage in begun) == (6 if begun else 0)
    for event in of_kind(events, StepsMeasured):
        assert set(event.weights) == set(spec.task_ids)
    dice = random.Random(strategy_id)
    broken = broken_off(tmp_path, spec, [dice.randint(1, 30) for _ in range(5)])
    assert story(broken) == story(whole)
    assert equal(weights(broken), weights(whole))


@pytest.mark.parametrize("method", ["uncertainty", "pcgrad", "dwa", "gradnorm", "famo", "graddrop"])
@pytest.mark.parametrize("strategy_id", ["alternating", "hybrid", "fomaml"])
def test_stages_go_with_every_kind_of_balancing(tmp_path: Path, strategy_id: str, method: str) -> None:
    spec = planned(tmp_path, strategy_id, balancing=MethodSpec(method), epochs=4)
    whole = trained(tmp_path, spec, "whole")
    assert isinstance(list(whole.events())[-1], RunFinished)
    assert losses(broken_off(tmp_path, spec, [13])) == losses(whole)


def counted(run: RunFolder) -> list[tuple[str, ...]]:
    """Step by step the tasks whose losses counted."""
    rows: list[tuple[str, ...]] = []
    for event in of_kind(list(run.events()), StepsMeasured):
        for number in range(len(event.total)):
            rows.append(tuple(task for task, values in event.losses.items() if values[number] is not None))
    return rows


def test_tasks_take_turns_by_batch_and_by_epoch(tmp_path: Path) -> None:
    by_batch = trained(tmp_path, planned(tmp_path, "alternating", epochs=2), "batch")
    spec = set_strategy(project(epochs=3), [StageSpec("turns", order="batch", tasks=("mask", "largest"))])
    full = trained(tmp_path, spec, "full")
    steps = len(counted(full)) // 3
    assert counted(full) == [(("mask",), ("largest",))[number % 2] for number in range(3 * steps)]
    assert all(len(tasks) <= 1 for tasks in counted(by_batch))
    spec = set_strategy(project(epochs=4), [StageSpec("one", 1), StageSpec("turns", order="epoch")])
    by_epoch = trained(tmp_path, spec, "epoch")
    for event in of_kind(list(by_epoch.events()), StepsMeasured):
        assert event.weights == pytest.approx(dict.fromkeys(TASKS, 1 / 3)), "the mean over a round, as λ is set"
    wanted = [TASKS, ("largest",), ("mask",), ("count",)]
    assert counted(by_epoch) == [tasks for tasks in wanted for _ in range(steps)]


def test_the_turn_passes_to_the_next_task_with_targets(tmp_path: Path) -> None:
    spec = set_strategy(project(epochs=2, missing=0.9, batch_size=2), [StageSpec("turns", order="batch")])
    whole = trained(tmp_path, spec, "gaps")
    joint = trained(tmp_path, set_strategy(spec, ()), "joint")
    for step, (mine, there) in enumerate(zip(counted(whole), counted(joint), strict=True)):
        ring = (*TASKS[step % 3 :], *TASKS[: step % 3])
        assert mine == tuple(task for task in ring if task in there)[:1]


def of_layer(state: dict[str, torch.Tensor], layer: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if name.startswith(f"layers.{layer}.")}


def states(run: RunFolder) -> list[dict[str, torch.Tensor]]:
    return [load_file(info.path / "network.safetensors") for info in run.checkpoints()]


@pytest.mark.parametrize("method", ["fixed", "pcgrad"])
@pytest.mark.parametrize(
    "stage",
    [
        StageSpec("branches", trains="branches"),
        StageSpec("own", trains="own", tasks=("mask",)),
        StageSpec("named", trains="layers", layers=("stem", "count_head")),
        StageSpec("thawed", trains="thawed", depth=1),
    ],
    ids=lambda stage: stage.name,
)
def test_what_a_stage_does_not_train_stays_bit_for_bit(tmp_path: Path, stage: StageSpec, method: str) -> None:
    """Weights and running statistics, although momentum and weight decay were at work before."""
    first, spec = StageSpec("joint", 1), project(epochs=3, balancing=MethodSpec(method))
    spec = set_strategy(spec, [first, replace(stage, epochs=2)])
    run = create_run(tmp_path, "run", spec)
    kept: dict[int, dict[str, torch.Tensor]] = {}
    for event in Trainer(spec, tmp_path, run).run():
        if isinstance(event, EpochFinished):
            kept[event.epoch] = {}
        elif kept and not next(reversed(kept.values())):
            newest = run.checkpoints()[-1]
            if newest.epoch == max(kept):
                kept[max(kept)] = load_file(newest.path / "network.safetensors")
    moving = trained_layers(spec, stage)
    for layer in ("stem", "mask_head", "largest_head", "count_head"):
        before, after = of_layer(kept[1], layer), of_layer(kept[3], layer)
        assert before and equal(before, after) == (layer not in moving), layer


def test_a_frozen_task_s_own_layers_rest_and_a_muted_one_s_loss_does_not_count(tmp_path: Path) -> None:
    spec = project(epochs=2)
    first = weights(trained(tmp_path, project(epochs=0), "first"))
    for state in ("muted", "frozen"):
        tasks = tuple(replace(task, state=state) if task.id == "count" else task for task in spec.tasks)
        run = trained(tmp_path, replace(spec, tasks=tasks), state)
        assert set(counted(run)) == {("largest", "mask")}
        last = weights(run)
        assert equal(of_layer(first, "count_head"), of_layer(last, "count_head"))
        assert not equal(of_layer(first, "stem"), of_layer(last, "stem"))
        for event in of_kind(list(run.events()), StepsMeasured):
            assert event.weights == {"largest": 0.5, "mask": 0.5, "count": 0.0}


def test_a_state_set_while_training_is_marked_and_survives_a_kill(tmp_path: Path) -> None:
    spec = project(epochs=3)

    def steered(run: RunFolder, control: Control, until: int, resume: bool) -> None:
        events = Trainer(spec, tmp_path, run, control, resume=resume).run()
        for event in events:
            if isinstance(event, StepsMeasured) and not resume:
                if event.step == 2:
                    control.set_states({"mask": "frozen", "ghost": "muted"})
                if event.step == 5:
                    control.set_states({"mask": "trained", "count": "muted"})
            if isinstance(event, StepsMeasured) and event.step >= until:
                events.close()  # type: ignore[attr-defined]

    whole, broken = create_run(tmp_path, "whole", spec), create_run(tmp_path, "broken", spec)
    steered(whole, Control(), 10_000, resume=False)
    steered(broken, Control(), 9, resume=False)
    steered(broken, Control(), 10_000, resume=True)
    assert story(broken) == story(whole)
    told = [(e.step, e.task, e.before, e.after, e.cause) for e in of_kind(list(broken.events()), TaskStateChanged)]
    assert told == [
        (2, "mask", "trained", "frozen", "hand"), (5, "mask", "frozen", "trained", "hand"),
        (5, "count", "trained", "muted", "hand"),
    ]  # fmt: skip
    assert counted(whole)[:6] == [TASKS] * 2 + [("largest", "count")] * 3 + [("largest", "mask")]


def test_a_task_without_gain_rests_and_the_run_ends_with_the_last(tmp_path: Path) -> None:
    """At a learning rate of 0 no metric ever gains: each task rests after its own patience."""
    spec = project(epochs=9, optimizer=MethodSpec("sgd", FrozenDict(learning_rate=0.0)), norm="none")
    patience = {"largest": 1, "mask": 3, "count": 2}
    spec = replace(spec, tasks=tuple(replace(task, patience=patience[task.id]) for task in spec.tasks))
    run = trained(tmp_path, spec)
    events = list(run.events())
    rested = {event.task: (event.epoch, event.cause) for event in of_kind(events, TaskStateChanged)}
    assert rested == {task: (wait + 1, "patience") for task, wait in patience.items()}  # the first epoch is the best
    assert isinstance(events[-1], RunFinished) and (events[-1].reason, events[-1].epoch) == ("early", 4)
    resumed = list(Trainer(spec, tmp_path, run, resume=True).run())
    assert "training_woken" in [event.code for event in of_kind(resumed, Noted)]
    assert resumed[-1].reason == "early" and resumed[-1].epoch == 7  # type: ignore[union-attr]


def test_early_stopping_of_the_run_skips_no_stage(tmp_path: Path) -> None:
    spec = project(epochs=6, patience=1, optimizer=MethodSpec("sgd", FrozenDict(learning_rate=0.0)), norm="none")
    spec = set_strategy(spec, [StageSpec("one", 3), StageSpec("two", 3)])
    events = list(trained(tmp_path, spec).events())
    assert [event.number for event in of_kind(events, StageStarted)] == [1, 2]
    assert events[-1].epoch == 4 and events[-1].reason == "early"  # type: ignore[union-attr]


def test_the_schedule_runs_over_the_run_or_anew_in_each_stage(tmp_path: Path) -> None:
    def rates(spec: ProjectSpec, name: str) -> list[float]:
        return [event.learning_rate for event in of_kind(list(trained(tmp_path, spec, name).events()), StepsMeasured)]

    spec = project(epochs=4, schedule=MethodSpec("cosine"))
    whole = rates(spec, "whole")
    half = rates(replace(spec, training=replace(spec.training, epochs=2)), "half")
    through = rates(set_strategy(spec, [StageSpec("a", 2), StageSpec("b", learning_rate=0.5)]), "through")
    anew = rates(set_strategy(spec, [StageSpec("a", 2, restart=True), StageSpec("b", restart=True)]), "anew")
    assert through == pytest.approx([*whole[: len(half)], *(rate / 2 for rate in whole[len(half) :])])
    assert anew == pytest.approx([*half, *half])


def test_a_run_in_stages_is_extended_in_its_last_stage(tmp_path: Path) -> None:
    spec = with_strategy(project(epochs=4), "separate")
    run = trained(tmp_path, spec)
    longer = replace(spec, training=replace(spec.training, epochs=6))
    list(Trainer(longer, tmp_path, run, resume=True).run())
    begun = [(event.number, event.epoch) for event in of_kind(list(run.events()), StageStarted)]
    assert begun == [(1, 0), (2, 1), (3, 3)]
    assert [stage.epochs for stage in run.spec().training.strategy] == [1, 2, 1]
    assert counted(run)[-1] == ("count",) and isinstance(list(run.events())[-1], RunFinished)


def test_strategies_are_declared_whole() -> None:
    assert len(set(IDS)) == len(IDS) >= 9
    for item in strategies():
        assert item.name and item.summary.endswith(".") and item.source
    with pytest.raises(StudioError, match="no strategy"):
        strategy("nope")
    with pytest.raises(StudioError, match="does not suit"):
        strategy("stacked").stages(project(), ())


def test_a_plan_is_recognised_until_it_is_changed(tmp_path: Path) -> None:
    for strategy_id in ("joint", "alternating", "separate", "hybrid", "transfer", "fomaml", "reptile"):
        spec = with_strategy(project(), strategy_id)
        assert recognised(spec, known_tasks(spec, None)) == strategy_id
        for name in ("renamed", "x"):
            if spec.training.strategy:
                stages = [replace(stage, name=name) for stage in spec.training.strategy]
                assert recognised(set_strategy(spec, stages), ()) == strategy_id
    changed = set_strategy(project(), [StageSpec("own", tasks=("mask",), order="epoch")])
    assert recognised(changed, ()) == ""


def test_the_command_line_takes_a_strategy_by_its_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mtlstudio.cli.main import main
    from mtlstudio.project.files import create

    create(tmp_path, project(epochs=3))
    assert main(["train", str(tmp_path), "--name", "turns", "--set", "training.strategy=separate"]) == 0
    told = capsys.readouterr().out
    assert "stage 3 of 3: Count alone" in told
    assert main(["train", str(tmp_path), "--name", "no", "--set", "training.strategy=nope"]) == 1
    assert "Known: joint" in capsys.readouterr().err


def test_adding_a_task_tells_what_was_forgotten_and_what_falls_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notes at the end agree with the logs of all runs; so does `compare`."""
    from mtlstudio.cli.main import main
    from mtlstudio.project.files import create

    spec = planned(tmp_path, "add_task", epochs=4)
    create(tmp_path, spec)
    joint = trained(tmp_path, set_strategy(replace(spec, training=replace(spec.training, start_from="")), ()), "joint")
    added = trained(tmp_path, spec, "added")
    told = {
        (note.code, note.values["task"]): note.values
        for note in of_kind(list(added.events()), Noted)
        if "task" in note.values
    }
    old, new, reference = (find(tmp_path, name).summary().metrics for name in (START, "added", "joint"))
    for task, metric, sign in (("largest", "accuracy", 1), ("mask", "mean_iou", 1)):
        values = told["training_forgetting", task]
        assert (values["before"], values["after"]) == (f"{old[task][metric]:.3f}", f"{new[task][metric]:.3f}")
        assert float(values["forgetting"]) == pytest.approx(sign * (old[task][metric] - new[task][metric]), abs=1e-3)
    values = told["training_intransigence", "count"]
    assert values["run"] == joint.id
    lost = new["count"]["mae"] - reference["count"]["mae"]  # an error: lower is better
    assert float(values["intransigence"]) == pytest.approx(lost, abs=1e-3)
    capsys.readouterr()
    assert main(["compare", str(tmp_path), "--json"]) == 0
    import json

    entries = {entry["run"]: entry for entry in json.loads(capsys.readouterr().out)["runs"]}
    assert entries["joint"]["added"] is None and entries["added"]["stages"] == 2
    assert entries["added"]["added"]["new"]["count"]["intransigence"] == pytest.approx(lost)
    assert main(["compare", str(tmp_path)]) == 0
    assert "added to start: forgotten largest" in capsys.readouterr().out


def test_a_frozen_trunk_forgets_nothing(tmp_path: Path) -> None:
    spec = planned(tmp_path, "add_task_frozen", epochs=3)
    added = trained(tmp_path, spec, "added")
    for note in of_kind(list(added.events()), Noted):
        if note.code == "training_forgetting":
            assert note.values["forgetting"] in ("0.000", "-0.000")
    before, after = find(tmp_path, START), find(tmp_path, "added")
    for task in ("largest", "mask"):
        assert after.summary().metrics[task] == before.summary().metrics[task]


def find(folder: Path, name: str) -> RunFolder:
    from mtlstudio.runs.folder import find_run

    return find_run(folder, name)
