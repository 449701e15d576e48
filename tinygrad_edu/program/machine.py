"""The LLVM backend: a program as machine code, called with arrays."""

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tinygrad_edu.program.assembly import Assembly
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.loops import LANES, SUMS
from tinygrad_edu.program.python import checked_array


class Machine:
    """The machine code of a program; it is made when it is first needed, and released with this."""

    def __init__(self, code: Code, columns: int, parameters: int) -> None:
        self.code, self.columns, self.parameters = code, columns, parameters
        self.functions: dict[bool, Function] = {}
        self.one_at_a_time = threading.Lock()

    def mean(self, rows: Any, w: Any) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        results = np.empty(-(-(self.parameters + 1) // SUMS) * SUMS)
        finite = self._run(rows, w, results, backward=True)
        return (results.item(self.parameters), results[: self.parameters]), finite

    def values(self, rows: Any, w: Any) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        rows = checked_array(rows, self.columns)
        outputs = np.empty(-(-len(rows) // LANES) * LANES)
        finite = self._run(rows, w, outputs, backward=False)
        return outputs[: len(rows)], finite

    def _run(self, rows: Any, w: Any, results: Any, backward: bool) -> bool:
        function = self.functions.get(backward)
        if function is None:
            with self.one_at_a_time:
                if backward not in self.functions:
                    assembly = Assembly(self.code, self.columns, self.parameters, backward)
                    self.functions[backward] = Function(assembly)
            function = self.functions[backward]
        return function(checked_array(rows, self.columns), np.asarray(w, dtype=float), results)


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
        self.room = assembly.room
        self.own = threading.local()

    def __call__(self, rows: Any, w: Any, results: Any) -> bool:
        """Fill the results, and say whether they are finite."""
        if not hasattr(self.own, "room"):
            self.own.memory = np.empty(self.room + LANES)
            start = -self.own.memory.ctypes.data % (8 * LANES) // 8  # blocks begin where the processor likes them to
            self.own.room = self.own.memory[start:].ctypes.data
        return bool(self.run(_pointer(rows), len(rows), _pointer(w), self.own.room, _pointer(results)))


def _pointer(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
