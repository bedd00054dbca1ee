"""The whole script: header, constants, building blocks, network, preprocessing, losses, training, `main`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtlstudio.data.images import BAR_COLOUR
from mtlstudio.inspection.script import pieces
from mtlstudio.inspection.script.imports import import_lines
from mtlstudio.inspection.script.losses import TaskText, TaskWriter
from mtlstudio.inspection.script.training import TrainingText, write_training
from mtlstudio.network.export.layout import Group, Named, comment, statement, text
from mtlstudio.network.export.model import ModelText, write_model
from mtlstudio.network.export.source import Import, Sources
from mtlstudio.network.export.subject import Subject

NAMES = (
    "IMAGE_SIZE", "MEAN", "STD", "OTHER_INPUTS", "preprocess_map", "EPOCHS", "BATCH_SIZE", "LEARNING_RATE", "WEIGHT_DECAY", "LOSS_WEIGHTS",
    "LEARNING_RATE_FACTORS", "FROZEN", "WEIGHTS", "load_weights", "to_square", "preprocess", "predict",
    "parameter_groups", "make_optimizer", "learning_rate_factor", "StandInData", "losses_of", "train", "main",
    "Dataset", "DataLoader", "Path", "Any", "Image", "ImageOps", "argparse", "math", "functional", "F", "partial",
    "OrderedDict", "Mapping", "Sequence", "Callable", "Iterable",
)  # fmt: skip
"""What no class or function of a network may be called."""

_IMPORTS: tuple[Import, ...] = (
    ("argparse", "", ""), ("pathlib", "Path", ""), ("typing", "Any", ""), ("torch", "", ""), ("torch", "Tensor", ""),
    ("torch", "nn", ""), ("torch.utils.data", "DataLoader", ""), ("torch.utils.data", "Dataset", ""),
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """A written script.

    Attributes:
        text: the whole of it.
        model: what it calls the parts of the network.
        notes: codes of what it does not do as the studio does.
        unwritten: ids of tasks whose loss only stands in.
    """

    text: str
    model: ModelText
    notes: tuple[str, ...]
    unwritten: tuple[str, ...]


def write_script(subject: Subject, weights_file: str = "") -> Script:
    """Writes the script of a network.

    Args:
        weights_file: name of the file beside the script that holds its weights; "" for none.

    Raises:
        CannotExport: names all layers that cannot be written.
    """
    spec = subject.spec
    task_names = [name for task in spec.tasks for name in (f"{task.id}_loss", f"read_{task.id}")]
    model = write_model(spec, subject.network, [*NAMES, *task_names])
    losses = Sources([*NAMES, *task_names, model.class_name, *model.sources.names, "nn", "torch", "Tensor"])
    writer = TaskWriter(losses)
    tasks = [writer.write(subject.tasks[task]) for task in spec.task_ids if task in subject.network.tasks]
    training = write_training(spec, tasks, model.modules, model.inputs, model.class_name, losses)
    pictures = any(item.id not in subject.inputs and item.channels == 3 for item in spec.inputs)
    imports = {*_IMPORTS, *model.sources.imports, *losses.imports}
    if pictures:
        imports |= {("PIL", "Image", ""), ("PIL", "ImageOps", "")}
    parts = [
        _header(subject, model, weights_file),
        "\n".join(["from __future__ import annotations", "", *import_lines(imports)]),
        _constants(subject, model, tasks, training, weights_file),
        *_section("Building blocks", model.sources.texts),
        *_section("The network", [model.text, pieces.LOAD_WEIGHTS.strip("\n")]),
        *_section("What it says of a picture", _prediction(subject, tasks, model, pictures)),
        *_section("Losses: each the mean over what is known", [*losses.texts, *(task.loss for task in tasks)]),
        *_section("Training", training.functions),
        *_section("", [_main(model, weights_file, pictures and len(spec.inputs) == 1)]),
        'if __name__ == "__main__":\n    main()',
    ]
    unwritten = tuple(task.task for task in tasks if not task.written)
    return Script(_joined(parts), model, training.notes, unwritten)


def _section(title: str, parts: Sequence[str]) -> list[str]:
    if not parts:
        return []
    heading = f"# {'-' * 117}\n# {title}\n# {'-' * 117}\n\n\n" if title else ""
    return [heading + parts[0], *parts[1:]]


def _joined(parts: Sequence[str]) -> str:
    """Header and imports with one blank line between them, all else with two."""
    header, imports, constants, *rest = parts
    return "\n\n".join((header, imports, constants)) + "\n\n\n" + "\n\n\n".join(rest) + "\n"


def _header(subject: Subject, model: ModelText, weights_file: str) -> str:
    spec = subject.spec
    lines = [
        f'"""{comment(spec.name) or "A network"}: a multi-task network, its losses and a training loop, in plain PyTorch.',
        "",
    ]
    lines.append("It needs torch, torchvision and Python 3.11 or newer, nothing else.")
    if weights_file:
        lines.append(f"The weights (epoch {subject.epoch}) are in {comment(weights_file)} beside it.")
    lines += [
        "",
        "    python SCRIPT                       a few steps of training, on random data until you put in your own",
        "    python SCRIPT --image PICTURE       what the network says of a picture",
        "    python SCRIPT --weights FILE        start from trained weights (.pt; .safetensors needs that package)",
    ]
    if len(model.inputs) > 1:
        lines.pop(-2)
    return "\n".join([*lines, '"""'])


def _constants(
    subject: Subject, model: ModelText, tasks: Sequence[TaskText], training: TrainingText, weights_file: str
) -> str:
    spec = subject.spec
    groups = [
        [
            f"IMAGE_SIZE = {spec.data.image_size}  # side of the square that the network sees, in pixels",
            *([] if subject.measured else ["# ImageNet's; measure those of your own pictures."]),
            f"MEAN = {tuple(round(value, 8) for value in subject.mean)!r}  # of red, green and blue, scaled to 0..1",
            f"STD = {tuple(round(value, 8) for value in subject.std)!r}",
            *_statistics(subject, model),
            *([f"WEIGHTS = Path(__file__).with_name({text(weights_file)})"] if weights_file else []),
        ],
        [line for task in tasks for line in task.constants],
        training.constants,
    ]
    return "\n\n".join("\n".join(group) for group in groups if group)


def _statistics(subject: Subject, model: ModelText) -> list[str]:
    """Mean and deviation of the inputs beside the picture."""
    values = [
        Named(f"{text(model.inputs[name])}: ", repr(statistic)) for name, statistic in subject.inputs.items()
        if name in model.inputs
    ]  # fmt: skip
    return (
        [*statement("OTHER_INPUTS", Group("{", values, "}"), comment="mean and deviation per channel")]
        if values
        else []
    )


def _prediction(subject: Subject, tasks: Sequence[TaskText], model: ModelText, pictures: bool) -> list[str]:
    spec = subject.spec
    resizing = {"letterbox": pieces.LETTERBOX.replace("{bars}", repr(BAR_COLOUR)), "crop": pieces.CROP}
    arguments = ", ".join(f"{name}: Tensor" for name in model.inputs.values())
    passed = ", ".join(f"{name}={name}" if len(model.inputs) > 1 else name for name in model.inputs.values())
    predict = [
        f"def predict(network: {model.class_name}, {arguments}) -> dict[str, Any]:",
        '    """What the network says of one standardised input (N = 1), task by task."""',
        "    network.eval()",
        "    with torch.inference_mode():",
        f"        outputs = network({passed})",
        "    return {",
        *(f"        {text(task.task)}: {task.reading}(outputs[{text(task.task)}][0])," for task in tasks),
        "    }",
    ]
    square = [resizing.get(spec.data.resize, pieces.STRETCH).strip("\n"), pieces.PREPROCESS.strip("\n")]
    others = [pieces.MAPS.get(spec.data.resize, pieces.MAPS["stretch"]).strip("\n")] if subject.inputs else []
    return [*(square if pictures else []), *others, *(task.prediction for task in tasks), "\n".join(predict)]


def _main(model: ModelText, weights_file: str, pictures: bool) -> str:
    default = "default=WEIGHTS, " if weights_file else ""
    lines = [
        "def main() -> None:",
        '    """The command line."""',
        "    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)",
        f'    parser.add_argument("--weights", type=Path, {default}help="trained weights: .pt or .safetensors")',
        *(['    parser.add_argument("--image", type=Path, help="a picture to look at")'] if pictures else []),
        '    parser.add_argument("--steps", type=int, default=3, help="of training; 0: all epochs")',
        "    arguments = parser.parse_args()",
        "",
        f"    network = {model.class_name}()",
        "    if arguments.weights is not None:",
        "        load_weights(network, arguments.weights)",
    ]
    if pictures:
        lines += [
            "    if arguments.image is not None:",
            "        for task, said in predict(network, preprocess(Image.open(arguments.image))).items():",
            '            print(f"{task}: {said}")',
            "        return",
        ]
    return "\n".join([*lines, "    train(network, StandInData(), steps=arguments.steps or None)"])
