"""What to_torch says where PyTorch is not installed; what it does where it is, tests/test_twin_bridge.py tests."""

import subprocess
import sys

import pytest

from nn import Layer, to_torch


def test_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="pip install"):
        to_torch(Layer(1, 1))


def test_neither_pytorch_nor_safetensors_is_imported_before_it_is_asked_for():
    program = "import sys, nn; sys.exit(bool({'torch', 'numpy', 'safetensors'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
