"""Rolling: a layer is one statement however many neurons it has, and nothing that waits for another is taken along."""

import random

import numpy as np
import pytest
from test_program import BACKENDS, run

from nn import MLP, cross_entropy
from tinygrad_edu import Program, Value, dot, logsumexp, total
from tinygrad_edu.program.passes import optimized
from tinygrad_edu.program.roll import rolled
from tinygrad_edu.program.trace import trace


def code_of(output, inputs, parameters):
    return rolled(optimized(trace(output, inputs, parameters)))


def gates_of(code):
    return [statement.gate for statement in code]


def network(hidden, activation="tanh"):
    model, x = MLP(3, [hidden, hidden, 4], activation=activation, seed=1), [Value(0.1), Value(0.2), Value(0.3)]
    target = [Value(0.0), Value(0.0), Value(1.0), Value(0.0)]
    scores = model(x)
    return code_of(logsumexp(scores) - dot(target, scores), [*x, *target], model.parameters())


def test_a_layer_is_one_dot_forward_and_one_backward():
    code = network(5)
    assert gates_of(code)[: code.forward] == ["dot", "tanh", "dot", "tanh", "dot", "logsumexp", "dot", "sub"]
    assert gates_of(code)[code.forward :].count("dot") == 2  # the gradient of the first layer's inputs is not needed


def test_the_program_does_not_grow_with_the_neurons():
    assert gates_of(network(5)) == gates_of(network(50))


def test_the_gradient_is_a_matrix_and_a_group_for_each_layer():
    shapes = sorted(where.shape for where, _ in network(5).gradients)
    assert shapes == [(4,), (4, 5), (5,), (5,), (5, 3), (5, 5)]


# ---------------- the same numbers, however the graph is built

W = [Value(0.1 * k - 0.9, f"w{k}") for k in range(20)]


def chained(x, y):  # each member waits for the one before
    h = [x]
    for k in range(4):
        h.append((W[k] * h[-1] + y).tanh())
    return dot(W[4:9], h)


def unequal_depths(x, y):
    h = [(W[0] * x).tanh(), (W[1] * x).tanh(), ((W[2] * y).tanh() * W[3]).tanh()]
    return dot(W[4:7], h) + dot(W[7:10], h)


def overlapping(x, y):
    h = [(w * x + y).tanh() for w in W[:6]]
    return dot(W[6:12], h) * dot(W[12:16], h[1:5]) + dot(W[6:9], h[3:])


def backwards(x, y):
    h = [dot([W[2 * k], W[2 * k + 1]], [x, y]).tanh() for k in range(5)]
    return dot(W[10:15], h[::-1])


def members_alone(x, y):
    h = [dot([W[2 * k], W[2 * k + 1]], [x, y]).tanh() for k in range(5)]
    return dot(W[10:15], h) + h[2] * h[4]


def shared_weights(x, y):
    first = [dot(W[0:2], [x, y], W[2]).tanh(), dot(W[3:5], [x, y], W[5]).tanh()]
    second = [dot(W[0:2], first, W[2]).tanh(), dot(W[3:5], first, W[5]).tanh()]
    return dot(W[6:8], second)


def around(x, y):  # a layer, and a way past it
    first = [dot(W[3 * k : 3 * k + 2], [x, y], W[3 * k + 2]).tanh() for k in range(3)]
    second = [f + dot(W[9 + 3 * k : 12 + 3 * k], first) for k, f in enumerate(first)]
    return total(second) * dot(W[:3], second)


def inputs_of_their_own(x, y):
    return dot(W[8:12], [dot(W[2 * k : 2 * k + 2], [x * k, y]).sigmoid() for k in range(4)])


def constants_of_their_own(x, y):
    return dot(W[:4], [(x * k - y).tanh() for k in (0.5, 1.5, 2.5, 9.0)])


def one_number_for_a_stretch(x, y):
    return dot(W[12:16], [(total(W[3 * k : 3 * k + 3]) * x - y).tanh() for k in range(4)])


def every_third(x, y):  # numbers that do not lie side by side, whole
    return logsumexp([W[0], W[3], W[6]]) * x + dot(W[10:13], [W[1], W[4], W[7]]) * y


def downwards(x, y):
    h = [(W[6 - 2 * k] * x + y).tanh() for k in range(4)]
    return dot(W[10:14], h) + dot([W[8], W[5], W[2]], h[:3])


def one_number_all_along(x, y):  # a group of it is not the number
    return total([W[0], W[0]]) * dot([W[1], W[1], W[1]], [x, y, 2.0]) + logsumexp([x, x])


def windows(x, y):  # rows that overlap
    h = [dot(W[8:11], W[k : k + 3], x).tanh() for k in range(5)]
    return dot(W[12:17], h) * y


def nine_wide(x, y):  # more than a vector, and some left over
    h = [dot([W[k], W[k + 1]], [x, y], W[k + 2]).tanh() for k in range(0, 18, 2)]
    return dot(W[:9], h) * dot(W[9:18], h) + 0.01 * dot(W, W)


FUNCTIONS = [
    chained,
    unequal_depths,
    overlapping,
    backwards,
    members_alone,
    shared_weights,
    around,
    inputs_of_their_own,
    constants_of_their_own,
    one_number_for_a_stretch,
    every_third,
    downwards,
    one_number_all_along,
    windows,
    nine_wide,
]


def eager_means(function, rows):
    for w in W:
        w.grad = 0.0
    outputs = []
    for row in rows:
        output = function(*map(Value, row))
        output.backward()
        outputs.append(output.data)
    return np.mean(outputs), [w.grad / len(rows) for w in W], outputs


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_rolled_or_not_the_numbers_are_the_eager_engines(function, backend):
    numbers = random.Random(5)
    rows = [[numbers.uniform(-1.0, 1.0), numbers.uniform(-1.0, 1.0)] for _ in range(35)]
    expected, slopes, outputs = eager_means(function, rows)
    x, y = Value(0.3), Value(-0.2)
    mean, gradient, found = run(Program(function(x, y), [x, y], W, backend=backend.split()[0]), rows, backend)
    assert mean == pytest.approx(expected, rel=1e-12, abs=1e-14)
    assert gradient == pytest.approx(slopes, rel=1e-11, abs=1e-14)
    assert found == pytest.approx(outputs, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wide_network_with_a_penalty(backend):
    model, x = MLP(17, [21, 13, 5], activation="relu", seed=2), [Value(0.1 * k) for k in range(17)]
    parameters = model.parameters()

    def loss(row):
        return cross_entropy(model(row), 3) + 0.01 * dot(parameters, parameters)

    numbers = random.Random(6)
    rows = [[numbers.uniform(-1.0, 1.0) for _ in range(17)] for _ in range(70)]
    for parameter in parameters:
        parameter.grad = 0.0
    for row in rows:
        loss([Value(number) for number in row]).backward()
    _, gradient, _ = run(Program(loss(x), x, parameters, backend=backend.split()[0]), rows, backend)
    assert gradient == pytest.approx([p.grad / len(rows) for p in parameters], rel=1e-10, abs=1e-13)


# ---------------- what once went wrong


def twice(x, y):  # the gradient of the first group has one term twice
    return dot(W[:3], W[:3]) * x + dot(W[:3], W[3:6]) * y


def parallel_chains(x, y):
    for k in range(400):
        x, y = (W[0] * x + W[k % 3]).tanh(), (W[1] * y + W[k % 3]).tanh()
    return dot(W[2:4], [x, y])


def numbers_and_groups_of_one(x, y):
    return total([W[0] + logsumexp([x, y]) * w for w in W[1:3]]) + dot([x], [W[4] + y]) * dot([W[5]], [y])


def test_chains_of_any_length_are_rolled_side_by_side():
    x, y = Value(0.3), Value(0.2)
    code = code_of(parallel_chains(x, y), [x, y], W)
    assert gates_of(code)[: code.forward].count("tanh") == 400  # of two each


@pytest.mark.parametrize("function", [twice, numbers_and_groups_of_one], ids=lambda f: f.__name__)
def test_what_once_went_wrong(function):
    test_rolled_or_not_the_numbers_are_the_eager_engines(function, "llvm")
