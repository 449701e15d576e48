"""The LLVM backend: a program as machine code, called with arrays."""

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tinygrad_edu.program.assembly import Assembly
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.precision import PRECISIONS
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
        results = self._room_for(self.parameters + 1, self.precision.sums)
        finite = self._run(rows, w, results, backward=True)
        return (results.item(self.parameters), results[: self.parameters]), finite

    def values(self, rows: Any, w: Any) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        rows = checked_array(rows, self.columns, self.precision.dtype)
        outputs = self._room_for(len(rows), self.precision.lanes)
        finite = self._run(rows, w, outputs, backward=False)
        return outputs[: len(rows)], finite

    def _room_for(self, count: int, width: int) -> Any:
        """An array for so many numbers, in whole vectors."""
        return np.empty(-(-count // width) * width, self.precision.dtype)

    def _run(self, rows: Any, w: Any, results: Any, backward: bool) -> bool:
        function = self.functions.get(backward)
        if function is None:
            with self.one_at_a_time:
                if backward not in self.functions:
                    assembly = Assembly(self.code, self.columns, self.parameters, backward, self.precision)
                    self.functions[backward] = Function(assembly)
            function = self.functions[backward]
        dtype = self.precision.dtype
        rows, w = checked_array(rows, self.columns, dtype), np.ascontiguousarray(w, dtype)
        if w.shape != (self.parameters,):
            raise ValueError(
                f"the program has {self.parameters} parameters, and was given numbers of the shape {w.shape}"
            )
        return function(rows, w, results)


class Function:
    """One compiled function, and the room that each thread computes in."""

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
        passes.run(module.get_function("run"), builder)
        self.engine = llvm.create_mcjit_compiler(module, target)
        self.engine.finalize_object()
        pointer = ctypes.c_void_p
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, pointer, ctypes.c_int64, pointer, pointer, pointer)
        self.run: Callable[..., int] = kind(self.engine.get_function_address("run"))
        self.room, self.precision = assembly.room, assembly.precision
        self.own = threading.local()

    def __call__(self, rows: Any, w: Any, results: Any) -> bool:
        """Fill the results, and say whether they are finite."""
        if not hasattr(self.own, "room"):
            self.own.memory = np.empty(self.room + self.precision.lanes, self.precision.dtype)
            address = self.own.memory.ctypes.data
            self.own.room = address + -address % BETWEEN
        return bool(self.run(_pointer(rows), len(rows), _pointer(w), self.own.room, _pointer(results)))


def _pointer(array: Any) -> int:
    """Where an array's numbers are: by its buffer, which takes a quarter of the time that NumPy takes, if it may."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):  # read-only, or empty
        address: int = array.ctypes.data
        return address
