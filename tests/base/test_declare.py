from __future__ import annotations

import pytest

from mtlstudio.base.declare import Parameter, complete, defaults, faults
from mtlstudio.base.errors import StudioError

SIZE = Parameter("kernel_size", "int", 3, minimum=1, maximum=15)
RATE = Parameter("lr", "float", 0.1, minimum=0)
BIAS = Parameter("bias", "bool", True)
NORM = Parameter("norm", "choice", "batch", choices={"batch": "Batch", "none": "None"})
DEPTH = Parameter("depth", "int", None, optional=True)
SCALES = Parameter("scales", "floats", (1.0,), minimum=0, maximum=2)
STEPS = Parameter("steps", "ints", ())
NAMES = Parameter("names", "names", ())
TITLE = Parameter("title", "text", "")


@pytest.mark.parametrize(
    ("parameter", "given", "held"),
    [
        (SIZE, 5, 5),
        (SIZE, 5.0, 5),
        (RATE, 1, 1.0),
        (BIAS, False, False),
        (NORM, "none", "none"),
        (DEPTH, None, None),
        (SCALES, [1, 0.5], (1.0, 0.5)),
        (STEPS, [], ()),
        (NAMES, ["a", "b"], ("a", "b")),
    ],
)
def test_values_that_fit(parameter: Parameter, given: object, held: object) -> None:
    checked = parameter.check(given)
    assert checked == held
    assert type(checked) is type(held)


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        (SIZE, 0),
        (SIZE, 16),
        (SIZE, 2.5),
        (SIZE, True),
        (SIZE, "3"),
        (SIZE, None),
        (RATE, float("nan")),
        (RATE, float("inf")),
        (RATE, -0.1),
        (RATE, False),
        (BIAS, 1),
        (NORM, "layer"),
        (NORM, ["batch"]),
        (SCALES, [1, 3]),
        (SCALES, "1"),
        (SCALES, 1.0),
        (NAMES, [1]),
        (TITLE, 3),
    ],
)
def test_values_that_do_not_fit_are_named(parameter: Parameter, given: object) -> None:
    with pytest.raises(StudioError) as caught:
        parameter.check(given)
    assert parameter.name in caught.value.text()
    assert parameter.expected() in caught.value.text()


@pytest.mark.parametrize(
    ("parameter", "typed", "held"),
    [
        (SIZE, " 7 ", 7),
        (RATE, "1e-3", 0.001),
        (BIAS, "Off", False),
        (BIAS, "yes", True),
        (NORM, "none", "none"),
        (DEPTH, "auto", None),
        (DEPTH, "4", 4),
        (SCALES, "0.5, 2", (0.5, 2.0)),
        (STEPS, "", ()),
        (NAMES, "cat, dog", ("cat", "dog")),
    ],
)
def test_typed_values(parameter: Parameter, typed: str, held: object) -> None:
    assert parameter.parse(typed) == held


@pytest.mark.parametrize(
    ("parameter", "typed"),
    [(SIZE, "big"), (SIZE, "99"), (SIZE, "none"), (BIAS, "maybe"), (SCALES, "1,x"), (RATE, "nan")],
)
def test_typed_values_that_do_not_fit(parameter: Parameter, typed: str) -> None:
    with pytest.raises(StudioError, match=parameter.name):
        parameter.parse(typed)


def test_what_is_expected_in_short() -> None:
    assert SIZE.expected() == "int 1 … 15"
    assert RATE.expected() == "float 0 … "
    assert NORM.expected() == "batch | none"
    assert TITLE.expected() == "text"


def test_all_parameters_at_once() -> None:
    both = (SIZE, NORM)
    assert defaults(both) == {"kernel_size": 3, "norm": "batch"}
    assert complete(both, {"kernel_size": 5, "other": 1}) == {"kernel_size": 5, "norm": "batch"}
    with pytest.raises(StudioError, match="norm"):
        complete(both, {"norm": "x"})
    found = [error.text() for error in faults(both, {"kernel_size": 0, "other": 1, "norm": "none"})]
    assert len(found) == 2
    assert "kernel_size" in found[0]
    assert "'other'" in found[1]
