"""`mtlstudio new DIR`: a project from labelled pictures, or from drawn ones that suit the template."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import Command, print_json
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import default_template, template, templates
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec


class _New(Command):
    id = "new"
    summary = mark("make a project from labelled pictures (none given: the sample scenes)")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("the project folder to make"))
        parser.add_argument(
            "--data", type=Path, action="append", default=[], metavar="PATH", help=tr("a folder of labelled pictures")
        )
        parser.add_argument("--template", metavar="ID", help=tr("the network to start from (mtlstudio templates)"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        folder: Path = arguments.folder
        if (folder / files.PROJECT_FILE).exists():
            raise StudioError(mark("there is a project already"), where=str(folder), fix=mark("Choose another folder."))
        if arguments.template is not None:
            _check_template(arguments.template)
        sample = "" if arguments.template is None else template(arguments.template).sample
        spec = propose(folder.resolve().name, [path.resolve() for path in arguments.data], folder.resolve(), sample)
        chosen = arguments.template or default_template(spec)
        spec = spec.with_network(template(chosen).build(spec))
        data = open_data(spec, folder.resolve())
        files.create(folder, spec)
        if arguments.json:
            print_json(_document(folder, spec, data, chosen))
        else:
            _print(folder, spec, data, chosen)
        return 0


def _check_template(asked: str) -> None:
    known = [item.id for item in templates()]
    if asked not in known:
        raise StudioError(
            mark("there is no template {name!r}"), fix=mark("Known: {known}."), name=asked, known=", ".join(known)
        )


def _document(folder: Path, spec: ProjectSpec, data: ProjectData, chosen: str) -> dict[str, object]:
    coverage = data.coverage()
    return {
        "project": folder.resolve(),
        "datasets": [
            {"id": item.id, "name": item.name, "layout": item.layout, "path": item.path} for item in spec.datasets
        ],
        "template": chosen,
        "samples": {split: len(data.items(split)) for split in ("train", "val", "test")},
        "tasks": {
            task.id: {
                "name": task.name,
                "type": task.type,
                "classes": list(task.parameters.get("class_names", ())),
                "labelled": coverage[task.id],
            }
            for task in spec.tasks
        },
        "findings": [finding.as_json() for finding in data.findings],
    }


def _print(folder: Path, spec: ProjectSpec, data: ProjectData, chosen: str) -> None:
    print(tr("Project {folder}", folder=folder))
    for dataset in spec.datasets:
        print(tr("  data set {name}: layout {layout}", name=dataset.name, layout=dataset.layout))
    counts = {split: len(data.items(split)) for split in ("train", "val", "test")}
    print(tr("  pictures: {train} train, {val} val, {test} test", **counts))
    coverage = data.coverage()
    for task in spec.tasks:
        labelled = sum(coverage[task.id].values())
        print(tr("  task {id} ({type}): {labelled} labelled", id=task.id, type=task.type, labelled=labelled))
    for finding in data.findings:
        print(f"  {finding.line()}")
    print(tr("  network: {template}", template=chosen))
    print(tr("Next: mtlstudio train {folder}, or mtlstudio {folder} for the window.", folder=folder))


COMMAND = _New()
