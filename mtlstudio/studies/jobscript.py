"""A job script: the bash that trains a project in several processes, on one machine, on several, or by SLURM. Pure text."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RUNS

ONE, SEVERAL, SLURM = "one", "several", "slurm"
_PORT = 29500
_CORES = 4
"""Asked for per process: one computes (or feeds a GPU), the others read pictures."""

PARAMETERS = (
    Parameter(
        "where", "choice", ONE, mark("Where"), mark("What the script is started on."),
        choices=FrozenDict({ONE: mark("One machine"), SEVERAL: mark("Several machines"), SLURM: mark("SLURM cluster")}),
    ),
    Parameter(
        "run", "text", "", mark("Name of the run"), mark("In small Latin letters and digits, as its folder is called."),
    ),
    Parameter(
        "project", "text", "", mark("Project folder there"), mark("All machines must see it at the same place."),
    ),
    Parameter(
        "device", "choice", "cuda", mark("Trains on"), mark("On GPUs each process takes one of its own."),
        choices=FrozenDict(cuda=mark("GPUs"), cpu=mark("Processors")),
    ),
    Parameter(
        "processes", "int", 2, mark("Processes per machine"), mark("As many as there are GPUs on one."),
        minimum=1, maximum=64,
    ),
    Parameter(
        "nodes", "int", 2, mark("Machines"), minimum=1, maximum=1024, visible_if=("where", (SEVERAL, SLURM)),
    ),
    Parameter(
        "first", "text", "node1", mark("First machine"), mark("Its name or address, as the others reach it."),
        visible_if=("where", (SEVERAL,)),
    ),
    Parameter(
        "port", "int", _PORT, mark("Port"), mark("A free one of the first machine."), minimum=1024, maximum=65535,
        visible_if=("where", (SEVERAL, SLURM)),
    ),
    Parameter(
        "hours", "int", 24, mark("Time limit, in hours"),
        mark("Two minutes before its end the run is stopped with a checkpoint; the same script goes on with it."),
        minimum=1, maximum=1000, visible_if=("where", (SLURM,)),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What a script trains, and where. Fields as in `PARAMETERS`."""

    where: str = ONE
    run: str = ""
    project: str = ""
    device: str = "cuda"
    processes: int = 2
    nodes: int = 2
    first: str = "node1"
    port: int = _PORT
    hours: int = 24

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Job:
        """From the values of a form."""
        return cls(**{item.name: values[item.name] for item in fields(cls) if item.name in values})

    @property
    def machines(self) -> int:
        """How many take part."""
        return 1 if self.where == ONE else self.nodes

    @property
    def all_processes(self) -> int:
        """On all machines together."""
        return self.processes * self.machines


def proposed(spec: ProjectSpec, folder: PurePath, run: str = "") -> dict[str, Any]:
    """Values of the form for a project: `run` is what its next run is to be called."""
    cuda = spec.training.device in ("auto", "cuda")
    return {"run": slug(run or spec.name), "project": str(folder), "device": "cuda" if cuda else "cpu"}


def script(job: Job) -> str:
    """The script, as it is saved; it ends with a line end.

    A run that is there already is resumed, so that the same script can be started again.
    """
    return "\n".join([*_head(job), *_values(job), *_choice(job), *_launch(job), ""])


def share_of(job: Job, batch_size: int) -> tuple[int, int]:
    """The fewest and the most pictures of a batch that one process gets."""
    return batch_size // job.all_processes, -(-batch_size // job.all_processes)


def _head(job: Job) -> list[str]:
    lines = ["#!/usr/bin/env bash"]
    if job.where == SLURM:
        lines += [*_directives(job), ""]
    lines.append(_comment(tr("Processes on each machine: {n}. Machines: {m}.", n=job.processes, m=job.machines)))
    if job.where == SLURM:
        lines.append(_comment(tr("Submit it with: sbatch, then the name of this file.")))
    elif job.where == SEVERAL:
        words = tr("Start it on every machine with its number: 0 on {first}, 1 and so on elsewhere.", first=job.first)
        lines.append(_comment(words))
    else:
        lines.append(_comment(tr("Start it with: bash, then the name of this file.")))
    lines.append(_comment(tr("Python with MTL Studio must be on the path: activate its environment here.")))
    return [*lines, ""]


def _directives(job: Job) -> list[str]:
    return [
        f"#SBATCH --job-name={slug(job.run)}",
        f"#SBATCH --nodes={job.nodes}",
        "#SBATCH --ntasks-per-node=1",
        *([f"#SBATCH --gpus-per-node={job.processes}"] if job.device == "cuda" else []),
        f"#SBATCH --cpus-per-task={job.processes * _CORES}",
        f"#SBATCH --time={job.hours}:00:00",
        "#SBATCH --signal=TERM@120",
        f"#SBATCH --output={slug(job.run)}-%j.log",
    ]


def _values(job: Job) -> list[str]:
    lines = ["set -euo pipefail", ""]
    if job.where == SEVERAL:
        lines.append('NODE=${1:?"the number of this machine, 0 for the first"}')
    lines += [f"PROJECT={shlex.quote(job.project)}", f"RUN={slug(job.run)}", f"PROCESSES={job.processes}"]
    if job.where != ONE:
        lines.append(f"NODES={job.nodes}")
    if job.where == SEVERAL:
        lines.append(f"FIRST={shlex.quote(job.first)}")
    if job.where == SLURM:
        lines.append('FIRST=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)')
    if job.where != ONE:
        lines.append(f"PORT={job.port}")
    if job.device == "cpu":
        lines.append("export OMP_NUM_THREADS=$(( $(nproc) > PROCESSES ? $(nproc) / PROCESSES : 1 ))")
    return [*lines, ""]


def _choice(job: Job) -> list[str]:
    return [
        f'if [ -f "$PROJECT/{RUNS}/$RUN/run.json" ]; then',
        '    HOW=(--resume "$RUN")',
        "else",
        '    HOW=(--name "$RUN")',
        "fi",
        "",
    ]


def _launch(job: Job) -> list[str]:
    train = f'    -m mtlstudio train "$PROJECT" "${{HOW[@]}}" --device {job.device}'
    if job.where == ONE:
        return ['torchrun --standalone --nproc-per-node "$PROCESSES" \\', train]
    if job.where == SEVERAL:
        return [
            'torchrun --nnodes "$NODES" --node-rank "$NODE" --nproc-per-node "$PROCESSES" \\',
            '    --master-addr "$FIRST" --master-port "$PORT" \\',
            train,
        ]
    return [
        'srun torchrun --nnodes "$NODES" --nproc-per-node "$PROCESSES" \\',
        '    --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" --rdzv-endpoint "$FIRST:$PORT" \\',
        train,
    ]


def _comment(text: str) -> str:
    return "# " + " ".join(text.split())
