"""Passes: each keeps the meaning of a program, by an evaluation of its own, and does what its name says."""

import random

import numpy as np
import pytest

from nn import MLP, Conv2d, Flatten, Layer, MaxPool2d, Sequential, cross_entropy, hinge_loss
from tinygrad_edu import Value, dot, logsumexp, maximum, softmax, total
from tinygrad_edu.gates import GATES
from tinygrad_edu.program.code import ONE, Code, Column, Name, Statement, Stored, stretch
from tinygrad_edu.program.passes import drop_dead, drop_identities, fold_constants, for_every_row, narrow, share_common
from tinygrad_edu.program.roll import rolled
from tinygrad_edu.program.trace import trace

PASSES = [fold_constants, drop_identities, narrow, share_common, drop_dead, for_every_row, rolled]
REDUCED = {"dot": lambda w, x, b=0.0: (w * x).sum(axis=-1) + b, "sum": lambda x: x.sum(axis=-1)}
REDUCED |= {"maximum": lambda x: x.max(axis=-1), "minimum": lambda x: x.min(axis=-1)}
REDUCED |= {"logsumexp": lambda x: np.logaddexp.reduce(x, axis=-1)}


def meaning(code, x, w):
    """The output and the gradient of a program for one row, by NumPy's rules of broadcasting."""
    numbers = {"x": np.array(x), "w": np.array(w), "one": np.array([1.0])}
    made = {}

    def read(operand):
        match operand:
            case float():
                return operand
            case Column(of=group):
                return read(group)[:, None]
            case Stored(array=array, start=start, shape=shape, strides=strides):
                places = start + sum(np.indices(shape)[k] * stride for k, stride in enumerate(strides))
                return numbers[array][places]
        return made[operand]

    for statement in code:
        given = [read(operand) for operand in statement.inputs]
        match statement.gate:
            case "stack":
                result = np.array(given)
            case "pick":
                result = given[0][int(given[1])]
            case "part":
                result = given[0][int(given[1]) : int(given[2])]
            case gate if gate in REDUCED and "[]" in GATES[gate].takes and np.ndim(given[0]):
                result = REDUCED[gate](*given)
            case gate:
                result = np.vectorize(GATES[gate].forward)(*given)
        assert np.shape(result) == statement.target.shape
        made[statement.target] = result
    gradient = np.zeros(len(w))
    for where, operand in code.gradients:
        places = where.start + sum(np.indices(where.shape)[k] * stride for k, stride in enumerate(where.strides))
        gradient[places] += read(operand)
    return read(code.output), gradient


W = [Value(0.15 * k - 0.8, f"w{k}") for k in range(14)]
MODEL, IMAGES = (
    MLP(2, [5, 3], seed=3),
    Sequential(Conv2d(1, 2, 2, seed=1), "relu", MaxPool2d(2), Flatten(), Layer(2, 2)),
)

FUNCTIONS = {
    "arithmetic": lambda x, y: (W[0] * x + 0.0) * 1.0 - (y / 1.0) ** 1.0 + -(W[1] * 2.0 * 3.0),
    "the same twice": lambda x, y: (W[0] * x).tanh() * (x * W[0]).tanh() + (W[0] * x).tanh(),
    "a penalty": lambda x, y: dot(W[:3], [x, y, 1.0]) + 0.1 * dot(W, W) + 2.0 * total(W[4:9]),
    "groups": lambda x, y: maximum(W[0] * x, W[1], y) * logsumexp([W[2] * y, x]) + softmax([x, W[3], y])[1],
    "a network": lambda x, y: cross_entropy(MODEL([x, y]), 1),
    "a network and a penalty": lambda x, y: (
        hinge_loss(MODEL([x, y])[0], 1) + 0.01 * dot(MODEL.parameters(), MODEL.parameters())
    ),
    "a convolution": lambda x, y: cross_entropy(IMAGES([[[x, y, x], [y, x * y, x], [x, x, y]]]), 0),
}


def recorded(function):
    x, y = Value(0.4), Value(-0.7)
    parameters = {"a network": MODEL, "a network and a penalty": MODEL, "a convolution": IMAGES}
    owner = parameters.get(function)
    chosen = owner.parameters() if owner else W
    return trace(FUNCTIONS[function](x, y), [x, y], chosen), [p.data for p in chosen], chosen


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_recorded_means_what_the_eager_engine_computes(function):
    code, w, parameters = recorded(function)
    for parameter in parameters:
        parameter.grad = 0.0
    output = FUNCTIONS[function](Value(0.9), Value(0.2))
    output.backward()
    value, gradient = meaning(code, [0.9, 0.2], w)
    assert value == pytest.approx(output.data, rel=1e-12)
    assert gradient == pytest.approx([p.grad for p in parameters], rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("change", PASSES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_pass_keeps_the_meaning(function, change):
    code, w, _ = recorded(function)
    numbers = random.Random(4)
    for _ in range(5):
        row = [numbers.uniform(-1.0, 1.0), numbers.uniform(-1.0, 1.0)]
        value, gradient = meaning(code, row, w)
        changed_value, changed_gradient = meaning(change(code), row, w)
        assert changed_value == pytest.approx(value, rel=1e-12)
        assert changed_gradient == pytest.approx(gradient, rel=1e-11, abs=1e-14)


# ---------------- each does what its name says

X, P = Stored("x", 0), Stored("w", 0)
A, B, C, D = (Name(k) for k in range(4))


def code_of(*statements, output=None, gradients=()):
    return Code(tuple(statements), len(statements), output or statements[-1].target, tuple(gradients))


def test_constants_are_computed_at_once():
    code = fold_constants(code_of(Statement(A, "mul", (2.0, 3.0)), Statement(B, "add", (A, X))))
    assert code.statements == (Statement(B, "add", (6.0, X)),)
    assert code.forward == 1


@pytest.mark.parametrize(
    ("gate", "inputs"),
    [
        ("add", (X, 0.0)),
        ("add", (0.0, X)),
        ("sub", (X, 0.0)),
        ("mul", (X, 1.0)),
        ("mul", (1.0, X)),
        ("div", (X, 1.0)),
        ("power", (X, 1.0)),
    ],
)
def test_identities_go(gate, inputs):
    code = drop_identities(code_of(Statement(A, gate, inputs), Statement(B, "tanh", (A,))))
    assert code.statements == (Statement(B, "tanh", (X,)),)


@pytest.mark.parametrize(("gate", "inputs"), [("sub", (0.0, X)), ("div", (1.0, X)), ("mul", (X, 0.0))])
def test_what_is_no_identity_stays(gate, inputs):
    code = code_of(Statement(A, gate, inputs))
    assert drop_identities(code) == code


def test_a_number_added_to_a_group_of_zeros_is_no_identity():
    code = code_of(Statement(Name(0, (3,)), "add", (P, stretch("w", 1, 4))), Statement(Name(1, (3,)), "mul", (P, 1.0)))
    assert drop_identities(code) == code


def test_the_same_is_computed_once_whichever_way_round():
    code = share_common(
        code_of(Statement(A, "mul", (X, P)), Statement(B, "mul", (P, X)), Statement(C, "sub", (A, B)), output=C)
    )
    assert code.statements == (Statement(A, "mul", (X, P)), Statement(C, "sub", (A, A)))


def test_a_difference_the_other_way_round_is_another():
    code = code_of(Statement(A, "sub", (X, P)), Statement(B, "sub", (P, X)), Statement(C, "mul", (A, B)))
    assert share_common(code) == code


def test_zero_and_minus_zero_are_not_the_same():
    code = code_of(Statement(A, "div", (X, 0.0)), Statement(B, "div", (X, -0.0)), Statement(C, "mul", (A, B)))
    assert share_common(code) == code


def test_what_nothing_needs_goes():
    code = drop_dead(
        Code(
            (
                Statement(A, "exp", (X,)),
                Statement(B, "tanh", (P,)),
                Statement(C, "mul", (ONE, X)),
                Statement(D, "exp", (C,)),
            ),
            2,
            A,
            ((P, C),),
        )
    )
    assert [statement.target for statement in code] == [A, C]
    assert code.forward == 1


def test_a_part_of_a_product_is_the_product_of_the_part():
    group = Name(0, (6,))
    code = narrow(
        code_of(
            Statement(group, "mul", (X, stretch("w", 4, 10))),
            Statement(Name(1, (2,)), "part", (group, 3.0, 5.0)),
            Statement(B, "pick", (group, 1.0)),
        )
    )
    assert code.statements[1:] == (
        Statement(Name(1, (2,)), "mul", (X, stretch("w", 7, 9))),
        Statement(B, "mul", (X, Stored("w", 5))),
    )


def test_for_rows_of_which_none_is_left_out_the_first_gradient_is_one():
    code = for_every_row(Code((Statement(A, "mul", (ONE, X)),), 0, X, ((P, A), (Stored("w", 1), ONE))))
    assert code == Code((Statement(A, "mul", (1.0, X)),), 0, X, ((P, A), (Stored("w", 1), 1.0)))
