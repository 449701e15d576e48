"""The live stepper: a slider for each input of the graph, and the walk anew with every move."""

from collections.abc import Mapping
from typing import Any

from tinygrad_edu.backprop import nodes
from tinygrad_edu.errors import DomainError
from tinygrad_edu.stepper.page import resource
from tinygrad_edu.stepper.rerun import rerun
from tinygrad_edu.stepper.steps import Walk, walk
from tinygrad_edu.value import Value

try:
    import anywidget
    import traitlets
except ImportError:
    raise ImportError(
        'the live stepper needs the extra "jupyter": pip install "tinygrad-edu[jupyter]"; '
        "without it stepper(output) shows itself and .save() writes a page"
    ) from None


class Live(anywidget.AnyWidget):
    """The widget. What a slider moves is assigned to the Values of the graph; `.observe(..., "walk")` tells of it."""

    _esm = resource("stepper.js") + "\nexport default { render };\n"
    fragment = traitlets.Unicode().tag(sync=True)
    inputs = traitlets.List().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)
    walk = traitlets.Dict().tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)

    def __init__(self, output: Value, steps: Walk, fragment: str) -> None:
        self._values = nodes(output)
        self._leaves = [value for value in self._values if value.gate is None]
        names = dict(zip(self._values, steps.names, strict=True))
        inputs = [slider(names[leaf], leaf.data) for leaf in self._leaves]
        super().__init__(fragment=fragment, inputs=inputs, walk=steps.to_dict(), moved={"move": 0})

    @traitlets.observe("moved")
    def _move(self, change: Mapping[str, Any]) -> None:
        moved = change["new"]
        if "place" in moved:
            self.move(self._leaves[moved["place"]], float(moved["number"]))

    def move(self, leaf: Value, number: float) -> None:
        """Give an input another number and let every gate compute anew; or say in `trouble` why that cannot be."""
        before = {value: value.data for value in self._values}
        try:
            for value, data in rerun(self._values, {leaf: number}).items():
                value.data = data
            steps = walk(self._values[-1])
        except DomainError as error:
            for value, data in before.items():
                value.data = data
            self.trouble = f"The graph keeps its numbers: {error.reason}."
        else:
            self.trouble = ""
            self.walk = steps.to_dict()


def slider(name: str, number: float) -> dict[str, Any]:
    """A slider for a number: from as far below it, and at least 2, to as far above."""
    reach = max(2.0, 2.0 * abs(number))
    return {"name": name, "number": number, "least": number - reach, "most": number + reach}
