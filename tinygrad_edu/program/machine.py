"""The LLVM backend: a program as machine code, called with arrays."""

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tinygrad_edu.program.arrays import checked
from tinygrad_edu.program.assembly import Assembly
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.precision import PRECISIONS

pointer, count = ctypes.c_void_p, ctypes.c_int64
BETWEEN = 256  # bytes between places where the processor likes blocks to begin


class Machine:
    """The machine code of a program; it is made when it is first needed, and released with this."""

    def __init__(self, code: Code, columns: int, parameters: int, dtype: str) -> None:
        self.code, self.columns, self.parameters = code, columns, parameters
        self.precision = PRECISIONS[dtype]
        self.functions: dict[tuple[bool, bool], Function] = {}  # by whether backward, and whether for a single row
        self.one_at_a_time = threading.Lock()

    def mean(self, rows: Any, w: Any) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        rows = checked(rows, self.columns, self.precision.dtype)
        function = self._function(backward=True, single=len(rows) == 1)
        place = function.place(w)
        finite = function.run(*place.given(rows), *place.addresses)
        results = place.results.copy()
        return (results.item(self.parameters), results[: self.parameters]), bool(finite)

    def values(self, rows: Any, w: Any) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        rows = checked(rows, self.columns, self.precision.dtype)
        function = self._function(backward=False, single=len(rows) == 1)
        lanes = function.precision.lanes
        outputs = np.empty(-(-len(rows) // lanes) * lanes, self.precision.dtype)
        place = function.place(w)
        numbers, room, _ = place.addresses
        finite = function.run(*place.given(rows), numbers, room, address(outputs))
        return outputs[: len(rows)], bool(finite)

    def _function(self, backward: bool, single: bool) -> "Function":
        kind = backward, single
        function = self.functions.get(kind)
        if function is None:
            with self.one_at_a_time:
                if kind not in self.functions:
                    precision = self.precision.narrow if single else self.precision
                    assembly = Assembly(self.code, self.columns, self.parameters, backward, precision)
                    self.functions[kind] = Function(assembly)
            function = self.functions[kind]
        return function


class Function:
    """One compiled function, and the places where threads compute with it."""

    def __init__(self, assembly: Assembly) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=1
        )
        module = llvm.parse_assembly(str(assembly.module))
        module.verify()
        passes = llvm.create_new_function_pass_manager()
        passes.add_instruction_combine_pass()
        passes.add_new_gvn_pass()
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options())
        for function in module.functions:
            if not function.is_declaration:
                passes.run(function, builder)
        self.engine = llvm.create_mcjit_compiler(module, target)
        self.engine.finalize_object()
        # arguments of no declared types: what is a pointer is known by its own, and nothing is converted
        self.run: Callable[..., int] = ctypes.CFUNCTYPE(count)(self.engine.get_function_address("run"))
        self.room, self.columns, self.parameters = assembly.room, assembly.columns, assembly.parameters
        self.precision = assembly.precision
        self.results = assembly.results_in_vectors * self.precision.sums
        self.own = threading.local()

    def place(self, w: Any) -> "Place":
        """Where this thread computes, with these numbers of the parameters."""
        try:
            place: Place = self.own.place
        except AttributeError:
            place = self.own.place = Place(self)
        place.w[:] = w
        return place


class Place:
    """Memory that stays from call to call: of the parameters, of what is computed on the way, and of the results."""

    def __init__(self, function: Function) -> None:
        precision = function.precision
        self.row = np.empty((1, function.columns), precision.dtype)
        self.w = np.empty(function.parameters, precision.dtype)
        self.room = np.empty(function.room + BETWEEN // precision.bytes, precision.dtype)
        self.results = np.empty(function.results, precision.dtype)
        start = self.room.ctypes.data
        self.of_row = address(self.row), count(1)
        self.addresses = address(self.w), pointer(start + -start % BETWEEN), address(self.results)

    def given(self, rows: Any) -> Sequence[Any]:
        """Where the rows are, and how many. One is copied: that takes less time than to ask NumPy where it is."""
        if len(rows) > 1:
            return address(rows), count(len(rows))
        self.row[:] = rows
        return self.of_row


def address(array: Any) -> ctypes.c_void_p:
    """Where an array's numbers are: by its buffer, which takes a quarter of the time that NumPy takes, if it may."""
    try:
        return pointer(ctypes.addressof(ctypes.c_char.from_buffer(array)))
    except (TypeError, ValueError):  # read-only, or empty
        return pointer(array.ctypes.data)
