"""Program.trace builds the graph itself: what would freeze the answer of one row is refused, and its line is shown."""

import math
import pickle
import threading
from contextlib import suppress
from functools import partial

import pytest

import tinygrad_edu as t
from nn import MLP, Conv2d, Flatten, Layer, MaxPool2d, Neuron, Perceptron, Sequential, squared_error
from nn.activations import ACTIVATIONS
from tinygrad_edu import Group, Program, UnknownNumberError, Value, dot, grad, maximum, minimum, step, total
from tinygrad_edu.program.unknown import replaced

W = Value(2.0, "w")


def positive_part(v):
    return v if v > 0 else 0.0 * v


def two_steps_down(x, y):
    return (lambda v: positive_part(v.tanh()))(x * W - y)


def kept(x, y):
    before = x.data
    return y * (before + 1.0)


def differentiated(x, y):
    (x * y).backward()
    return x * x.grad


READS = {
    "if x > y": lambda x, y: x if x > y else y,
    "if x <= 1": lambda x, y: x if x <= 1 else y,
    "if 1 < x": lambda x, y: x if 1 < x else y,  # noqa: SIM300
    "if x": lambda x, y: x if x else y,
    "and": lambda x, y: x and y,
    "float": lambda x, y: x * float(y),
    "bool": lambda x, y: x * bool(y),
    "int": lambda x, y: x * int(y.data),
    "round": lambda x, y: x * round(y.data),
    "data": lambda x, y: x * y.data,
    "data on the left": lambda x, y: y.data * x,
    "data == 1": lambda x, y: x if y.data == 1 else y,
    "data of what was computed": lambda x, y: x * (x * y + 1.0).data,
    "data as a leaf": lambda x, y: x * Value(y.data),
    "data as a key": lambda x, y: x * {3.0: 1.0}.get(y.data, 2.0),
    "data, kept": kept,
    "math": lambda x, y: x * math.exp(y),
    "math.floor": lambda x, y: x * math.floor(y.data),
    "f-string": lambda x, y: x * len(f"{y:.2f}"),
    "built-in max": lambda x, y: max(x, y),
    "sorted": lambda x, y: sorted([x, y])[0],
    "range": lambda x, y: x * len(range(y.data)),
    "index": lambda x, y: [x, y][y.data],
    "a parameter": lambda x, y: x * W.data,
    "a branch on a parameter": lambda x, y: x if W > 0 else y,
    "after a gate by its method": lambda x, y: x if x.tanh() > 0 else y,
    "after a gate by Value's method": lambda x, y: x if Value.tanh(x) > 0 else y,
    "after a gate of groups": lambda x, y: x if dot([1.0, W], [x, y], 0.5) > 0 else y,
    "after a Group": lambda x, y: x if dot(Group([1.0, 2.0]), Group([x, y])) > 0 else y,
    "after a choice by gates": lambda x, y: x if maximum(1.0, x) > 1 else y,
    "after a sum": lambda x, y: x if total([x, 1.0]) > 1 else y,
    "after softmax": lambda x, y: x if t.softmax([x, 1.0])[1] > 0.5 else y,
    "after a power": lambda x, y: x if 2.0**x > 1 else y,
    "after a gradient": lambda x, y: x if grad(x * y * x, [x])[0] > 0 else y,
    "hidden in a helper": two_steps_down,
    "backward": differentiated,
}


@pytest.mark.parametrize("name", READS)
def test_a_number_is_refused_whoever_asks(name):
    with pytest.raises(UnknownNumberError, match="with maximum, minimum or step"):
        Program.trace(READS[name], [1.0, 3.0], [W])
    assert (W.data, W.grad) == (2.0, 0.0)


def test_the_error_shows_the_users_line():
    with pytest.raises(UnknownNumberError) as caught:
        Program.trace(two_steps_down, [1.0, 3.0], [W])
    assert caught.value.line.endswith("return v if v > 0 else 0.0 * v")
    assert caught.value.line.startswith(__file__)
    assert caught.value.line in str(caught.value)


def test_the_error_goes_to_another_process_as_it_is():
    with pytest.raises(UnknownNumberError) as caught:
        Program.trace(two_steps_down, [1.0, 3.0], [W])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.line) == (str(caught.value), caught.value.line)


def same(program, function, columns, parameters):
    """A program's value and gradient on two rows beside backward() on Values."""
    for row in ([0.3 + 0.2 * k for k in range(columns)], [0.9 - 0.35 * k for k in range(columns)]):
        for parameter in parameters:
            parameter.grad = 0.0
        output = function(*map(Value, row))
        output.backward()
        mean, gradient = program([row])
        assert mean == pytest.approx(output.data, rel=1e-12, abs=1e-14)
        assert list(gradient) == pytest.approx([p.grad for p in parameters], rel=1e-11, abs=1e-14)


CHOICES = {
    "maximum": lambda x, y: maximum(W * x, y),
    "minimum": lambda x, y: minimum(W * x, y, 0.5),
    "step": lambda x, y: step(x - y) * W + (1.0 - step(x - y)) * W**2,
    "abs": lambda x, y: abs(W * x - y),
    "identity": lambda x, y: W * x if x in [y, x] and x != y and len({x, y}) == 2 else y,
    "an if on a constant": lambda x, y: W * x if Value(3.0) > 2 else y,
    "a Python loop": lambda x, y: total([W**k * x for k in range(1, 4)]) - y,
    "a gradient": lambda x, y: grad((W * x).tanh() * y, [x])[0],
    "itself less itself": lambda x, y: (x - x) + W * y,
    "printed": lambda x, y: (repr(x), W * x * y)[1],
}


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_what_gates_choose_is_traced(name, backend):
    same(Program.trace(CHOICES[name], [1.0, 3.0], [W], backend), CHOICES[name], 2, [W])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_traced(name):
    neuron = Neuron(3, name, seed=3)
    same(
        Program.trace(lambda *x: neuron(x), [1.0] * 3, neuron.parameters()),
        lambda *x: neuron(x),
        3,
        neuron.parameters(),
    )


def test_every_layer_is_traced():
    image = Sequential(Conv2d(1, 2, 2), partial(Value.leaky_relu, alpha=0.1), MaxPool2d(2), Flatten(), Layer(2, 2))
    deep = Sequential(image, MLP(2, [3, 1], "tanh"))

    def function(*x):
        return squared_error(deep([[x[0:3], x[3:6], x[6:9]]]), 0.5)

    same(Program.trace(function, [1.0] * 9, deep.parameters()), function, 9, deep.parameters())


def test_a_perceptron_is_traced():
    perceptron = Perceptron([0.5, -1.0], output="sign")

    def function(x, y):
        return perceptron([x, y]) * perceptron.score([x, y])

    same(Program.trace(function, [1.0, 3.0], perceptron.parameters()), function, 2, perceptron.parameters())


def test_the_numbers_are_known_again_whatever_happens():
    def failing(x):
        raise KeyboardInterrupt

    for function in (failing, lambda x: x * W, lambda x: x * W.data):
        with suppress(BaseException):
            Program.trace(function, [1.0], [W])
        assert W.data == 2.0


def test_the_numbers_of_what_was_traced_are_never_known():
    seen = []
    Program.trace(lambda x: [seen.append(x * W), x * W][1], [1.0], [W])
    with pytest.raises(UnknownNumberError):
        float(seen[0])


def test_it_needs_no_numbers_that_the_function_is_defined_on():
    program = Program.trace(lambda x: (W * x).log(), [-1.0], [W], "python")
    assert program([[0.5]]) == (0.0, [0.5])


@pytest.mark.parametrize("result", [3.0, None, [Value(1.0)]])
def test_a_function_that_returns_no_value_is_refused(result):
    with pytest.raises(TypeError, match="returns a Value, and this one returned"):
        Program.trace(lambda x: result, [1.0])


def test_an_error_of_the_function_is_the_users_to_see():
    with pytest.raises(ValueError, match="was given 2 inputs"):
        Program.trace(lambda *x: MLP(3, [1])(x), [1.0, 2.0])
    with pytest.raises(t.DomainError, match=r"dot needs len\(weights\) == len\(inputs\)"):
        Program.trace(lambda x: dot([W, W], [x]), [1.0], [W])


def test_an_example_of_no_numbers_is_refused():
    with pytest.raises((TypeError, ValueError)):
        Program.trace(lambda x: x * W, ["one"], [W])


def test_one_thread_at_a_time_has_other_numbers_in_the_parameters():
    """A second would take those of the first for the parameter's own, and put them back as such."""
    seen = []

    def other():
        with replaced([W], [20.0]):
            seen.append(W.data)

    thread = threading.Thread(target=other)
    with replaced([W], [10.0]):
        thread.start()
        thread.join(0.05)
        assert seen == []
    thread.join()
    assert (seen, W.data) == ([20.0], 2.0)
