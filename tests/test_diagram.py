"""A graph value by value: what is on its wires, in its gates, and where the arrows lead."""

import re
import xml.etree.ElementTree as ET

import pytest
from svg import SVG, classes, groups, symbols, texts, title, values, wires

from nn import MLP, Neuron
from tinygrad_edu import Group, Value, dot, draw, leaky_relu, logsumexp, maximum
from tinygrad_edu.backprop import nodes
from tinygrad_edu.drawing.diagram import diagram


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    return ((x + y).named("q") * z).named("f")


def sigmoid():
    """1 / (1 + exp(-(w0 x0 + w1 x1 + w2))) at the lecture's numbers, gate by gate."""
    w0, x0, w1, x1, w2 = Value(2, "w0"), Value(-1, "x0"), Value(-3, "w1"), Value(-2, "x1"), Value(-3, "w2")
    return (((w0 * x0 + w1 * x1 + w2) * -1).exp() + 1).reciprocal()


def after_backward(output):
    output.backward()
    return output


def ends(picture):
    """Where each edge of the DOT begins and ends, by its id."""
    found = re.findall(r"^\s*(\w+)(?::\w)? -> (\w+)(?::\w+)? \[.*?\bid=\"?([\w-]+)", picture.source, re.M)
    return {key: (tail, head) for tail, head, key in found}


# ---------------- the parts of a picture


def test_every_value_gate_and_wire_is_a_part_found_by_its_id():
    by_id = groups(draw(product()))
    assert by_id.keys() == {"v0", "v1", "v2", "v3", "v4", "g2", "g4", "o2", "o4", "w2-0", "w2-1", "w4-0", "w4-1"}
    assert ends(draw(product())) == {
        "o2": ("g2", "v2"),
        "o4": ("g4", "v4"),
        "w2-0": ("v0", "g2"),
        "w2-1": ("v1", "g2"),
        "w4-0": ("v2", "g4"),
        "w4-1": ("v3", "g4"),
    }


def test_each_part_has_its_classes():
    by_id = groups(draw(product()))
    assert classes(by_id["v0"]) == {"node", "value", "leaf", "input"}
    assert classes(by_id["v2"]) == {"node", "value"}
    assert classes(by_id["v4"]) == {"node", "value", "output"}
    assert classes(by_id["g2"]) == {"node", "gate"}
    assert classes(by_id["w4-1"]) == {"edge", "wire", "y"}
    assert classes(by_id["o4"]) == {"edge", "out"}


def test_the_value_stands_above_its_wire_and_the_gradient_below():
    by_id = groups(draw(after_backward(product())))
    for key in ("v0", "v1", "v2", "v3", "v4"):
        heights = {element.get("class"): float(element.get("y")) for element in by_id[key].iter(f"{SVG}text")}
        (line,) = by_id[key].iter(f"{SVG}polyline")
        (start, end) = [float(point.split(",")[1]) for point in line.get("points").split()]
        assert start == end
        assert heights["data"] < start < heights["grad"]


def test_downwards_the_value_stands_left_of_its_wire_and_the_gradient_right_of_it():
    by_id = groups(draw(after_backward(sigmoid()), direction="down"))
    for key in [key for key in by_id if key[0] == "v"]:
        places = {element.get("class"): float(element.get("x")) for element in by_id[key].iter(f"{SVG}text")}
        (line,) = by_id[key].iter(f"{SVG}polyline")
        (start, end) = [float(point.split(",")[0]) for point in line.get("points").split()]
        assert start == end
        assert places["data"] < start < places["grad"]


def test_downwards_the_wire_runs_clear_of_numbers_of_different_lengths(monkeypatch):
    monkeypatch.setenv("PATH", "")  # the system's Graphviz may not know how wide Arial is
    group = groups(draw(after_backward(Value(2, "x") * -1234.56789), direction="down"))["v0"]
    places = {element.get("class"): float(element.get("x")) for element in group.iter(f"{SVG}text")}
    (line,) = group.iter(f"{SVG}polyline")
    middle = float(line.get("points").split(",")[0])
    assert places["grad"] - middle > len("-1234.57") * 5.5 / 2  # half of its width: a digit of Arial is 0.55 em wide


def test_the_slides_numbers_stand_on_the_wires():
    shown = values(draw(after_backward(sigmoid())))
    assert shown == [
        {"name": "w0", "data": "2", "grad": "-0.20"},
        {"name": "x0", "data": "-1", "grad": "0.39"},
        {"data": "-2", "grad": "0.20"},
        {"name": "w1", "data": "-3", "grad": "-0.39"},
        {"name": "x1", "data": "-2", "grad": "-0.59"},
        {"data": "6", "grad": "0.20"},
        {"data": "4", "grad": "0.20"},
        {"name": "w2", "data": "-3", "grad": "0.20"},
        {"data": "1", "grad": "0.20"},
        {"data": "-1", "grad": "-0.20"},
        {"data": "0.37", "grad": "-0.53"},
        {"data": "1.37", "grad": "-0.53"},
        {"data": "0.73", "grad": "1"},
    ]


def test_the_slides_symbols_stand_in_the_gates():
    by_place = dict(sorted(symbols(draw(sigmoid())).items()))
    assert list(by_place.values()) == ["×", "×", "+", "+", "×-1", "exp", "+1", "1/x"]


def test_before_backward_there_are_no_gradients():
    assert all("grad" not in shown for shown in values(draw(product())))
    assert "gradient" not in draw(product()).svg


def test_after_backward_a_gradient_of_zero_is_shown():
    x = Value(-1.0, "x")
    assert values(draw(after_backward(x.relu())))[0]["grad"] == "0"


def test_a_tooltip_says_how_a_value_was_made_and_its_numbers_in_full():
    x = Value(0.1, "x")
    f = after_backward((x / 3).named("f"))
    by_id = groups(draw(f))
    assert title(by_id["v0"]) == "x\nvalue 0.1\ngradient 0.3333333333333333"
    assert title(by_id["v1"]) == "f = div(x, 3)\nvalue 0.03333333333333333\ngradient 1.0"
    assert title(by_id["g1"]) == "div gate: f = div(x, 3)"
    assert title(by_id["w1-0"]) == "x enters f = div(x, 3)"


def test_a_tooltip_has_a_name_for_a_value_without_a_label():
    assert title(groups(draw(Value(2, "x").exp().sin()))["v2"]).splitlines()[0] == "v2 = sin(v1)"


@pytest.mark.parametrize(("direction", "across", "along"), [("right", "cy", 1), ("down", "cx", 0)])
@pytest.mark.parametrize("options", [{}, {"local": True}, {"local": True, "copies": True}])
def test_the_arrows_of_a_value_that_enters_a_gate_twice_end_on_either_side_of_its_middle(
    options, direction, across, along
):
    b = Value(3, "b")
    by_id = groups(draw(after_backward(b + b), direction=direction, **options))
    middle = float(by_id["g1"].find(f"{SVG}ellipse").get(across))
    tips = []
    for key in ("w1-0", "w1-1"):
        points = by_id[key].find(f"{SVG}polygon").get("points").split()
        tips.append(sum(float(point.split(",")[along]) for point in points[:3]) / 3 - middle)
    assert tips[0] < -5 and tips[1] > 5
    assert abs(tips[0] + tips[1]) < 3


def test_a_value_that_enters_a_gate_twice_has_two_arrows():
    b = Value(3, "b")
    picture = draw(b + b)
    assert ends(picture) == {"o1": ("g1", "v1"), "w1-0": ("v0", "g1"), "w1-1": ("v0", "g1")}
    assert wires(picture) == {"w1-0", "w1-1"}


def test_a_value_that_enters_two_gates_is_one_wire_with_two_arrows():
    x = Value(3, "x")
    picture = draw(x.exp() + x.sin())
    assert len(values(picture)) == 4
    assert [tail for tail, head in ends(picture).values()].count("v0") == 2


def test_a_leaf_alone_is_one_wire_and_the_output():
    by_id = groups(draw(Value(2, "x")))
    assert by_id.keys() == {"v0"}
    assert classes(by_id["v0"]) == {"node", "value", "leaf", "input", "output"}


@pytest.mark.parametrize("number", [1e308, -5e-324, -0.0, 123456.0, 1 / 3])
def test_any_number_can_be_shown(number):
    (shown,) = values(draw(Value(number, "x")))
    assert float(shown["data"]) == pytest.approx(number, rel=2e-2)


# ---------------- gates


@pytest.mark.parametrize(
    ("build", "symbol"),
    [
        (lambda x: x * -1.0, "×-1"),
        (lambda x: x + 0.5, "+0.5"),
        (lambda x: x + -0.5, "+ -0.5"),
        (lambda x: 1.0 - x, "1 −"),
        (lambda x: x - 1.0, "−1"),
        (lambda x: 2.0 / x, "2 ÷"),
        (lambda x: x**2, "^2"),
        (lambda x: 2**x, "2 ^"),
        (lambda x: x * 0.001, "×0.001"),
        (lambda x: leaky_relu(x, 0.1), "leaky relu 0.1"),
        (lambda x: maximum(x, 0.0), "max 0"),
        (lambda x: maximum(0.0, 1.0, x), "max\n2 constants"),
        (abs, "|x|"),
        (Value.exp, "exp"),
        (Value.sigmoid, "σ"),
        (Value.reciprocal, "1/x"),
        (Value.sqrt, "√"),
        (lambda x: -x, "−"),
    ],
)
def test_a_gate_is_its_symbol_with_the_constants_written_into_it(build, symbol):
    assert symbols(draw(build(Value(3, "x")))) == {1: symbol}


def test_constants_take_a_place_among_the_wires_but_are_not_drawn():
    w, x, b = Value(2, "w"), Value(3, "x"), Value(1, "b")
    picture = draw(dot([w, 4.0], [5.0, x], b))
    assert wires(picture) == {"w3-0", "w3-3", "w3-4"}
    by_id = groups(picture)
    assert [sorted(classes(by_id[f"w3-{k}"]) - {"edge", "wire"}) for k in (0, 3, 4)] == [
        ["weights"],
        ["inputs"],
        ["bias"],
    ]


@pytest.mark.parametrize("operator", [lambda x, y: x - y, lambda x, y: x / y, lambda x, y: x**y])
def test_where_the_order_of_inputs_matters_the_arrows_say_it(operator):
    by_id = groups(draw(operator(Value(3, "x"), Value(2, "y"))))
    assert [texts(by_id[key]) for key in ("w2-0", "w2-1")] == [{"order": "1st"}, {"order": "2nd"}]


@pytest.mark.parametrize(
    "build",
    [lambda x, y: x * y, lambda x, y: x + y, lambda x, y: (x - 1.0) * (2.0 / y), lambda x, y: (x - x) * (y / y)],
)
def test_elsewhere_they_do_not(build):
    assert "1st" not in draw(build(Value(3, "x"), Value(2, "y"))).svg


# ---------------- local gradients, copies


def test_local_gradients_stand_on_the_arrows():
    by_id = groups(draw(product(), local=True))
    shown = {key: texts(by_id[key])["local"] for key in ("w2-0", "w2-1", "w4-0", "w4-1")}
    assert shown == {"w2-0": "1", "w2-1": "1", "w4-0": "-4", "w4-1": "3"}


def test_unasked_there_are_none():
    assert not any("local" in texts(group) for group in groups(draw(after_backward(product()))).values())


def test_each_of_two_arrows_from_one_value_has_its_own_local_gradient():
    b = Value(3, "b")
    by_id = groups(draw(b - b, local=True))
    assert [texts(by_id[key])["local"] for key in ("w1-0", "w1-1")] == ["1", "-1"]


def test_a_copy_gate_adds_the_gradients_of_its_branches():
    # f = x y + exp(x): the branches send back y = -4 and exp(2) = 7.389, and x receives 3.389
    x, y = Value(2, "x"), Value(-4, "y")
    picture = draw(after_backward(x * y + x.exp()), copies=True)
    by_id = groups(picture)
    assert texts(by_id["c0"]) == {"symbol": "copy"}
    assert classes(by_id["c0"]) == {"node", "gate", "copy"}
    assert (texts(by_id["w2-0"]), texts(by_id["w3-0"])) == ({"branch": "-4"}, {"branch": "7.39"})
    assert texts(by_id["v0"])["grad"] == "3.39"
    assert texts(by_id["w2-1"]) == {}
    assert ends(picture)["s0"] == ("v0", "c0")
    assert ends(picture)["w2-0"] == ("c0", "g2")
    assert "c1" not in by_id


def test_before_backward_a_copy_has_no_gradients():
    b = Value(3, "b")
    by_id = groups(draw(b + b, copies=True))
    assert "c0" in by_id
    assert texts(by_id["w1-0"]) == {}


def test_local_gradient_and_branch_stand_on_one_arrow():
    x = Value(3, "x")
    by_id = groups(draw(after_backward((x * 2 + x) * 5.0), copies=True, local=True))
    assert texts(by_id["w1-0"]) == {"local": "2", "branch": "10"}


# ---------------- given gradients


def test_gradients_can_be_given_and_grad_is_left_alone():
    output = product()
    given = {node: float(i) for i, node in enumerate(nodes(output))}
    picture = diagram(nodes(output), given, {})
    assert [shown["grad"] for shown in values(picture)] == ["0", "1", "2", "3", "4"]
    assert [node.grad for node in nodes(output)] == [0.0] * 5


def test_a_value_without_a_given_gradient_shows_none():
    output = product()
    shown = values(diagram(nodes(output), {output: 1.0}, {}))
    assert [text.get("grad") for text in shown] == [None, None, None, None, "1"]


def test_the_layout_is_the_same_with_gradients_as_narrow_as_the_values_and_without():
    output = product()
    zeros = dict.fromkeys(nodes(output), 0.0)
    boxes = [
        [element.attrib for element in ET.fromstring(diagram(nodes(output), given, {}).svg).iter(f"{SVG}rect")]
        for given in ({}, zeros)
    ]
    assert boxes[0] == boxes[1]


# ---------------- models


def small():
    model = MLP(2, [3, 1])
    output = model([Value(1, "x0"), Value(-2, "x1")])
    return model, output


def frames(picture):
    """For each frame of the DOT the nodes directly in it."""
    found = re.findall(r"subgraph \w+ \{(.*?)\n\t\}", picture.source, re.S)
    named = {re.search(r'label="([^"]*)"', body)[1]: body for body in found}
    return {name: set(re.findall(r"^\s*([vg]\d+) \[", body, re.M)) for name, body in named.items()}


def test_parameters_are_told_from_inputs():
    model, output = small()
    by_id = groups(draw(output, model=model))
    kinds = [frozenset(classes(by_id[f"v{i}"]) & {"parameter", "input"}) for i in range(len(nodes(output)))]
    assert kinds.count({"parameter"}) == 13
    assert kinds.count({"input"}) == 2


def test_parameters_get_their_names_from_the_model():
    model = Neuron(2)
    output = model([Value(1, "x0"), Value(-2, "x1")])
    assert {text["name"] for text in values(draw(output, model=model)) if "name" in text} == {
        "weights.0", "weights.1", "bias", "x0", "x1",
    }  # fmt: skip


def test_a_label_goes_before_the_models_name():
    model = Neuron(1, bias=False)
    model.weights[0].named("slope")
    assert values(draw(model([2.0]), model=model))[0]["name"] == "slope"


def test_each_neuron_has_a_frame_around_its_parameters_gates_and_values():
    model, output = small()
    around = frames(draw(output, model=model))
    assert around.keys() == {"layers.0.neurons.0", "layers.0.neurons.1", "layers.0.neurons.2", "layers.1.neurons.0"}
    # two weights and a bias; the dot and the tanh, each a circle and a wire
    assert {name: len(inside) for name, inside in around.items()} == {
        "layers.0.neurons.0": 7,
        "layers.0.neurons.1": 7,
        "layers.0.neurons.2": 7,
        "layers.1.neurons.0": 6,
    }


def test_a_frame_is_titled_by_its_neuron():
    model, output = small()
    by_id = groups(draw(output, model=model))
    assert {texts(by_id[key])["name"] for key in by_id if key[0] == "f"} == frames(draw(output, model=model)).keys()


def test_folded_neurons_are_boxes_with_their_counts():
    model, output = small()
    picture = draw(after_backward(output), model=model, fold="neurons")
    by_id = groups(picture)
    boxes = {texts(by_id[key])["name"]: texts(by_id[key])["count"] for key in by_id if key[0] == "b"}
    assert boxes == {
        "layers.0.neurons.0": "2 gates, 3 parameters",
        "layers.0.neurons.1": "2 gates, 3 parameters",
        "layers.0.neurons.2": "2 gates, 3 parameters",
        "layers.1.neurons.0": "1 gate, 4 parameters",
    }
    assert len(values(picture)) == 2 + 3 + 1  # the inputs, what the layers give
    assert not symbols(picture)


def test_folded_layers_are_boxes_between_the_values_that_pass_between_them():
    model, output = small()
    picture = draw(output, model=model, fold="layers")
    by_id = groups(picture)
    boxes = {texts(by_id[key])["name"]: texts(by_id[key])["count"] for key in by_id if key[0] == "b"}
    assert boxes == {"layers.0": "6 gates, 9 parameters", "layers.1": "1 gate, 4 parameters"}
    edges = sorted(ends(picture).values())
    numbers = sorted(key for key in by_id if key[0] == "v")
    assert len(numbers) == 6
    assert sum(head == "b0" for _, head in edges) == 2
    assert sum(tail == "b0" for tail, _ in edges) == 3
    assert sum(head == "b1" for _, head in edges) == 3
    assert sum(tail == "b1" for tail, _ in edges) == 1


def test_a_parameter_that_is_used_outside_of_its_box_leaves_from_the_box():
    model = Neuron(1, bias=False)
    (weight,) = model.parameters()
    picture = draw(model([Value(2, "x")]) + weight * weight * Value(3, "penalty"), model=model, fold="neurons")
    assert len([key for key in groups(picture) if key[0] == "b"]) == 1


# ---------------- many


def test_wide_gates_and_shared_groups_have_an_arrow_for_each_member():
    weights = Group([Value(i, f"w{i}") for i in range(3)])
    inputs = [Value(1, "x"), 2.0, Value(3, "y")]
    picture = draw(logsumexp([dot(weights, inputs), dot(weights, inputs)]))
    assert len(wires(picture)) == 2 * 5 + 2
