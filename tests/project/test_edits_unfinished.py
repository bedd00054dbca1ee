"""What was begun for a task stays its own while other tasks get their outputs first."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import Connection, ProjectSpec, TaskSpec
from tests.project.building import assert_sound, projects, spans_of

HEAD = [("head", "Head", {})]


def begun() -> tuple[ProjectSpec, str, str, str]:
    """Two tasks, a stage for both, behind it one layer for each; no output. Gives the ids: stage, of a, of b."""
    tasks = tuple(TaskSpec(task, task.upper(), "classification") for task in "ab")
    spec = edits.start_network(ProjectSpec("p", tasks=tasks))
    spec, stage = edits.add_layer(spec, "stage", "Stage", None, ["a", "b"])
    spec = edits.connect(spec, Connection("image", stage))
    own = []
    for task in "ab":
        spec, layer_id = edits.add_layer(spec, "conv", f"Conv {task}", None, [task])
        spec = edits.connect(spec, Connection(stage, layer_id))
        own.append(layer_id)
    return spec, stage, own[0], own[1]


def test_the_first_output_does_not_take_the_other_tasks_branch() -> None:
    spec, stage, a, b = begun()
    spec, (head,) = edits.attach_head(spec, "a", a, HEAD)
    assert spans_of(spec) == {"image": "ab", stage: "ab", a: "a", head: "a", b: "b"}
    assert not [p for p in check_structure(spec) if p.code in ("network.sharing", "network.not_served")]
    assert_sound(spec)
    spec, (other,) = edits.attach_head(spec, "b", b, HEAD)
    assert spans_of(spec)[other] == "b"
    assert not [p for p in check_structure(spec) if p.severity is Severity.ERROR]


def test_a_layer_for_both_stays_for_both() -> None:
    spec, stage, a, _b = begun()
    spec, both = edits.add_layer(spec, "conv", "Both", None, ["a", "b"])
    spec = edits.connect(spec, Connection(stage, both))
    spec, _ids = edits.attach_head(spec, "a", a, HEAD)
    assert spans_of(spec)[both] == "ab"


def test_without_a_branch_of_its_own_a_task_without_output_holds_nothing() -> None:
    spec, stage, a, b = begun()
    spec = edits.delete_layers(spec, [b])
    spec, _ids = edits.attach_head(spec, "a", a, HEAD)
    assert spans_of(spec)[stage] == "a"


def test_a_branch_of_a_task_that_has_its_output_elsewhere_moves() -> None:
    spec, _stage, a, b = begun()
    spec, _ids = edits.attach_head(spec, "a", a, HEAD)
    spec = edits.set_output(spec, "b", a)
    assert spans_of(spec)[a] == "ab"
    assert spans_of(spec)[b] == "b"
    spec = edits.set_output(spec, "b", "image")
    assert spans_of(spec)[b] == "a", "b has its output before the stage: its way leads there no more"


def test_removing_the_unfinished_task_frees_what_it_held() -> None:
    spec, stage, a, b = begun()
    spec, head = edits.attach_head(spec, "a", a, HEAD)
    spec = edits.remove_task(spec, "b")
    assert spans_of(spec) == {"image": "a", stage: "a", a: "a", head[0]: "a"}
    assert b not in spans_of(spec)


def test_splitting_the_stage_leads_the_branch_along() -> None:
    spec, stage, a, b = begun()
    spec, _ids = edits.attach_head(spec, "a", a, HEAD)
    spec = edits.unshare(spec, stage, "b")
    spans = spans_of(spec)
    source = next(c.source for c in spec.network.connections if c.target == b)
    assert source != stage
    assert (spans[stage], spans[source], spans[b]) == ("a", "b", "b")
    assert_sound(spec)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(projects(2))
def test_settling_twice_is_settling_once(spec: ProjectSpec) -> None:
    loose = replace(spec.network, outputs=spec.network.outputs[:1])
    once = settled(loose, spec.task_ids)
    assert settled(once, spec.task_ids) == once
    assert_sound(spec.with_network(once))
