"""A program as plain Python, no NumPy: `python benchmarks/plain_python.py` prints the ratio.

Hinge loss and L2 penalty of 2-16-16-1 on 100 points of two moons, value and all gradients, on lists of floats: the
backend `python`, beside micrograd, which builds its graph anew. Gradients agree to 1e-9 before anything is timed.

Needs the extras `benchmark` and `data`.
"""

from beside import table
from moons import in_micrograd, moons
from networks import agreed


def main() -> None:
    work = moons()
    program, rows = work.ours(backend="python")
    lists, numbers = rows.tolist(), work.numbers.tolist()
    steps = agreed(program(lists, at=numbers), {"micrograd, its graph anew": in_micrograd(work)})
    table("2-16-16-1, hinge + L2, 100 rows, plain Python", lambda: program(lists, at=numbers), steps)


if __name__ == "__main__":
    main()
