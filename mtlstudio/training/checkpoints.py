"""What is in a checkpoint: the network, and everything that exact resume needs."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.trained import LoadedNetwork, fill, load_network, read_facts
from mtlstudio.runs.checkpoints import BEST, LAST, NETWORK_FILE, TRAINING_FILE, CheckpointInfo, best_of
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training.progress import Progress

if TYPE_CHECKING:
    import torch

    from mtlstudio.training.setup import Parts


_TAMER = mark("Try a lower learning rate or gradient clipping.")


class NotFinite(StudioError):
    """A weight or loss is no number any more."""


def save_checkpoint(run: RunFolder, parts: Parts, progress: Progress) -> tuple[str, ...]:
    """Writes a checkpoint of this moment, whole or not at all, and thins out the older ones.

    Returns:
        Its tags.

    Raises:
        NotFinite: a weight is not finite; nothing is written.
        OSError, StudioError: the system refused.
    """
    tags = tags_of(progress)
    written = tuple(tag for tag, step in tags.items() if step == progress.step)
    if not run.writes:
        return written
    with parts.average.used() if parts.average is not None else nullcontext():
        weights = {
            name: tensor.detach().cpu().contiguous().clone() for name, tensor in parts.network.state_dict().items()
        }
    training = _training_state(run, parts, progress)
    _check_finite(weights, training)
    with run.store.writing(progress.step) as folder:
        (folder / NETWORK_FILE).write_bytes(_network_bytes(weights, parts, progress))
        (folder / TRAINING_FILE).write_bytes(_saved(training))
    run.store.tidy(tags)
    return written


def tags_of(progress: Progress) -> dict[str, int]:
    """Tag -> step, as a run stands after the checkpoint of its last step."""
    tags = {LAST: progress.step}
    if progress.best_step is not None:
        tags[BEST] = progress.best_step
    return {**tags, **{best_of(task): int(step) for task, (_, step) in progress.best_tasks.items()}}


def newest_checkpoint(run: RunFolder) -> tuple[CheckpointInfo | None, dict[str, Any], list[int]]:
    """The newest checkpoint that can be read, what its `training.pt` holds, and the damaged ones that were passed over.

    (None, {}, []) where there is none.

    Raises:
        StudioError: there are some, and all are damaged: nobody wants the run to begin again and its log to be lost.
    """
    damaged: list[int] = []
    for step in reversed(run.store.steps()):
        try:
            info = run.store.find(step)
            return info, _read_training(info), damaged
        except StudioError:
            damaged.append(step)
    if damaged:
        raise StudioError(
            mark("no checkpoint of this run can be read any more"), where=str(run.store.folder),
            fix=mark("Start a new run."),
        )  # fmt: skip
    return None, {}, []


def restore(parts: Parts, info: CheckpointInfo, training: dict[str, Any]) -> Progress:
    """Puts a checkpoint into the parts of a run. Returns where the run stands.

    Raises:
        StudioError: it does not fit the network or the run's methods: the snapshot was changed.
    """
    for name, then in training.get("methods", {}).items():
        now = _methods(parts)[name]
        if now != then:
            raise StudioError(
                mark("the run's {name} is {now}, that of its checkpoint {then}"), where=str(info.path),
                fix=mark("Set it back in run.json, or start a new run from this one (training.start_from)."),
                name=name, now=now, then=then,
            )  # fmt: skip
    fill(parts.network, info.path / NETWORK_FILE)
    try:
        return _restored(parts, training)
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise StudioError(
            mark("this checkpoint does not fit the settings of the run: {reason}"), where=str(info.path),
            fix=mark("Set them back in run.json, or start a new run from this one (training.start_from)."),
            reason=str(error).splitlines()[0] if str(error) else repr(error),
        ) from error  # fmt: skip


def _restored(parts: Parts, training: dict[str, Any]) -> Progress:
    kernels = [{name: group.get(name) for name in ("fused", "foreach")} for group in parts.optimizer.param_groups]
    parts.optimizer.load_state_dict(training["optimizer"])
    for group, own in zip(parts.optimizer.param_groups, kernels, strict=True):
        group.update(own)  # the run may go on on another device
    if training["scaler"]:
        parts.precision.scaler.load_state_dict(training["scaler"])
    parts.balancer.load(training["balancing"])
    if parts.average is not None and training.get("average"):
        kept = training["average"]
        parts.average.load(parts.network.state_dict(), kept["trained"], kept["updates"])
    progress = Progress.from_plain(training["progress"])
    parts.weights.load(progress.weights)
    parts.learning_rate.load(progress.learning_rate)
    return progress


def _methods(parts: Parts) -> dict[str, str]:
    """What the values in a checkpoint are of."""
    settings = parts.spec.training
    return {name: getattr(settings, name).method for name in ("optimizer", "schedule", "balancing")}


def _training_state(run: RunFolder, parts: Parts, progress: Progress) -> dict[str, Any]:
    progress.weights = parts.weights.state()
    progress.learning_rate = parts.learning_rate.state()
    return {
        "format": 1,
        "methods": _methods(parts),
        "progress": progress.as_plain(),
        "log_size": run.log.size(),
        "optimizer": parts.optimizer.state_dict(),
        "scaler": parts.precision.scaler.state_dict(),
        "balancing": parts.balancer.state(),
        "average": _average_state(parts),
    }


def _average_state(parts: Parts) -> dict[str, Any]:
    """Where weights are averaged, the network's file holds the average: those that are trained stand here."""
    if parts.average is None:
        return {}
    trained = {name: tensor.cpu() for name, tensor in parts.average.trained().items()}
    return {"trained": trained, "updates": parts.average.updates}


def _network_bytes(weights: dict[str, torch.Tensor], parts: Parts, progress: Progress) -> bytes:
    import safetensors.torch

    facts = {
        "epoch": progress.epoch,
        "step": progress.step,
        "mean": list(parts.mean),
        "std": list(parts.std),
        "inputs": {name: {"mean": list(mean), "std": list(std)} for name, (mean, std) in parts.inputs.items()},
        "statistics": {task: bound.statistics for task, bound in parts.tasks.items()},
    }
    metadata = {"format": "pt", "epoch": str(progress.epoch), "facts": json.dumps(facts, ensure_ascii=False)}
    return bytes(safetensors.torch.save(weights, metadata))


def _saved(state: dict[str, Any]) -> bytes:
    """As torch saves it; through memory, because torch hides what the disk complains of."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def _read_training(info: CheckpointInfo) -> dict[str, Any]:
    """What `training.pt` holds, if it and the network beside it are of that very step: files can be mixed up by hand."""
    import pickle

    import torch

    path = info.path / TRAINING_FILE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if state["format"] != 1:
            raise ValueError(state["format"])
        steps = {int(state["progress"]["step"]), int(read_facts(info.path / NETWORK_FILE).get("step", info.step))}
        if steps != {info.step}:
            raise ValueError(steps)
        return state
    except (OSError, RuntimeError, EOFError, LookupError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise StudioError(mark("this checkpoint is damaged"), where=str(path)) from error


def _check_finite(weights: dict[str, torch.Tensor], training: dict[str, Any]) -> None:
    import torch

    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise NotFinite(
                mark("the weights of the layer {layer} are no numbers any more (step {step})"),
                fix=_TAMER,
                layer=name.split(".")[1] if name.startswith("layers.") else name,
                step=training["progress"]["step"],
            )
    for tensor in _tensors([training["optimizer"]["state"], training["balancing"], training["average"]]):
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise NotFinite(
                mark("the optimizer's values are no numbers any more (step {step})"),
                fix=_TAMER,
                step=training["progress"]["step"],
            )


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def finite_or_none(value: float) -> float | None:
    """The value; None where it is not finite."""
    return value if math.isfinite(value) else None


__all__ = [
    "LoadedNetwork", "NotFinite", "finite_or_none", "load_network", "newest_checkpoint", "read_facts", "restore",
    "save_checkpoint", "tags_of",
]  # fmt: skip
