"""Each fault is found, at its place; sound projects have none; each mend mends what it is offered for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.base import texts
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits, mends
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Problem, Severity, declared
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import (
    Connection,
    DatasetSpec,
    LayerGroup,
    LayerSpec,
    LossSpec,
    Output,
    ProjectSpec,
    StageSpec,
    TaskGroup,
    TaskSpec,
)
from tests.project.building import assert_sound, project, projects
from tests.project.golden import GOLDEN
from tests.project.test_edits_sharing import sketch


def net(**changes: Callable[[Any], Any]) -> ProjectSpec:
    """The sketch with some of its network's lists changed."""
    spec = sketch()
    network = replace(
        spec.network, **{name: tuple(change(getattr(spec.network, name))) for name, change in changes.items()}
    )
    return spec.with_network(network)


def relayer(layer_id: str, **changes: Any) -> ProjectSpec:
    return net(layers=lambda layers: [replace(i, **changes) if i.id == layer_id else i for i in layers])


def rewire(*more: Connection) -> ProjectSpec:
    return net(connections=lambda connections: [*connections, *more])


def task(**changes: Any) -> ProjectSpec:
    return replace(sketch(), tasks=(replace(sketch().tasks[0], **changes), *sketch().tasks[1:]))


def rows(*groups: TaskGroup) -> ProjectSpec:
    return replace(sketch(), task_groups=groups)


def lanes(*more: Connection, output: Output | None = None) -> ProjectSpec:
    """A layer between tasks a and b, then c; with something wrong."""
    spec = project({task: f"image s_{task} head_{task}" for task in "abc"})
    spec, _ = edits.insert_crossing(spec, "stitch", "Stitch", {t: Connection(f"s_{t}", f"head_{t}") for t in "ab"})
    outputs = tuple(output if output is not None and o.task == output.task else o for o in spec.network.outputs)
    return spec.with_network(replace(spec.network, connections=(*spec.network.connections, *more), outputs=outputs))


def stages(*planned: StageSpec, **training: Any) -> ProjectSpec:
    return replace(sketch(), training=replace(sketch().training, epochs=10, strategy=planned, **training))


LABELS = FrozenDict(species="s", breed="b", mask="m")
NAN = float("nan")
FAULTS: list[tuple[ProjectSpec, set[tuple[str, str]]]] = [
    (rewire(Connection("up3", "stage2")), {("network.cycle", "layer.stage2")}),
    (rewire(Connection("stage1", "x")), {("network.unknown_layer", "connection.stage1:out->x:in")}),
    (rewire(Connection("x", "up1")), {("network.unknown_layer", "connection.x:out->up1:in")}),
    (rewire(Connection("stage1", "stage2")), {("network.duplicate_connection", "connection.stage1:out->stage2:in")}),
    (
        rewire(Connection("stage1", "image")),
        {("network.into_input", "connection.stage1:out->image:in"), ("network.cycle", "layer.image")},
    ),
    (net(layers=lambda layers: [*layers, layers[-1]]), {("network.duplicate_layer", "layer.head_m")}),
    (
        relayer("stage1", tasks=frozenset({"mask"})),
        {
            ("network.sharing", "layer.stage1"),
            ("network.not_served", "connection.stage1:out->stage2:in"),
        },
    ),
    (relayer("image", tasks=frozenset({"species", "breed", "mask", "ghost"})), {("network.unknown_task", "layer.image")}),
    (
        net(layers=lambda layers: [*layers, LayerSpec("free", "Free", "conv", frozenset())]),
        {
            ("network.dead_layer", "layer.free"),
            ("network.no_tasks", "layer.free"),
            ("network.no_source", "layer.free"),
        },
    ),
    (relayer("image", parameters=FrozenDict(input="radar")), {("network.unknown_input", "layer.image.input")}),
    (relayer("image", parameters=FrozenDict()), {("network.unknown_input", "layer.image.input")}),
    (net(outputs=lambda outputs: [*outputs, Output("mask", "up1")]), {("network.several_outputs", "task.mask")}),
    (net(outputs=lambda outputs: [*outputs, Output("ghost", "up1")]), {
        ("network.output_unknown_task", "task.ghost"),
    }),
    (net(outputs=lambda outputs: [*outputs[:2], Output("mask", "ghost")]), {
        ("network.output_unknown_layer", "task.mask"),
        ("network.sharing", "layer.image"), ("network.sharing", "layer.stage1"),
        ("network.sharing", "layer.stage2"), ("network.sharing", "layer.stage3"),
        *{("network.dead_layer", f"layer.{i}") for i in ("stage4_m", "up3", "up2", "up1", "head_m")},
    }),
    (relayer("stage1", id="Stage 1"), {
        ("project.bad_id", "layer.Stage 1"),
        ("network.no_source", "layer.stage2"),
        ("network.dead_layer", "layer.Stage 1"), ("network.no_source", "layer.Stage 1"),
        ("network.unknown_layer", "connection.image:out->stage1:in"),
        ("network.unknown_layer", "connection.stage1:out->stage2:in"),
        ("network.unknown_layer", "connection.stage1:out->up1:skip"),
        ("network.dead_layer", "layer.image"),
    }),
    (relayer("stage1", name=" "), {("project.no_name", "layer.stage1.name")}),
    (relayer("stage1", learning_rate_factor=-1.0), {("project.negative", "layer.stage1.learning_rate_factor")}),
    (relayer("stage1", learning_rate_factor=NAN), {("project.not_finite", "layer.stage1.learning_rate_factor")}),
    (relayer("stage1", parameters=FrozenDict(p=(1.0, NAN))), {("project.not_finite", "layer.stage1.p[1]")}),
    (replace(sketch(), tasks=(*sketch().tasks, sketch().tasks[0])), {("project.duplicate_id", "task.species")}),
    (task(loss_weight=-1.0), {("project.negative", "task.species.loss_weight")}),
    (task(loss_weight=NAN), {("project.not_finite", "task.species.loss_weight")}),
    (task(losses=(LossSpec("a", -1.0),)), {("project.negative", "task.species.losses[0].weight")}),
    (task(weight_schedule=((5.0, 1.0), (5.0, 2.0))), {("project.schedule", "task.species.weight_schedule")}),
    (task(colour="red"), {("project.colour", "task.species.colour")}),
    (edits.set_loss_weights(sketch(), dict.fromkeys(sketch().task_ids, 0)), {("project.no_weight", "training.loss_weight")}),
    (replace(sketch(), data=replace(sketch().data, image_size=-5)), {("project.setting", "data.image_size")}),
    (replace(sketch(), data=replace(sketch().data, colour=NAN)), {("project.setting", "data.colour")}),
    (replace(sketch(), data=replace(sketch().data, val_fraction=0.6, test_fraction=0.4)), {
        ("project.split", "data.val_fraction"),
    }),
    (replace(sketch(), training=replace(sketch().training, batch_size=0, clip_norm=-1.0)), {
        ("project.setting", "training.batch_size"), ("project.setting", "training.clip_norm"),
    }),
    (replace(sketch(), training=replace(sketch().training, optimizer=MethodSpec("a", FrozenDict(lr=NAN)))), {
        ("project.not_finite", "training.optimizer.lr"),
    }),
    (replace(sketch(), training=replace(sketch().training, best="ghost.accuracy")), {("project.best", "training.best")}),
    (replace(sketch(), inputs=(replace(sketch().inputs[0], channels=0),)), {("project.channels", "input.image.channels")}),
    (replace(sketch(), datasets=(DatasetSpec("d", "D", "x", targets=FrozenDict(species="s", ghost="g", mask="m")),)), {
        ("project.target", "dataset.d.targets"), ("project.unlabelled", "task.breed"),
    }),
    (net(groups=lambda groups: [LayerGroup("g", "G", ("stage1", "x")), LayerGroup("h", "H", ("stage1", "stage2"))]), {
        ("network.group_layer", "group.g"), ("network.group_overlap", "group.h"),
    }),
    (net(groups=lambda groups: [LayerGroup("g", "G", ()), LayerGroup("g", "G", ("up1",))]), {
        ("network.group_empty", "group.g"), ("network.group_id", "group.g"),
    }),
    (rows(TaskGroup("g", "G", ("species", "x")), TaskGroup("h", "H", ("species",)), TaskGroup("i", "I", ())), {
        ("project.task_group_task", "task_group.g"), ("project.task_group_overlap", "task_group.h"),
        ("project.task_group_empty", "task_group.i"),
    }),
    (rows(TaskGroup("g", "G", ("species", "mask"))), {("project.task_group_apart", "task_group.g")}),
    (rows(TaskGroup("g", " ", ("mask",)), TaskGroup("g", "G", ("breed",))), {
        ("project.duplicate_id", "task_group.g"), ("project.no_name", "task_group.g.name"),
    }),
    (replace(sketch(), inputs=(replace(sketch().inputs[0], type="sound"),)), {("project.input_type", "input.image.type")}),
    (replace(sketch(), datasets=(DatasetSpec("d", "D", "x", targets=LABELS, inputs=FrozenDict(radar="r")),)), {
        ("project.input", "dataset.d.inputs"),
    }),
    (lanes(Connection("s_c", "stitch", "out", "task:c")), {
        ("network.lane_not_served", "connection.s_c:out->stitch:task:c"),
    }),
    (lanes(Connection("stitch", "head_b", "task:a", "skip")), {
        ("network.lane_mixed", "connection.stitch:task:a->head_b:skip"),
    }),
    (lanes(output=Output("b", "stitch", "task:a")), {
        ("network.lane_output", "task.b"), ("network.dead_layer", "layer.head_b"),
    }),
    (stages(StageSpec(epochs=0, share=NAN, order="up")), {
        ("stages.setting", "training.strategy[0].epochs"), ("stages.setting", "training.strategy[0].share"),
        ("stages.setting", "training.strategy[0].order"),
    }),
    (stages(StageSpec(), StageSpec(tasks=("mask", "ghost"), old_tasks=("spirit",))), {
        ("stages.task", "training.strategy[1].tasks"), ("stages.task", "training.strategy[1].old_tasks"),
    }),
    (stages(StageSpec(trains="layers", layers=("stage1", "cellar"))), {("stages.layer", "training.strategy[0].layers")}),
    (stages(StageSpec(trains="layers")), {("stages.nothing_trained", "training.strategy[0].trains")}),
    (stages(StageSpec(distillation=1.0)), {("stages.no_teacher", "training.strategy[0].distillation")}),
    (stages(StageSpec(epochs=8), StageSpec(epochs=4)), {("stages.too_long", "training.strategy")}),
    (stages(StageSpec(epochs=8), StageSpec(epochs=1)), {("stages.too_short", "training.strategy")}),
    (stages(StageSpec(epochs=10), StageSpec()), {("stages.no_epoch", "training.strategy[1].epochs")}),
    (replace(stages(StageSpec(tasks=("species",))), tasks=task(state="frozen").tasks), {
        ("stages.no_task", "training.strategy[0].tasks"),
    }),
    (task(state="asleep", patience=0), {
        ("project.task_state", "task.species.state"), ("project.task_patience", "task.species.patience"),
    }),
    (ProjectSpec("p"), {("project.no_tasks", "project")}),
    (ProjectSpec("p", tasks=(TaskSpec("a", "A", "depth"),)), {("network.no_output", "task.a")}),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_each_fault_is_found_where_it_is_and_no_other(spec: ProjectSpec, expected: set[tuple[str, str]]) -> None:
    found = check_structure(spec)
    if any(code == "network.cycle" for code, _ in expected):  # any layer of the circle may be named
        found = [
            replace(p, place=replace(p.place, id=_of(expected))) if p.code == "network.cycle" else p for p in found
        ]
    assert {(problem.code, str(problem.place)) for problem in found} == expected
    severities = [list(Severity).index(problem.severity) for problem in found]
    assert severities == sorted(severities)


def _of(expected: set[tuple[str, str]]) -> str:
    return next(place.removeprefix("layer.") for code, place in expected if code == "network.cycle")


def test_sound_projects_have_no_problems() -> None:
    assert check_structure(sketch()) == []
    assert check_structure(GOLDEN) == []


def test_every_structural_code_is_seen_by_these_tests() -> None:
    seen = {code for _, expected in FAULTS for code, _ in expected} | {"network.port_taken"}
    assert {code for code in declared() if code.startswith(("network.", "project.", "stages."))} >= seen
    own = {code for code in _codes_of_project() if not code.startswith("file.")}
    assert own == seen


def _codes_of_project() -> set[str]:
    from mtlstudio.project import check, check_network, check_stages

    names = [
        value
        for room in (check, check_network, check_stages)
        for value in vars(room).values()
        if isinstance(value, str)
    ]
    return {name for name in names if name in declared()}


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_every_problem_has_its_words_in_every_language(spec: ProjectSpec, expected: object) -> None:
    for language in texts.LANGUAGES:
        texts.set_language(language)
        for problem in check_structure(spec):
            assert problem.text() and "{" not in problem.line()
            assert problem.fix_text() or problem.code in ("project.no_name",)


def test_doubles_on_a_port_that_takes_one_are_found_where_that_is_known() -> None:
    spec = rewire(Connection("stage2", "stage4"))
    assert check_structure(spec) == []
    found = check_structure(spec, variadic=lambda layer, port: False)
    assert [(p.code, str(p.place)) for p in found] == [("network.port_taken", "layer.stage4.in")]
    assert check_structure(spec, variadic=lambda layer, port: layer.id == "stage4") == []


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_a_mend_mends_its_problem_and_makes_no_other(spec: ProjectSpec, expected: object) -> None:
    for problem in check_structure(spec):
        mend = mends.mend_of(problem)
        assert (mend is None) == (not problem.mend)
        if mend is not None:
            assert mend.label
            after = check_structure(mend.apply(spec, problem))
            assert (problem.code, problem.place) not in [(p.code, p.place) for p in after]


def test_all_mends_together_leave_nothing_that_can_be_mended() -> None:
    spec = rewire(Connection("x", "up1"), Connection("stage1", "stage2"))
    spec = replace(spec, data=replace(spec.data, image_size=-1), training=replace(spec.training, best="no.no"))

    def offered(spec: ProjectSpec) -> list[Problem]:
        return [problem for problem in check_structure(spec) if problem.mend]

    for _ in range(10):
        for problem in offered(spec)[:1]:
            mend = mends.mend_of(problem)
            assert mend is not None
            spec = mend.apply(spec, problem)
    assert spec == sketch()


def test_mends_have_ids_of_their_own() -> None:
    with pytest.raises(ValueError, match="already"):
        mends.add(mends.mends()[0])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(projects(), st.data())
def test_whatever_nonsense_a_file_holds_checking_never_raises_and_mending_works(
    spec: ProjectSpec, data: st.DataObject
) -> None:
    ids = [layer.id for layer in spec.network.layers] + ["ghost"]
    wires = st.builds(Connection, st.sampled_from(ids), st.sampled_from(ids))
    ends = st.builds(Output, st.sampled_from([*spec.task_ids, "ghost"]), st.sampled_from(ids))
    network = replace(
        spec.network,
        layers=tuple(
            replace(layer, tasks=frozenset(data.draw(st.sets(st.sampled_from(["t0", "t1", "ghost"])))))
            for layer in spec.network.layers
        ),
        connections=(*spec.network.connections, *data.draw(st.lists(wires, max_size=3))),
        outputs=(*spec.network.outputs, *data.draw(st.lists(ends, max_size=2))),
    )
    broken = spec.with_network(network)
    codes = {problem.code for problem in check_structure(broken)}
    if not codes & {"network.cycle", "network.unknown_layer", "network.several_outputs", "network.output_unknown_task",
                    "network.output_unknown_layer", "network.into_input"}:  # fmt: skip
        assert_sound(edits.replace_network(broken, network))
