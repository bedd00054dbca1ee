"""Every problem of the room can happen, is told at its layer in plain words, and where a mend is named it mends."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network import refusals
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.layers.convolution import Convolution
from mtlstudio.network.mends import MENDS
from mtlstudio.network.patterns import Sketch
from mtlstudio.network.refusals import Refusal
from mtlstudio.project.lanes import lane
from mtlstudio.project.mends import mend_of
from mtlstudio.project.problems import Problem, declared
from mtlstudio.project.spec import Connection, Output, ProjectSpec


def chain(drawn: Sketch, *parts: tuple[str, dict[str, object]], head: bool = True) -> ProjectSpec:
    """Layers in a row for the first task, the broken one called "Broken"; with the task's default head or none."""
    after = drawn.input()
    for type_, parameters in parts:
        after = drawn.add(type_, "Broken", after, **parameters)
    task = drawn.spec.tasks[0]
    if head:
        drawn.head(task, after)
    else:
        drawn.outputs.append(Output(task.id, after))
    return drawn.spec.with_network(drawn.network())


def joined(drawn: Sketch, type_: str, *branches: tuple[str, dict[str, object]], head: bool = True) -> ProjectSpec:
    """Branches from the input that meet in one layer called "Broken"."""
    picture = drawn.input()
    ends = [drawn.add(branch, f"Branch {branch}", picture, **parameters) for branch, parameters in branches]
    meet = drawn.add(type_, "Broken")
    drawn.connections += [Connection(end, meet) for end in ends]
    if head:
        drawn.head(drawn.spec.tasks[0], meet)
    return drawn.spec.with_network(drawn.network())


def rewired(spec: ProjectSpec, old: Connection, new: Connection | None) -> ProjectSpec:
    connections = [new if connection == old else connection for connection in spec.network.connections]
    kept = tuple(connection for connection in connections if connection is not None)
    return spec.with_network(replace(spec.network, connections=kept))


def bypassed_input(drawn: Sketch) -> ProjectSpec:
    spec = chain(drawn)
    layers = tuple(replace(layer, bypassed=layer.type == "input") for layer in spec.network.layers)
    return spec.with_network(replace(spec.network, layers=layers))


def unconnected(drawn: Sketch) -> ProjectSpec:
    spec = chain(drawn, ("unet_decoder", {}))
    return rewired(spec, Connection("image", "broken"), Connection("image", "broken", target_port="skip"))


def wrong_task_type(drawn: Sketch) -> ProjectSpec:
    spec = chain(drawn, head=True)
    return replace(spec, tasks=tuple(replace(task, type="nonsense") for task in spec.tasks))


def lanes_of_different_shapes(drawn: Sketch) -> ProjectSpec:
    stitch, picture = drawn.add("cross_stitch", "Broken"), drawn.input()
    for task, channels in zip(drawn.spec.tasks, (4, 8), strict=True):
        drawn.join(drawn.add("convolution", task.name, picture, out_channels=channels), stitch, lane(task.id))
        drawn.head(task, stitch, lane(task.id))
    return drawn.spec.with_network(drawn.network())


MIXED = (("global_pool", {}), ("convolution", {"out_channels": 3}))
CASES: dict[str, tuple[str, Callable[[Sketch], ProjectSpec]]] = {
    refusals.UNKNOWN_LAYER_TYPE: ("kind", lambda d: chain(d, ("nonsense", {}))),
    refusals.WRONG_PARAMETER: ("kind", lambda d: chain(d, ("convolution", {"norm": "batsch"}))),
    refusals.UNKNOWN_PARAMETER: ("kind", lambda d: chain(d, ("convolution", {"kernal_size": 3}))),
    refusals.UNKNOWN_TASK_TYPE: ("kind", wrong_task_type),
    refusals.UNKNOWN_INPUT_PORT: (
        "kind",
        lambda d: rewired(
            chain(d, ("norm", {})), Connection("image", "broken"), Connection("image", "broken", target_port="side")
        ),
    ),
    refusals.UNKNOWN_OUTPUT_PORT: (
        "kind",
        lambda d: rewired(chain(d, ("norm", {})), Connection("image", "broken"), Connection("image", "broken", "left")),
    ),
    refusals.NOT_CONNECTED: ("mask", unconnected),
    refusals.BYPASSED_INPUT: ("kind", bypassed_input),
    refusals.NEEDS_MAP: ("kind", lambda d: chain(d, ("global_pool", {}), ("convolution", {}))),
    refusals.NEEDS_VECTOR: ("kind", lambda d: chain(d, ("fully_connected", {}), ("linear_head", {}), head=False)),
    refusals.NEEDS_SEQUENCE: ("word", lambda d: chain(d, ("recurrent", {}), ("sequence_head", {}), head=False)),
    refusals.KERNEL_TOO_LARGE: ("kind", lambda d: chain(d, ("max_pool", {"kernel_size": 40}))),
    refusals.GROUPS: ("kind", lambda d: chain(d, ("convolution", {"groups": 2}))),
    refusals.EVEN_KERNEL: ("kind", lambda d: chain(d, ("transposed_convolution", {"kernel_size": 4, "stride": 1}))),
    refusals.PADDING_TOO_LARGE: ("kind", lambda d: chain(d, ("avg_pool", {"kernel_size": 3, "padding": 2}))),
    refusals.NORM_OF_ONE: ("kind", lambda d: chain(d, ("convolution", {"stride": 32, "norm": "instance"}))),
    refusals.SHAPES_DIFFER: (
        "kind", lambda d: joined(d, "add", ("norm", {}), ("convolution", {"out_channels": 4})),
    ),
    refusals.LANES_DIFFER: ("kind mask", lanes_of_different_shapes),
    refusals.SIZES_DIFFER: (
        "kind", lambda d: joined(d, "concatenate", ("norm", {}), ("max_pool", {}), ("max_pool", {"kernel_size": 4})),
    ),
    refusals.MIXED_INPUTS: ("kind", lambda d: joined(d, "concatenate", *MIXED)),
    refusals.TOO_SMALL: ("kind", lambda d: chain(d, ("max_pool", {}), ("resnet", {}))),
    refusals.NOT_DIVISIBLE: ("kind", lambda d: chain(d, ("vit", {"variant": "vit_h_14"}))),
    refusals.CHANNELS_FOR_WEIGHTS: (
        "kind", lambda d: chain(d, ("convolution", {"out_channels": 8}), ("resnet", {"weights": "imagenet"})),
    ),
    refusals.NO_WEIGHTS_FILE: ("kind", lambda d: chain(d, ("resnet", {"weights": "file"}))),
    refusals.HEAD_WITHOUT_TASK: ("mask", lambda d: chain(d, ("dense_head", {}))),
    refusals.OUTPUT_NEEDS_VECTOR: ("kind", lambda d: chain(d, ("convolution", {}), head=False)),
    refusals.OUTPUT_NEEDS_MAP: ("mask", lambda d: chain(d, ("global_pool", {}), head=False)),
    refusals.OUTPUT_NEEDS_SEQUENCE: ("word", lambda d: chain(d, ("convolution", {}), head=False)),
    refusals.OUTPUT_CHANNELS: (
        "kind", lambda d: chain(d, ("global_pool", {}), ("fully_connected", {"out_features": 10}), head=False),
    ),
    refusals.OUTPUT_STEPS: ("word", lambda d: chain(d, ("max_pool", {"kernel_size": 8}))),
    refusals.OUTPUT_SIZE: ("mask", lambda d: chain(d, ("convolution", {"out_channels": 3, "stride": 4}), head=False)),
}  # fmt: skip
ELSEWHERE = {refusals.REFUSED, refusals.CANNOT_BUILD}
OWN = {value for name, value in vars(refusals).items() if name.isupper()}


MORE: dict[str, tuple[str, str, Callable[[Sketch], ProjectSpec]]] = {
    "few places are flattened": (
        refusals.NEEDS_VECTOR, "insert_flatten",
        lambda d: chain(d, ("max_pool", {"kernel_size": 8}), ("fully_connected", {}), ("linear_head", {}), head=False),
    ),
    "a sequence is pooled for a vector": (
        refusals.NEEDS_VECTOR, "insert_global_pool",
        lambda d: chain(d, ("to_sequence", {}), ("linear_head", {}), head=False),
    ),
    "a sequence is pooled for a vector task": (
        refusals.OUTPUT_NEEDS_VECTOR, "append_head", lambda d: chain(d, ("to_sequence", {}), head=False),
    ),
    "nothing makes a map of a sequence": (
        refusals.NEEDS_MAP, "", lambda d: chain(d, ("to_sequence", {}), ("convolution", {})),
    ),
}  # fmt: skip
"""Other cases of some codes: code, mend, network of the task `kind`."""
OF_SEQUENCES: dict[str, tuple[str, str, Callable[[Sketch], ProjectSpec]]] = {
    "nothing makes a sequence of a vector": (
        refusals.NEEDS_SEQUENCE, "", lambda d: chain(d, ("global_pool", {}), ("recurrent", {}), head=False),
    ),
    "a vector is no sequence for a task": (
        refusals.OUTPUT_NEEDS_SEQUENCE, "", lambda d: chain(d, ("global_pool", {}), head=False),
    ),
    "a sequence of other channels gets a head": (
        refusals.OUTPUT_CHANNELS, "append_head",
        lambda d: chain(d, ("to_sequence", {}), ("recurrent", {}), head=False),
    ),
}  # fmt: skip
"""The same of the task `word`."""


def errors(spec: ProjectSpec) -> list[Problem]:
    return list(analyze(spec, Memo()).errors)


def test_each_code_has_its_case() -> None:
    assert set(CASES) | ELSEWHERE == OWN


@pytest.mark.parametrize("code", CASES)
def test_is_the_only_error_and_reads_well(sketch, code) -> None:
    task, case = CASES[code]
    found = errors(case(sketch(*task.split())))
    assert [problem.code for problem in found] == [code]
    text = f"{found[0].text()} {found[0].fix_text()}"
    assert not re.search(r"[{}…]", text) and text.endswith(".")
    assert found[0].place.kind in ("layer", "task")


@pytest.mark.parametrize("code", CASES)
def test_the_mend_that_is_named_mends(sketch, code) -> None:
    task, case = CASES[code]
    spec = case(sketch(*task.split()))
    problem = errors(spec)[0]
    if problem.mend:
        mend = mend_of(problem)
        assert mend is not None
        assert errors(mend.apply(spec, problem)) == []


@pytest.mark.parametrize("name", [*MORE, *OF_SEQUENCES])
def test_kinds_that_do_not_fit_are_told_and_mended_where_they_can_be(sketch, name) -> None:
    code, mend, case = (MORE | OF_SEQUENCES)[name]
    spec = case(sketch("word" if name in OF_SEQUENCES else "kind"))
    (problem,) = errors(spec)
    assert (problem.code, problem.mend) == (code, mend)
    if found := mend_of(problem):
        assert errors(found.apply(spec, problem)) == []


def test_each_mend_is_named_by_some_problem(sketch) -> None:
    named = {errors(case(sketch(*task.split())))[0].mend for task, case in CASES.values()} | {
        mend for _, mend, _ in MORE.values()
    }
    assert {mend.id for mend in MENDS} <= named


def test_a_layer_may_refuse_in_words_of_its_own_or_fail(sketch, monkeypatch) -> None:
    from mtlstudio.base.errors import StudioError

    def refuse(*_args: object) -> None:
        raise StudioError("not on Sundays", fix="Come again")

    spec = chain(sketch("kind"), ("convolution", {}))
    monkeypatch.setattr(Convolution, "check", refuse)
    assert [problem.text() for problem in errors(spec)] == ["“Broken”: not on Sundays. Come again."]
    monkeypatch.setattr(Convolution, "check", lambda *_args: None)
    monkeypatch.setattr(Convolution, "build", lambda *_args: 1 / 0)
    found = errors(spec)
    assert [problem.code for problem in found] == [refusals.CANNOT_BUILD]
    assert "division by zero" in found[0].text()


def test_upsampling_is_offered_only_where_it_helps(sketch) -> None:
    spec = joined(sketch("kind"), "concatenate", ("max_pool", {"kernel_size": 3}), ("max_pool", {"kernel_size": 2}))
    (problem,) = errors(spec)
    assert problem.code == refusals.SIZES_DIFFER and not problem.mend


def test_an_output_from_a_port_that_is_not_there(sketch) -> None:
    spec = chain(sketch("kind"), ("convolution", {}))
    outputs = tuple(replace(output, port="left") for output in spec.network.outputs)
    (problem,) = errors(spec.with_network(replace(spec.network, outputs=outputs)))
    assert problem.code == refusals.UNKNOWN_OUTPUT_PORT and "left" in problem.text()


def test_a_task_at_fault_does_not_hide_the_rest(sketch) -> None:
    spec = chain(sketch("kind"), ("convolution", {}))
    tasks = tuple(replace(task, parameters=FrozenDict(class_names=7)) for task in spec.tasks)
    analysis = analyze(replace(spec, tasks=tasks), Memo())
    assert analysis.layers["broken"].output_shape == (64, 32, 32)


def test_a_refusal_travels_between_processes() -> None:
    refusal = Refusal(refusals.NEEDS_VECTOR, "insert_global_pool", shape="3 × 4 × 4")
    other = pickle.loads(pickle.dumps(refusal))
    assert (other.code, other.mend, other.text()) == (refusal.code, refusal.mend, refusal.text())


def test_all_codes_are_declared_once_for_all_rooms() -> None:
    assert set(declared()) >= OWN
