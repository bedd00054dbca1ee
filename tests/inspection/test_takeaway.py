"""Taking a trained network away: whole files or none, weights, names of any kind, all faults told at once."""

from __future__ import annotations

import json
import keyword
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.cli.main import main
from mtlstudio.data.images import fit_image
from mtlstudio.inspection import takeaway
from mtlstudio.inspection.script.check import Case, run_scripts
from mtlstudio.inspection.script.whole import write_script
from mtlstudio.inspection.takeaway import ExportCancelled, take_away
from mtlstudio.network.export import export_formats
from mtlstudio.network.export.model import CannotExport, write_model
from mtlstudio.network.export.names import class_name, layer_names
from mtlstudio.network.export.subject import of_design
from mtlstudio.network.export.verify import TOLERANCE, live_outputs, random_batches
from mtlstudio.network.export.weights import as_state_file, tidy_state
from mtlstudio.network.interface import LayerType
from mtlstudio.network.trained import load_network
from mtlstudio.project import files
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import LayerSpec, LossSpec, ProjectSpec, TaskSpec
from mtlstudio.runs.folder import RunFolder
from tests.training.small import project, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("project"), project(epochs=1))


@pytest.mark.parametrize("format", [item.id for item in export_formats()])
def test_a_run_is_exported_and_compared(run: RunFolder, tmp_path: Path, format: str) -> None:
    for package in next(item for item in export_formats() if item.id == format).needs:
        pytest.importorskip(package)
    told: list[str] = []
    result = take_away(run, format, tmp_path / "out", progress=told.append)
    assert set(result.differences) == {"largest", "mask", "count"}
    assert result.largest_difference <= TOLERANCE and result.run == run.id and len(told) >= 3
    assert sorted((tmp_path / "out").iterdir()) == sorted(result.files)
    assert result.files[0].suffix == next(item for item in export_formats() if item.id == format).suffix


def test_formats_may_lie_in_one_folder(run: RunFolder, tmp_path: Path) -> None:
    files = [path for format in ("safetensors", "torch") for path in take_away(run, format, tmp_path).files]
    assert len(set(files)) == len(files) == len(list(tmp_path.iterdir()))


def test_an_exported_folder_runs_by_itself(run: RunFolder, tmp_path: Path) -> None:
    result = take_away(run, "python", tmp_path / "taken" / "network.py")
    assert [path.name for path in result.files] == ["network.py", "network.pt"]
    picture = tmp_path / "picture.png"
    Image.new("RGB", (50, 40), (200, 30, 30)).save(picture)
    command = [sys.executable, "-I", str(result.files[0])]
    said = subprocess.run([*command, "--image", str(picture)], capture_output=True, text=True, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert [line.split(":")[0] for line in said.stdout.splitlines() if line[0].isalpha()] == [
        "largest",
        "mask",
        "count",
    ]
    trains = subprocess.run([*command, "--steps", "2"], capture_output=True, text=True, cwd=tmp_path)
    assert trains.returncode == 0 and "step 2/2" in trains.stdout, trains.stderr


def loaded_module(path: Path) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exported", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


@pytest.mark.parametrize("mode", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("size", [(50, 40), (30, 90)])
def test_pictures_are_prepared_as_the_studio_does(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    import numpy as np

    from mtlstudio.tasks.geometry import Fit

    spec = replace(project(), data=replace(project().data, resize=mode))
    file = tmp_path / "script.py"
    subject = of_design(spec)
    file.write_text(write_script(subject).text, encoding="utf-8")
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    square = fit_image(pixels, Fit(*size, spec.data.image_size, mode))
    expected = (torch.from_numpy(square.copy()).permute(2, 0, 1) / 255 - torch.tensor(subject.mean)[:, None, None]) / (
        torch.tensor(subject.std)[:, None, None]
    )
    found = loaded_module(file)["preprocess"](Image.fromarray(pixels))
    torch.testing.assert_close(found[0], expected, atol=1e-5, rtol=0)


def test_weights_of_the_safetensors_file_fill_the_script(run: RunFolder, tmp_path: Path) -> None:
    script = take_away(run, "python", tmp_path, with_weights=False)
    weights = take_away(run, "safetensors", tmp_path)
    assert [path.suffix for path in script.files] == [".py"]
    names = loaded_module(script.files[0])
    network = next(value for name, value in names.items() if name.endswith("Network"))()
    names["load_weights"](network, weights.files[0])
    live = load_network(run).network
    (batch,) = random_batches(run.spec(), (2,))
    (expected,) = live_outputs(live, [batch])
    found = network.eval()(**batch)
    for task, value in expected.items():
        torch.testing.assert_close(found[task], value, atol=TOLERANCE, rtol=0)


def test_onnx_tells_how_pictures_are_prepared(run: RunFolder, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    result = take_away(run, "onnx", tmp_path / "n.onnx")
    model = onnx.load(str(result.files[0]))
    document = json.loads({item.key: item.value for item in model.metadata_props}["mtlstudio"])
    assert document == json.loads(result.files[1].read_text(encoding="utf-8"))
    loaded = load_network(run)
    assert document["preprocessing"]["mean"] == list(loaded.mean)
    assert [output["name"] for output in document["outputs"]] == [item.name for item in model.graph.output]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param  # any batch size
    assert document["outputs"][0]["parameters"]["class_names"] == list(loaded.tasks["largest"].names)


def test_what_disagrees_is_not_written(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtlstudio.network.export import weights

    def tampered(*given: Any) -> dict[str, torch.Tensor]:
        state = tidy_state(*given)
        return {name: value + 0.01 if value.is_floating_point() else value for name, value in state.items()}

    monkeypatch.setattr(weights, "tidy_state", tampered)
    for format in ("python", "safetensors"):
        with pytest.raises(StudioError, match="differs from the live network's"):
            take_away(run, format, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_up_is_not_written(run: RunFolder, tmp_path: Path) -> None:
    asked = iter([False, True])
    with pytest.raises(ExportCancelled):
        take_away(run, "safetensors", tmp_path, cancelled=lambda: next(asked, True))
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_told(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtlstudio.network.export import formats

    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(StudioError) as caught:
        take_away(run, "onnx", tmp_path)
    assert "onnxruntime" in caught.value.text() and "mtlstudio[export]" in caught.value.text()


def test_a_design_without_a_run_goes_as_python_alone(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="needs a trained run"):
        take_away(project(), "onnx", tmp_path)
    assert take_away(project(), "python", tmp_path).run == ""


def odd() -> ProjectSpec:
    """A project whose names are what people write, and whose ids are what torch and Python use themselves."""
    spec = project()
    ids = ["forward", "class", "training", "image_", "2nd", "nn", "self", "parameters", "pop"]
    names = ["Größe", '引号 " \\ """', "None", "a\nb", "猫", "Image", "lambda", "__init__", "Pool"]
    layers = [layer for layer in spec.network.layers if layer.type != "input"]
    fresh = {layer.id: (ids[i % 9] + ("" if i < 9 else str(i)), names[i % 9]) for i, layer in enumerate(layers)}
    network = replace(
        spec.network,
        layers=tuple(
            replace(layer, id=fresh[layer.id][0], name=fresh[layer.id][1]) if layer.id in fresh else layer
            for layer in spec.network.layers
        ),
        connections=tuple(
            replace(c, source=fresh.get(c.source, (c.source,))[0], target=fresh.get(c.target, (c.target,))[0])
            for c in spec.network.connections
        ),
        outputs=tuple(replace(o, layer=fresh.get(o.layer, (o.layer,))[0]) for o in spec.network.outputs),
    )
    tasks = tuple(replace(task, name=name) for task, name in zip(spec.tasks, ('"""', "任务\\", "über"), strict=False))
    return replace(spec, name='3 "猫" \\ \n"""', network=network, tasks=tasks)


def test_names_of_any_kind_become_python(tmp_path: Path) -> None:
    subject = of_design(odd())
    script = write_script(subject)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in script.model.modules.values())
    assert len(set(script.model.modules.values())) == len(script.model.modules)
    file, weights = tmp_path / "s.py", tmp_path / "s.pt"
    file.write_text(script.text, encoding="utf-8")
    weights.write_bytes(as_state_file(tidy_state(subject.spec, subject.network)))
    (ran,) = run_scripts([Case(subject, script, file, weights, steps=1)])
    assert not ran.error and max(ran.differences.values()) <= TOLERANCE


def test_names_come_from_the_grid_where_they_are_one_of_a_kind() -> None:
    def layer(id_: str, name: str) -> LayerSpec:
        return LayerSpec(id_, name, "add", frozenset())

    found = layer_names(
        [layer("l1", "Encoder"), layer("up_a", "Up"), layer("up_b", "Up"), layer("l4", "猫"), layer("l5", "Größe")]
    )
    assert list(found.values()) == ["encoder", "up_a", "up_b", "l4", "grosse"]
    assert class_name("Oxford pets") == "OxfordPetsNetwork" and class_name("猫") == "Network"
    assert class_name("3 tasks").isidentifier()


def test_methods_of_the_project_come_along(tmp_path: Path) -> None:
    """Optimizer, schedule, clipping, weights of losses and classes, frozen and slower layers."""
    spec = project()
    first = next(layer for layer in spec.network.layers if layer.type != "input")
    last = spec.network.layer(spec.network.outputs[-1].layer)
    layers = tuple(
        replace(layer, frozen=layer.id == first.id, learning_rate_factor=0.1 if layer.id == last.id else 1.0)
        for layer in spec.network.layers
    )
    losses = (LossSpec("cross_entropy", 0.5, FrozenDict(class_weights="balanced", label_smoothing=0.1)),)
    tasks = tuple(replace(task, losses=losses) if task.type == "classification" else task for task in spec.tasks)
    training = replace(
        spec.training, optimizer=MethodSpec("sgd"), schedule=MethodSpec("cosine", FrozenDict(warmup_epochs=1.0)),
        clip_norm=1.0, epochs=3,
    )  # fmt: skip
    subject = of_design(replace(spec, tasks=tasks, training=training, network=replace(spec.network, layers=layers)))
    counts = [3, 1, 7, 2, 5, 4][: subject.tasks["largest"].output_channels]
    subject.tasks["largest"].statistics["counts"] = counts
    script = write_script(subject)
    file, weights = tmp_path / "s.py", tmp_path / "s.pt"
    file.write_text(script.text, encoding="utf-8")
    weights.write_bytes(as_state_file(tidy_state(subject.spec, subject.network)))
    (ran,) = run_scripts([Case(subject, script, file, weights, steps=3)])
    assert not ran.error
    said, live = ran.losses["largest"]
    assert said == pytest.approx(live, rel=1e-4)
    names = loaded_module(file)
    network = names[script.model.class_name]()
    factors = [group["lr"] / names["LEARNING_RATE"] for group in names["make_optimizer"](network).param_groups]
    assert min(factors) == pytest.approx(0.1) and max(factors) == 1.0
    assert names["FROZEN"] == (script.model.modules[first.id],)


class _Hidden(nn.Module):
    """Made where nobody can see how."""

    def __init__(self, secret: object) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.i0e(x)


class _Odd(LayerType):
    id, name, summary, icon, group = "odd", "Odd", "Odd.", "add", "merge"

    def build(self, parameters: Any, shapes: Any, context: Any) -> nn.Module:
        return _Hidden(object())


def _with_odd_layers(monkeypatch: pytest.MonkeyPatch) -> ProjectSpec:
    from mtlstudio.network import examine

    known = examine.layer_type
    monkeypatch.setattr(examine, "layer_type", lambda id_: _Odd() if id_ == "odd" else known(id_))
    spec = project()
    inner = [layer.id for layer in spec.network.layers if layer.type in ("convolution", "dropout")][:2]
    network = spec.network
    for number, layer_id in enumerate(inner):
        tasks = network.layer(layer_id).tasks
        added = LayerSpec(f"odd_{number}", f"Odd {number}", "odd", tasks)
        connections = tuple(replace(c, source=added.id) if c.source == layer_id else c for c in network.connections) + (
            replace(network.connections[0], source=layer_id, target=added.id, source_port="out", target_port="in"),
        )
        network = replace(network, layers=(*network.layers, added), connections=connections)
    return spec.with_network(network)


def test_all_that_python_cannot_hold_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = of_design(_with_odd_layers(monkeypatch))
    with pytest.raises(CannotExport) as caught:
        write_model(subject.spec, subject.network)
    assert [name for name, _reason in caught.value.parts] == ["Odd 0", "Odd 1"]
    assert "Odd 0" in caught.value.text() and "Odd 1" in caught.value.text()


def test_all_that_onnx_cannot_hold_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    subject = replace(of_design(_with_odd_layers(monkeypatch)), run="r")
    monkeypatch.setattr(takeaway, "of_run", lambda run, which: subject)
    with pytest.raises(CannotExport) as caught:
        take_away(RunFolder(tmp_path / "runs" / "r"), "onnx", tmp_path / "out")
    assert [name for name, _reason in caught.value.parts] == ["Odd 0", "Odd 1"]
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.save(run.project_folder, run.spec())
    folder = str(run.project_folder)
    code = main(
        [
            "export",
            folder,
            "--run",
            run.id,
            "--format",
            "safetensors",
            "--out",
            str(tmp_path / "w.safetensors"),
            "--json",
        ]
    )
    told = json.loads(capsys.readouterr().out)
    assert code == 0 and told["verified"] is True and told["format"] == "safetensors"
    assert [Path(file).exists() for file in told["files"]] == [True, True]
    assert main(["export", folder, "--format", "onnx", "--out", str(tmp_path / "x")]) == 1
    assert "needs a trained run" in capsys.readouterr().err
    assert main(["export", folder, "--run", "nobody", "--format", "python", "--out", str(tmp_path)]) == 1
    assert (
        main(["export", folder, "--run", run.id, "--format", "safetensors", "--no-weights", "--out", str(tmp_path)])
        == 1
    )


def test_a_task_of_its_own_kind_is_named_where_its_loss_is_a_stand_in(tmp_path: Path) -> None:
    spec = ProjectSpec(
        "boxes", tasks=(TaskSpec("box", "Box", "detection", parameters=FrozenDict(class_names=("a", "b"))),)
    )
    from mtlstudio.network.templates import template

    spec = replace(spec, data=replace(spec.data, image_size=32))
    script = write_script(of_design(spec.with_network(template("shared").build(spec))))
    assert script.unwritten == ("box",)
