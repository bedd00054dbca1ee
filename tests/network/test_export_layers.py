"""How each layer type makes its module can be written down, and what is written makes the same module."""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from mtlstudio.base.declare import Parameter, complete
from mtlstudio.network.export.expressions import Unwritable, Writer
from mtlstudio.network.export.layout import flat, laid_out, text
from mtlstudio.network.export.recording import Recorder
from mtlstudio.network.export.source import Sources
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape, layer_type, layer_types

CONTEXT = BuildContext(64, output_channels=5, input_channels=(("image", 3),))
MAP, LARGE, VECTOR, SEQUENCE = (8, 32, 32), (3, 224, 224), (8,), (8, 12)
IDS = [type_.id for type_ in layer_types()]


def shapes_of(type_: LayerType, values: dict[str, Any]) -> dict[str, tuple[Shape, ...]]:
    """Shapes that the layer accepts at its ports: of a map, a vector or a sequence, whichever it takes."""
    ports = type_.input_ports(values, ("a", "b")) or (Port("in"),)
    for shape in (MAP, LARGE, VECTOR, SEQUENCE):
        fed = {port.name: (shape, shape) if port.variadic else (shape,) for port in ports}
        try:
            type_.check(values, fed, CONTEXT)
            with torch.device("meta"):
                type_.build(values, fed, CONTEXT)
        except Exception:
            continue
        return fed
    raise AssertionError(f"{type_.id} takes neither maps, nor vectors, nor sequences")


def rewritten(module: nn.Module, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The module that the written text makes, in a namespace that knows nothing of the studio."""
    sources = Sources(["nn", "torch", "Tensor", "torchvision"], recorder.met)
    expression = Writer(recorder, sources).module(module)
    lines = ["from __future__ import annotations", "import torch, torchvision", "from torch import Tensor, nn"]
    for package, name, alias in sources.imports:
        renamed = f" as {alias}" if alias else ""
        lines.append(f"from {package} import {name}{renamed}" if name else f"import {package}{renamed}")
    lines += [*sources.texts, "\n".join(laid_out(expression, before="made = "))]
    assert "mtlstudio" not in "\n".join(lines)
    monkeypatch.setitem(sys.modules, "alone", alone := ModuleType("alone"))  # where dataclasses look their module up
    with torch.device("meta"):
        exec("\n".join(lines), alone.__dict__)
    made: nn.Module = alone.made
    return made


def variants(type_: LayerType) -> list[dict[str, Any]]:
    """The defaults; and each choice and switch in turn."""
    found: list[dict[str, Any]] = [{}]
    for parameter in type_.parameters:
        found += [{parameter.name: value} for value in _others(parameter)]
    return found


def _others(parameter: Parameter) -> list[Any]:
    if parameter.kind == "bool":
        return [not parameter.default]
    if parameter.kind == "choice" and parameter.name not in ("weights",):
        return [choice for choice in parameter.choices or () if choice != parameter.default]
    return []


@pytest.mark.parametrize("type_id", IDS)
def test_what_is_written_makes_the_same_module(type_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    type_ = layer_type(type_id)
    backbone = type_.group == "backbone"
    for chosen in variants(type_)[: 1 if backbone else None]:
        values = dict(complete(type_.parameters, chosen))
        try:
            fed = shapes_of(type_, values)
        except AssertionError:
            if not chosen:
                raise
            continue  # that choice does not suit such small inputs
        recorder = Recorder()
        with torch.device("meta"):
            module = recorder.watch(partial(type_.build, values, fed, CONTEXT))
        made = rewritten(module, recorder, monkeypatch)
        assert repr(made) == repr(module), chosen
        assert [(name, value.shape) for name, value in made.state_dict().items()] == [
            (name, value.shape) for name, value in module.state_dict().items()
        ]


def test_what_nobody_saw_made_is_refused() -> None:
    with pytest.raises(Unwritable):
        Writer(Recorder(), Sources()).module(nn.Linear(1, 1))
    recorder = Recorder()
    module = recorder.watch(lambda: nn.Conv2d(1, 1, 1, padding_mode=type("Text", (str,), {})("zeros")))
    assert flat(Writer(recorder, Sources()).module(module)) == 'nn.Conv2d(1, 1, kernel_size=1, padding_mode="zeros")'


def test_texts_are_literals_whatever_they_hold() -> None:
    for value in ('"', "'", "\\", "a\nb", "\u2028", "猫 '\"\\", ""):
        assert eval(text(value)) == value
