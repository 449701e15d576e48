"""The LLVM backend: a program as machine code, called with arrays."""

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from tinygrad_edu.program.assembly import LANES, Assembly
from tinygrad_edu.program.code import Code
from tinygrad_edu.program.python import checked_array


class Machine:
    """The machine code of a program; it is made when it is first needed, and released with this."""

    def __init__(self, code: Code, columns: int, parameters: int) -> None:
        self.code, self.columns, self.parameters = code, columns, parameters
        self.functions: dict[bool, Function] = {}
        self.one_at_a_time = threading.Lock()

    def mean(self, rows: Any, w: Sequence[float]) -> tuple[tuple[float, Any], bool]:
        """The means of output and gradient, and whether they are finite."""
        outputs, gradient = self._run(rows, w, backward=True)
        mean = float(outputs.mean())
        gradient /= len(outputs)
        return (mean, gradient), bool(np.isfinite(mean) and np.isfinite(gradient).all())

    def values(self, rows: Any, w: Sequence[float]) -> tuple[Any, bool]:
        """The output for each row, and whether all are finite."""
        outputs, _ = self._run(rows, w, backward=False)
        return outputs, bool(np.isfinite(outputs).all())

    def _run(self, rows: Any, w: Sequence[float], backward: bool) -> tuple[Any, Any]:
        rows = checked_array(rows, self.columns)
        with self.one_at_a_time:
            if backward not in self.functions:
                self.functions[backward] = Function(Assembly(self.code, self.columns, self.parameters, backward))
        outputs = np.empty(-(-len(rows) // LANES) * LANES)
        gradient = np.empty(self.parameters)
        self.functions[backward](rows, np.array(w, dtype=float), outputs, gradient)
        return outputs[: len(rows)], gradient


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
        options = llvm.create_pipeline_tuning_options(speed_level=1)
        options.loop_unrolling = False
        builder = llvm.create_pass_builder(target, options)
        builder.getModulePassManager().run(module, builder)
        self.engine = llvm.create_mcjit_compiler(module, target)
        self.engine.finalize_object()
        pointer = ctypes.c_void_p
        kind = ctypes.CFUNCTYPE(None, pointer, ctypes.c_int64, pointer, pointer, pointer, pointer)
        self.run: Callable[..., None] = kind(self.engine.get_function_address("run"))
        self.room = assembly.room
        self.own = threading.local()

    def __call__(self, rows: Any, w: Any, outputs: Any, gradient: Any) -> None:
        """Fill outputs, in whole blocks of rows, and the gradient, summed over the rows."""
        if not hasattr(self.own, "room"):
            self.own.room = np.empty(self.room + LANES)
        start = -self.own.room.ctypes.data % (8 * LANES) // 8  # blocks begin where the processor likes them to
        pointers = [array.ctypes.data for array in (w, self.own.room[start:], outputs, gradient)]
        self.run(rows.ctypes.data, len(rows), *pointers)
