"""What else differs between the runs of a study of baselines, so that nothing is credited to the wrong cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mtlstudio.base.texts import tr
from mtlstudio.project.graph import CycleError, crossing
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunInfo
from mtlstudio.runs.summary import RunSummary
from mtlstudio.studies.answer import Note
from mtlstudio.studies.folder import MemberState
from mtlstudio.studies.measured import Measured
from mtlstudio.studies.study import SHARED, Study, alone
from mtlstudio.training.methods import balancing_methods

_FEW_SEEDS = 3

_Runs = Mapping[str, Sequence[tuple[RunInfo, RunSummary]]]
"""Role -> its trained runs."""


def notes(
    study: Study, states: Sequence[MemberState], measured: Mapping[str, Measured], split: str
) -> tuple[Note, ...]:
    """All that differs or limits the answer, the weightiest first.

    Args:
        measured: member id -> what was measured on `split`.
    """
    runs: dict[str, list[tuple[RunInfo, RunSummary]]] = {}
    for state in states:
        if state.trained and state.run is not None:
            runs.setdefault(state.member.role, []).append((state.run.info(), state.run.summary()))
    names = _names(study.project)
    return (
        *_limits(study, split),
        *_lengths(runs, names),
        *_settings(study.project),
        *_surroundings(runs),
        *_pictures(measured),
    )


def environment(study: Study, states: Sequence[MemberState]) -> dict[str, tuple[str, ...]]:
    """What the runs were trained with: name -> all values there are."""
    infos = [state.run.info() for state in states if state.trained and state.run is not None]

    def all_of(get: Callable[[RunInfo], object]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(get(info)) for info in infos if get(info)))

    packages = dict.fromkeys(name for info in infos for name in info.versions)
    return {
        "seeds": tuple(str(seed) for seed in study.seeds),
        **{name: all_of(lambda info, name=name: info.versions.get(name)) for name in packages},  # type: ignore[misc]
        "threads": all_of(lambda info: info.threads),
        "device": all_of(lambda info: info.device),
        "precision": all_of(lambda info: info.precision),
        "platform": all_of(lambda info: info.platform),
        "fingerprint": (study.fingerprint,),
    }


def _limits(study: Study, split: str) -> Iterator[Note]:
    if len(study.seeds) == 1:
        yield Note(
            "one_seed",
            tr("One seed: the intervals speak of the pictures only; another training may say otherwise. Take three."),
        )
    elif len(study.seeds) < _FEW_SEEDS:
        yield Note("few_seeds", tr("Two seeds tell little of the chance of the training: the intervals are wide."))
    if split != "test":
        yield Note(
            "no_test",
            tr("There are no test pictures: this is measured on validation, by which the best epochs were chosen."),
        )
    if study.project.training.strategy:
        yield Note("stages", tr("The shared network is trained in stages, the separate ones throughout."))
    if study.project.training.start_from:
        yield Note(
            "start_from",
            tr(
                "All runs start from the weights of {run}: what its tasks taught it is in the separate networks too.",
                run=study.project.training.start_from,
            ),
        )


def _lengths(runs: _Runs, names: Mapping[str, str]) -> Iterator[Note]:
    """Epochs, steps, best epochs, early stops, λ changed by hand."""
    steps = {role: {summary.steps for _, summary in found} for role, found in runs.items()}
    if len(set().union(*steps.values())) > 1:
        told = _told({role: sorted(found) for role, found in steps.items()}, names)
        yield Note("steps", tr("The runs saw different numbers of steps: {told}.", told=told))
    best = {role: [summary.best_epoch for _, summary in found] for role, found in runs.items()}
    if any(epoch is not None for found in best.values() for epoch in found):
        told = _told(best, names)
        yield Note(
            "best_epochs",
            tr("The shared network has one best epoch for all tasks, each separate one its own: {told}.", told=told),
        )
    unjudged = [
        names.get(role, role) for role, found in runs.items()
        if role != SHARED and any(all(loss is None for loss in summary.val_losses.values()) for _, summary in found)
    ]  # fmt: skip
    if unjudged:
        words = tr("No validation picture has a label of it: alone it is measured after the last epoch: {names}.",
                   names=", ".join(unjudged))  # fmt: skip
        yield Note("unjudged", words)
    early = [names.get(role, role) for role, found in runs.items() if any(s.epochs < s.total_epochs for _, s in found)]
    if early:
        yield Note("early", tr("Stopped early: {names}.", names=", ".join(early)))
    steered = [names.get(role, role) for role, found in runs.items() if any(s.steered for _, s in found)]
    if steered:
        yield Note("steered", tr("λ was changed by hand while training: {names}.", names=", ".join(steered)))
    restated = [names.get(role, role) for role, found in runs.items() if any(s.restated for _, s in found)]
    if restated:
        yield Note(
            "restated", tr("Tasks were muted or frozen by hand while training: {names}.", names=", ".join(restated))
        )


def _settings(spec: ProjectSpec) -> Iterator[Note]:
    """In what the separate networks are trained otherwise by their nature."""
    training = spec.training
    method = {one.id: tr(one.name) for one in balancing_methods()}.get(
        training.balancing.method, training.balancing.method
    )
    weights = ", ".join(f"{task.name} {task.loss_weight:g}" for task in spec.tasks)
    values = {"method": method, "weights": weights}
    yield Note(
        "balancing",
        tr(
            "The shared network balances its losses ({method}; λ: {weights}); a separate one has a single loss.",
            **values,
        ),
    )
    if training.best != "loss":
        task = training.best.partition(".")[0]
        values = {"rule": training.best, "task": _names(spec).get(alone(task), task)}
        yield Note(
            "best_rule",
            tr("Best is judged by {rule} for the shared network and for {task}, by the loss for the others.", **values),
        )
    try:
        between = [spec.network.layer(layer_id).name for layer_id in crossing(spec.network)]
    except CycleError:
        between = []
    if between:
        yield Note(
            "between", tr("Layers between tasks fall away, or serve a single one, in the separate networks: {layers}.",
                          layers=", ".join(sorted(between))),
        )  # fmt: skip


def _surroundings(runs: _Runs) -> Iterator[Note]:
    """Device, precision, threads and versions that are not the same in all runs."""
    infos = [info for found in runs.values() for info, _ in found]
    for name, get in (
        (tr("device"), lambda info: info.device),
        (tr("precision"), lambda info: info.precision),
        (tr("threads"), lambda info: info.threads),
        (tr("versions"), lambda info: ", ".join(f"{k} {v}" for k, v in info.versions.items())),
        (tr("platform"), lambda info: info.platform),
    ):
        found = list(dict.fromkeys(str(get(info)) for info in infos))
        if len(found) > 1:
            yield Note(
                "surroundings", tr("Not the same in all runs: {name} ({values}).", name=name, values="; ".join(found))
            )


def _pictures(measured: Mapping[str, Measured]) -> Iterator[Note]:
    if len({frozenset(one.keys) for one in measured.values()}) > 1:
        yield Note(
            "pictures", tr("Not all runs were measured on the same pictures; the intervals use those that all have.")
        )
    unread = {line for one in measured.values() for line in one.failures}
    if unread:
        yield Note(
            "unread", tr("Not measured, because unreadable: {n}; the first: {line}", n=len(unread), line=min(unread))
        )


def _names(spec: ProjectSpec) -> dict[str, str]:
    """Role -> what it is called."""
    return {SHARED: tr("shared"), **{alone(task.id): task.name for task in spec.tasks}}


def _told(values: Mapping[str, Sequence[object]], names: Mapping[str, str]) -> str:
    return "; ".join(
        f"{names.get(role, role)} {', '.join('—' if one is None else str(one) for one in found)}"
        for role, found in values.items()
    )
