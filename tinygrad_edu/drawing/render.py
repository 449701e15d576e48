"""DOT to SVG: by the system's Graphviz where there is one that works, else by Graphviz as WebAssembly."""

import shutil
import subprocess

SECONDS = 30  # after which a layout is given up


def render(source: str) -> str:
    """The SVG that Graphviz makes of DOT.

    Raises RuntimeError where Graphviz cannot read the source or finds no layout within half a minute.
    """
    if program := shutil.which("dot"):
        try:
            run = subprocess.run([program, "-Tsvg"], input=source.encode(), capture_output=True, timeout=SECONDS)
            if run.returncode == 0 and b"</svg>" in run.stdout:
                return run.stdout.decode()
        except (OSError, subprocess.TimeoutExpired):
            pass  # WebAssembly's does not depend on what is installed
    from tinygrad_edu.drawing import webassembly  # here, since it takes a while to load

    return webassembly.render(source, SECONDS)
