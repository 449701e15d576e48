"""Program: value and gradients as the eager engine has them, on every backend, and its errors."""

import gc
import pickle
import random
import weakref
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest

from nn import MLP, AvgPool2d, Conv2d, Flatten, Layer, MaxPool2d, Sequential, cross_entropy, hinge_loss, squared_error
from tinygrad_edu import (
    DomainError,
    Group,
    Program,
    Value,
    dot,
    elu,
    leaky_relu,
    logsumexp,
    maximum,
    minimum,
    sigmoid,
    softmax,
    total,
)

BACKENDS = ["python", "python on arrays", "llvm"]


def run(program, rows, backend):
    given = np.array(rows) if backend == "python on arrays" else rows
    mean, gradient = program(given)
    return mean, list(gradient), list(program.values(given))


def eager(function, rows, parameters):
    """The mean of the output and of its gradient, a graph for each row."""
    for parameter in parameters:
        parameter.grad = 0.0
    outputs = []
    for row in rows:
        output = function(*[Value(x) for x in row])
        output.backward()
        outputs.append(output.data)
    count = len(rows)
    return sum(outputs) / count, [parameter.grad / count for parameter in parameters], outputs


def compare(function, columns, parameters, backend, count=37, low=0.2, high=2.0):
    numbers = random.Random(7)
    rows = [[numbers.uniform(low, high) for _ in range(columns)] for _ in range(count)]
    inputs = [Value(x) for x in rows[0]]
    program = Program(function(*inputs), inputs, parameters, backend=backend.split()[0])
    for some in (rows, rows[-1:]):  # machine code of a single row is another
        mean, gradient, outputs = eager(function, some, parameters)
        found = run(program, some, backend)
        assert found[0] == pytest.approx(mean, rel=1e-12, abs=1e-14)
        assert found[1] == pytest.approx(gradient, rel=1e-11, abs=1e-14)
        assert found[2] == pytest.approx(outputs, rel=1e-12, abs=1e-14)


P, Q, R = Value(0.7, "p"), Value(1.3, "q"), Value(0.4, "r")

FUNCTIONS = {
    "arithmetic": lambda x, y: (P - x) / (Q + y) ** R + 2.0**P - -x,
    "exp": lambda x, y: (P * x).exp() * y,
    "log": lambda x, y: (P * x).log() * y,
    "sqrt": lambda x, y: (P * x).sqrt() * y,
    "sin and cos": lambda x, y: (P * x).sin() * (Q * y).cos(),
    "tanh": lambda x, y: (P * x - y).tanh(),
    "sigmoid": lambda x, y: sigmoid(P * x - y, 2.0),
    "softplus": lambda x, y: (P * x - Q * y).softplus(),
    "relu": lambda x, y: (P * x - Q * y).relu(),
    "leaky relu": lambda x, y: leaky_relu(P * x - Q * y, 0.1),
    "elu": lambda x, y: elu(P * x - Q * y, 0.7),
    "abs": lambda x, y: abs(P * x - Q * y),
    "step": lambda x, y: (P * x - Q * y).step() * Q,
    "reciprocal": lambda x, y: (P * x + y).reciprocal(),
    "powers": lambda x, y: P**3 * x**-2 + (Q * y) ** 0.5 + (R * x) ** -2.5 + (P * y) ** 1 + (P * y) ** 0,
    "maximum and minimum": lambda x, y: maximum(P * x, Q * y, R, 1.0) * minimum(P, Q * x, R * y),
    "logsumexp": lambda x, y: logsumexp([P * x, Q, y]),
    "softmax": lambda x, y: softmax([P * x, Q, y])[1],
    "sum": lambda x, y: total([P, P * x, y, 3.0]) * total([P, Q, R]),
    "dots": lambda x, y: dot([P, Q], [x, 2.0], R) * dot([P, Q, R], [P, Q, R]) + dot([Q, P], [1.0, y]),
    "a parameter alone": lambda x, y: P * 1.0,
    "shared": lambda x, y: (lambda h: h * h + h * x - h / y)((P * x + Q * y).tanh()),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_gate_as_the_eager_engine_has_it(name, backend):
    compare(FUNCTIONS[name], 2, [P, Q, R], backend)


def networks():
    images = Sequential(Conv2d(1, 2, 3, padding=1, seed=1), "relu", MaxPool2d(2), Flatten(), Layer(8, 3, seed=2))
    means = Sequential(Conv2d(2, 3, 2, stride=2, seed=3), AvgPool2d(2), Flatten(), Layer(3, 1, seed=4))
    deep, wide = MLP(4, [5, 3], seed=5), MLP(4, [40, 3], activation="relu", seed=6)

    def square(x, side):
        return [list(x[side * i : side * (i + 1)]) for i in range(side)]

    return {
        "deep": (deep, 4, lambda *x: cross_entropy(deep(x), 1)),
        "wide, with a penalty": (
            wide,
            4,
            lambda *x: cross_entropy(wide(x), 2) + 0.01 * dot(wide.parameters(), wide.parameters()),
        ),
        "convolution": (images, 16, lambda *x: cross_entropy(images([square(x, 4)]), 1)),
        "channels": (means, 32, lambda *x: squared_error(means([square(x[:16], 4), square(x[16:], 4)])[0], 0.5)),
    }


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["deep", "wide, with a penalty", "convolution", "channels"])
def test_networks_as_the_eager_engine_has_them(name, backend):
    model, columns, function = networks()[name]
    compare(function, columns, model.parameters(), backend, count=41, low=-1.0, high=1.0)


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 64, 65])
def test_any_number_of_rows_fills_its_blocks(count):
    model = MLP(3, [9, 1], seed=1)
    compare(lambda *x: hinge_loss(model(x), 1), 3, model.parameters(), "llvm", count=count, low=-1.0, high=1.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_lectures_product_by_hand(backend):
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    program = Program((x + y) * z, [], [x, y, z], backend=backend.split()[0])
    rows = np.empty((1, 0)) if backend != "python" else [[]]
    mean, gradient = program(rows)
    assert (mean, list(gradient)) == (-12.0, [-4.0, -4.0, 3.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_are_read_anew_at_every_call(backend):
    w, x = Value(2.0), Value(1.0)
    program = Program(w * x, [x], [w], backend=backend.split()[0])
    assert run(program, [[3.0]], backend) == (6.0, [3.0], [6.0])
    w.data = 5.0
    assert run(program, [[3.0]], backend) == (15.0, [3.0], [15.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_nothing_depends_on_has_the_gradient_0(backend):
    w, unused, x = Value(2.0), Value(7.0), Value(1.0)
    program = Program(w * x, [x], [unused, w, Value(1.0)], backend=backend.split()[0])
    assert run(program, [[3.0], [5.0]], backend)[1] == [0.0, 4.0, 0.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_in_a_group_and_alone_receive_both_gradients(backend):
    weights = Group([Value(0.1 * i + 0.2) for i in range(11)])
    parameters = list(weights)
    compare(
        lambda x, y: dot(weights, [x, y] * 5 + [1.0]) * parameters[3] + dot(parameters[2:9], parameters[2:9]),
        2,
        parameters,
        backend,
    )


# ---------------- machine code


def ulps(found, expected):
    return abs(mpmath.mpf(float(found)) - expected) / mpmath.mpf(float(np.spacing(abs(float(expected)))))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -700, 700),
        ("log", None, None),
        ("tanh", -25, 25),
        ("sigmoid", -700, 30),
        ("softplus", -700, 700),
        ("sin", -100, 100),
        ("cos", -100, 100),
    ],
)
def test_vector_functions_are_within_4_ulp(name, low, high):
    numbers = random.Random(11)
    if name == "log":
        points = [10.0 ** numbers.uniform(-300, 300) for _ in range(600)] + [1.0 + 2.0**-k for k in range(1, 53)]
    else:
        points = [numbers.uniform(low, high) for _ in range(400)]
        points += [s * 10.0 ** numbers.uniform(-8, 1) for _ in range(200) for s in (1, -1)]
    if name in ("sin", "cos"):  # near the zeros, and huge
        points += [float(k * mpmath.pi / 2) for k in (*range(-40, 40), 10**5 + 7, 10**8 + 1)]
        points += [s * 10.0 ** numbers.uniform(3, 15) for _ in range(200) for s in (1, -1)]
    exact = {
        "sin": mpmath.sin,
        "cos": mpmath.cos,
        "exp": mpmath.exp,
        "log": mpmath.log,
        "tanh": mpmath.tanh,
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    }[name]
    x = Value(0.5)
    found = Program(getattr(x, name)(), [x], [], backend="llvm").values([[point] for point in points])
    with mpmath.workdps(50):
        worst = max(ulps(y, exact(mpmath.mpf(point))) for y, point in zip(found, points, strict=True))
    assert worst <= 4


def test_code_grows_with_gates_and_not_with_weights():
    from tinygrad_edu.program.assembly import Assembly
    from tinygrad_edu.program.precision import PRECISIONS

    def length(inputs):
        model, x = MLP(inputs, [4, 1]), [Value(0.5) for _ in range(inputs)]
        program = Program(model(x), x, model.parameters(), backend="llvm")
        return len(str(Assembly(program.code, inputs, len(model.parameters()), True, PRECISIONS["float64"]).module))

    assert length(400) < 1.1 * length(40)


def test_machine_code_is_released_with_its_program():
    w, x = Value(2.0), Value(1.0)
    program = Program(w * x, [x], [w], backend="llvm")
    program([[1.0]])
    engine = weakref.ref(program._runner.functions[True, True].engine)
    del program
    gc.collect()
    assert engine() is None


def test_several_threads_call_one_program():
    model = MLP(3, [8, 1], seed=1)
    x = [Value(0.5) for _ in range(3)]
    program = Program(model(x) ** 2, x, model.parameters(), backend="llvm")
    batches = [[[0.1 * i, -0.2 * k, 0.3] for k in range(70)] for i in range(8)]
    alone = [program(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(program, batches * 4))
    for i, (mean, gradient) in enumerate(together):
        assert (mean, list(gradient)) == (alone[i % 8][0], list(alone[i % 8][1]))


# ---------------- errors


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_number_that_is_not_finite_is_the_eager_engines_error(backend):
    w, x = Value(1.0, "w"), Value(3.0, "x")
    program = Program((w * x).log(), [x], [w], backend=backend.split()[0])
    with pytest.raises(DomainError, match=r"log\(x = -2.0\): log needs x > 0"):
        run(program, [[1.0], [-2.0], [3.0]], backend)
    program = Program((w * x).exp(), [x], [w], backend=backend.split()[0])
    with pytest.raises(DomainError, match=r"exp\(x = 800.0\): the result is too large"):
        run(program, [[800.0]], backend)
    program = Program(1.0 / (w * x), [x], [w], backend=backend.split()[0])
    with pytest.raises(DomainError, match="div"):
        run(program, [[0.0]], backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_that_do_not_fit_are_refused(backend):
    w, x = Value(1.0), Value(3.0)
    program = Program(w * x, [x], [w], backend=backend.split()[0])
    for rows in ([[1.0, 2.0]], [[]], []):
        with pytest.raises(ValueError, match=r"1 input,|no rows"):
            run(program, rows, backend)
    with pytest.raises((TypeError, ValueError)):
        run(program, [["one"]], backend)


def test_a_row_of_another_width_is_named():
    w, x = Value(1.0), Value(3.0)
    for backend in ("python", "llvm"):
        with pytest.raises(ValueError, match="the program has 1 input, and row 1 has 2 numbers"):
            Program(w * x, [x], [w], backend=backend)([[1.0], [1.0, 2.0]])


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="'llvm' or 'python', not 'cuda'"):
        Program(Value(1.0) * 2.0, [], [], backend="cuda")


# ---------------- the program as a value


@pytest.mark.parametrize("backend", ["python", "llvm"])
def test_it_can_be_pickled(backend):
    w, x = Value(2.0), Value(1.0)
    program = Program(w * x, [x], [w], backend=backend)
    program([[1.0]])
    mean, gradient = pickle.loads(pickle.dumps(program))([[3.0]])
    assert (mean, list(gradient)) == (6.0, [3.0])


# ---------------- single precision


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "shared"])
def test_single_precision_is_double_precision_to_six_digits(name):
    numbers = random.Random(7)
    rows = [[numbers.uniform(0.2, 2.0), numbers.uniform(0.2, 2.0)] for _ in range(70)]
    mean, gradient, outputs = eager(FUNCTIONS[name], rows, [P, Q, R])
    inputs = [Value(x) for x in rows[0]]
    program = Program(FUNCTIONS[name](*inputs), inputs, [P, Q, R], backend="llvm", dtype="float32")
    found = program(rows)
    assert found[1].dtype == program.values(rows).dtype == np.float32
    assert found[0] == pytest.approx(mean, rel=2e-6, abs=1e-6)
    assert list(found[1]) == pytest.approx(gradient, rel=1e-5, abs=1e-6)
    assert list(program.values(rows)) == pytest.approx(outputs, rel=1e-5, abs=1e-6)


def test_a_network_in_single_precision():
    model = MLP(4, [40, 3], activation="tanh", seed=6)
    inputs = [Value(0.1 * k) for k in range(4)]
    numbers = random.Random(3)
    rows = [[numbers.uniform(-1.0, 1.0) for _ in range(4)] for _ in range(150)]
    mean, gradient, _ = eager(lambda *x: cross_entropy(model(x), 2), rows, model.parameters())
    program = Program(cross_entropy(model(inputs), 2), inputs, model.parameters(), backend="llvm", dtype="float32")
    found = program(np.array(rows, dtype=np.float32))
    assert found[0] == pytest.approx(mean, rel=1e-5)
    assert list(found[1]) == pytest.approx(gradient, rel=1e-4, abs=1e-6)


def test_single_precision_is_machine_code_only():
    with pytest.raises(ValueError, match="'python' computes in float64"):
        Program(Value(1.0) * 2.0, [], [], backend="python", dtype="float32")
    with pytest.raises(ValueError, match="'float64' or 'float32', not 'float16'"):
        Program(Value(1.0) * 2.0, [], [], dtype="float16")


# ---------------- what is not finite does not go unseen

SWALLOWING = {  # each makes a finite number of an infinite one
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "softplus": lambda x: (-x).softplus(),
    "elu": lambda x: elu(-x, 0.5),
    "relu": lambda x: (-x).relu(),
    "step": lambda x: x.step(),
    "exp": lambda x: (-x).exp(),
    "reciprocal": lambda x: x.reciprocal(),
    "div": lambda x: 2.0 / x,
    "maximum": lambda x: maximum(-x, 1.0),
    "minimum": lambda x: minimum(1.0, x),
    "logsumexp": lambda x: logsumexp([-x, 1.0]),
    "power": lambda x: x**0,
}


@pytest.mark.parametrize("backend", ["llvm", "python on arrays"])
@pytest.mark.parametrize("name", SWALLOWING)
@pytest.mark.parametrize("maker", ["log", "div", "product"])
def test_a_number_that_is_lost_on_the_way_is_an_error(name, maker, backend):
    w, x = Value(1.0, "w"), Value(3.0, "x")
    makers = {"log": lambda: (w * x).log(), "div": lambda: 1.0 / (w * x), "product": lambda: x * 1e300 * w}
    program = Program(SWALLOWING[name](makers[maker]()), [x], [w], backend=backend.split()[0])
    rows = [[1e200]] if maker == "product" else [[0.0]]
    with pytest.raises(DomainError):
        run(program, [[1.0], *rows], backend)
    with pytest.raises(DomainError):
        program.values(np.array(rows) if backend != "llvm" else rows)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_infinite_slope_that_nothing_comes_back_to_is_left_out_as_the_engine_does(backend):
    w, x = Value(1.0), Value(2.0)
    program = Program(maximum((w * x).sqrt(), 1.0), [x], [w], backend=backend.split()[0])
    mean, gradient, outputs = run(program, [[0.0], [4.0]], backend)
    assert (mean, gradient, outputs) == (1.5, [0.5], [1.0, 2.0])  # of the second row: 4 / (2 √4) / 2


def test_a_result_too_large_for_its_precision_says_so():
    w, x = Value(1.0), Value(2.0)
    with pytest.raises(OverflowError, match="too large for float32"):
        Program(w * x, [x], [w], backend="llvm", dtype="float32")([[1e30]], at=[1e30])


# ---------------- arguments


def test_inputs_and_parameters_are_leaves_each_of_them_once():
    w, x = Value(1.0, "w"), Value(2.0, "x")
    product = w * x
    with pytest.raises(ValueError, match="input 1 of a program was made by a gate, mul"):
        Program(product * w, [x, product], [w])
    with pytest.raises(ValueError, match="parameter 0 of a program was made by a gate, mul"):
        Program(product * w, [x], [product])
    with pytest.raises(ValueError, match=r"one Value twice among its inputs: .* label='x'"):
        Program(product, [x, x], [w])
    with pytest.raises(ValueError, match=r"one Value twice among its parameters: .* label='w'"):
        Program(product, [x], [w, w])
    with pytest.raises(ValueError, match="is an input of this program and a parameter as well"):
        Program(product, [x], [w, x])
    with pytest.raises(TypeError, match=r"input 0 of a program is to be a Value, got float 3\.0"):
        Program(product, [3.0], [w])
    with pytest.raises(TypeError, match="output is a Value, got float"):
        Program(3.0, [x], [w])


def test_inputs_may_be_any_sequence_that_ends():
    w, x = Value(1.0), Value(2.0)
    assert Program(w * x, (v for v in [x]), iter([w]), backend="python")([[5.0]]) == (5.0, [5.0])
