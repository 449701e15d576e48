"""One row of an expression of 30 gates, called from Python: `python benchmarks/one_row.py` prints the ratio.

The value and the gradient, float64, beside the same expression on PyTorch's scalar tensors. What the program takes is
nearly all the call itself: checking its row, and getting in and out of machine code.

Needs the extras `fast` and `twin`.
"""

import sys
from typing import Any

import numpy as np
import torch
from beside import table

from tinygrad_edu import Program, Value

NUMBERS = (0.3, 0.7, 1.1)


def expression(x: Any, y: Any, z: Any) -> Any:
    for _ in range(4):
        x, y = (x * y + z).tanh(), (x - y * z).sigmoid() * x
    return (x + y) * z


def main() -> None:
    torch.set_num_threads(1)
    x, y, z = map(Value, NUMBERS)
    program = Program(expression(x, y, z), [x], [y, z], backend="llvm")
    row = np.array([[x.data]])
    tensors = [torch.tensor(number, dtype=torch.float64, requires_grad=k > 0) for k, number in enumerate(NUMBERS)]

    def in_pytorch() -> Any:
        value = expression(*tensors)
        return value, torch.autograd.grad(value, tensors[1:])

    value, gradient = in_pytorch()
    mean, ours = program(row)
    if max(abs(mean - value.item()), *[abs(a - b.item()) for a, b in zip(ours, gradient, strict=True)]) > 1e-9:
        sys.exit("the gradients differ")
    table("an expression of 30 gates, one row", lambda: program(row), {"PyTorch, scalar tensors": in_pytorch})


if __name__ == "__main__":
    main()
