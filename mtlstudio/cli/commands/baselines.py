"""`mtlstudio baselines DIR`: did sharing help? Each task alone against the shared network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli import studying
from mtlstudio.cli.interface import Command, print_json, table

if TYPE_CHECKING:
    from mtlstudio.studies.answer import Answer

_SEEDS = 3


class _Baselines(Command):
    id = "baselines"
    summary = mark("did sharing help? Trains each task alone, with the same budget and seeds")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        studying.add_arguments(parser, _SEEDS)

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.studies.plan import baselines
        from mtlstudio.studies.publish import CSV_FILE, HTML_FILE, publish
        from mtlstudio.studies.study import BASELINES
        from mtlstudio.studies.words import answer_json

        spec = studying.spec_of(arguments)
        folder: Path = arguments.folder.resolve()
        if arguments.resume:
            study = studying.named_study(folder, arguments.resume, (BASELINES,))
        else:
            study = studying.folder_for(folder, baselines(spec, folder, arguments.seeds), arguments.again)
        done = studying.work(study, arguments.json)
        answer = publish(study)
        report = study.path / HTML_FILE
        if arguments.json:
            status = {"status": study.status(), "report": report, "csv": study.path / CSV_FILE}
            print_json({**answer_json(answer), **status})
        else:
            _print(answer)
            print(tr("Report: {path}", path=report))
        return 0 if done else 1


def _print(answer: Answer) -> None:
    from mtlstudio.studies.words import (
        PER_METRIC,
        PER_TASK,
        VERDICTS,
        between,
        environment_line,
        headline,
        mean_sd,
        method_line,
        number,
        percent_sd,
        task_sentence,
    )

    print()
    print(headline(answer))
    for task in answer.tasks:
        print(f"  {task_sentence(task)}")
    print()
    rows = [
        [task.name, tr(metric.name), mean_sd(metric.shared), mean_sd(metric.alone),
         between(metric.difference, as_percent=False), percent_sd(metric.gain), tr(VERDICTS[metric.verdict])]
        for task in answer.tasks for metric in task.metrics
    ]  # fmt: skip
    header = [tr("Task"), tr("Metric"), tr("Shared"), tr("Alone"), tr("Difference"), tr("Gain"), tr("Verdict")]
    print(table(rows, header))
    print()
    print(f"{tr(PER_TASK)}: {percent_sd(answer.per_task)} [{between(answer.per_task)}]")
    print(f"{tr(PER_METRIC)}: {percent_sd(answer.per_metric)} [{between(answer.per_metric)}]")
    for name, costs in ((tr("Shared"), answer.shared), (tr("Separate, together"), answer.separate)):
        seconds = number(costs.seconds.mean if costs.seconds else None)
        values = {"name": name, "parameters": costs.parameters, "macs": costs.macs / 1e6, "seconds": seconds}
        print(tr("{name}: {parameters:,} parameters, {macs:,.2f} M MACs, {seconds} s of training", **values))
    print(method_line(answer))
    for note in answer.notes:
        print(f"  {note.text}")
    print(environment_line(answer))


COMMAND = _Baselines()
