"""`mtlstudio sweep DIR KEY=V1,V2,…`: a grid over any fields, or several seeds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.cli import studying
from mtlstudio.cli.interface import Command, print_json, table

if TYPE_CHECKING:
    from mtlstudio.studies.sweeping import SweepResult


class _Sweep(Command):
    id = "sweep"
    summary = mark("train a grid over any fields of the project, each point with the same seeds")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument(
            "axes", nargs="*", metavar="KEY=V1,V2,…",
            help=tr("a field and its values, such as tasks.mask.loss_weight=0.5,1,2; network.split: where the trunk ends; "
                    "lists in brackets; none: several seeds of the network as it is"),
        )  # fmt: skip
        studying.add_arguments(parser, 1)

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.studies.axes import axis
        from mtlstudio.studies.plan import several_seeds, sweep
        from mtlstudio.studies.study import SEEDS, SWEEP
        from mtlstudio.studies.sweeping import result

        spec = studying.spec_of(arguments)
        folder: Path = arguments.folder.resolve()
        axes = [axis(text) for text in arguments.axes]
        if arguments.resume:
            study = studying.named_study(folder, arguments.resume, (SWEEP, SEEDS))
        else:
            if not axes and arguments.seeds < 2:
                raise StudioError(
                    mark("there is nothing to sweep over"), fix=mark("Name a field with values, or several --seeds.")
                )
            plan = sweep(spec, folder, axes, arguments.seeds) if axes else several_seeds(spec, folder, arguments.seeds)
            study = studying.folder_for(folder, plan, arguments.again)
        done = studying.work(study, arguments.json)
        found = result(study)
        if arguments.json:
            print_json({**found.as_json(), "status": study.status()})
        else:
            _print(found)
        return 0 if done else 1


def _print(found: SweepResult) -> None:
    from mtlstudio.studies.words import mean_sd, number

    tasks = list(dict.fromkeys(task for point in found.points for task in point.val))
    main = {task: next(iter(point.val[task])) for point in found.points for task in point.val}
    rows = [
        [point.label or "—", *(mean_sd(point.val.get(task, {}).get(main[task])) for task in tasks), number(point.score),
         "—" if point.rank is None else str(point.rank), number(point.seconds.mean if point.seconds else None)]
        for point in found.points
    ]  # fmt: skip
    header = [tr("Point"), *(f"{task} {main[task]}" for task in tasks), tr("Score"), tr("Rank"), tr("Training, s")]
    print()
    print(table(rows, header))
    print(tr("Score: {rule}.", rule=found.rule))
    if not found.comparable:
        print(tr("The points were not measured on the same pictures: they are not ranked."))
    if found.best is not None and len(found.points) > 1:
        best = found.points[found.best]
        test = "; ".join(f"{task} {main[task]} {mean_sd(best.test[task].get(main[task]))}" for task in best.test)
        print(tr("Best by validation: {point}. On test: {test}", point=best.label, test=test or "—"))


COMMAND = _Sweep()
