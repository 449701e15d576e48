"""The key of an exercise: its values and gradients, as the engine computes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tinygrad_edu.ledger import ledger
from tinygrad_edu.numerals import brief
from tinygrad_edu.tables import html_table, text_table
from tinygrad_edu.value import Value

WORDS = ("name",)


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """What is to be found, by name: values those of gates, gradients all but that of f itself."""

    values: dict[str, float]
    gradients: dict[str, float]

    def rows(self) -> list[tuple[str, str, str]]:
        """A table: for each name its value and its gradient, as far as they are to be found."""
        names = [*[name for name in self.gradients if name not in self.values], *self.values]
        shown = [
            [brief(side[name]) if name in side else "" for side in (self.values, self.gradients)] for name in names
        ]
        return [HEADER, *[(name, value, gradient) for name, (value, gradient) in zip(names, shown, strict=True)]]

    def __repr__(self) -> str:
        return text_table(self.rows(), WORDS)

    def _repr_html_(self) -> str:
        return html_table(self.rows(), WORDS)


HEADER = ("name", "value", "gradient")


def key_of(values: Mapping[str, Value]) -> Key:
    """The key of a graph whose Values are given by name."""
    rows = ledger(values["f"]).backward
    received = {row.input: row.total for row in rows}
    return Key(
        {name: value.data for name, value in values.items() if value.gate},
        {name: received.get(value, 0.0) for name, value in values.items() if name != "f"},
    )
