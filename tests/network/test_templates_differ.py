"""The templates really differ, pairwise, and each suits any mix of tasks: analysed, compiled, run and trained a step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
import torch

from mtlstudio.network.analyze import analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.templates import template, templates
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import InputSpec, NetworkSpec, ProjectSpec, TaskSpec

IDS = [item.id for item in templates()]
MIXES: dict[str, tuple[str, ...]] = {
    "vectors and a map": ("kind", "count", "mask"),
    "vectors": ("kind", "labels", "count"),
    "maps": ("mask", "depth"),
    "one": ("labels",),
    "a sequence": ("word", "kind", "mask"),
    "a reconstruction": ("picture", "kind"),
}


def with_two_inputs(spec: ProjectSpec) -> ProjectSpec:
    return replace(spec, inputs=(*spec.inputs, InputSpec("beside", "Beside", "map", 1)))


def twelve(spec: ProjectSpec) -> ProjectSpec:
    """The tasks of a project again and again, under new ids."""
    tasks: list[TaskSpec] = [
        replace(spec.tasks[n % len(spec.tasks)], id=f"task_{n}", name=f"Task {n}") for n in range(12)
    ]
    return replace(spec, tasks=tuple(tasks))


def check(spec: ProjectSpec, template_id: str) -> None:
    spec = spec.with_network(template(template_id).build(spec))
    assert [problem.line() for problem in analyze(spec).errors] == []
    size = spec.data.image_size
    net = compile_network(spec)
    out = net({item.id: torch.randn(2, item.channels, size, size) for item in spec.inputs})
    assert out.keys() == set(spec.task_ids)
    assert all(torch.isfinite(value).all() and value.shape[0] == 2 for value in out.values())
    sum(value.square().mean() for value in out.values()).backward()
    gradients = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    assert gradients and all(torch.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("mix", MIXES)
def test_suits_any_mix_of_tasks(sketch, template_id, mix) -> None:
    check(with_two_inputs(sketch(*MIXES[mix]).spec), template_id)


@pytest.mark.parametrize("template_id", IDS)
def test_suits_twelve_tasks(sketch, template_id) -> None:
    check(twelve(with_two_inputs(sketch("kind", "mask", "word").spec)), template_id)


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("image_size", [96, 224])
def test_gives_no_problem_of_its_own_at_any_size(sketch, template_id, image_size) -> None:
    spec = with_two_inputs(sketch("kind", "count", "mask", "depth", "word", image_size=image_size).spec)
    problems = analyze(spec.with_network(template(template_id).build(spec))).problems
    assert [problem.line() for problem in problems if problem.place.kind in ("layer", "task")] == []


def portrait(network: NetworkSpec) -> Counter[tuple[str, frozenset[str], tuple[str, ...]]]:
    """Who shares a layer of which type that is fed at which ports, whatever names and order."""
    fed = {
        layer.id: sorted(lane_of(c.target_port) or c.target_port for c in network.connections if c.target == layer.id)
        for layer in network.layers
    }
    return Counter((layer.type, layer.tasks, tuple(fed[layer.id])) for layer in network.layers)


def test_any_two_templates_differ_in_who_shares_what_or_in_their_layers(sketch) -> None:
    spec = with_two_inputs(sketch("kind", "labels", "mask", "depth", "word", "picture", image_size=128).spec)
    portraits = {item: portrait(template(item).build(spec)) for item in IDS}
    alike = [(one, other) for one, other in combinations(IDS, 2) if portraits[one] == portraits[other]]
    assert alike == []


def test_a_portrait_sees_names_and_order_no_difference_and_sharing_one(sketch) -> None:
    spec = sketch("kind", "labels").spec
    shared = template("shared").build(spec)
    renamed = replace(shared, layers=tuple(replace(layer, name="?") for layer in reversed(shared.layers)))
    assert portrait(renamed) == portrait(shared)
    layers = tuple(replace(layer, tasks=frozenset({"kind"})) for layer in shared.layers)
    assert portrait(replace(shared, layers=layers)) != portrait(shared)
