"""Did sharing help on the pets? Baselines, equal weights, uncertainty, PCGrad and UPGrad, three seeds each.

python -m tests.benchmarks.pets WORK --data oxford-iiit-pet     trains what is not trained yet (about an hour on two
                                                               cores), then writes docs/pets.md and its report
python -m tests.benchmarks.pets WORK                            writes them anew from what is there
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mtlstudio.base.texts import set_language, tr
from mtlstudio.project import files
from mtlstudio.project.edits import remove_task
from mtlstudio.runs.statistics import Spread, spread
from mtlstudio.studies.answer import Answer
from mtlstudio.studies.folder import StudyFolder, studies_of
from mtlstudio.studies.methods import MethodGain, methods_beside
from mtlstudio.studies.metrics import directions
from mtlstudio.studies.publish import CSV_FILE, HTML_FILE, publish
from mtlstudio.studies.study import BASELINES
from mtlstudio.studies.words import environment_line, headline, method_line, percent, task_sentence

DOCS = Path(__file__).resolve().parents[2] / "docs"
METHODS = "uncertainty,pcgrad,upgrad"
SETTINGS = ("--epochs", "40", "--set", "training.threads=1", "--seeds", "3")
COMMANDS = f"""\
mtlstudio new pets --data oxford-iiit-pet --template unet     # and remove the task "head"
mtlstudio baselines pets {" ".join(SETTINGS)} --set training.balancing.method=equal
mtlstudio sweep pets training.balancing.method={METHODS} {" ".join(SETTINGS)}"""


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--remark", default="", help="a sentence to stand at the end of the page")
    arguments = parser.parse_args()
    project: Path = arguments.work.resolve() / "pets"
    if arguments.data:
        train(project, arguments.data.resolve())
    set_language("en")
    folder = next(study for study in reversed(studies_of(project)) if study.study().kind == BASELINES)
    answer = publish(folder)
    (DOCS / "pets").mkdir(exist_ok=True)
    for name in (HTML_FILE, CSV_FILE):
        shutil.copyfile(folder.path / name, DOCS / "pets" / name)
    (DOCS / "pets.md").write_text(page(answer, folder, arguments.remark), encoding="utf-8")


def train(project: Path, data: Path) -> None:
    """Makes the project if it is not there, and trains both studies as far as they are not trained."""
    if not (project / "project.json").exists():
        _run("new", str(project), "--data", str(data), "--template", "unet")
        files.save(project, remove_task(files.load(project), "head"))
    _run("baselines", str(project), *SETTINGS, "--set", "training.balancing.method=equal")
    _run("sweep", str(project), f"training.balancing.method={METHODS}", *SETTINGS)


def page(answer: Answer, folder: StudyFolder, remark: str = "") -> str:
    """The report as Markdown."""
    methods = methods_beside(folder)
    names = {task.id: task.name for task in answer.tasks}
    lines = [
        "# Did sharing help on the pets?", "",
        f"Three tasks (species, breed, mask) of {answer.pictures} test pictures of the Oxford-IIIT Pet data at 128 px, a "
        "U-Net from scratch, 40 epochs, three seeds. The report as `mtlstudio baselines` writes it: "
        f"[report.html](pets/{HTML_FILE}), [report.csv](pets/{CSV_FILE}).", "",
        *_indented(COMMANDS), "",
        "`python -m tests.benchmarks.pets WORK --data …` does all that and writes this page.", "",
        "## Equal weights against each task alone", "", f"**{headline(answer)}**", "",
        *(f"- {task_sentence(task)}" for task in answer.tasks), "", method_line(answer), "",
        "## Methods, on the test pictures", "", "Mean ± SD over the seeds, best epochs by validation.", "",
        *_measured(answer, methods, folder), "",
        "## Gain over each task alone", "",
        "In per cent, mean ± SD over the seeds, mean over a task's metrics; above 0 is better. Δm in both conventions.", "",
        *_table(
            ["", *names.values(), "Δm per task", "Δm per metric"],
            [[one.label, *(_percent(one.tasks.get(task)) for task in names), _percent(one.per_task),
              _percent(one.per_metric)] for one in methods],
        ), "",
        "## Costs", "",
        f"Shared: {_costs(answer.shared.parameters, answer.shared.macs)}. Separate, together: "
        f"{_costs(answer.separate.parameters, answer.separate.macs)}.", "",
        "## To be kept in mind", "", *(f"- {note.text}" for note in answer.notes),
        *([f"- {remark}"] if remark else []), "", environment_line(answer), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _measured(answer: Answer, methods: Sequence[MethodGain], folder: StudyFolder) -> list[str]:
    """A row per way of training: every metric of every task."""
    wanted = directions(folder.study().project.tasks)
    by_run = {}
    for study in studies_of(folder.project_folder):
        for state in study.states():
            found = study.measured(state.member.id, answer.split) if state.trained else None
            if state.run is not None and found is not None:
                by_run[state.run.id] = found.metrics
    alone = [run for member, run in answer.runs.items() if member.startswith("alone")]
    rows = []
    for label, runs in [("each alone", alone), *((one.label, one.runs) for one in methods)]:
        cells = [
            _spread(spread([by_run.get(run, {}).get(task, {}).get(metric) for run in runs]))
            for task, metrics in wanted.items()
            for metric in metrics
        ]
        rows.append([label, *cells])
    known = {(task.id, metric.id): tr(metric.name) for task in answer.tasks for metric in task.metrics}
    header = [f"{task}: {known[task, metric]}" for task, metrics in wanted.items() for metric in metrics]
    return _table(["", *header], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _spread(found: Spread | None) -> str:
    if found is None:
        return "—"
    return f"{found.mean:.3f}" if found.sd is None else f"{found.mean:.3f} ± {found.sd:.3f}"


def _percent(found: Spread | None) -> str:
    if found is None:
        return "—"
    return percent(found.mean) if found.sd is None else f"{percent(found.mean)} ± {found.sd:.1f}"


def _costs(parameters: int, macs: int) -> str:
    return f"{parameters / 1e6:.2f} M parameters, {macs / 1e6:.0f} M MACs per picture"


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "mtlstudio", *words], check=True)


if __name__ == "__main__":
    main()
