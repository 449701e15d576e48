"""A model in a file, its architecture and its parameters exact to the bit: as JSON or safetensors, never pickle."""

import json
import os
import reprlib
from pathlib import Path
from typing import Any

from nn.architecture import build, describe
from nn.arguments import needs_module
from nn.module import Module
from tinygrad_edu import Value

FORMAT = "tinygrad_edu model 1"


def save(model: Module, path: str | Path) -> None:
    """Write a model to a file: JSON if its name ends in .json, safetensors if it ends in .safetensors.

    A file of that name stays as it was until the new one is whole. The mode, train or eval, is not written.

    Raises ValueError for another ending, for a module or an activation that is not one of nn's, and for a model that
    uses a part in two places, which a file cannot tell; ImportError for safetensors where their library is not
    installed; TypeError for what is no model, or a path that is none, as where the two have changed places.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(MLP(2, [3, 1]), folder + "/model.json")
    ...     load(folder + "/model.json")
    MLP(inputs=2, sizes=[3, 1], activation=tanh, output=linear, bias=True)
    """
    needs_module("save(model, path)", model)
    path = model_file(path)
    as_json = path.suffix == ".json"
    description = describe(model)
    numbers = [Value(parameter.data).data for parameter in model.parameters()]
    try:
        same = build(description, len(numbers)).state_dict().keys() == model.state_dict().keys()
    except ValueError:
        same = False
    if not same:
        raise ValueError("a file cannot tell that a model uses a part in two places, or was given more parts later")
    replace(path, json_bytes(description, numbers) if as_json else safetensors_bytes(description, numbers))


def load(path: str | Path) -> Module:
    """The model in a file that save() wrote, in training mode.

    Raises ValueError, and says what is wrong, for a file that is damaged or is something else. Whatever is in it, none
    of it is run, and no more is built than it has numbers for. Raises ImportError and TypeError as save() does.
    """
    path = model_file(path)
    as_json = path.suffix == ".json"
    try:
        description, numbers = read_json(path) if as_json else read_safetensors(path)
        model = build(description, len(numbers))
        names = list(model.state_dict())
        if len(names) != len(numbers):
            raise ValueError(f"it describes {len(names)} parameters and has {len(numbers)} numbers")
        model.load_state_dict(dict(zip(names, numbers, strict=True)))
    except RecursionError:  # of the JSON itself
        raise ValueError(f"{path} is no model that load() can read: it is nested too deep") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is no model that load() can read: {error}") from error
    return model


def model_file(path: Any) -> Path:
    """The path of a file that can hold a model. Raises TypeError for what is no path, ValueError for another ending."""
    needed = "a model is kept in a file that ends in .json or .safetensors, not in"
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{needed} {reprlib.repr(path)}")
    found = Path(path)
    if found.suffix not in (".json", ".safetensors"):
        raise ValueError(f"{needed} {found.name!r}")
    return found


def replace(path: Path, content: bytes) -> None:
    """Write a file beside the old one, then put it in its place: cut short, it leaves the old one as it was."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


# ---- the two forms


def json_bytes(description: Any, numbers: list[float]) -> bytes:
    """The model as JSON. Python writes a double with as many digits as bring it back, and no more."""
    return json.dumps({"format": FORMAT, "model": description, "parameters": numbers}, indent=1).encode()


def read_json(path: Path) -> tuple[Any, list[float]]:
    """The description and the numbers in a JSON file. Raises ValueError if it is not one."""
    content = json.loads(path.read_bytes())
    if type(content) is not dict or content.keys() != {"format", "model", "parameters"} or content["format"] != FORMAT:
        raise ValueError(f"it does not say that it is a {FORMAT!r}")
    numbers = content["parameters"]
    if type(numbers) is not list or any(type(x) is not float for x in numbers):
        raise ValueError("its parameters are not a list of numbers with a decimal point")
    return content["model"], numbers


def library() -> Any:
    """The library safetensors. Raises ImportError, and says what to do, where it is not installed."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError('this needs safetensors: pip install "tinygrad-edu[safetensors]"') from error
    return safetensors


def safetensors_bytes(description: Any, numbers: list[float]) -> bytes:
    """The model as safetensors: the parameters as one tensor of doubles, the architecture in the metadata."""
    import numpy

    metadata = {"format": FORMAT, "model": json.dumps(description)}
    return bytes(library().numpy.save({"parameters": numpy.array(numbers)}, metadata))


def read_safetensors(path: Path) -> tuple[Any, list[float]]:
    """The description and the numbers in a safetensors file. Raises ValueError if it is not one."""
    safetensors = library()
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.keys() != {"format", "model"} or metadata["format"] != FORMAT or file.keys() != ["parameters"]:
                raise ValueError(f"it does not say that it is a {FORMAT!r}")
            tensor = file.get_slice("parameters")
            if tensor.get_dtype() != "F64" or len(tensor.get_shape()) != 1:
                raise ValueError("its parameters are not one row of doubles")
            return json.loads(metadata["model"]), file.get_tensor("parameters").tolist()
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error
