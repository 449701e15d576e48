"""The LLVM backend: a program as machine code, called with arrays."""

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tinygrad_edu.program.assembly import Assembly
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.precision import PRECISIONS, Precision
from tinygrad_edu.program.python import checked_array

BETWEEN = 256  # bytes between places where the processor likes blocks to begin


class Machine:
    """The machine code of a program; it is made when it is first needed, and released with this."""

    def __init__(self, code: Code, columns: int, parameters: int, dtype: str) -> None:
        self.code, self.columns, self.parameters = code, columns, parameters
        self.precision = PRECISIONS[dtype]
        self.functions: dict[bool, Function] = {}
        self.one_at_a_time = threading.Lock()

    def mean(self, rows: Any, w: Any) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        rows = checked_array(rows, self.columns, self.precision.dtype)
        function = self._function(backward=True)
        place = function.place(w)
        finite = function.run(_address(rows), len(rows), *place.addresses)
        results = place.results.copy()
        return (results.item(self.parameters), results[: self.parameters]), bool(finite)

    def values(self, rows: Any, w: Any) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        rows = checked_array(rows, self.columns, self.precision.dtype)
        function = self._function(backward=False)
        outputs = np.empty(-(-len(rows) // self.precision.lanes) * self.precision.lanes, self.precision.dtype)
        numbers, room, _ = function.place(w).addresses
        finite = function.run(_address(rows), len(rows), numbers, room, _address(outputs))
        return outputs[: len(rows)], bool(finite)

    def _function(self, backward: bool) -> "Function":
        function = self.functions.get(backward)
        if function is None:
            with self.one_at_a_time:
                if backward not in self.functions:
                    assembly = Assembly(self.code, self.columns, self.parameters, backward, self.precision)
                    self.functions[backward] = Function(assembly)
            function = self.functions[backward]
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
        pointer = ctypes.c_void_p
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, pointer, ctypes.c_int64, pointer, pointer, pointer)
        self.run: Callable[..., int] = kind(self.engine.get_function_address("run"))
        self.room, self.parameters, self.precision = assembly.room, assembly.parameters, assembly.precision
        self.own = threading.local()

    def place(self, w: Any) -> "Place":
        """Where this thread computes, with these numbers of the parameters."""
        try:
            place: Place = self.own.place
        except AttributeError:
            place = self.own.place = Place(self.room, self.parameters, self.precision)
        place.w[:] = w
        return place


class Place:
    """Memory that stays from call to call: of the parameters, of what is computed on the way, and of the results."""

    def __init__(self, room: int, parameters: int, precision: Precision) -> None:
        self.w = np.empty(parameters, precision.dtype)
        self.room = np.empty(room + precision.lanes, precision.dtype)
        self.results = np.empty(-(-(parameters + 1) // precision.sums) * precision.sums, precision.dtype)
        start = self.room.ctypes.data
        self.addresses = (self.w.ctypes.data, start + -start % BETWEEN, self.results.ctypes.data)


def _address(array: Any) -> int:
    """Where an array's numbers are: by its buffer, which takes a quarter of the time that NumPy takes, if it may."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):  # read-only, or empty
        address: int = array.ctypes.data
        return address
