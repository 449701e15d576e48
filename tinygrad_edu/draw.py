"""draw(): the graph as a picture, as in the lecture: on every wire the value above and the gradient below."""

from collections.abc import Sequence
from typing import Literal

from tinygrad_edu.backprop import topological_order
from tinygrad_edu.drawing.anatomy import Model, outermost, parts
from tinygrad_edu.drawing.diagram import diagram
from tinygrad_edu.drawing.lengths import MOST_PASSED, passed
from tinygrad_edu.drawing.picture import Picture
from tinygrad_edu.drawing.routes import routes
from tinygrad_edu.drawing.summary import MOST_BOXES, summary
from tinygrad_edu.ledger import ledger
from tinygrad_edu.value import Group, Value

MOST_NODES = 1000  # a larger picture could not be read
MOST_WIRES = 3000
MOST_DECIMALS = 17  # a double has no more digits


def draw(
    output: Value,
    *,
    direction: Literal["right", "down"] = "right",
    decimals: int = 2,
    values: bool = True,
    gradients: bool = True,
    local: bool = False,
    copies: bool = False,
    model: Model | None = None,
    fold: Literal["neurons", "layers"] | None = None,
) -> Picture:
    """The graph under `output`, every value a wire and every gate a circle between its wires.

    On a wire stand its label, its value above and, after backward(), its gradient below. Leaves are in boxes, and so
    is the output. A constant is written into the gate that it enters, as in `×-1`. A graph of more than 1,000 values
    or 3,000 wires, or whose wires run past more than 10,000 gates, could not be read: its picture is a summary, and
    says so.

    direction  in which the forward pass runs: `right` or `down`
    decimals   of the numbers shown; a very small or large one is shown by its power of ten
    values     whether the values are shown
    gradients  whether the gradients are shown, if backward() has run
    local      whether the arrow into a gate shows the local gradient, ∂output/∂input
    copies     whether a value that enters several gates passes a copy gate, with the gradient of each branch; the
               gradients are then those of one pass, whatever `.grad` has gathered
    model      an `nn` Module whose parameters are in the graph: they get their names from it and boxes of their own,
               and its layers and neurons frames around their gates
    fold       `neurons` or `layers` of the model, each drawn as one box with the numbers of its gates and parameters;
               a summary folds the layers unless neurons are asked for

    Raises ValueError for an option that there is not, a fold without a model, or more than 40 neurons in a summary;
    RuntimeError, when the picture is shown or saved, if Graphviz fails.

    >>> x, y = Value(2, "x"), Value(3, "y")
    >>> [line.split("[")[0].strip() for line in draw(x * y).source.splitlines() if "->" in line]
    ['g2 -> v2:w', 'v0:e -> g2', 'v1:e -> g2']
    """
    if not isinstance(output, Value):
        raise TypeError(f"draw needs a Value, got {type(output).__name__}")
    if type(decimals) is not int or not 0 <= decimals <= MOST_DECIMALS:
        raise ValueError(f"decimals is a whole number from 0 to {MOST_DECIMALS}, not {decimals!r}")
    if fold not in (None, "neurons", "layers"):
        raise ValueError(f"what is folded are 'neurons' or 'layers', not {fold!r}")
    if fold and model is None:
        raise ValueError(f"to fold {fold} draw needs their model: draw(output, model=model, fold={fold!r})")
    order = topological_order(output)
    drawn = [node for node in order if type(node) is not Group]
    passed_back = gradients and output.grad != 0.0
    found = {node: node.grad for node in drawn} if passed_back else {}
    parameters = {} if model is None else {parameter: name for name, parameter in model.named_parameters()}
    homes = parts(drawn, parameters) if parameters else {}
    large = not _can_be_read(drawn)
    if fold == "layers" or (large and fold != "neurons"):
        homes = {node: outermost(part) for node, part in homes.items()}
    if large:
        if fold == "neurons" and (boxes := len(set(homes.values()))) > MOST_BOXES:
            raise ValueError(f"a summary with boxes for {boxes:,} neurons could not be read; fold='layers' can")
        return summary(order, found, parameters, homes, direction=direction, decimals=decimals)
    rows = ledger(output).backward if local or copies else []
    if passed_back and copies:  # what the branches send is of one pass, and so is then their sum
        found = dict.fromkeys(drawn, 0.0) | {row.input: row.total for row in rows} | {output: 1.0}
    return diagram(
        drawn,
        found,
        routes(output, rows) if rows else {},
        direction=direction,
        decimals=decimals,
        numbers=values,
        local=local,
        copies=copies,
        parameters=parameters,
        homes=homes,
        fold=fold is not None,
    )


def _can_be_read(values: Sequence[Value]) -> bool:
    if len(values) > MOST_NODES:
        return False
    return sum(len(node.wires()) for node in values) <= MOST_WIRES and passed(values) <= MOST_PASSED
