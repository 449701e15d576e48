"""save and load: every model comes back to the last bit, and no file can do harm."""

import json
import os
import pickle
import re
import resource
import struct
import sys
from functools import partial
from pathlib import Path

import numpy
import pytest
from safetensors import safe_open
from safetensors.numpy import save as tensors

from nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    MaxPool2d,
    Module,
    Neuron,
    Perceptron,
    Sequential,
    Softmax,
    load,
    save,
    storage,
)
from nn.architecture import build, describe
from tinygrad_edu import Value

MODELS = {
    "neuron": lambda: Neuron(3, "tanh", seed=1),
    "layer without bias": lambda: Layer(3, 2, "softplus", bias=False, seed=2),
    "perceptron": lambda: Perceptron([0.5, -1.5, 2.0], bias=0.25, output="sign"),
    "mlp": lambda: MLP(2, [4, 3, 1], seed=3),
    "mlp of several activations": lambda: MLP(2, [4, 3, 1], ["relu", partial(Value.elu, alpha=0.5)], "sigmoid"),
    "mlp of one layer": lambda: MLP(2, [1]),
    "an alpha of its own": lambda: Layer(2, 2, partial(Value.leaky_relu, alpha=0.1)),
    "a beta of its own": lambda: Layer(2, 2, partial(Value.sigmoid, beta=3.0)),
    "convolution": lambda: Sequential(
        Conv2d(1, 2, (3, 2), (2, 1), 1, activation="relu"),
        MaxPool2d(2, 1, 1),
        AvgPool2d((1, 2)),
        Flatten(),
        Dropout(0.25),
        Sequential(Layer(6, 2), "tanh", partial(Value.leaky_relu, alpha=0.2)),
        Softmax(),
    ),
    "no parameters": lambda: Sequential(Flatten()),
    "nothing": lambda: Sequential(),
}
ENDINGS = pytest.mark.parametrize("ending", ["json", "safetensors"])


def hexes(model):
    return {name: number.hex() for name, number in model.state_dict().items()}


@ENDINGS
@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_a_model_comes_back_to_the_last_bit(build, ending, tmp_path):
    model, path = build(), tmp_path / f"model.{ending}"
    save(model, path)
    assert repr(load(path)) == repr(model)
    assert hexes(load(path)) == hexes(model)


NUMBERS = [0.1, -1.0 / 3.0, 5e-324, -1.7976931348623157e308, -0.0, 2.0**53 + 2.0]


@ENDINGS
def test_every_kind_of_double_comes_back(ending, tmp_path):
    model = Layer(len(NUMBERS) - 1, 1)
    for parameter, x in zip(model.parameters(), NUMBERS, strict=True):
        parameter.data = x
    save(model, tmp_path / f"model.{ending}")
    assert [p.data.hex() for p in load(tmp_path / f"model.{ending}").parameters()] == [x.hex() for x in NUMBERS]


@ENDINGS
def test_a_loaded_model_computes_the_same_and_goes_on_learning(ending, tmp_path):
    model = MLP(2, [3, 1], partial(Value.leaky_relu, alpha=0.1), seed=5)
    save(model, str(tmp_path / f"model.{ending}"))
    loaded = load(str(tmp_path / f"model.{ending}"))
    outputs = [m([0.3, -0.7]) for m in (model, loaded)]
    for output in outputs:
        output.backward()
    assert outputs[0].data == outputs[1].data
    assert [p.grad for p in model.parameters()] == [p.grad for p in loaded.parameters()]


def test_a_json_file_can_be_read_by_people(tmp_path):
    model = Layer(1, 1, "tanh")
    for parameter, x in zip(model.parameters(), [0.1, -2.0], strict=True):
        parameter.data = x
    save(model, tmp_path / "model.json")
    assert json.loads((tmp_path / "model.json").read_text()) == {
        "format": "tinygrad_edu model 1",
        "model": {"kind": "Layer", "inputs": 1, "outputs": 1, "activation": "tanh", "bias": True},
        "parameters": [0.1, -2.0],
    }


def test_a_safetensors_file_holds_doubles_and_the_architecture(tmp_path):
    model = Layer(2, 1, seed=3)
    save(model, tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        parameters = file.get_tensor("parameters")
        assert (parameters.dtype, parameters.tolist()) == (numpy.float64, list(model.state_dict().values()))
        assert json.loads(file.metadata()["model"])["kind"] == "Layer"


# ---------------- what cannot be saved


class Own(Module):
    def __init__(self):
        self.weight = Value(1.0)


def grown():
    layer = Layer(2, 1)
    layer.extra = Value(1.0)
    return layer


def nan():
    layer = Layer(1, 1)
    layer.neurons[0].bias.data = float("nan")
    return layer


SHARED = Layer(2, 2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Own(), "Own"),
        (Sequential(Layer(2, 1), Own()), "Own"),
        (Layer(2, 1, lambda x: x * x), "none of the activations"),
        (Layer(2, 1, partial(Value.leaky_relu, 0.1)), "none of the activations"),
        (Sequential(lambda x: x * x), "none of the activations"),
        (Layer(2, 1, partial(Value.leaky_relu, alpha=Value(0.1))), "where a number"),
        (Layer(2, 1, partial(Value.tanh, beta=1.0)), "tanh with beta"),
        (Sequential(SHARED, SHARED), "two places"),
        (grown(), "more parts"),
        (nan(), "finite"),
    ],
)
def test_what_a_file_cannot_describe_is_refused_and_no_file_is_made(model, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model", "model.pkl", "model.pt", "model.json.gz", ".json"])
def test_another_ending_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"\.json or \.safetensors"):
        save(Layer(1, 1), tmp_path / name)
    with pytest.raises(ValueError, match=r"\.json or \.safetensors"):
        load(tmp_path / name)


@pytest.mark.parametrize("given", ["model.json", MLP, MLP(2, [8, 1]).state_dict(), [MLP(2, [1])], None])
def test_what_is_no_model_is_refused_with_the_order_of_the_arguments(given, tmp_path):
    with pytest.raises(TypeError, match=r"^save\(model, path\) needs a model, a Module such as .*, got .{,300}$"):
        save(given, tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_a_path_and_a_model_that_have_changed_places_are_refused():
    with pytest.raises(TypeError, match=r"^save\(model, path\) needs a model, .*, got 'm\.json'$"):
        save("m.json", Layer(1, 1))


@pytest.mark.parametrize("path", [Layer(1, 1), None, 3, b"model.json"])
def test_what_is_no_path_is_refused_and_says_what_a_file_is_called(path):
    for call in (partial(save, Layer(1, 1)), load):
        with pytest.raises(TypeError, match=r"in a file that ends in \.json or \.safetensors, not in [L3Nb]"):
            call(path)


def test_a_file_that_is_not_there_is_python_own_error(tmp_path):
    for name in ("model.json", "model.safetensors"):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / name)


def test_where_safetensors_are_not_installed_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    path = tmp_path / "model.safetensors"
    with pytest.raises(ImportError, match="pip install"):
        save(Layer(1, 1), path)
    with pytest.raises(ImportError, match="pip install"):
        load(path)


# ---------------- an interrupted write


def test_saving_again_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    for seed in (1, 2):
        save(Layer(2, 1, seed=seed), tmp_path / "model.json")
    assert hexes(load(tmp_path / "model.json")) == hexes(Layer(2, 1, seed=2))
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


@ENDINGS
@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_a_write_that_is_cut_short_leaves_the_older_file(ending, stage, tmp_path, monkeypatch):
    path = tmp_path / f"model.{ending}"
    save(Layer(2, 1, seed=1), path)
    before = path.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (storage.Path, "replace")}[stage], interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(Layer(2, 1, seed=2), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


# ---------------- damaged and hostile files

LAYER = {"kind": "Layer", "inputs": 2, "outputs": 1, "activation": "tanh", "bias": True}
CONVOLUTION = describe(Conv2d(1, 1, 1, bias=False))
POOL = describe(MaxPool2d(2))


def content(model=LAYER, parameters=(0.5, 1.5, 2.5), **more):
    return {"format": "tinygrad_edu model 1", "model": model, "parameters": list(parameters), **more}


def sequence(*layers):
    return {"kind": "Sequential", "layers": list(layers)}


def layer(**settings):
    return content(LAYER | settings)


def mlp(**settings):
    return content(describe(MLP(2, [1])) | settings)


def nested(depth):
    return b'{"kind": "Sequential", "layers": [' * depth + b"]}" * depth


GIGABYTE = 2**30
HOSTILE = {
    "empty": b"",
    "no text": b"\xff\xfe\x00\x01",
    "a pickle": pickle.dumps({"format": "tinygrad_edu model 1"}),
    "cut short": json.dumps(content()).encode()[:-9],
    "a list": [],
    "a number": 7,
    "null": None,
    "another format": content() | {"format": "tinygrad_edu model 2"},
    "no format": {"model": LAYER, "parameters": [0.5, 1.5, 2.5]},
    "no parameters": {"format": "tinygrad_edu model 1", "model": LAYER},
    "no model": {"format": "tinygrad_edu model 1", "parameters": []},
    "one key more": content(code="import os"),
    "a model that is a word": content("Layer"),
    "a model that is a list": content([LAYER]),
    "an unknown module": content(LAYER | {"kind": "Own"}),
    "a module that is a list": content(LAYER | {"kind": ["Layer"]}),
    "Python's own": content({"kind": "__import__", "name": "os"}),
    "the base class": content({"kind": "Module"}),
    "no kind": content({key: x for key, x in LAYER.items() if key != "kind"}),
    "a setting less": content({key: x for key, x in LAYER.items() if key != "bias"}),
    "a setting more": layer(seed=1),
    "an initializer": layer(initializer="zeros"),
    "a width that is text": layer(inputs="2"),
    "a width that is a fraction": layer(inputs=2.0),
    "a width that is true": content(LAYER | {"outputs": True}),
    "a width of 0": layer(outputs=0),
    "a negative width": layer(inputs=-2),
    "a bias that is a number": layer(bias=1),
    "a bias that is a word": layer(bias="yes"),
    "an unknown activation": layer(activation="rectified"),
    "an activation that is a number": layer(activation=3),
    "an activation that is a list": layer(activation=["tanh"]),
    "an activation of another setting": layer(activation={"kind": "leaky_relu", "beta": 0.1}),
    "an activation that takes none": layer(activation={"kind": "tanh", "alpha": 0.1}),
    "an alpha that is text": layer(activation={"kind": "elu", "alpha": "1"}),
    "an alpha that is no number": layer(activation={"kind": "elu", "alpha": float("nan")}),
    "an activation of no kind": layer(activation={}),
    "an activation of a list": layer(activation={"kind": [], "alpha": 1.0}),
    "sizes that are a number": mlp(sizes=1),
    "no sizes": mlp(sizes=[]),
    "sizes of text": mlp(sizes=["1"]),
    "too many activations": mlp(activation=["tanh", "tanh"]),
    "layers that are a dict": content({"kind": "Sequential", "layers": {}}),
    "layers of numbers": content(sequence(1, 2)),
    "a layer in the layers that is unknown": content(sequence(LAYER, {"kind": "Own"})),
    "an activation in the layers that is unknown": content(sequence(LAYER, "rectified")),
    "a window of three": content(sequence(LAYER, POOL | {"kernel_size": [2, 2, 2]})),
    "a window of 0": content(sequence(LAYER, POOL | {"kernel_size": [0, 0]})),
    "a window that is a number": content(sequence(LAYER, POOL | {"kernel_size": 2})),
    "a probability of 2": content(sequence(LAYER, {"kind": "Dropout", "p": 2.0})),
    "a probability that is no number": content(sequence(LAYER, {"kind": "Dropout", "p": float("nan")})),
    "a number less": content(parameters=[0.5, 1.5]),
    "a number more": content(parameters=[0.5, 1.5, 2.5, 3.5]),
    "no numbers": content(parameters=[]),
    "numbers that are text": content(parameters=["0.5", "1.5", "2.5"]),
    "a number that is true": content(parameters=[0.5, 1.5, True]),
    "a number that is null": content(parameters=[0.5, 1.5, None]),
    "a number that is a list": content(parameters=[0.5, 1.5, [2.5]]),
    "numbers by name": content() | {"parameters": {"weight": 0.5}},
    "nan": content(parameters=[0.5, 1.5, float("nan")]),
    "infinity": content(parameters=[0.5, 1.5, float("-inf")]),
    "too large for a double": json.dumps(content()).replace("2.5", "1e999").encode(),
    "more digits than Python reads": json.dumps(content()).replace("2.5", "9" * 10_000).encode(),
    "a width of many digits": json.dumps(layer(outputs=7)).replace("7", "9" * 10_000).encode(),
    "nested 10,000 deep": json.dumps(content("X")).encode().replace(b'"X"', nested(10_000)),
    "nested 400 deep": json.dumps(content("X", [])).encode().replace(b'"X"', nested(400)),
    "nested 51 deep": json.dumps(content("X", [])).encode().replace(b'"X"', nested(51)),
    "brackets 1,000,000 deep": b"[" * 1_000_000,
    "a gigabyte of inputs": layer(inputs=GIGABYTE),
    "a gigabyte of neurons": layer(outputs=GIGABYTE),
    "a gigabyte of a perceptron": content({"kind": "Perceptron", "weights": GIGABYTE, "output": "step"}),
    "a perceptron of another output": content({"kind": "Perceptron", "weights": 2, "output": "tanh"}),
    "a gigabyte of sizes": mlp(sizes=[GIGABYTE, GIGABYTE]),
    "a gigabyte of channels": content(CONVOLUTION | {"in_channels": GIGABYTE}),
    "a gigabyte of kernels": content(CONVOLUTION | {"out_channels": GIGABYTE}),
    "a gigabyte of window": content(CONVOLUTION | {"kernel_size": [GIGABYTE, GIGABYTE]}),
    "a gigabyte of padding": content(CONVOLUTION | {"padding": [GIGABYTE, 0]}, [1.0]),
    "a gigabyte of pool": content(sequence(POOL | {"kernel_size": [GIGABYTE, 1], "padding": [GIGABYTE // 2, 0]}), []),
    "more than a machine word": layer(outputs=10**30),
}


@pytest.fixture
def little_memory():
    """Half a gigabyte beyond what is in use: who allocates a gigabyte fails."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTE // 2, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_or_hostile_json_file_is_refused_by_name(hostile, tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(hostile if isinstance(hostile, bytes) else json.dumps(hostile).encode())
    with pytest.raises(ValueError, match=r"model\.json is no model that load\(\) can read: "):
        load(path)


ARCHITECTURES = {name: x for name, x in HOSTILE.items() if isinstance(x, dict) and x.get("model", LAYER) != LAYER}


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("hostile", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_the_same_architectures_are_refused_in_safetensors(hostile, tmp_path):
    metadata = {"format": hostile["format"], "model": json.dumps(hostile["model"])}
    path = tmp_path / "model.safetensors"
    path.write_bytes(tensors({"parameters": numpy.array(hostile["parameters"], dtype=numpy.float64)}, metadata))
    with pytest.raises(ValueError, match=r"model\.safetensors is no model that load\(\) can read: "):
        load(path)


def header(content, data=b""):
    text = json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + data


META = {"format": "tinygrad_edu model 1", "model": json.dumps(LAYER)}
ROW = {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]}
DATA = struct.pack("<3d", 0.5, 1.5, 2.5)
HEADERS = {
    "empty": b"",
    "a length alone": struct.pack("<Q", 10),
    "an endless header": struct.pack("<Q", 2**63) + b"{}",
    "no metadata": header({"parameters": ROW}, DATA),
    "no tensor": header({"__metadata__": META}),
    "another tensor": header({"__metadata__": META, "weights": ROW}, DATA),
    "two tensors": header(
        {"__metadata__": META, "parameters": ROW, "more": ROW | {"data_offsets": [24, 48]}}, DATA + DATA
    ),
    "single precision": header(
        {"__metadata__": META, "parameters": ROW | {"dtype": "F32", "data_offsets": [0, 12]}}, DATA[:12]
    ),
    "whole numbers": header({"__metadata__": META, "parameters": ROW | {"dtype": "I64"}}, DATA),
    "a matrix": header({"__metadata__": META, "parameters": ROW | {"shape": [3, 1]}}, DATA),
    "cut short": header({"__metadata__": META, "parameters": ROW}, DATA[:-1]),
    "too long": header({"__metadata__": META, "parameters": ROW}, DATA + b"\0"),
    "a gigabyte of shape": header({"__metadata__": META, "parameters": ROW | {"shape": [GIGABYTE]}}, DATA),
    "a gigabyte of offsets": header(
        {"__metadata__": META, "parameters": ROW | {"shape": [GIGABYTE], "data_offsets": [0, 8 * GIGABYTE]}}, DATA
    ),
    "metadata of numbers": header({"__metadata__": {"format": 1}, "parameters": ROW}, DATA),
    "an architecture that is no JSON": header({"__metadata__": META | {"model": "{"}, "parameters": ROW}, DATA),
    "an architecture nested 10,000 deep": header(
        {"__metadata__": META | {"model": nested(10_000).decode()}, "parameters": ROW}, DATA
    ),
    "nan": header({"__metadata__": META, "parameters": ROW}, struct.pack("<3d", 0.5, 1.5, float("nan"))),
}


def test_the_header_that_the_hostile_ones_are_made_of_is_a_good_one(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(header({"__metadata__": META, "parameters": ROW}, DATA))
    assert [p.data for p in load(path).parameters()] == [0.5, 1.5, 2.5]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content()))
    assert [p.data for p in load(path).parameters()] == [0.5, 1.5, 2.5]


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("hostile", HEADERS.values(), ids=HEADERS)
def test_a_damaged_or_hostile_safetensors_file_is_refused_by_name(hostile, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(hostile)
    with pytest.raises(ValueError, match=r"model\.safetensors is no model that load\(\) can read: "):
        load(path)


@ENDINGS
def test_no_single_flipped_byte_is_a_crash(ending, tmp_path):
    """Each either gives another model or is refused: nothing else escapes."""
    path = tmp_path / f"model.{ending}"
    save(Sequential(Layer(2, 2, "tanh"), Dropout(0.5)), path)
    whole = path.read_bytes()
    refused = 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0x15]) + whole[i + 1 :])
        try:
            load(path)
        except ValueError:
            refused += 1
    assert refused > len(whole) // 3


def test_a_description_is_plain_data_and_makes_the_same_module():
    model = MODELS["convolution"]()
    description = describe(model)
    assert json.loads(json.dumps(description)) == description
    assert repr(build(description, len(model.parameters()))) == repr(model)


def deep(depth):
    model = Flatten()
    for _ in range(depth - 1):
        model = Sequential(model)
    return model


@ENDINGS
def test_modules_may_be_nested_fifty_deep_and_not_deeper(ending, tmp_path):
    path = tmp_path / f"model.{ending}"
    save(deep(50), path)
    assert repr(load(path)) == repr(deep(50))
    with pytest.raises(ValueError, match="more than 50 deep"):
        save(deep(51), path)


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (content(parameters=[0.5, 1.5, 2.5, 3.5]), "it describes 3 parameters and has 4 numbers"),
        (content(parameters=[0.5, 1.5]), "it describes 3 parameters and has 2 numbers"),
        (content(parameters=[0.5]), "it describes more weights than there are numbers, 1"),
        (content(LAYER | {"kind": "Own"}), "no module is called 'Own'; there are Neuron, Layer, MLP"),
        (layer(activation="rectified"), "no activation is called 'rectified'"),
        (layer(inputs="2"), "it has '2' where a whole number belongs"),
        (layer(seed=1), "a Layer needs inputs, outputs, activation, bias, got kind, inputs"),
        (content() | {"format": "?"}, "it does not say that it is a 'tinygrad_edu model 1'"),
        (content(parameters=[0.5, 1.5, float("nan")]), "needs a finite number, got nan"),
    ],
)
def test_the_error_says_what_is_wrong(hostile, reason, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(hostile))
    with pytest.raises(ValueError, match=re.escape(reason)):
        load(path)
