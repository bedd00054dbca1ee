"""ONNX: one named input per input of the project, one named output per task, any batch size."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.examine import Examination
from mtlstudio.network.export.model import CannotExport
from mtlstudio.network.memo import shared_memo
from mtlstudio.project.spec import ProjectSpec

OPSET = 18


class _Flat(nn.Module):
    """A network with positional inputs and outputs, as ONNX wants them."""

    def __init__(self, network: MultiTaskNetwork, inputs: Sequence[str]) -> None:
        super().__init__()
        self.network, self._inputs = network, tuple(inputs)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs = self.network(dict(zip(self._inputs, inputs, strict=True)))
        return tuple(outputs[task] for task in self.network.tasks)


class _Alone(nn.Module):
    """A single layer with its inputs in a row, its outputs as a tuple."""

    def __init__(self, layer: nn.Module, ports: Sequence[int | None]) -> None:
        super().__init__()
        self.layer, self._ports = layer, tuple(ports)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        waiting = iter(tensors)
        arguments: list[Any] = []
        for count in self._ports:  # None: a single tensor; a number: a list of so many, 0 an open port
            arguments.append(next(waiting) if count is None else [next(waiting) for _ in range(count)] or None)
        out = self.layer(*arguments)
        return tuple(out.values()) if isinstance(out, dict) else (out,)


def onnx_names(spec: ProjectSpec) -> dict[str, str]:
    """Input id -> its name in the file: the id, unless a task's output has that name."""
    taken = set(spec.task_ids)
    return {item.id: f"{item.id}_input" if item.id in taken else item.id for item in spec.inputs}


def write_onnx(spec: ProjectSpec, network: MultiTaskNetwork, path: Path, document: Mapping[str, Any]) -> None:
    """Writes the network; its file's metadata hold the document.

    Raises:
        CannotExport: names all layers that ONNX has no operators for.
    """
    size, names = spec.data.image_size, onnx_names(spec)
    inputs = tuple(torch.randn(2, item.channels, size, size) for item in spec.inputs)
    flat = _Flat(network, [item.id for item in spec.inputs]).eval()
    try:
        _export(flat, inputs, path, list(names.values()), list(network.tasks))
    except Exception as error:
        raise CannotExport("ONNX", _culprits(spec, network) or [(spec.name, _line(error))]) from error
    _describe(path, document)


def run_onnx(path: Path, names: Mapping[str, str], batches: Sequence[Mapping[str, Tensor]]) -> list[dict[str, Tensor]]:
    """What the file says of batches of inputs, by output name."""
    session = _session(path)
    outputs = [output.name for output in session.get_outputs()]
    said: list[dict[str, Tensor]] = []
    for batch in batches:
        given = {names[key]: value.numpy() for key, value in batch.items() if key in names}
        known = {item.name for item in session.get_inputs()}
        found = session.run(outputs, {name: value for name, value in given.items() if name in known})
        said.append({name: torch.from_numpy(value) for name, value in zip(outputs, found, strict=True)})
    return said


def _export(module: nn.Module, inputs: tuple[Tensor, ...], path: Path, names: list[str], outputs: list[str]) -> None:
    """The tracing exporter takes a tenth of a second, the other one two; what the first gets wrong, the second may not."""
    batch = torch.export.Dim("batch", min=1)
    with _quiet():
        try:
            torch.onnx.export(
                module, inputs, str(path), dynamo=False, input_names=names, output_names=outputs, opset_version=OPSET,
                dynamic_axes={name: {0: "batch"} for name in [*names, *outputs]},
            )  # fmt: skip
            _try(module, inputs, path)
        except Exception:
            torch.onnx.export(
                module, inputs, str(path), dynamo=True, input_names=names, output_names=outputs, verbose=False,
                dynamic_shapes={"inputs": tuple({0: batch} for _ in inputs)}, external_data=False,
            )  # fmt: skip
            _try(module, inputs, path)


def _try(module: nn.Module, inputs: tuple[Tensor, ...], path: Path) -> None:
    """Runs the file on another number of samples than it was traced with.

    Raises:
        Exception: it does not run (onnxruntime has many kinds), or says something else than the module.
    """
    session = _session(path)
    one = tuple(tensor[:1] for tensor in inputs)
    known = [item.name for item in session.get_inputs()]
    if len(known) != len(one):  # an input that nothing depends on was dropped; compared later by name
        return
    found = session.run(None, {name: tensor.numpy() for name, tensor in zip(known, one, strict=True)})
    with torch.no_grad():
        for value, other in zip(module(*one), found, strict=True):
            torch.testing.assert_close(torch.from_numpy(other), value, atol=1e-3, rtol=1e-3)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _culprits(spec: ProjectSpec, network: MultiTaskNetwork) -> list[tuple[str, str]]:
    """The layers that cannot be exported by themselves, with the reasons."""
    import tempfile

    examined = Examination(spec, shared_memo())
    found: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for layer_id, module in network.layers._modules.items():
            ready, shapes = examined.ready[layer_id], examined.reports[layer_id].input_shapes
            if module is None or ready.layer.bypassed:
                continue
            ports = [
                None if shapes.get(port.name) and not port.variadic else len(shapes.get(port.name, ()))
                for port in ready.ports.inputs
            ]
            tensors = tuple(
                torch.randn(2, *shape) for port in ready.ports.inputs for shape in shapes.get(port.name, ())
            )  # fmt: skip
            try:
                names = [f"in{index}" for index in range(len(tensors))]
                alone = _Alone(module, ports).eval()
                _export(alone, tensors, Path(folder) / "layer.onnx", names, [])
            except Exception as error:
                found.append((ready.layer.name, _line(error)))
    return found


def _line(error: Exception) -> str:
    """The first line of what went wrong, without the exporter's own decoration."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


def _describe(path: Path, document: Mapping[str, Any]) -> None:
    import onnx

    model = onnx.load(str(path))
    model.producer_name, model.doc_string = "mtlstudio", str(document["project"])
    entry = model.metadata_props.add()
    entry.key, entry.value = "mtlstudio", json.dumps(document, ensure_ascii=False)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporters warn of what the comparison afterwards settles anyway."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
