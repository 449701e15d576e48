"""Program: a graph of one sample, recorded once, as a straight-line program that runs on many rows.

`unknown.py` has it built; `trace.py` records it, by the chain rule run on symbols; `code.py` says what a program is;
`passes.py` make it shorter, `roll.py` makes a layer one statement; `printing.py` writes it as one would by hand, `c.py`
in C; `python.py` runs that text, on lists by `rows.py` and on arrays by `arrays.py`; `assembly.py` writes it for LLVM,
`machine.py` makes machine code of that. `trial.py` tries it on its first rows; `given.py` refuses what does not fit.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Literal

from tinygrad_edu.errors import DomainError
from tinygrad_edu.program.c import in_c
from tinygrad_edu.program.code import KNOWN, Code
from tinygrad_edu.program.given import each_row, floats, graph, leaves, listed, so_many
from tinygrad_edu.program.passes import add_up, for_every_row, optimized
from tinygrad_edu.program.printing import printed
from tinygrad_edu.program.python import Interpreter
from tinygrad_edu.program.replay import replay
from tinygrad_edu.program.roll import rolled
from tinygrad_edu.program.trace import trace
from tinygrad_edu.program.trial import TOLERANCES, Trial
from tinygrad_edu.program.unknown import traced
from tinygrad_edu.value import Value, number


class Program:
    """What a graph computes, value and gradients, for many rows at once.

    output      of a graph that was built on one sample
    inputs      the Values of that sample which the columns of the rows stand for
    parameters  the Values whose gradient is wanted; their numbers are read anew at every call
    backend     `llvm`: machine code, with the extra `fast`; `python`: the printed program itself on all rows at once,
                which needs nothing, and is faster on a NumPy array. Where none is given, llvm if it is installed and
                knows every gate: one of your own table it knows by the row's `expansion`
    dtype       of the numbers that machine code computes with: float32 is faster and half as long, and has 7 digits

    All other leaves are constants. The program goes the way through the graph that the sample went: a Python `if` on
    a Value's number is frozen in it, and of a graph that is there already nobody can tell. `Program.trace` builds the
    graph itself, and refuses what would be frozen.

    Calls are safe from several threads. A result that is not finite is computed again for its row, gate by gate, and
    raises the DomainError of the gate that made it.

    >>> w, x, t = Value(2.0, "w"), Value(3.0, "x"), Value(5.0, "t")
    >>> program = Program((w * x - t) ** 2, inputs=[x, t], parameters=[w], backend="python")
    >>> program([[3.0, 5.0], [1.0, 1.0]])
    (1.0, [4.0])
    >>> print(program)
    # forward(x, w) is the output for one row, backward(x, w) the output and its gradient.
    #
    # x, the row: x, t
    # w, the parameters: w
    <BLANKLINE>
    <BLANKLINE>
    def forward(x, w):
        return (w[0] * x[0] - x[1])**2
    <BLANKLINE>
    <BLANKLINE>
    def backward(x, w):
        v1 = w[0] * x[0] - x[1]
        # backward
        return v1**2, [2.0 * v1 * x[0]]
    """

    _trial: Trial | None = None  # of a program that was traced from a function, before its first rows

    def __init__(
        self,
        output: Value,
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        backend: Literal["llvm", "python"] | None = None,
        dtype: Literal["float64", "float32"] = "float64",
    ) -> None:
        if backend not in (None, "llvm", "python"):
            raise ValueError(f"a program's backend is 'llvm' or 'python', not {backend!r}")
        self.dtype = str(dtype)
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"a program computes in 'float64' or 'float32', not {dtype!r}")
        output, inputs, self.parameters = graph(output), leaves(inputs, "inputs"), leaves(parameters, "parameters")
        if both := {*inputs} & {*self.parameters}:
            raise ValueError(
                f"{both.pop()!r} is an input of this program and a parameter as well: is it of the row or not?"
            )
        self.inputs = [x.label for x in inputs]
        self.code: Code = optimized(trace(output, inputs, self.parameters))
        if backend == "llvm":
            self._refuse_python_only("the llvm backend")
        compiler = find_spec("llvmlite") and find_spec("numpy") and not self._python_only
        self.backend = backend or ("llvm" if compiler else "python")
        if self.dtype == "float32" and self.backend == "python":
            raise ValueError("the backend 'python' computes in float64; float32 is for 'llvm', with the extra `fast`")

    @classmethod
    def trace(
        cls,
        function: Callable[..., Any],
        example: Sequence[float],
        parameters: Sequence[Value] = (),
        backend: Literal["llvm", "python"] | None = None,
        dtype: Literal["float64", "float32"] = "float64",
    ) -> "Program":
        """The program of function(*inputs), a Value made of one input for each number of the example.

        The function is called once, on Values whose numbers, and those of the parameters, are unknown. To compare,
        convert or read one of them, or what was computed from it, is an UnknownNumberError that shows the line: an
        `if` would go the way of one row in all of them. `maximum`, `minimum` and `step` choose by gates.

        What else a function may depend on, random numbers or a list that it changes, shows when the program is first
        used: one row that is not the example is given to the function as well, and it is a ValueError if the two
        outputs differ.

        >>> from tinygrad_edu import maximum
        >>> w = Value(2.0, "w")
        >>> program = Program.trace(lambda x, t: maximum(w * x, t), [3.0, 5.0], [w], backend="python")
        >>> program([[4.0, 5.0], [1.0, 5.0]])
        (6.5, [2.0])
        >>> Program.trace(lambda x, t: w * x if x > t else t, [3.0, 5.0], [w])
        Traceback (most recent call last):
        tinygrad_edu.errors.UnknownNumberError: ...
        """
        inputs = [Value(x) for x in floats(listed(example, "example"), "example[{}]")]
        parameters = leaves(parameters, "parameters")
        program = cls(traced(function, inputs, parameters), inputs, parameters, backend, dtype)
        program._trial = Trial(function, [x.data for x in inputs], TOLERANCES[program.dtype])
        return program

    def __call__(self, rows: Any, at: Sequence[float] | None = None) -> tuple[float, Any]:
        """The mean over the rows of the output, and of its gradient: one number for each parameter.

        rows  numbers, a row for each sample and a column for each input; lists, an array or a data frame
        at    the numbers of the parameters, where they are not the Values' own
        """
        result: tuple[float, Any] = self._checked(rows, at, backward=True)
        return result

    def values(self, rows: Any, at: Sequence[float] | None = None) -> Any:
        """The output for each row."""
        return self._checked(rows, at, backward=False)

    @property
    def source(self) -> str:
        """The program as Python, forward and backward, as one would write it by hand: a file that can be run."""
        return printed(self._for_every_row, self.inputs, [w.label for w in self.parameters])

    def to_c(self) -> str:
        """The program as a file of C99 that needs nothing but `math.h`: for one row, and the means over many.

        Where Python would raise, as outside a gate's domain, C goes on with nan or infinity.

        >>> w, x = Value(2.0, "w"), Value(3.0, "x")
        >>> print(Program(w * x, [x], [w]).to_c())  # doctest: +ELLIPSIS
        /* The value of a graph and its gradient, for rows of numbers.
        ...
        double forward(const double *x, const double *w)
        {
            return w[0] * x[0];
        }
        ...
        """
        self._refuse_python_only("C")
        return in_c(self._for_every_row, self.inputs, [w.label for w in self.parameters])

    def __str__(self) -> str:
        return self.source.removesuffix("\n")

    def _checked(self, rows: Any, at: Sequence[float] | None, backward: bool) -> Any:
        """The result, if it is finite; else the error of the row and the gate where it is not."""
        numbers = [parameter.data for parameter in self.parameters] if at is None else self._numbers(at)
        try:
            run = self._runner.mean if backward else self._runner.values
            result, finite = run(rows, numbers)
        except (ArithmeticError, ValueError) as error:
            if not isinstance(error, ArithmeticError | DomainError) and "math domain" not in str(error):
                raise
            finite = False
        if not finite:
            result = self._eagerly(rows, numbers, backward)
        trial = self._trial  # of which another thread may rid the program meanwhile
        if trial and trial.passed(rows, lambda row: run([row], numbers)[0][0], self.parameters, numbers):
            self._trial = None
        return result

    def _eagerly(self, rows: Any, numbers: Sequence[float], backward: bool) -> Any:
        """The same gate by gate, with the error of a gate that has no value or no slope.

        Where that is none, the engine has left out a slope, infinite for the program, that 0 comes back to.
        """
        numbers = floats(numbers, "parameter {}")
        labels = [parameter.label for parameter in self.parameters]
        results = []
        for row in each_row(rows, len(self.inputs)):
            parameters = [*map(Value, numbers, labels)]
            output = replay(self.code, [*map(Value, row, self.inputs)], parameters, backward)
            results.append([output, *[parameter.grad for parameter in parameters]])
        values, *gradient = [list(column) for column in zip(*results, strict=True)]
        means = [math.fsum(column) / len(results) for column in (values, *gradient)]
        if self.backend == "llvm" or hasattr(rows, "dtype"):
            import numpy as np

            largest = float(np.finfo(self.dtype).max)
            if max(map(abs, (*values, *means))) > largest:
                raise OverflowError(f"a result for these rows is too large for {self.dtype}")
            return (means[0], np.array(means[1:], self.dtype)) if backward else np.array(values, self.dtype)
        return (means[0], means[1:]) if backward else values

    def _numbers(self, at: Any) -> Any:
        """Numbers for the parameters, if there are as many."""
        try:
            if hasattr(at, "__getitem__") and len(at) == len(self.parameters):
                is_array = hasattr(at, "dtype") and at.ndim == 1 and at.dtype.kind in "fiu"
                return at if is_array else [number(x) for x in at]
        except (TypeError, ValueError):
            pass
        return so_many(at, len(self.parameters), "`at`", "parameter", "at[{}]")

    @property
    def _python_only(self) -> list[str]:
        """The gates that only Python can compute, by the forward rule of their rows."""
        return sorted({statement.gate for statement in self.code} - KNOWN)

    def _refuse_python_only(self, language: str) -> None:
        for gate in self._python_only:
            raise ValueError(
                f"{language} has no {gate} gate, and the gate's row no expansion: give it one, or take backend='python'"
            )

    @cached_property
    def _rolled(self) -> Code:
        return rolled(self.code)

    @cached_property
    def _for_every_row(self) -> Code:
        return optimized(add_up(optimized(for_every_row(self._rolled))))

    @cached_property
    def _runner(self) -> Any:
        if self.backend == "python":
            return Interpreter(self._for_every_row, len(self.inputs))
        from tinygrad_edu.program.machine import Machine

        return Machine(self._rolled, len(self.inputs), len(self.parameters), self.dtype)

    def __getstate__(self) -> dict[str, Any]:
        """For a pickle: the program, not what runs it or what it was traced from."""
        return {name: part for name, part in vars(self).items() if name not in ("_runner", "_trial")}
