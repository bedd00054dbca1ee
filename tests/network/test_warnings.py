"""What is seldom meant is told, with a mend that removes the warning; sound networks are left alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.propose import propose
from mtlstudio.network import warnings as w
from mtlstudio.network.analyze import analyze
from mtlstudio.network.templates.registry import template, templates
from mtlstudio.project.mends import mend_of
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import Connection, InputSpec, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec

A = frozenset({"a"})
CLASSES = FrozenDict(class_names=("x", "y"))


def chain(*layers: tuple[str, str, dict[str, object]], size: int = 64, batch: int = 16) -> ProjectSpec:
    """A network of one classification task: the picture, these layers one after the other, pool, head."""
    ends = (("pool", "global_pool", {}), ("head", "linear_head", {}))
    all_ = [("image", "input", {"input": "image"}), *layers, *ends]
    made = tuple(LayerSpec(id_, id_.title(), type_, A, FrozenDict(values)) for id_, type_, values in all_)
    ways = tuple(Connection(x[0], y[0]) for x, y in pairwise(all_))
    spec = ProjectSpec("p", tasks=(TaskSpec("a", "Task", "classification", parameters=CLASSES),))
    spec = replace(spec, data=replace(spec.data, image_size=size))
    spec = replace(spec, training=replace(spec.training, batch_size=batch))
    return spec.with_network(NetworkSpec(made, ways, (Output("a", "head"),)))


def conv(id_: str, channels: int, **more: object) -> tuple[str, str, dict[str, object]]:
    return id_, "convolution", {"out_channels": channels, **more}


def found(spec: ProjectSpec, code: str) -> list[Problem]:
    return [problem for problem in analyze(spec).problems if problem.code == code]


SOUND = [conv(f"c{n}", 8 * n, stride=2, kernel_size=5) for n in (1, 2, 3, 4)]

CASES = [
    (w.BOTTLENECK, chain(conv("wide", 64), conv("thin", 4), conv("wider", 64), *SOUND[1:])),
    (w.STRIDE_FOR_NOTHING, chain(*[conv(f"c{n}", 8, stride=2) for n in range(8)])),
    (w.SMALL_BATCH, chain(*SOUND, batch=2)),
    (w.NORM_OF_FEW, chain(*[conv(f"c{n}", 8, stride=2) for n in range(6)], batch=4)),
]


@pytest.mark.parametrize(("code", "spec"), CASES)
def test_a_warning_has_words_and_its_mend_removes_it(code: str, spec: ProjectSpec) -> None:
    problems = found(spec, code)
    assert problems and all(problem.severity is Severity.WARNING for problem in problems)
    assert all("{" not in problem.line() for problem in problems)
    for problem in problems:
        mend = mend_of(problem)
        assert mend is not None
        spec = mend.apply(spec, problem)
    assert not found(spec, code) and not analyze(spec).errors


def test_a_sound_network_has_no_warning() -> None:
    assert analyze(chain(*SOUND)).problems == ()


def test_a_label_from_a_small_part_of_the_picture_is_told() -> None:
    (problem,) = found(chain(conv("only", 8)), w.NARROW_VIEW)
    assert problem.place.id == "a" and problem.values["field"] == 3 and problem.values["size"] == 64


def test_a_single_pixel_that_is_enlarged_again_is_told() -> None:
    spec = chain(*[conv(f"c{n}", 8, stride=2) for n in range(6)], ("up", "upsample", {"scale_factor": 4}))
    assert [problem.place.id for problem in found(spec, w.NO_PLACE_LEFT)] == ["c5"]


def test_stages_that_nothing_uses_are_told() -> None:
    spec = chain(("net", "resnet", {}))
    assert not found(spec, w.UNUSED_STAGES)
    early = tuple(replace(c, source_port="stage3") if c.source == "net" else c for c in spec.network.connections)
    (problem,) = found(spec.with_network(replace(spec.network, connections=early)), w.UNUSED_STAGES)
    assert problem.values["used"] == "stage3"


def test_few_samples_are_told_until_there_is_dropout() -> None:
    spec = chain(*[conv(f"c{n}", 128, stride=2) for n in range(4)])
    reports = analyze(spec).layers
    assert not w.few_samples(spec, reports, {"a": 100_000})
    assert not w.few_samples(spec, reports, {})
    (problem,) = w.few_samples(spec, reports, {"a": 100})
    assert "100 images" in problem.fix_text()
    mend = mend_of(problem)
    assert mend is not None
    after = mend.apply(spec, problem)
    assert [c.target for c in after.network.connections if c.source == "dropout"] == ["head"]
    assert not w.few_samples(after, analyze(after).layers, {"a": 100})


@pytest.mark.parametrize("template_id", [item.id for item in templates()])
def test_no_template_warns_of_itself(template_id: str, tmp_path: Path) -> None:
    spec, chosen = propose("x", [], tmp_path), template(template_id)
    more = tuple(InputSpec(f"depth{n}", "Depth", "map", 1) for n in range(1, chosen.inputs))
    spec = replace(spec, inputs=(*spec.inputs, *more))
    assert analyze(spec.with_network(chosen.build(spec))).problems == ()
