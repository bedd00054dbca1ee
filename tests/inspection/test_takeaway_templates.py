"""Every template, with every kind of task and input, can be taken away and agrees with the live network."""

from __future__ import annotations

import ast
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.inspection.script.check import Case, Ran, run_scripts
from mtlstudio.inspection.script.whole import write_script
from mtlstudio.network.export.describe import description
from mtlstudio.network.export.onnx import onnx_names, run_onnx, write_onnx
from mtlstudio.network.export.subject import Subject, of_design
from mtlstudio.network.export.torch_export import run_program, write_program
from mtlstudio.network.export.verify import TOLERANCE, compare, live_outputs, random_batches
from mtlstudio.network.export.weights import as_state_file, tidy_state
from mtlstudio.network.templates import template, templates
from mtlstudio.project.spec import InputSpec, LossSpec, ProjectSpec, TaskSpec

IDS = [item.id for item in templates()]
FEW = ("shared", "unet")
"""`torch.export` takes seconds for each: the others by hand, with `-m slow`."""
CLASSES = FrozenDict(class_names=("a", 'b "quoted"', "猫"))
TASKS = (
    TaskSpec("kind", "Kind", "classification", parameters=CLASSES, loss_weight=0.5),
    TaskSpec("mask", "Mask", "segmentation", parameters=CLASSES, losses=(LossSpec("focal"), LossSpec("dice", 0.5))),
    TaskSpec("depth", "Depth", "depth"),
    TaskSpec("labels", "Labels", "multilabel", parameters=CLASSES),
    TaskSpec("count", "Count", "regression", parameters=FrozenDict(value_names=("n", "m"))),
    TaskSpec("word", "Word", "sequence"),
    TaskSpec("picture", "Picture", "reconstruction"),
)


def project(template_id: str) -> ProjectSpec:
    chosen = template(template_id)
    inputs = (InputSpec("image", "Image"), InputSpec("heat", "Heat", "map", 1))[: chosen.inputs]
    spec = ProjectSpec(f"All of {template_id}", inputs=inputs, tasks=TASKS)
    spec = replace(
        spec, data=replace(spec.data, image_size=64), training=replace(spec.training, batch_size=4, epochs=2)
    )
    return spec.with_network(chosen.build(spec))


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    return {template_id: of_design(project(template_id)) for template_id in IDS}


@pytest.fixture(scope="module")
def cases(subjects: dict[str, Subject], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    folder = tmp_path_factory.mktemp("scripts")
    made = {}
    for template_id, subject in subjects.items():
        script = write_script(subject)
        file, weights = folder / f"{template_id}.py", folder / f"{template_id}.pt"
        file.write_text(script.text, encoding="utf-8")
        weights.write_bytes(as_state_file(tidy_state(subject.spec, subject.network)))
        made[template_id] = Case(subject, script, file, weights, steps=3)
    return made


@pytest.fixture(scope="module")
def ran(cases: dict[str, Case]) -> dict[str, Ran]:
    """All scripts, run in one process that has torch and torchvision alone."""
    return dict(zip(cases, run_scripts(list(cases.values())), strict=True))


@pytest.mark.parametrize("template_id", IDS)
def test_a_script_agrees_with_the_live_network(ran: dict[str, Ran], template_id: str) -> None:
    found = ran[template_id]
    assert not found.error
    assert set(found.differences) == {task.id for task in TASKS}
    assert max(found.differences.values()) <= TOLERANCE


@pytest.mark.parametrize("template_id", IDS)
def test_its_losses_are_the_live_ones(ran: dict[str, Ran], template_id: str) -> None:
    losses = ran[template_id].losses
    assert set(losses) == {task.id for task in TASKS}
    for task, (said, live) in losses.items():
        assert math.isclose(said, live, rel_tol=1e-4, abs_tol=1e-5), task


@pytest.mark.parametrize("template_id", IDS)
def test_its_training_loop_runs(ran: dict[str, Ran], template_id: str) -> None:
    history = ran[template_id].history
    assert len(history) == 3 and all(math.isfinite(loss) for loss in history)


@pytest.mark.parametrize("template_id", IDS)
def test_it_knows_no_studio_and_stays_short(cases: dict[str, Case], template_id: str) -> None:
    text = cases[template_id].script.text
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    packages = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert packages <= {"torch", "torchvision", "PIL", "safetensors"}
    assert "mtlstudio" not in text
    layers = len(cases[template_id].subject.network.layers)
    assert len(text.splitlines()) < 700 + 12 * layers


@pytest.mark.skipif(shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="no formatter here")
def test_scripts_are_formatted_and_without_faults(cases: dict[str, Case]) -> None:
    files = [str(case.file) for case in cases.values()]
    ruff = str(Path(sys.executable).parent / "ruff")
    options = ["--isolated", "--line-length", "120", "--target-version", "py311", "--no-cache"]
    for command in (["format", "--diff"], ["check", "--select", "E,F,I", "--ignore", "E501"]):
        done = subprocess.run([ruff, *command, *options, *files], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[:4000]


@pytest.mark.parametrize("template_id", IDS)
def test_onnx_agrees_with_the_live_network(subjects: dict[str, Subject], template_id: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    subject = subjects[template_id]
    names, file = onnx_names(subject.spec), tmp_path / "network.onnx"
    write_onnx(subject.spec, subject.network, file, description(subject, names))
    batches = random_batches(subject.spec, (1, 2, 5))
    found = run_onnx(file, names, batches)
    assert list(found[0]) == list(subject.network.tasks)
    compare(live_outputs(subject.network, batches), found, "onnx")


@pytest.mark.parametrize(
    "template_id", [id_ if id_ in FEW else pytest.param(id_, marks=pytest.mark.slow) for id_ in IDS]
)
def test_torch_export_agrees_with_the_live_network(
    subjects: dict[str, Subject], template_id: str, tmp_path: Path
) -> None:
    subject, file = subjects[template_id], tmp_path / "network.pt2"
    write_program(
        subject.spec, subject.network, file, description(subject, {item.id: item.id for item in subject.spec.inputs})
    )
    batches = random_batches(subject.spec, (1, 2, 5))
    compare(live_outputs(subject.network, batches), run_program(file, batches), "torch.export")
