"""The command line: what can be typed after `tinygrad-edu`, and how it answers a mistake."""

import argparse
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn
from unicodedata import normalize

from tinygrad_edu import commands
from tinygrad_edu.commands import INTERRUPTED
from tinygrad_edu.errors import DomainError


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and that knows its options and whether a word follows them."""

    def __init__(self, **settings: Any) -> None:
        self.options: dict[str, bool] = {}
        super().__init__(**settings)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add one, and note it if it is an option."""
        action = super().add_argument(*names, **settings)
        self.options |= dict.fromkeys(action.option_strings, action.nargs != 0)
        return action

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is, and exit with status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 2 for a wrong argument, 130 after Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without σ shows ? and does not fail
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else list(arguments))
        finally:
            if sys.stdout:  # None where the caller has closed it
                sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    """The exit status of a command; an error of the user's is one line, and for an expression the spot."""
    parser, commands_by_name = _parsers()
    command = commands_by_name.get(arguments[0]) if arguments else None
    if command and command.get_default("expression_first"):
        arguments = [arguments[0], *_with_expression_marked(arguments[1:], command)]
    chosen = parser.parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
        return status
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        message = "this needs scikit-learn: pip install 'tinygrad-edu[data]'"
    except DomainError as error:  # its line of code would be ours; its note shows the spot in the expression
        message = "\n".join([error.reason, *getattr(error, "__notes__", [])])
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        message = str(error)
    print(f"tinygrad-edu: {message}", file=sys.stderr)
    return 2


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole line, and those of the commands by name."""
    parser = Parser(
        prog="tinygrad-edu",
        description="A scalar automatic-differentiation engine to learn from.",
        epilog="Try: tinygrad-edu grad '(x+y)*z' x=-2 y=5 z=-4",
    )
    kinds = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    tour = kinds.add_parser(
        "tour",
        help="two graphs of the lecture step by step, their pictures, and a network that learns to read digits",
        description="Step through the lecture's two graphs, write their pictures and a page for each to step through "
        "it, then train a multilayer perceptron on scikit-learn's handwritten digits and report its accuracy on digits "
        "it has not seen.",
    )
    tour.add_argument(
        "--pictures",
        type=Path,
        default=Path("tour"),
        metavar="FOLDER",
        help="where the pictures and the pages go (default: %(default)s)",
    )
    tour.add_argument(
        "--epochs", type=_natural, default=6, metavar="N", help="how often every digit is seen (default: %(default)s)"
    )
    tour.set_defaults(run=commands.tour)

    grad = kinds.add_parser(
        "grad",
        help="the value and the gradients of an expression",
        description="Print the value of an expression and its gradient with respect to every variable.",
        epilog="Example: tinygrad-edu grad 'sigmoid(w*x + b)' w=2 x=-1 b=0.5",
    )
    _takes_an_expression(grad)
    grad.set_defaults(run=commands.grad)

    draw = kinds.add_parser(
        "draw",
        help="the graph of an expression as a picture",
        description="Write the graph of an expression as SVG, with the value and the gradient of every wire.",
        epilog="Example: tinygrad-edu draw '(x+y)*z' x=-2 y=5 z=-4 -o product.svg",
    )
    _takes_an_expression(draw)
    draw.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("graph.svg"),
        metavar="FILE",
        help="ending in .svg or .dot (default: %(default)s)",
    )
    draw.add_argument("--decimals", type=_natural, default=2, metavar="N", help="of the numbers (default: %(default)s)")
    draw.add_argument("--expand", action="store_true", help="sigmoid, tanh and other fused gates in elementary ones")
    draw.add_argument("--local", action="store_true", help="the local slope on every wire")
    draw.add_argument("--copies", action="store_true", help="a copy gate where a value is used more than once")
    draw.set_defaults(run=commands.draw)

    step = kinds.add_parser(
        "step",
        help="both passes of an expression, gate by gate",
        description="Print the forward and the backward pass of an expression as tables, a row for every step.",
        epilog="Example: tinygrad-edu step '(x+y)*z' x=-2 y=5 z=-4 --html product.html",
    )
    _takes_an_expression(step)
    step.add_argument("--html", type=Path, metavar="FILE", help="write a page to step through it in a browser instead")
    step.set_defaults(run=commands.step)

    check = kinds.add_parser(
        "check",
        help="gradients derived by hand, compared with the chain rule's",
        description="Compare gradients derived by hand with the chain rule's. The exit status is 0 if all are right "
        "and 1 if not.",
        epilog="Example: tinygrad-edu check '(x+y)*z' x=-2 y=5 z=-4 --answer x=-4 --answer z=3",
    )
    _takes_an_expression(check)
    check.add_argument(
        "--answer",
        type=_variable,
        action="append",
        required=True,
        metavar="NAME=NUMBER",
        help="the gradient of one variable; may be given again for others",
    )
    check.add_argument(
        "--decimals",
        type=_natural,
        default=2,
        metavar="N",
        help="to which the numbers on the way were rounded (default: %(default)s)",
    )
    check.set_defaults(run=commands.check)

    latex = kinds.add_parser(
        "latex",
        help="an expression in LaTeX, or the derivation of one of its gradients",
        description="Print an expression in LaTeX. Variables need numbers only for a derivation.",
        epilog="Example: tinygrad-edu latex '(x+y)*z' x=-2 y=5 z=-4 --wrt x",
    )
    _takes_an_expression(latex)
    latex.add_argument("--wrt", metavar="NAME", help="print the derivation of the gradient of this variable instead")
    latex.set_defaults(run=commands.latex)

    program = kinds.add_parser(
        "compile",
        help="an expression as a program in Python or in C, value and gradient",
        description="Print an expression as a program that computes its value and its gradient. The gradient is that "
        "with respect to every variable that is not among the inputs. Variables need no numbers.",
        epilog="Example: tinygrad-edu compile 'sigmoid(w*x + b)' --inputs x --c -o neuron.c",
    )
    _takes_an_expression(program)
    program.add_argument(
        "--inputs",
        type=_names,
        default=[],
        metavar="NAMES",
        help="variables that are the columns of a row of data, such as x,t (default: none)",
    )
    program.add_argument("--c", action="store_true", help="in C instead of Python")
    program.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it to a file instead")
    program.set_defaults(run=commands.compile)

    exercise = kinds.add_parser(
        "exercise",
        help="a graph with tidy numbers to go through by hand, with its key, and marked",
        description="Print the exercise of a seed: a graph whose values and gradients are to be found. With answers, "
        "mark them instead: the exit status is 0 if all are right and 1 if not. Level 1 has single gates and short "
        "chains, level 2 fan-out and max, level 3 small neurons.",
        epilog="Example: tinygrad-edu exercise --seed 7 --level 2 --value p=18 q=5 --answer x=12 y=6",
    )
    exercise.add_argument("--seed", type=_natural, default=0, metavar="N", help="which one (default: %(default)s)")
    exercise.add_argument("--level", type=int, choices=(1, 2, 3), default=1, help="(default: %(default)s)")
    for option, what in (("--answer", "gradients"), ("--value", "values")):
        exercise.add_argument(
            option,
            type=_variable,
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=NUMBER",
            help=f"{what} that you found, to be marked",
        )
    instead = exercise.add_mutually_exclusive_group()
    instead.add_argument("--key", action="store_true", help="print the answers instead")
    instead.add_argument("--html", type=Path, metavar="FILE", help="write a page that marks in a browser instead")
    instead.add_argument(
        "--sheet", type=Path, metavar="FILE", help="write a sheet to print instead, its key on a page of its own"
    )
    exercise.add_argument(
        "--count",
        type=_on_a_sheet,
        metavar="N",
        help="different exercises on the sheet, of this seed and those after it "
        f"(default: {commands.ON_A_SHEET}, at most {commands.AT_MOST})",
    )
    exercise.set_defaults(run=commands.exercise)

    train = kinds.add_parser(
        "train",
        help="train a multilayer perceptron on xor, moons or digits",
        description="Train a multilayer perceptron and report its accuracy on rows that were held out.",
        epilog="Layers, epochs, batch size and learning rate that are not given are those that suit the data set.",
    )
    train.add_argument("dataset", choices=("xor", "moons", "digits"), metavar="DATASET", help="xor, moons or digits")
    train.add_argument(
        "--hidden",
        type=_positive,
        nargs="+",
        metavar="N",
        help="neurons in each hidden layer",
    )
    train.add_argument("--activation", default="tanh", help="of the hidden layers (default: %(default)s)")
    train.add_argument("--epochs", type=_natural, metavar="N", help="how often every row is seen")
    train.add_argument("--batch-size", type=_positive, metavar="N", help="rows for each step")
    train.add_argument("--lr", type=_rate, metavar="RATE", help="the learning rate")
    train.add_argument("--momentum", type=_rate, default=0.9, metavar="M", help="(default: %(default)s)")
    train.add_argument(
        "--seed", type=_natural, default=0, help="of weights, shuffling and splitting (default: %(default)s)"
    )
    train.add_argument("--quiet", action="store_true", help="no progress bar")
    train.set_defaults(run=commands.train)
    return parser, kinds.choices


def _takes_an_expression(parser: Parser) -> None:
    parser.set_defaults(expression_first=True)
    parser.add_argument("expression", metavar="EXPR", help="such as '(x+y)*z', in quotes")
    parser.add_argument(
        "variables", nargs="*", type=_variable, metavar="NAME=NUMBER", help="for each variable, such as x=-2"
    )


def _with_expression_marked(words: list[str], command: Parser) -> list[str]:
    """The options first and then `--`, so that an expression may begin with a minus."""
    first: list[str] = []
    others: list[str] = []
    left = iter(words)
    for word in left:
        option = word.partition("=")[0]
        meant = get_close_matches(option, command.options, n=1, cutoff=0.75) if word.startswith("--") else []
        if word in command.options:
            first += [word, *(islice(left, 1) if command.options[word] else ())]
        elif option in command.options and word.startswith("--"):  # --html=page.html
            first.append(word)
        elif word == "--":  # no options from here on
            others += left
        elif meant or (others and word.startswith("-")):
            known = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(command.options)}"
            command.error(f"there is no option {option}; {known}")
        else:
            others.append(word)
    return [*first, *(["--", *others] if others else [])]


def _variable(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    name = normalize("NFKC", name)  # as Python reads the names in an expression
    try:
        if not (name.isidentifier() and equals):
            raise ValueError
        return name, _number(number)
    except (ArithmeticError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form x=-2, x=0.25 or x=3/4") from None


def _number(text: str) -> float:
    """A number as people type it: with either minus, or as a fraction."""
    above, slash, below = text.replace("−", "-").partition("/")
    return float(above) / float(below) if slash else float(above)


def _names(text: str) -> list[str]:
    names = [normalize("NFKC", name) for name in text.split(",")]
    if not all(name.isidentifier() for name in names):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form x,t")
    for name in names:
        if names.count(name) > 1:
            raise argparse.ArgumentTypeError(f"{name} is given twice")
    return names


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _on_a_sheet(text: str) -> int:
    if _positive(text) > commands.AT_MOST:
        raise argparse.ArgumentTypeError(f"{text} exercises are too many for a sheet: at most {commands.AT_MOST}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return rate
