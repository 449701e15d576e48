"""The backward pass: an order of the graph, and the chain rule along it."""

from collections.abc import Callable, Iterable, Sequence
from operator import mul
from typing import Any

from tinygrad_edu.errors import DomainError
from tinygrad_edu.value import Group, Value, record


def topological_order(output: Value) -> list[Any]:
    """Every Value under `output`, each after what it was made from; `output` comes last.

    A Group stands between its members and its gates: once, however many gates it enters.
    """
    order: list[Any] = []
    seen: set[Any] = set()
    stack: list[Any] = [output]
    while True:
        if not stack:
            return order
        node = stack.pop()
        if node is None:  # all that the node below was made from is in the order by now
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack += (node, None)
            if type(node) is Group:
                stack += [x for x in reversed(node.members) if type(x) is not float and x not in seen]
                continue
            first, second = node.first, node.second
            if type(first) is tuple:
                for wire in reversed(first):
                    if type(wire) is not float and wire not in seen:
                        stack.append(wire)
                continue
            if second is not None and type(second) is not float and second not in seen:
                stack.append(second)
            if first is not None and type(first) is not float and first not in seen:
                stack.append(first)


def nodes(output: Value) -> list[Value]:
    """Every Value under `output`, each after what it was made from; `output` comes last."""
    return [node for node in topological_order(output) if type(node) is not Group]


def chain_rule(order: Sequence[Any], one: Any) -> None:
    """From every gate, the last first, send each input `upstream * local`, and add it to the input's `.grad`.

    The upstream of the output is `one`. Nothing here asks what stands in `.data` and `.grad`: numbers, Values, or
    whatever can be multiplied and added; a gate whose `.grad` is false, as 0 is, has nothing to send.
    """
    for node in order:
        if type(node) is Group:
            node.read()
    order[-1].grad = one
    try:
        for node in reversed(order):
            upstream = node.grad
            if not upstream:
                continue
            if type(node) is Group:  # all its gates have sent; its members receive the sums
                node.grad = []
                upstreams, slopes = zip(*upstream, strict=True)
                for x, local in zip(node.members, zip(*slopes, strict=True), strict=True):
                    if type(x) is not float:
                        x.grad = sum(map(mul, upstreams, local), x.grad)
                continue
            first, second = node.first, node.second
            if second is not None:  # two inputs
                out, local = node.data, node.gate.local
                x = first if type(first) is float else first.data
                y = second if type(second) is float else second.data
                if type(first) is not float:
                    first.grad += upstream * local[0](out, x, y)
                if type(second) is not float:
                    second.grad += upstream * local[1](out, x, y)
            elif type(first) is tuple:  # groups
                out = node.data
                inputs = [wire if type(wire) is float else wire.data for wire in first]
                for wire, local in zip(first, node.gate.local, strict=False):
                    if type(wire) is Group:
                        if wire.variable:
                            wire.grad.append((upstream, local(out, *inputs)))
                    elif type(wire) is not float:
                        wire.grad += upstream * local(out, *inputs)
            elif first is not None:  # one input
                first.grad += upstream * node.gate.local[0](node.data, first.data)
    except (ArithmeticError, DomainError):
        if type(node) is Group:
            raise
        raise DomainError(node.gate, node.operands(), f"{node.gate.name} has no finite slope here") from None


def backward(output: Value) -> None:
    """Add ∂output/∂node to `.grad` of `output` and of every node under it.

    The gradients of one pass are summed apart and then added, so that a second backward() adds exactly the same
    again, on every node. If the pass is cut short by an error, every `.grad` is what it was before.

    Raises DomainError where a gate has no finite slope, as sqrt at 0, or sends a gradient too large for a double.
    Slopes are taken at the `.data` of now: after assigning to a leaf, build the graph again.
    """
    order = topological_order(output)
    before = [(node, node.grad) for node in order if node.grad]
    try:
        for node, _ in before:
            node.grad = 0.0
        chain_rule(order, 1.0)
        refuse_overflow(order)
    except BaseException:
        for node in order:
            node.grad = [] if type(node) is Group else 0.0
        raise
    finally:
        for node, grad in before:
            node.grad += grad


def refuse_overflow(order: Sequence[Any]) -> None:
    """A DomainError for the first gate of the backward pass that sent a gradient which is not a finite number."""
    total = sum([node.grad for node in order if type(node) is not Group])
    if total - total == 0.0:
        return
    for node in reversed(order):
        if type(node) is not Group and any(x.grad - x.grad for x in node.wires() if type(x) is not float):
            raise DomainError(node.gate, node.wires(), "the gradient it sends is too large for a double")


def mirror(order: Sequence[Any], data: Callable[[Value], Any], grad: Callable[[Value], Any]) -> list[Any]:
    """The same graph in the same order, with `data(node)` and `grad(node)` in the place of the numbers."""
    images: dict[Any, Any] = {}
    for node in order:
        if type(node) is Group:
            images[node] = Group([images.get(x, x) for x in node.members])
        else:
            first = tuple([images.get(x, x) for x in node.first]) if type(node.first) is tuple else node.first
            images[node] = record(node.gate, data(node), images.get(first, first), images.get(node.second, node.second))
            images[node].grad = grad(node)
    return list(images.values())


class Flow:
    """What `.grad` holds while gradients are Values: one Value, or None before anything has arrived.

    It leaves out `0 +` and `* 1`, so that the graph of a gradient holds what one would write by hand.
    """

    __slots__ = ("value",)

    def __init__(self, value: Value | None) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value is not None

    def __add__(self, other: "Flow") -> "Flow":
        if self.value is None or other.value is None:
            return other if self.value is None else self
        return Flow(self.value + other.value)

    def __mul__(self, local: Any) -> "Flow":
        if type(local) is float and local in (0.0, 1.0):
            return self if local else Flow(None)
        return Flow(self.value * local)  # only a Flow that holds a Value is sent on


def grad(output: Value, inputs: Iterable[Value]) -> list[Value]:
    """∂output/∂input for each of the inputs, as Values: call it again on them for the next order.

    `.grad` of the nodes is left alone. An input that the output does not depend on has the gradient 0.

    >>> x = Value(2.0)
    >>> (first,) = grad(x**4, [x])
    >>> (second,) = grad(first, [x])
    >>> first.data, second.data
    (32.0, 48.0)
    """
    inputs = list(inputs)
    for x in (output, *inputs):
        if not isinstance(x, Value):
            raise TypeError(f"grad needs Values, got {type(x).__name__} {x!r}")
    order = topological_order(output)
    images = mirror(order, data=lambda node: node, grad=lambda node: Flow(None))
    chain_rule(images, Flow(Value(1.0)))
    flows = dict(zip(order, images, strict=True))
    gradients = [flows[x].grad.value if x in flows else None for x in inputs]
    return [Value(0.0) if gradient is None else gradient for gradient in gradients]
