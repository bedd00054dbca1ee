"""A network trained, then split and joined again, predicts the same where nothing was lost, and says what was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mtlstudio.network.inherit import Heritage, Inheritance, preview
from mtlstudio.network.trained import load_network
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Noted, RunFailed
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import notes
from mtlstudio.training.trainer import Trainer
from tests.training import small

PICTURES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(5))


def predictions(run: RunFolder) -> dict[str, torch.Tensor]:
    loaded = load_network(run)
    with torch.no_grad():
        return loaded.network({"image": PICTURES})


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.allclose(first[task], second[task], rtol=0, atol=1e-6) for task in small.TASKS)


def begun(folder: Path, spec: ProjectSpec, source: str, name: str, epochs: int = 0) -> RunFolder:
    """A run of that design that starts from another run."""
    return small.trained(folder, replace(spec, training=replace(spec.training, start_from=source, epochs=epochs)), name)


def account(run: RunFolder) -> Inheritance:
    """What the run's log says of its start weights."""
    (note,) = [event for event in run.events() if isinstance(event, Noted) and event.code == notes.INHERITED]
    return Inheritance.from_plain(note.values["inheritance"])


def codes(run: RunFolder) -> list[str]:
    return [event.code for event in run.events() if isinstance(event, Noted)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run of one epoch, `first`, whose statistics of batch norm and weights have moved."""
    made: Path = tmp_path_factory.mktemp("project")
    small.trained(made, small.project(epochs=1), "first")
    return made


@pytest.fixture(scope="module")
def split(folder: Path) -> ProjectSpec:
    return edits.split_off(small.project(epochs=1), "stem", {"mask"})


def copy_of(spec: ProjectSpec, origin: str) -> str:
    return next(layer.id for layer in spec.network.layers if layer.origin == origin)


def test_split_it_predicts_the_same_and_joined_again_too(folder: Path, split: ProjectSpec) -> None:
    trained = predictions(RunFolder(folder / "runs" / "first"))
    fresh = small.trained(
        folder, replace(small.project(), training=replace(small.project().training, epochs=0)), "anew"
    )
    assert not same(predictions(fresh), trained)  # it has learnt something to lose

    apart = begun(folder, split, "first", "apart")
    assert apart.info().status == "finished" and [info.step for info in apart.checkpoints()] == [0]
    assert same(predictions(apart), trained)
    found, copy = account(apart), copy_of(split, "stem")
    assert {item.layer: item.kind for item in found.layers} == {
        "stem": Heritage.ITSELF, copy: Heritage.COPIED, "mask_head": Heritage.ITSELF,
        "largest_head": Heritage.ITSELF, "count_head": Heritage.ITSELF,
    }  # fmt: skip
    assert not found.lost and found.of(copy).source == "stem"

    joined = edits.share(split, "stem", "mask")
    together = begun(folder, joined, "apart", "together")
    assert same(predictions(together), trained)
    assert not account(together).lost and notes.WEIGHTS_REPLACED not in codes(together)


def test_joined_after_each_learnt_on_its_own_it_says_whose_weights_are_lost(folder: Path, split: ProjectSpec) -> None:
    copy = copy_of(split, "stem")
    learnt = begun(folder, split, "first", "learnt", epochs=1)
    before = predictions(learnt)
    joined = edits.share(split, "stem", "mask")
    after = begun(folder, joined, "learnt", "one")
    now = predictions(after)
    assert torch.allclose(now["largest"], before["largest"], atol=1e-6)
    assert torch.allclose(now["count"], before["count"], atol=1e-6)
    assert not torch.allclose(now["mask"], before["mask"], atol=1e-6)
    (lost,) = account(after).lost
    assert lost.layer == copy and "Mask" in lost.name and lost.instead == "Stem"
    (note,) = [event for event in after.events() if isinstance(event, Noted) and event.code == notes.WEIGHTS_REPLACED]
    assert note.values["layer"] == lost.name and note.values["run"] == "learnt"
    foreseen = preview(joined, split)
    assert [item.layer for item in foreseen.lost] == [copy]


def test_what_is_foreseen_is_what_happens(folder: Path, split: ProjectSpec) -> None:
    happened = account(begun(folder, split, "first", "foreseen"))
    foreseen = preview(split, small.project(), "first")
    assert [(item.layer, item.kind, item.source) for item in foreseen.layers] == [
        (item.layer, item.kind, item.source) for item in happened.layers
    ]
    assert foreseen.lost == happened.lost == ()


def test_a_head_with_other_classes_starts_anew_and_says_why(folder: Path) -> None:
    spec = small.project(epochs=1)
    task = spec.task("mask")
    names = (*task.parameters["class_names"], "one more")
    spec = replace(
        spec,
        tasks=tuple(replace(item, parameters=item.parameters.with_(class_names=names)) if item is task else item
                    for item in spec.tasks),
    )  # fmt: skip
    run = begun(folder, spec, "first", "classes")
    head = account(run).of("mask_head")
    assert head is not None and head.kind is Heritage.ANEW
    assert f"{len(names)} outputs, then {len(names) - 1}" in head.text()
    assert notes.STARTED_ANEW in codes(run)
    assert torch.allclose(predictions(run)["count"], predictions(RunFolder(folder / "runs" / "first"))["count"])
    assert preview(spec, small.project()).of("mask_head").kind is Heritage.ANEW


def test_resumed_it_does_not_inherit_again(folder: Path, split: ProjectSpec) -> None:
    spec = replace(split, training=replace(split.training, start_from="first", epochs=1))
    run = small.trained(folder, spec, "resumed")
    moved = predictions(run)
    events = list(Trainer(replace(spec, training=replace(spec.training, epochs=1)), folder, run, resume=True).run())
    assert not [event for event in events if isinstance(event, Noted) and event.code == notes.INHERITED]
    assert same(predictions(run), moved)
    assert not same(moved, predictions(RunFolder(folder / "runs" / "first")))


def test_targets_and_pictures_stay_standardised_as_they_were(folder: Path, split: ProjectSpec) -> None:
    """With other data, whose own statistics differ."""
    dataset = split.datasets[0]
    other = replace(split, datasets=(replace(dataset, parameters=dataset.parameters.with_(count=40)),))
    first = load_network(RunFolder(folder / "runs" / "first"))
    begun_there = load_network(begun(folder, other, "first", "elsewhere"))
    assert begun_there.mean == first.mean and begun_there.std == first.std
    assert begun_there.tasks["count"].statistics == first.tasks["count"].statistics
    alone = load_network(small.trained(folder, replace(other, training=replace(other.training, epochs=0)), "alone"))
    assert alone.mean != first.mean


@pytest.mark.parametrize(
    ("source", "words"), [("nobody", "there is no run 'nobody'"), ("itself", "cannot start from itself")]
)
def test_a_run_that_is_not_there_is_refused_by_name(folder: Path, source: str, words: str) -> None:
    spec = small.project(epochs=0, start_from=source)
    run = create_run(folder, "itself" if source == "itself" else "orphan", spec)
    *_, last = Trainer(spec, folder, run).run()
    assert isinstance(last, RunFailed) and words in last.message


def test_on_the_command_line_a_missing_run_is_refused_before_one_is_made(tmp_path: Path, capsys) -> None:
    from mtlstudio.cli.main import main
    from mtlstudio.project import files

    files.create(tmp_path / "p", small.project())
    small.trained(tmp_path / "p", small.project(epochs=0), "base")
    start = ["train", str(tmp_path / "p"), "--epochs", "0", "--device", "cpu", "--name", "next", "--set"]
    assert main([*start, "training.start_from=nope"]) == 1
    assert "there is no run 'nope'" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "p" / "runs").iterdir()] == ["base"]
    assert main([*start, "training.start_from=base"]) == 0
    assert "Start weights from base, step 0: 4 layers take all of theirs" in capsys.readouterr().out
