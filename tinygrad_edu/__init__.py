"""tinygrad_edu: a scalar reverse-mode automatic-differentiation engine to learn from.

Read `gates.py`, then `value.py`, then `backprop.py`: that is the engine.
"""

from tinygrad_edu.answers import check_answers
from tinygrad_edu.backprop import grad
from tinygrad_edu.check import gradcheck
from tinygrad_edu.derivation import derivation
from tinygrad_edu.draw import draw
from tinygrad_edu.errors import DomainError, UnknownNumberError
from tinygrad_edu.expand import expand
from tinygrad_edu.expression import parse
from tinygrad_edu.functions import (
    cos,
    dot,
    elu,
    exp,
    leaky_relu,
    log,
    logsumexp,
    maximum,
    minimum,
    reciprocal,
    relu,
    sigmoid,
    sin,
    softmax,
    softplus,
    sqrt,
    step,
    tanh,
    total,
)
from tinygrad_edu.latex import latex
from tinygrad_edu.ledger import ledger
from tinygrad_edu.program import Program
from tinygrad_edu.stepper import stepper
from tinygrad_edu.value import Group, Value

__all__ = [
    "DomainError",
    "Group",
    "Program",
    "UnknownNumberError",
    "Value",
    "check_answers",
    "cos",
    "derivation",
    "dot",
    "draw",
    "elu",
    "exp",
    "expand",
    "grad",
    "gradcheck",
    "latex",
    "leaky_relu",
    "ledger",
    "log",
    "logsumexp",
    "maximum",
    "minimum",
    "parse",
    "reciprocal",
    "relu",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "step",
    "stepper",
    "tanh",
    "total",
]
