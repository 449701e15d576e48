"""The two precisions of machine code: what a number is, and how many of them go together."""

from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir


@dataclass(frozen=True)
class Precision:
    """A kind of number.

    dtype   its name in NumPy
    number  its name in LLVM
    sums    how many a processor adds up at once
    lanes   how many rows make a block
    """

    dtype: str
    number: Any
    sums: int
    lanes: int

    @property
    def bytes(self) -> int:
        """How long a number is: 64 bytes are added up at once."""
        return 64 // self.sums

    @property
    def narrow(self) -> "Precision":
        """The same with the smallest blocks, for a single row: most lanes of a larger one would compute it again."""
        return replace(self, lanes=self.sums)

    @property
    def vector(self) -> Any:
        """As many numbers as a processor adds up at once."""
        return ir.VectorType(self.number, self.sums)

    @property
    def block(self) -> Any:
        """A number for each row of a block."""
        return ir.VectorType(self.number, self.lanes)


PRECISIONS = {
    kind.dtype: kind
    for kind in (Precision("float64", ir.DoubleType(), 8, 32), Precision("float32", ir.FloatType(), 16, 64))
}
