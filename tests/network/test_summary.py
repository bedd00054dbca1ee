"""The network as text: every layer with its figures, totals that add up, columns that stay straight."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import east_asian_width

from mtlstudio.network.analyze import analyze
from mtlstudio.network.summary import summary
from mtlstudio.network.templates import template


def columns(line: str) -> int:
    return sum(1 + (east_asian_width(character) in "WF") for character in line)


def test_layers_and_totals(sketch) -> None:
    spec = sketch("kind", "mask").spec
    spec = spec.with_network(template("shared").build(spec))
    first = spec.network.layers[1]
    renamed = tuple(replace(layer, name="主干 一") if layer is first else layer for layer in spec.network.layers)
    spec = spec.with_network(replace(spec.network, layers=renamed))
    analysis = analyze(spec)
    title, layers, totals = summary(spec, analysis).strip("\n").split("\n\n")[:3]
    lines = layers.splitlines()
    assert len(lines) == 2 + len(spec.network.layers) and spec.name in title
    assert all(any(line.startswith(layer.name) for line in lines) for layer in spec.network.layers)
    widths = {columns(line) for line in lines if line.endswith("M")}
    assert len(widths) == 1  # also with Chinese names
    assert f"{analysis.total.parameters:,}" in totals and f"{analysis.separate.parameters:,}" in totals
    shown = sum(int(line.split()[-3].replace(",", "")) for line in lines[2:])
    assert shown == analysis.total.parameters
    assert summary(spec, analysis).endswith("\n\nNo problems.\n")


def test_a_faulty_network_is_told_with_its_problems(sketch) -> None:
    spec = sketch("kind", "mask").spec
    spec = spec.with_network(template("shared").build(spec))
    broken = spec.with_network(replace(spec.network, connections=spec.network.connections[1:]))
    told = summary(broken, analyze(broken))
    assert "?" in told and "problem" in told and analyze(broken).problems[0].line() in told
