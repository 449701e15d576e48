"""The operators of Python as gates, for what reads the rules of the gate table and is neither a number nor a Value."""

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu import gates
from tinygrad_edu.gates import Gate


class Arithmetic:
    """Operators that go through `through(gate, inputs)`, as a call of a gate does."""

    __slots__ = ()

    through: Callable[[Gate, Sequence[Any]], Any]

    def __add__(self, other: Any) -> Any:
        return self.through(gates.add, (self, other))

    def __radd__(self, other: Any) -> Any:
        return self.through(gates.add, (other, self))

    def __sub__(self, other: Any) -> Any:
        return self.through(gates.sub, (self, other))

    def __rsub__(self, other: Any) -> Any:
        return self.through(gates.sub, (other, self))

    def __mul__(self, other: Any) -> Any:
        return self.through(gates.mul, (self, other))

    def __rmul__(self, other: Any) -> Any:
        return self.through(gates.mul, (other, self))

    def __truediv__(self, other: Any) -> Any:
        return self.through(gates.div, (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.through(gates.div, (other, self))

    def __pow__(self, other: Any) -> Any:
        return self.through(gates.pow if isinstance(other, Arithmetic) else gates.power, (self, other))

    def __neg__(self) -> Any:
        return self.through(gates.neg, (self,))
