"""A robot that does at random whatever the edits can do, sensible or not, and says what must hold afterwards.

By hand: `python -m tests.project.robot 10000` (seeds after the number, if wanted).
"""

from __future__ import annotations

import inspect
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.codec import from_json, to_json
from mtlstudio.project.history import History
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import (
    Connection,
    DatasetSpec,
    InputSpec,
    MethodSpec,
    Output,
    ProjectSpec,
    StageSpec,
    TaskSpec,
)
from tests.project.building import assert_sound, functions, project, stitched
from tests.project.hand import Hand

Edit = Callable[[Hand], ProjectSpec]

NO_EDITS = {"EditRefused", "Fragment", "SplitPosition", "extract", "split_positions", "suggest_task_groups"}
"""What `edits` has besides edits; the robot uses them too."""

LARGE = 60


def _replaced(hand: Hand) -> ProjectSpec:
    """The network with its layers in another order."""
    network = hand.spec.network
    layers = hand.random.sample(network.layers, len(network.layers))
    return edits.replace_network(hand.spec, replace(network, layers=tuple(layers)))


def _datasets(hand: Hand) -> dict[str, Any]:
    return {
        "targets": {task: "t" for task in hand.tasks if task in hand.spec.task_ids},
        hand.any(["path"], "nope"): "x",
    }


EDITS: dict[str, Edit] = {
    "add_dataset": lambda h: edits.add_dataset(h.spec, DatasetSpec(f"d{h.number}".replace("-", "m"), "D", "folders")),
    "add_input": lambda h: edits.add_input(h.spec, h.name, h.any(["image", "map"], "sound"), h.random.randint(0, 4))[0],
    "add_input_layer": lambda h: edits.add_input_layer(h.spec, h.input)[0],
    "add_layer": lambda h: edits.add_layer(h.spec, h.type, h.name, h.parameters, h.tasks)[0],
    "add_stage": lambda h: edits.add_stage(
        h.spec, StageSpec(h.name, tasks=tuple(sorted(h.tasks)), layers=tuple(h.layers)), h.number if h.coin else None
    ),
    "add_task": lambda h: edits.add_task(h.spec, TaskSpec(h.any([f"n{abs(h.number)}"], "Ü"), h.name, "depth"), h.number),
    "attach_head": lambda h: edits.attach_head(h.spec, h.task, h.layer, [("conv", h.name, {}), ("head", "H", {})])[0],
    "connect": lambda h: edits.connect(h.spec, h.connection, variadic=h.coin, replace=h.coin),
    "delete_layers": lambda h: edits.delete_layers(h.spec, h.neighbours if h.coin else h.layers),
    "disconnect": lambda h: edits.disconnect(h.spec, h.place),  # type: ignore[arg-type]
    "duplicate": lambda h: edits.duplicate(h.spec, h.neighbours if h.coin else h.layers)[0],
    "each_its_own": lambda h: edits.each_its_own(h.spec, h.some_of[0]),
    "extend_crossing": lambda h: edits.extend_crossing(h.spec, h.any(_crossing(h.spec), h.layer), *_way(h)),
    "fold_group": lambda h: edits.fold_group(h.spec, h.group, h.coin),
    "fold_tasks": lambda h: edits.fold_tasks(h.spec, h.task_group, h.coin),
    "freeze_up_to": lambda h: edits.freeze_up_to(h.spec, h.layer, h.coin),
    "group_layers": lambda h: edits.group_layers(h.spec, h.neighbours if h.coin else h.layers, h.name)[0],
    "group_tasks": lambda h: edits.group_tasks(h.spec, h.tasks, h.name)[0],
    "insert_after": lambda h: edits.insert_after(
        h.spec, h.layer, h.type, h.name, h.parameters, None if h.coin else h.tasks, port=h.port if h.coin else None
    )[0],
    "insert_crossing": lambda h: edits.insert_crossing(h.spec, h.type, h.name, h.ways, h.parameters)[0],
    "insert_on_connection": lambda h: edits.insert_on_connection(
        h.spec, h.place, h.type, h.name, h.parameters, None if h.number else h.tasks
    )[0],
    "move_layer": lambda h: edits.move_layer(h.spec, h.layer, h.place),
    "move_stage": lambda h: edits.move_stage(h.spec, h.stage, h.number),
    "move_task": lambda h: edits.move_task(h.spec, h.task, h.number),
    "move_task_group": lambda h: edits.move_task_group(h.spec, h.task_group, h.number),
    "paste": lambda h: edits.paste(h.spec, h.fragment(h.neighbours), h.place)[0],
    "paste_loose": lambda h: edits.paste_loose(h.spec, h.fragment(h.layers), h.tasks)[0],
    "remove_dataset": lambda h: edits.remove_dataset(h.spec, h.dataset),
    "remove_input": lambda h: edits.remove_input(h.spec, h.input),
    "remove_stage": lambda h: edits.remove_stage(h.spec, h.stage),
    "remove_task": lambda h: edits.remove_task(h.spec, h.task),
    "rename_group": lambda h: edits.rename_group(h.spec, h.group, h.name),
    "rename_input": lambda h: edits.rename_input(h.spec, h.input, h.name),
    "rename_layer": lambda h: edits.rename_layer(h.spec, h.layer, h.name),
    "rename_project": lambda h: edits.rename_project(h.spec, h.name),
    "rename_task": lambda h: edits.rename_task(h.spec, h.task, h.name),
    "rename_task_group": lambda h: edits.rename_task_group(h.spec, h.task_group, h.name),
    "replace_layer": lambda h: edits.replace_layer(
        h.spec, h.layer, h.type, h.parameters, h.name if h.coin else None,
        input_ports=("in",) if h.coin else None, output_ports=("out", "wide") if h.coin else None,
    )[0],
    "replace_network": _replaced,
    "set_bypassed": lambda h: edits.set_bypassed(h.spec, h.layers, h.coin),
    "set_data": lambda h: edits.set_data(h.spec, **{h.any(["image_size"], "size"): h.random.choice([32, 64, -1, "x"])}),
    "set_dataset": lambda h: edits.set_dataset(h.spec, h.dataset, **_datasets(h)),
    "set_dataset_input": lambda h: edits.set_dataset_input(h.spec, h.dataset, h.input, "depth" if h.coin else None),
    "set_frozen": lambda h: edits.set_frozen(h.spec, h.layers, h.coin),
    "set_input": lambda h: edits.set_input(h.spec, h.input, **{h.any(["channels"], "chanels"): h.number}),
    "set_learning_rate_factor": lambda h: edits.set_learning_rate_factor(h.spec, h.layers, h.number / 4),
    "set_loss_weights": lambda h: edits.set_loss_weights(h.spec, {h.task: h.number / 2}),
    "set_origin": lambda h: edits.set_origin(h.spec, h.layer, h.layer if h.coin else None),
    "set_output": lambda h: edits.set_output(h.spec, h.task, h.layer, h.any(["out", "out", lane(h.task)], "wide")),
    "set_parameters": lambda h: edits.set_parameters(h.spec, h.layers, c=h.random.randint(1, 2)),
    "set_split_point": lambda h: edits.set_split_point(h.spec, h.any(range(_positions(h.spec) + 1), h.number)),
    "set_stage": lambda h: edits.set_stage(h.spec, h.stage, **{h.any(["epochs"], "time"): h.number}),
    "set_strategy": lambda h: edits.set_strategy(h.spec, h.spec.training.strategy[: h.number]),
    "set_task": lambda h: edits.set_task(h.spec, h.task, colour=h.any(["#123456"], "red")),
    "set_training": lambda h: edits.set_training(h.spec, epochs=h.number, optimizer=h.any([MethodSpec("sgd")], "sgd")),
    "share": lambda h: edits.share(h.spec, h.layer, h.task),
    "share_among": lambda h: edits.share_among(h.spec, h.layer, h.tasks),
    "shift_layer": lambda h: edits.shift_layer(h.spec, h.layer, 1 if h.coin else -1),
    "split_off": lambda h: edits.split_off(h.spec, *h.some_of),
    "start_network": lambda h: edits.start_network(h.spec),
    "tidy_stages": lambda h: edits.tidy_stages(h.spec),
    "swap_layers": lambda h: edits.swap_layers(h.spec, h.layer, h.layer),
    "ungroup": lambda h: edits.ungroup(h.spec, h.group),
    "ungroup_tasks": lambda h: edits.ungroup_tasks(h.spec, h.task_group),
    "unshare": lambda h: edits.unshare(h.spec, h.some_of[0], h.task),
}  # fmt: skip

DESTROYING = (
    "remove_task",
    "delete_layers",
    "disconnect",
    "set_output",
    "remove_input",
    "replace_network",
    "replace_layer",
)
"""Done more rarely than the others: of nothing much can be edited."""

SHRINKING = ("delete_layers", "remove_task", "delete_layers", "remove_input")
CHECKED_VALUES = ("set_data", "set_training", "set_stage")
"""Edits that also refuse values with the words of their declarations."""


def _crossing(spec: ProjectSpec) -> list[str]:
    return sorted({c.target for c in spec.network.connections if c.target_port.startswith("task:")})


def _way(hand: Hand) -> tuple[str, Connection | Output]:
    ways = hand.ways or {hand.task: hand.place}
    return next(iter(ways.items()))


def _positions(spec: ProjectSpec) -> int:
    return len(edits.split_positions(spec))


def worlds() -> list[ProjectSpec]:
    """Projects to start from: lanes and inputs; a tree with skips; tasks without a network; many tasks in groups."""
    tree = project(
        {
            "a": "image s1 s2 s3 s4 pool_a head_a",
            "b": "image s1 s2 s3 s4 pool_b head_b",
            "m": "image s1 s2 s3 s4_m up3 up2 head_m",
        }
    )
    for number in (2, 3):
        tree = edits.connect(tree, Connection(f"s{number}", f"up{number}", "out", "skip"))
    tree, _ = edits.group_layers(tree, ["s1", "s2", "s3"], "Encoder")
    tree = edits.add_dataset(tree, DatasetSpec("d", "D", "folders", targets=FrozenDict(a="a")))
    empty = ProjectSpec(
        "empty",
        inputs=(InputSpec("image", "Image"), InputSpec("depth", "Depth", "map", 1)),
        tasks=(TaskSpec("a", "A", "depth"), TaskSpec("b", "B", "depth")),
    )
    many = project({f"t{number}": f"image s1 s2 head_{number}" for number in range(12)})
    for group in edits.suggest_task_groups(many, least=8):
        many, _ = edits.group_tasks(many, group.tasks, group.name)
    return [stitched(), tree, empty, many]


def text_of(spec: ProjectSpec) -> str:
    """The project's JSON, on one line."""
    return json.dumps(to_json(spec))


def step(random_: random.Random, spec: ProjectSpec, told: Counter[str]) -> ProjectSpec:
    """One edit at random; what is refused leaves the project as it was."""
    name = random_.choice(sorted(EDITS))
    if len(spec.network.layers) > LARGE or len(spec.tasks) > 14:
        name = random_.choice(SHRINKING)
    elif name in DESTROYING and random_.random() < 0.7:
        name = random_.choice(
            ["share", "share_among", "set_split_point", "insert_crossing", "attach_head", "extend_crossing"]
        )
    hand = Hand(random_, spec)
    known = text_of(spec)
    try:
        after = EDITS[name](hand)
    except edits.EditRefused as refusal:
        assert "{" not in refusal.text(), refusal.text()
        told[refusal.message] += 1
        after = spec
    except StudioError as error:
        assert name in CHECKED_VALUES and error.text()
        after = spec
    assert text_of(spec) == known
    told[name] += after is not spec
    try:
        _assert_whole(after)
    except Exception as fault:
        raise AssertionError(f"after {name}: {fault!r}") from fault
    _assert_same_functions(name, spec, after)
    return after


def _assert_same_functions(name: str, before: ProjectSpec, after: ProjectSpec) -> None:
    """Splitting, and moving the split point, change what no task computes, but for layers between tasks that part."""
    if name not in SPLITTING or any(_mixing(spec) for spec in (before, after)):
        return
    known: dict[Any, int] = {}
    then, now = ({task: found for task, (found, _) in functions(spec, known).items()} for spec in (before, after))
    assert now == then, f"{name} changed what is computed"


SPLITTING = ("set_split_point", "split_off", "unshare", "each_its_own")


def _mixing(spec: ProjectSpec) -> bool:
    """Whether a layer between tasks was, or could be, split along with others."""
    crossing = _crossing(spec)
    copied = any(layer.origin in crossing or (layer.id in crossing and layer.origin) for layer in spec.network.layers)
    return copied or any(
        c.target in crossing and not c.target_port.startswith("task:") for c in spec.network.connections
    )


def _assert_whole(spec: ProjectSpec) -> None:
    assert_sound(spec)
    assert from_json(json.loads(text_of(spec)), where="") == spec
    for problem in check_structure(spec):
        assert problem.code not in BROKEN, problem.line()


BROKEN = {
    "network.cycle", "network.duplicate_layer", "network.unknown_task", "network.sharing", "network.not_served",
    "network.lane_not_served", "network.lane_mixed", "network.lane_output", "network.group_layer",
    "network.group_overlap", "network.group_empty", "network.group_id", "network.unknown_layer",
    "network.duplicate_connection", "network.into_input", "network.several_outputs", "network.unknown_input",
    "network.output_unknown_layer", "network.output_unknown_task", "project.duplicate_id", "project.bad_id",
    "project.task_group_task", "project.task_group_overlap", "project.task_group_empty", "project.task_group_apart",
    "project.target", "project.input", "project.no_name",
}  # fmt: skip
"""Problems that no edit of a sound project may make."""


def walk(seed: int, steps: int, told: Counter[str]) -> None:
    """Edits at random; then undoes all that the history holds, finds each state again, and does it all again."""
    random_ = random.Random(seed)
    spec = worlds()[seed % len(worlds())]
    history: History[ProjectSpec] = History(limit=1000)
    states = [text_of(spec)]
    for _ in range(steps):
        after = step(random_, spec, told)
        if after != spec:  # as a document does it
            history.push(spec, after, "edit")
            states.append(text_of(after))
            spec = after
    last = states[-1001:]
    undone = spec
    for expected in reversed(last[:-1]):
        undone = history.undo()
        assert text_of(undone) == expected
    assert history.undo_text is None
    for expected in last[1:]:
        undone = history.redo()
        assert text_of(undone) == expected
    assert undone == spec


def main() -> None:
    """Walks of 250 steps each, and one of 1,250, until so many edits were tried."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seeds = [int(word) for word in sys.argv[2:]] or list(range(max(1, steps // 250)))
    told: Counter[str] = Counter()
    start = time.perf_counter()
    for seed in seeds:
        try:
            walk(seed, 1250 if seed == 0 and steps > 5000 else steps // len(seeds), told)
        except BaseException:
            print(f"seed {seed} failed")
            raise
    seconds = time.perf_counter() - start
    done = sum(told[name] for name in EDITS)
    print(f"{steps} edits tried, {done} done, {seconds:.1f} s")
    print("never done:", ", ".join(name for name in EDITS if not told[name]) or "none")
    for message, count in sorted(told.items(), key=lambda pair: -pair[1]):
        if message not in EDITS:
            print(f"{count:6} {message}")


def missing() -> set[str]:
    """Edits that the robot does not know."""
    public = {name for name in edits.__all__ if inspect.isfunction(getattr(edits, name))}
    return (public - NO_EDITS) ^ set(EDITS)


if __name__ == "__main__":
    main()
