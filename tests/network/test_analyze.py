"""The analysis says what running and counting by hand says, and measures only what an edit changed."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import torch
from torch import nn

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import AnalysisCancelled, Cost, Memo, analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.templates import template
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec


def with_parameters(spec: ProjectSpec, layer_id: str, **values: object) -> ProjectSpec:
    layers = tuple(
        replace(layer, parameters=layer.parameters.with_(**values)) if layer.id == layer_id else layer
        for layer in spec.network.layers
    )
    return spec.with_network(replace(spec.network, layers=layers))


@pytest.fixture
def unet(sketch) -> ProjectSpec:
    drawn = sketch("kind", "mask", image_size=64)
    return drawn.spec.with_network(template("unet").build(drawn.spec))


def test_costs_of_a_convolution_are_those_of_the_book(sketch, finish) -> None:
    drawn = sketch("kind", image_size=16)
    conv = drawn.add("convolution", "Conv", drawn.input(), out_channels=8, kernel_size=3, stride=2)
    drawn.head(drawn.spec.tasks[0], conv)
    report = analyze(finish(drawn), Memo()).layers["conv"]
    assert report.input_shapes == {"in": ((3, 16, 16),)}
    assert report.output_shape == (8, 8, 8)
    assert report.parameters == 3 * 8 * 9 + 2 * 8
    assert report.macs == 3 * 9 * 8 * 8 * 8
    assert report.activation_bytes == 4 * 2 * 8 * 8 * 8  # convolution and norm; the activation works in place
    assert report.receptive_field == 3


def test_a_fully_connected_layer_costs_its_weights(sketch, finish) -> None:
    drawn = sketch("kind", image_size=4)
    flat = drawn.add("flatten", "Flat", drawn.input())
    wide = drawn.add("fully_connected", "Wide", flat, out_features=10, activation="none")
    drawn.outputs.append(Output("kind", drawn.add("linear_head", "Head", wide)))
    analysis = analyze(finish(drawn), Memo())
    assert analysis.layers["wide"].parameters == 48 * 10 + 10
    assert analysis.layers["wide"].macs == 48 * 10
    assert analysis.layers["wide"].receptive_field == 4
    assert analysis.layers["flat"].activation_bytes == 0


@pytest.mark.parametrize("name", ["shared", "unet", "tree", "separate"])
def test_figures_agree_with_the_compiled_network(sketch, name) -> None:
    drawn = sketch("kind", "mask", "count", "depth", image_size=64)
    spec = drawn.spec.with_network(template(name).build(drawn.spec))
    analysis = analyze(spec, Memo())
    net = compile_network(spec).eval()
    assert analysis.total.parameters == sum(p.numel() for p in net.parameters())
    macs = 0
    shapes = {}

    def note(layer_id: str):
        def hook(_module: nn.Module, _args: object, out: torch.Tensor) -> None:
            shapes[layer_id] = tuple(out.shape[1:])

        return hook

    def count(module: nn.Module, _args: object, out: torch.Tensor) -> None:
        nonlocal macs
        if isinstance(module, nn.Conv2d):
            macs += out.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            macs += out.numel() * module.in_features

    for layer_id, layer in net.layers.items():
        layer.register_forward_hook(note(layer_id))
    for module in net.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        net({"image": torch.zeros(1, 3, 64, 64)})
    assert analysis.total.macs == macs
    assert {layer_id: report.output_shape for layer_id, report in analysis.layers.items()} == shapes


def test_costs_are_split_by_who_shares_them(unet) -> None:
    analysis = analyze(unet, Memo())
    both, kind, mask = frozenset({"kind", "mask"}), frozenset({"kind"}), frozenset({"mask"})
    assert analysis.costs.keys() == {both, kind, mask}
    assert sum(analysis.costs.values(), Cost()) == analysis.total
    shared = analysis.costs[both].parameters
    assert analysis.separate.parameters == analysis.total.parameters + shared
    assert analysis.separate.macs == analysis.total.macs + analysis.costs[both].macs


def test_receptive_field_is_where_a_gradient_reaches(sketch, finish) -> None:
    drawn = sketch("mask", image_size=96)
    layer = drawn.add("convolution", "A", drawn.input(), out_channels=2, kernel_size=5, stride=2, norm="none")
    layer = drawn.add("max_pool", "B", layer)
    layer = drawn.add("convolution", "C", layer, out_channels=2, dilation=2, norm="none", activation="none")
    layer = drawn.add("upsample", "D", layer, scale_factor=2, mode="nearest")
    drawn.outputs.append(Output("mask", drawn.add("dense_head", "Head", layer)))
    spec = finish(drawn)
    report = analyze(spec, Memo()).layers["d"]
    net = compile_network(spec).eval()
    picture = torch.rand(1, 3, 96, 96, requires_grad=True)
    middle = {}
    net.layers["d"].register_forward_hook(lambda _m, _args, out: middle.update(out=out))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):  # so that every path counts
            module.weight.data.abs_()
    net({"image": picture})
    middle["out"][0, :, 24, 24].sum().backward()
    rows = picture.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    seen = int(rows.max() - rows.min()) + 1
    # Max pooling passes gradient to one of its two rows at either end.
    assert report.receptive_field is not None and report.receptive_field - 4 <= seen <= report.receptive_field


def test_what_pools_sees_the_whole_picture(unet) -> None:
    layers = analyze(unet, Memo()).layers
    assert layers["kind_global_pool"].receptive_field == 64
    assert layers["kind_linear_head"].receptive_field == 64


def test_an_edit_measures_only_what_it_changed(unet) -> None:
    memo = Memo()
    analyze(unet, memo)
    before = memo.measured
    assert analyze(unet, memo) == analyze(unet, Memo())
    assert memo.measured == before
    analyze(with_parameters(unet, "down_3", activation="gelu"), memo)  # same shapes behind it
    assert memo.measured == before + 1
    renamed = tuple(replace(layer, name=layer.name + "!") for layer in unet.network.layers)
    analyze(unet.with_network(replace(unet.network, layers=renamed)), memo)
    assert memo.measured == before + 1


def test_equal_layers_are_measured_once(sketch, finish) -> None:
    drawn = sketch("kind")
    layer = drawn.add("convolution", "First", drawn.input(), out_channels=4)
    for number in range(20):
        layer = drawn.add("convolution", f"C{number}", layer, out_channels=4)
    drawn.head(drawn.spec.tasks[0], layer)
    memo = Memo()
    analyze(finish(drawn), memo)
    assert memo.measured == 5  # input, first, the other twenty, pool, head


def test_the_memo_forgets_the_oldest() -> None:
    memo = Memo(size=2)
    for key in ("a", "b", "a", "c", "a"):
        memo.recall(key, lambda: object())
    assert memo.measured == 3 and len(memo) == 2
    memo.recall("b", lambda: object())
    assert memo.measured == 4


def test_it_gives_up_when_nobody_wants_it_any_more(unet) -> None:
    answers = iter([False, False, True])
    memo = Memo()
    with pytest.raises(AnalysisCancelled):
        analyze(unet, memo, lambda: next(answers))
    assert memo.measured <= 2


def test_behind_a_fault_shapes_are_unknown_and_there_is_one_problem(unet) -> None:
    analysis = analyze(with_parameters(unet, "down_2", stride=0), Memo())
    assert [problem.code for problem in analysis.problems] == ["network.wrong_parameter"]
    assert str(analysis.problems[0].place) == "layer.down_2.stride"
    assert analysis.layers["down_2"].problems == analysis.problems
    assert analysis.layers["down_1"].output_shape is not None
    for behind in ("down_2", "down_3", "kind_linear_head", "mask_up_1"):
        assert analysis.layers[behind].output_shape is None


def test_a_fault_of_a_layer_that_nobody_needs_is_a_warning(unet) -> None:
    stray = LayerSpec("stray", "Stray", "fully_connected", frozenset({"kind"}))
    network = replace(
        unet.network,
        layers=(*unet.network.layers, stray),
        connections=(*unet.network.connections, Connection("down_1", "stray")),
    )
    analysis = analyze(unet.with_network(network), Memo())
    assert not analysis.errors
    assert [problem.severity for problem in analysis.layers["stray"].problems] == ["warning"]
    assert compile_network(unet.with_network(network)).parameters_of("stray") == []


def test_no_network_is_so_wrong_that_it_fails(unet) -> None:
    layer = LayerSpec("a", "A", "convolution", frozenset({"nobody"}), FrozenDict(out_channels="many"))
    loops = (Connection("a", "a"), Connection("a", "ghost"), Connection("ghost", "a"), Connection("b", "a", "x", "y"))
    wrong = [
        NetworkSpec(),
        NetworkSpec((layer, layer)),
        NetworkSpec((layer, replace(layer, id="b", type="nonsense")), loops, (Output("kind", "ghost"),)),
        NetworkSpec((replace(layer, parameters=FrozenDict()),), loops, (Output("nobody", "a", "x"),)),
        NetworkSpec((LayerSpec("", "", "", frozenset()),), (), (Output("", ""),)),
        replace(unet.network, connections=unet.network.connections[::-1]),
        replace(unet.network, connections=unet.network.connections * 2),
        replace(unet.network, layers=tuple(replace(layer, bypassed=True) for layer in unet.network.layers)),
    ]
    for network in wrong:
        analysis = analyze(unet.with_network(network), Memo())
        for problem in analysis.problems:
            assert problem.line()
    tasks = tuple(replace(task, type="nonsense") for task in unet.tasks)
    assert analyze(replace(unet, tasks=tasks), Memo()).errors
    tasks = tuple(replace(task, parameters=FrozenDict(class_names=7)) for task in unet.tasks)
    analyze(replace(unet, tasks=tasks, inputs=()), Memo())


def test_operations_that_nobody_counts_are_named(sketch, finish, monkeypatch) -> None:
    from torchvision.ops import DeformConv2d

    from mtlstudio.network.layers.convolution import Convolution

    class Deformable(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.offsets = nn.Conv2d(3, 18, 3, padding=1)
            self.conv = DeformConv2d(3, 4, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x, self.offsets(x))

    drawn = sketch("kind", image_size=8)
    drawn.head(drawn.spec.tasks[0], drawn.add("convolution", "Conv", drawn.input()))
    monkeypatch.setattr(Convolution, "build", lambda *_args: Deformable())
    report = analyze(finish(drawn), Memo()).layers["conv"]
    assert report.uncounted == ("deform_conv2d",)
    assert report.macs == 3 * 9 * 18 * 8 * 8


def test_a_training_in_another_thread_is_neither_counted_nor_disturbed(unet) -> None:
    expected = analyze(unet, Memo())
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3))
    stop, failures = threading.Event(), []

    def train() -> None:
        try:
            while not stop.is_set():
                net(torch.zeros(1, 3, 16, 16)).sum().backward()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(3):
            assert analyze(unet, Memo()) == expected
    finally:
        stop.set()
        thread.join()
    assert not failures


def test_declarations_import_no_torch() -> None:
    code = (
        "import sys\n"
        "from mtlstudio.network.interface import layer_types\n"
        "from mtlstudio.network.templates.registry import templates\n"
        "from mtlstudio.network.analysis import Analysis\n"
        "import mtlstudio.network.analyze, mtlstudio.network.mends\n"
        "assert layer_types() and templates()\n"
        "assert not {'torch', 'torchvision', 'PySide6'} & set(sys.modules), 'torch'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
