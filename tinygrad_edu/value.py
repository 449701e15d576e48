"""Value: a number that remembers how it was made. Its operators record the graph that backward() walks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Real
from typing import Any

from tinygrad_edu import functions, gates
from tinygrad_edu.gates import Gate

Wire = Any  # what enters a gate: a Value, a plain float for a constant, or a Group of these


def number(x: Any) -> float:
    """A finite float from what is a real number: float, int, bool, Fraction, a NumPy scalar.

    Raises TypeError for anything else and ValueError for nan, infinity and integers beyond the double range: every
    number in a graph is finite.
    """
    if type(x) is not float:
        if isinstance(x, Value):
            raise TypeError(f"needs a plain number, got {x!r}; its number is .data")
        if not isinstance(x, Real):
            hint = "; convert text with float()" if isinstance(x, str) else ""
            raise TypeError(f"needs a real number, got {type(x).__name__} {x!r}{hint}")
        try:
            x = float(x)
        except OverflowError:
            raise ValueError("this integer is too large for a double") from None
    if x - x:
        raise ValueError(f"needs a finite number, got {x}: every number in a graph is finite")
    return x  # type: ignore[no-any-return]


def wire(x: Any) -> Wire:
    """What the graph holds for an input: a Value, a Group, or a float for a constant."""
    if isinstance(x, (Value, Group)):
        return x
    return Group(x) if hasattr(x, "__iter__") else number(x)


def record(gate: Gate, data: float, first: Wire, second: Wire = None) -> "Value":
    """The output of a gate: a node of the graph."""
    output = object.__new__(Value)
    output.data = data
    output.grad = 0.0
    output.label = ""
    output.gate = gate
    output.first = first
    output.second = second
    return output


def through(gate: Gate, inputs: Sequence[Any]) -> "Value":
    """The output of any gate for these inputs: Values and numbers, and for a group any iterable of them."""
    wires: list[Wire] = []
    numbers: list[Any] = []
    for x in inputs:
        if type(x) is Group:
            numbers.append(x.read())
        elif type(x) is Value:
            numbers.append(x.data)
        else:
            x = wire(x)
            numbers.append(x.read() if type(x) is Group else x if type(x) is float else x.data)
        wires.append(x)
    try:
        data = gate.forward(*numbers)
        if data - data:
            raise OverflowError
    except (ArithmeticError, TypeError, ValueError):
        data = gate.evaluate(numbers, wires)
    return record(gate, data, tuple(wires)) if "[]" in gate.takes else record(gate, data, *wires)


class Group:
    """Values and constants that enter a gate together, as the weights of a `dot` do.

    A Group made once and given to many gates is walked once in the backward pass, not once for each gate.
    """

    __slots__ = ("constants", "data", "grad", "members", "variable")

    def __init__(self, members: Iterable[Any]) -> None:
        self.members: tuple[Wire, ...] = tuple(members)
        kinds = {*map(type, self.members)}
        if kinds != {Value}:
            self.members = tuple([x if isinstance(x, Value) else number(x) for x in self.members])
            kinds = {*map(type, self.members)}
        self.constants = float in kinds  # whether some of its members are constants
        self.variable = kinds != {float}  # whether it takes a gradient: not all of its members are constants
        self.data: list[Any] = []  # the members' numbers when they were last read
        self.grad: list[Any] = []  # within a backward pass: from every gate so far its upstream and its slopes

    def read(self) -> list[Any]:
        """The numbers of the members as they are now."""
        if self.constants:
            self.data = [x if type(x) is float else x.data for x in self.members]
        else:
            self.data = [x.data for x in self.members]
        return self.data

    through = staticmethod(through)

    def __iter__(self) -> Iterator[Wire]:
        return iter(self.members)

    def __getitem__(self, index: int) -> Wire:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)


def unary(gate: Gate) -> Callable[["Value"], "Value"]:
    """The method of a gate with one input."""
    forward = gate.forward

    def method(self: "Value") -> "Value":
        try:
            data = forward(self.data)
            if data - data:
                raise OverflowError
        except (ArithmeticError, ValueError):
            data = gate.evaluate((self.data,), (self,))
        return record(gate, data, self)

    method.__name__, method.__doc__ = gate.name, f"The {gate.name} gate of this value."
    return method


def binary(gate: Gate) -> Callable[["Value", Any], "Value"]:
    """The operator of a gate with two inputs."""
    forward = gate.forward

    def method(self: "Value", other: Any) -> "Value":
        x = self.data
        if isinstance(other, Value):
            y = other.data
        else:
            other = y = number(other)
        try:
            data = forward(x, y)
            if data - data:
                raise OverflowError
        except (ArithmeticError, ValueError):
            data = gate.evaluate((x, y), (self, other))
        output = object.__new__(Value)  # record(), written out: most gates of most graphs are made here
        output.data = data
        output.grad = 0.0
        output.label = ""
        output.gate = gate
        output.first = self
        output.second = other
        return output

    method.__name__, method.__doc__ = gate.name, f"The {gate.name} gate of this value and another, or a number."
    return method


def reflected(gate: Gate) -> Callable[["Value", Any], "Value"]:
    """The operator of a gate with two inputs for a number on the left."""

    def method(self: "Value", other: Any) -> "Value":
        other = number(other)
        return record(gate, gate.evaluate((other, self.data), (other, self)), other, self)

    method.__name__, method.__doc__ = gate.name, f"The {gate.name} gate of a number and this value."
    return method


class Value:
    """A node of the graph: a leaf, made here, or the output of a gate, made by an operator.

    data    its number, a double
    grad    ∂output/∂self, summed over every backward() so far
    label   a name for pictures, ledgers and messages
    gate    the row of the table that made it; None for a leaf
    inputs  the Values that entered the gate; none for a leaf

    A plain number in an expression is a constant: a leaf that takes no gradient.
    `==` and hash() are identity, so that Values can be members of sets; `<`, bool() and float() read the number.

    >>> x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    >>> f = (x + y) * z
    >>> f.backward()
    >>> f.data, x.grad, y.grad, z.grad
    (-12.0, -4.0, -4.0, 3.0)
    """

    # `first` and `second` hold what entered the gate; two slots cost less than a tuple. A gate of groups keeps the
    # tuple of its groups in `first`.
    __slots__ = ("data", "first", "gate", "grad", "label", "second")
    __array_ufunc__ = None  # so that NumPy scalars leave `scalar * value` to us

    data: float
    grad: float
    label: str
    gate: Gate | None
    first: Any
    second: Any

    def __init__(self, data: Any, label: str = "") -> None:
        self.data = number(data)
        self.grad = 0.0
        self.label = label
        self.gate = None
        self.first = None
        self.second = None

    through = staticmethod(through)

    @property
    def inputs(self) -> tuple["Value", ...]:
        """The Values that entered the gate, in order; a constant as a leaf of its own."""
        return tuple([x if isinstance(x, Value) else Value(x) for x in self.wires()])

    def wires(self) -> list[Wire]:
        """The inputs as the graph holds them: Values, and floats for constants; groups laid end to end."""
        return [x for wire in self.operands() for x in (wire.members if type(wire) is Group else (wire,))]

    def operands(self) -> tuple[Wire, ...]:
        """The inputs as the gate's rules take them: Values, floats for constants, and groups as Groups."""
        if type(self.first) is tuple:
            return self.first
        return tuple([wire for wire in (self.first, self.second) if wire is not None])

    def backward(self) -> None:
        """Add ∂self/∂node to `.grad` of every node under this one. See `backprop.backward`."""
        from tinygrad_edu.backprop import backward

        backward(self)

    def zero_grad(self) -> None:
        """Set `.grad` of every node under this one, and its own, to zero."""
        from tinygrad_edu.backprop import nodes

        for node in nodes(self):
            node.grad = 0.0

    def named(self, label: str) -> "Value":
        """Set the label and return self: `q = (x + y).named("q")`."""
        self.label = label
        return self

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data!r}, grad={self.grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __float__(self) -> float:
        return float(self.data)

    def __bool__(self) -> bool:
        return self.data != 0.0

    def __lt__(self, other: Any) -> bool:
        return self.data < (other.data if isinstance(other, Value) else other)

    def __le__(self, other: Any) -> bool:
        return self.data <= (other.data if isinstance(other, Value) else other)

    def __gt__(self, other: Any) -> bool:
        return self.data > (other.data if isinstance(other, Value) else other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= (other.data if isinstance(other, Value) else other)

    __add__, __radd__ = binary(gates.add), reflected(gates.add)
    __sub__, __rsub__ = binary(gates.sub), reflected(gates.sub)
    __mul__, __rmul__ = binary(gates.mul), reflected(gates.mul)
    __truediv__, __rtruediv__ = binary(gates.div), reflected(gates.div)
    __rpow__ = reflected(gates.pow)
    __neg__, __abs__ = unary(gates.neg), unary(gates.abs)

    def __pow__(self, other: Any) -> "Value":
        """The pow gate; for a plain number as exponent the power gate, whose exponent is a constant."""
        return through(gates.pow if isinstance(other, Value) else gates.power, (self, other))

    exp = unary(gates.exp)
    log = unary(gates.log)
    sqrt = unary(gates.sqrt)
    sin = unary(gates.sin)
    cos = unary(gates.cos)
    tanh = unary(gates.tanh)
    relu = unary(gates.relu)
    softplus = unary(gates.softplus)
    reciprocal = unary(gates.reciprocal)
    step = unary(gates.step)

    sigmoid = functions.sigmoid
    leaky_relu = functions.leaky_relu
    elu = functions.elu
