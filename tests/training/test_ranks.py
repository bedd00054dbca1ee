"""Two processes that train together do what one does: same losses, weights, verdicts, to 1e-5."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.loading import Batches
from mtlstudio.data.memory import load_split
from mtlstudio.data.project import open_data
from mtlstudio.project.spec import MethodSpec, ProjectSpec, StageSpec
from mtlstudio.runs.events import EpochFinished, GradientsMeasured, PreviewTaken
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.tasks.registry import bind_all
from mtlstudio.training.devices import seed_step
from mtlstudio.training.trainer import Trainer
from tests.training import company
from tests.training.small import losses, of_kind, project

TOLERANCE = 1e-5
FEATURES = FrozenDict(level="features")
METHODS = {
    "equal": MethodSpec("equal"),
    "uncertainty": MethodSpec("uncertainty"),
    "pcgrad": MethodSpec("pcgrad"),
    "upgrad": MethodSpec("upgrad"),
    "upgrad_features": MethodSpec("upgrad", FEATURES),
    "famo": MethodSpec("famo"),
    "auto_lambda": MethodSpec("auto_lambda", FrozenDict(every=2)),
    "graddrop": MethodSpec("graddrop"),
}


def plain(norm: str = "none", **training: Any) -> ProjectSpec:
    """Without dropout, which draws its own numbers in each process: 22 training pictures in batches of 5, so that the
    last batch of 2 leaves the third of three hands empty; labels missing."""
    spec = project(count=27, missing=0.4, norm=norm, **{"epochs": 3, "batch_size": 5, **training})
    layers = (
        replace(layer, parameters=FrozenDict({**layer.parameters, "p": 0.0})) if layer.type == "dropout" else layer
        for layer in spec.network.layers
    )
    return replace(spec, network=replace(spec.network, layers=tuple(layers)))


def cases() -> dict[str, ProjectSpec]:
    found = {name: plain(balancing=method, measure_every=4, affinity_every=1) for name, method in METHODS.items()}
    found["gathered"] = plain(accumulate=2, ema=0.9, clip_norm=0.1)
    found["staged"] = plain(
        strategy=(StageSpec(epochs=1, meta="fomaml"), StageSpec(epochs=1, meta="reptile"), StageSpec(order="batch"))
    )
    old = StageSpec(old_tasks=("mask", "count"), distillation=2.0, rehearsal=0.5, trains="branches")
    found["taught"] = plain(strategy=(old,), start_from="equal")
    found["batch_norm"] = plain(norm="batch", epochs=1)
    found[company.STEERED] = plain(checkpoint_steps=3)
    found[company.RELAYED] = plain(epochs=4)
    return found


def torchrun(processes: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a module in several processes of this machine, at a port of their own choosing."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip


def until(run: RunFolder, epoch: int, resume: bool = False) -> None:
    """Trains a run alone until an epoch is saved, and breaks it off there."""
    stream = Trainer(run.spec(), run.project_folder, run, resume=resume).run()
    for event in stream:
        if event.kind == "checkpoint_written" and getattr(event, "epoch", None) == epoch:
            break
    stream.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same runs, trained by one process and by two (one of them in epochs of 1, 2 and 1 processes).

    Made once, also where pytest itself works in several processes: the others wait for the one that came first.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "ranks"
    one, two, outcome = folder / "one", folder / "two", folder / "outcome"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 270
        while not outcome.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    else:
        said = ""
        try:
            train_all(one, two)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        (folder / "outcome.new").write_text(said, encoding="utf-8")
        (folder / "outcome.new").rename(outcome)
    assert outcome.read_text(encoding="utf-8") == ""
    return one, two


def train_all(one: Path, two: Path) -> None:
    for name, spec in cases().items():
        create_run(two, name, spec)
    until(RunFolder(two / "runs" / company.RELAYED), 1)
    done = torchrun(2, "-m", "tests.training.company", str(two))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    for name, spec in cases().items():
        run = create_run(one, name, spec)
        list(Trainer(spec, one, run).run())
    relayed = RunFolder(two / "runs" / company.RELAYED)
    list(Trainer(relayed.spec(), two, relayed, resume=True).run())


def both(folders: tuple[Path, Path], name: str) -> tuple[RunFolder, RunFolder]:
    one, two = (RunFolder(folder / "runs" / name) for folder in folders)
    return one, two


def seen(folders: tuple[Path, Path], name: str) -> list[dict[str, Any]]:
    """What each of the two processes saw of a run."""
    return [json.loads((folders[1] / f"seen-{rank}.json").read_text(encoding="utf-8"))[name] for rank in (0, 1)]


def assert_close(one: Any, other: Any) -> None:
    """Numbers in lists and dictionaries, None where there is none."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        assert_close(list(one.values()), list(other.values()))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_close(a, b)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=TOLERANCE, abs=TOLERANCE)
    else:
        assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("name", [*METHODS, "gathered", "staged", "taught", company.RELAYED])
def test_two_processes_end_where_one_does(folders: tuple[Path, Path], name: str) -> None:
    one, two = both(folders, name)
    assert two.info().status == "finished", list(two.events())[-1]
    assert_close(losses(one), losses(two))
    weights, others = (load_file(run.store.find("last").path / "network.safetensors") for run in (one, two))
    assert weights.keys() == others.keys()
    for key in weights:
        assert torch.allclose(weights[key], others[key], rtol=TOLERANCE, atol=TOLERANCE), key
    start = load_file(one.store.find(one.store.steps()[0]).path / "network.safetensors")
    assert any(not torch.allclose(weights[key], start[key], atol=1e-3) for key in weights), "nothing was learned"


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_epochs_are_judged_alike_and_pictures_of_both_processes_are_seen(folders: tuple[Path, Path], name: str) -> None:
    stories = [list(run.events()) for run in both(folders, name)]
    for one, two in zip(*(of_kind(events, EpochFinished) for events in stories), strict=True):
        assert_close([one.train_losses, one.val_losses], [two.train_losses, two.val_losses])
        assert_close(one.metrics, two.metrics)
        assert (one.best, one.best_tasks) == (two.best, two.best_tasks)
    pictures = [of_kind(events, PreviewTaken)[-1].images for events in stories]
    assert pictures[0] == pictures[1] and len(pictures[0]) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["equal", "uncertainty", "pcgrad", "upgrad_features"])
def test_gradients_are_measured_over_the_whole_batch(folders: tuple[Path, Path], name: str) -> None:
    found = [of_kind(list(run.events()), GradientsMeasured) for run in both(folders, name)]
    assert found[0]
    for one, two in zip(*found, strict=True):
        assert one.tasks == two.tasks
        for layer, products in one.products.items():
            a, b = torch.tensor(products), torch.tensor(two.products[layer])
            assert torch.allclose(a, b, rtol=1e-3, atol=1e-4 * float(a.abs().max()))


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_both_processes_see_the_same_to_the_last_digit(folders: tuple[Path, Path], name: str) -> None:
    one, two = seen(folders, name)
    assert one == two


@pytest.mark.slow
def test_reins_of_the_first_process_reach_all_after_the_same_step(folders: tuple[Path, Path]) -> None:
    one, two = seen(folders, company.STEERED)
    assert one["end"] == two["end"] == ["run_finished", "stopped"]
    assert one["kinds"].count("paused") == two["kinds"].count("resumed") == 1
    (change,) = one["changes"]
    assert change[1]["mask"] == 3.0 and two["changes"] == [change]
    assert company.STOP_AT <= len(one["losses"]) < 12
    run = both(folders, company.STEERED)[1]
    assert run.info().status == "stopped" and run.store.steps()[-1] == len(one["losses"])


@pytest.mark.slow
def test_batch_norm_on_the_processor_is_each_process_s_own_and_that_is_said(folders: tuple[Path, Path]) -> None:
    one, _ = seen(folders, "batch_norm")
    assert one["end"] == ["run_finished", "done"] and "training_ranks_batch_norm" in one["notes"]
    assert "training_ranks_batch_norm" not in seen(folders, "equal")[0]["notes"]
    assert both(folders, "batch_norm")[1].info().processes == 2


@pytest.mark.slow
def test_going_on_with_another_number_of_processes_is_said(folders: tuple[Path, Path]) -> None:
    changes = [
        (event.values["before"], event.values["after"])
        for event in both(folders, company.RELAYED)[1].events()
        if event.kind == "noted" and event.code == "training_ranks_changed"
    ]
    assert changes == [(1, 2), (2, 1)]


def test_dropout_draws_other_numbers_in_each_process_the_same_ones_again_and_those_of_one_in_the_first() -> None:
    def drawn(step: int, *rank: int) -> list[float]:
        seed_step(3, step, torch.device("cpu"), *rank)
        return torch.rand(4).tolist()

    assert drawn(7) == drawn(7, 0)
    assert drawn(7, 1) == drawn(7, 1)
    assert len({tuple(drawn(step, rank)) for step in (7, 8) for rank in (0, 1, 2)}) == 6


@pytest.mark.parametrize("count", [2, 3])
def test_every_batch_is_dealt_out_and_an_empty_hand_learns_nothing(tmp_path: Path, count: int) -> None:
    spec = plain()
    tasks = bind_all(spec)
    samples = load_split(open_data(spec, tmp_path), "train", tasks, spec.data)

    def batches(part: tuple[int, int]) -> Batches:
        return Batches(samples, tasks, spec.data, 5, seed=3, augment=True, shuffle=True, part=part)

    whole = list(batches((0, 1)).epoch(1))
    hands = [list(batches((rank, count)).epoch(1)) for rank in range(count)]
    assert all(len(hand) == len(whole) for hand in hands)
    empty = 0
    for batch, *parts in zip(whole, *hands, strict=True):
        for rank, part in enumerate(parts):
            assert part.whole is not None and part.whole.keys == batch.keys
            assert all(torch.equal(part.whole.present[task], batch.present[task]) for task in tasks)
            own = range(rank, len(batch), count)
            if not own:
                empty += 1
                assert (
                    part.stands_in
                    and len(part) == 1
                    and not any(bool(present.any()) for present in part.present.values())
                )
                continue
            assert part.keys == batch.keys[rank::count]
            assert torch.equal(part.inputs["image"], batch.inputs["image"][rank::count])
            for task in tasks:
                assert torch.equal(part.present[task], batch.present[task][rank::count])
                assert torch.equal(part.targets[task].nan_to_num(-9), batch.targets[task][rank::count].nan_to_num(-9))
    assert empty == (1 if count == 3 and len(whole[-1]) == 2 else 0)
