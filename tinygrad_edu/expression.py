"""An expression as one writes it, "(x+y)*z", to its graph: read by Python's `ast`, built by the gates, never run.

Only what `parts` names is in the language; every other text is a ValueError that shows the spot. Nothing recurses
on the expression, so the limits below are there to keep Python's own parser within its stack.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from tinygrad_edu import functions, gates
from tinygrad_edu.errors import DomainError
from tinygrad_edu.gates import GATES, Gate
from tinygrad_edu.value import Value, number

MAX_LENGTH = 10_000  # characters of the text
MAX_DEPTH = 100  # brackets within brackets
MAX_DIGITS = 640  # digits of one number; Python's own limit can be set no lower
SHOWN = 30  # characters that a message shows on either side of the spot

OPERATORS: dict[type[ast.AST], Gate] = {
    ast.Add: gates.add,
    ast.Sub: gates.sub,
    ast.Mult: gates.mul,
    ast.Div: gates.div,
    ast.Pow: gates.pow,  # gates.power where the exponent is a plain number, as in Value ** number
    ast.USub: gates.neg,
}
CALLED = {name: gate for name, gate in GATES.items() if gate not in (*OPERATORS.values(), gates.power)}
INSTEAD = {"^": "**", "−": "-", "×": "*", "·": "*", "÷": "/"}  # signs from paper and from our own pictures

TWO_OPERANDS = re.compile(  # with nothing but space between them
    r"(?>(?:\.|(?<![\w.]))\d[\d_.]*(?:[eE][+-]?\d[\d_]*)?)[ \t]*(?=[^\W\d]|\()"  # 2x, 2(x + 1)
    r"|(?<=[\w.])[ \t]+(?=\w|\.\d)"  # x y; x (y) is a call
    r"|[)\]][ \t]*(?=\w|\.\d|\()"  # (x)y, (x)(y)
)


def parse(text: str, /, **variables: Any) -> Value:
    """The Value of an expression on one line.

    variables  a number makes a leaf with that label; a Value is used as it is. One leaf serves all uses of a name

    The language is numbers, the variables, + - * / **, brackets, and the gates by name, with the inputs that their
    functions in Python take: `sigmoid(x, beta=2)`, `dot([u, v], [x, y], b)`. What holds no variable is computed at
    once and enters the graph as a constant.

    Raises ValueError with a caret under the spot for any other text and for a name that is not given, ValueError for
    a variable that is given but not used, TypeError for a text that is not a string or a variable that is not a
    number, and DomainError where a gate is not defined, with the caret in a note below the message.

    >>> f = parse("(x+y)*z", x=-2, y=5, z=-4)
    >>> f.backward()
    >>> f.data, [(x.label, x.grad) for x in (*f.inputs[0].inputs, f.inputs[1])]
    (-12.0, [('x', -4.0), ('y', -4.0), ('z', 3.0)])
    >>> parse("2x + 1", x=3)
    Traceback (most recent call last):
    ValueError: an operator is missing here; a product is written 2*x
      2x + 1
       ^
    """
    if not isinstance(text, str):
        raise TypeError(f"parse needs the text of an expression, got {type(text).__name__}")
    leaves = {name: leaf(name, x) for name, x in variables.items()}
    text, tree = read(text)
    nodes: list[ast.AST] = [tree]
    for node in nodes:  # grows as it goes; the whole text is checked before anything is built
        with caret(text, node):
            nodes += parts(node, leaves)
    results: dict[ast.AST, Any] = {}
    for node in reversed(nodes):  # parts before wholes
        with caret(text, node):
            results[node] = outcome(node, [results[part] for part in parts(node, leaves)], leaves)
    unused = leaves.keys() - {node.id for node in nodes if isinstance(node, ast.Name)}
    if unused:
        raise ValueError(f"given but not used: {', '.join(sorted(unused))}\n{excerpt(text, 0)}")
    result = results[tree]
    return result if isinstance(result, Value) else Value(result)


def leaf(name: str, x: Any) -> Value:
    """A variable as it enters the graph; an error names it."""
    try:
        return x if isinstance(x, Value) else Value(x, name)
    except (TypeError, ValueError) as error:
        raise type(error)(f"variable {name}: {error}") from None


# ---------------- reading


def read(text: str) -> tuple[str, ast.Expression]:
    """The text without the space around it, and its tree. Only what could hurt or warn in ast.parse is refused here."""
    if len(text) > MAX_LENGTH:
        raise fault(f"the text has {len(text)} characters, more than {MAX_LENGTH}", text, MAX_LENGTH)
    text = text.strip()
    if not text:
        raise ValueError("the text is empty")
    depth = 0
    for spot, character in enumerate(text):
        if character in INSTEAD:
            raise fault(f"write {INSTEAD[character]} instead of {character}", text, spot)
        if not character.isalnum() and character not in " \t_.,+-*/=()[]":
            raise fault(f"the character {character!r} has no meaning here", text, spot)
        depth += (character in "([") - (character in ")]")
        if depth > MAX_DEPTH:
            raise fault(f"more than {MAX_DEPTH} brackets within brackets", text, spot)
    if digits := re.search(rf"[\d_]{{{MAX_DIGITS + 1}}}", text):
        raise fault(f"a number of more than {MAX_DIGITS} digits", text, digits.start())
    if gap := TWO_OPERANDS.search(text):
        raise fault("an operator is missing here; a product is written 2*x", text, gap.end())
    try:
        return text, ast.parse(text, mode="eval")
    except SyntaxError as error:
        reason = "cannot be read from here on" if error.msg.startswith("invalid syntax") else error.msg
        raise fault(reason, text, error.offset - 1 if error.offset else len(text)) from None
    except (RecursionError, MemoryError):
        raise fault("too many operators, one within the other, for Python's parser", text, 0) from None


def names_in(text: str) -> list[str]:
    """The names of the variables of an expression, in the order in which they are read.

    >>> names_in("sigmoid(w*x + b) * x")
    ['w', 'x', 'b']
    """
    tree = read(text)[1]
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in called]
    return list(dict.fromkeys([node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))]))


def parts(node: ast.AST, variables: Mapping[str, Value]) -> Sequence[ast.AST]:
    """The sub-expressions of a node, in order. Raises ValueError for a node that is not in the language."""
    below: Sequence[ast.AST]
    match node:
        case ast.Name(id=name):
            if name not in variables:
                raise ValueError(f"{name!r:.40} is not given; given: {', '.join(variables) or 'nothing'}")
            return []
        case ast.Constant(value=value) if type(value) in (int, float):
            return []
        case ast.Call(func=ast.Name(id=name)):
            if name in variables and name not in CALLED:
                raise ValueError(f"{name!r:.40} is a variable; a product is written 2*x")
            if name not in CALLED:
                raise ValueError(f"{name!r:.40} is not a gate; the gates are {', '.join(sorted(CALLED))}")
            return [*node.args, *[keyword.value for keyword in node.keywords]]
        case ast.BinOp() if type(node.op) in OPERATORS:
            below = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            below = [node.operand]
        case ast.List() | ast.Tuple():
            below = node.elts
        case ast.Expression():
            below = [node.body]
        case _:
            raise ValueError("not in the language: it has numbers, variables, + - * / **, brackets and gates")
    if any(isinstance(part, ast.List | ast.Tuple) for part in below):
        raise ValueError("a list can only be an input of a gate that takes lists")
    return below


# ---------------- building


def outcome(node: ast.AST, inputs: list[Any], variables: Mapping[str, Value]) -> Any:
    """The Value, the number or the list of a node, from those of its parts."""
    match node:
        case ast.Name(id=name):
            return variables[name]
        case ast.Constant(value=value):
            return number(value)
        case ast.BinOp(op=ast.Pow()) if type(inputs[1]) is float:
            return gates.power(*inputs)
        case ast.BinOp(op=op) | ast.UnaryOp(op=ast.USub() as op):
            return OPERATORS[type(op)](*inputs)
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            return call(CALLED[name], inputs, [keyword.arg for keyword in keywords])
        case ast.List() | ast.Tuple():
            return inputs
    return inputs[0]  # brackets and unary plus


def call(gate: Gate, inputs: list[Any], keywords: list[str | None]) -> Any:
    """A gate called by name; the last of the inputs are those of the keywords."""
    function, signature = calling(gate)
    positional = len(inputs) - len(keywords)
    named: dict[Any, Any] = dict(zip(keywords, inputs[positional:], strict=True))
    try:
        if len(named) < len(keywords):
            raise TypeError("a keyword given twice")
        bound = signature.bind(*inputs[:positional], **named)
        for name, x in bound.arguments.items():
            for member in x if type(x) is tuple else [x]:  # a tuple is all that went to *values
                if (type(member) is list) != (signature.parameters[name].annotation is list):
                    raise TypeError("a list for a number, or a number for a list")
    except TypeError:
        raise ValueError(f"{gate.name} is called as {gate.name}{signature}") from None
    return function(*bound.args, **bound.kwargs)


@cache
def calling(gate: Gate) -> tuple[Callable[..., Any], inspect.Signature]:
    """What a gate's name calls, the function where there is one beside the row, and the inputs it takes."""
    function = getattr(functions, gate.name, gate)
    if function is gate:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        inputs = [inspect.Parameter(name.removesuffix("[]"), kind) for name in gate.takes.split(", ")]
    else:
        inputs = list(inspect.signature(function).parameters.values())
    groups = [x.name for x in inputs if f"{x.name}[]" in gate.takes and x.kind is not inspect.Parameter.VAR_POSITIONAL]
    inputs = [x.replace(annotation=list if x.name in groups else inspect.Parameter.empty) for x in inputs]
    return function, inspect.Signature(inputs)


# ---------------- showing the spot


@contextmanager
def caret(text: str, node: ast.AST) -> Iterator[None]:
    """Errors within show where the node stands in the text."""
    try:
        yield
    except DomainError as error:
        error.add_note(excerpt(text, place(text, node), "^"))
        raise
    except ValueError as error:
        raise fault(str(error), text, place(text, node)) from None


def place(text: str, node: ast.AST) -> int:
    """Where a node stands: an operator at its sign, all else at its first character. ast counts bytes."""
    source = text.encode()
    start = getattr(node, "col_offset", 0)
    if isinstance(node, ast.BinOp):
        after = source[node.left.end_col_offset :]
        start = len(source) - len(after.lstrip(b" \t)"))
    return len(source[:start].decode())


def fault(message: str, text: str, spot: int) -> ValueError:
    """The error for a text that cannot be read."""
    return ValueError(f"{message}\n{excerpt(text, spot, '^')}")


def excerpt(text: str, spot: int, mark: str = "") -> str:
    """The text around the spot on a line of its own, and below it the mark."""
    before, after = text[max(0, spot - SHOWN) : spot], text[spot : spot + SHOWN]
    before = "..." + before if spot > SHOWN else before
    after = after + "..." if spot + SHOWN < len(text) else after
    line = "".join([c if c.isprintable() else " " for c in before + after])
    return f"  {line}\n  {' ' * len(before)}{mark}".rstrip()
