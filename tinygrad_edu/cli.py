"""The command line: `tinygrad-edu tour`, `grad` and `train`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from unicodedata import normalize

from tinygrad_edu.draw import draw
from tinygrad_edu.errors import DomainError
from tinygrad_edu.expression import leaf, parse
from tinygrad_edu.ledger import ledger
from tinygrad_edu.value import Value

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

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
    chosen = _parser().parse_args(_with_expression_marked(arguments))
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


def _parser() -> Parser:
    parser = Parser(
        prog="tinygrad-edu",
        description="A scalar automatic-differentiation engine to learn from.",
        epilog="Try: tinygrad-edu grad '(x+y)*z' x=-2 y=5 z=-4",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    tour = commands.add_parser(
        "tour",
        help="two graphs of the lecture step by step, their pictures, and a network that learns to read digits",
        description="Step through the lecture's two graphs, write their pictures, then train a multilayer perceptron "
        "on scikit-learn's handwritten digits and report its accuracy on digits it has not seen.",
    )
    tour.add_argument(
        "--pictures",
        type=Path,
        default=Path("tour"),
        metavar="FOLDER",
        help="where the pictures go (default: %(default)s)",
    )
    tour.add_argument(
        "--epochs", type=_natural, default=6, metavar="N", help="how often every digit is seen (default: %(default)s)"
    )
    tour.set_defaults(run=_tour)

    grad = commands.add_parser(
        "grad",
        help="the value and the gradients of an expression",
        description="Print the value of an expression and its gradient with respect to every variable.",
        epilog="Example: tinygrad-edu grad 'sigmoid(w*x + b)' w=2 x=-1 b=0.5",
    )
    grad.add_argument("expression", metavar="EXPR", help="such as '(x+y)*z', in quotes")
    grad.add_argument("variables", nargs="*", type=_variable, metavar="NAME=NUMBER", help="such as x=-2")
    grad.add_argument("--ledger", action="store_true", help="also print both passes, gate by gate")
    grad.set_defaults(run=_grad)

    train = commands.add_parser(
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
    train.set_defaults(run=_train)
    return parser


def _with_expression_marked(arguments: list[str]) -> list[str]:
    """The arguments of `grad` with the options first and then `--`, so that an expression may begin with a minus."""
    if arguments[:1] != ["grad"]:
        return arguments
    options = [x for x in arguments[1:] if x in ("--ledger", "--help", "-h")]
    others = [x for x in arguments[1:] if x not in (*options, "--")]
    return ["grad", *options, *(["--", *others] if others else [])]


def _variable(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    name = normalize("NFKC", name)  # as Python reads the names in an expression
    try:
        if not (name.isidentifier() and equals):
            raise ValueError
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form x=-2") from None


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return rate


def _grad(chosen: argparse.Namespace) -> int:
    names = [name for name, _ in chosen.variables]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is given twice")
    variables = {name: leaf(name, number) for name, number in chosen.variables}
    output = parse(chosen.expression, **variables)
    output.backward()
    if chosen.ledger:
        print(ledger(output), end="\n\n")
    print(f"value = {_exact(output.data)}")
    for name, variable in variables.items():
        print(f"∂/∂{name} = {_exact(variable.grad)}")
    return 0


def _exact(x: float) -> str:
    return repr(x).removesuffix(".0")


def _tour(chosen: argparse.Namespace) -> int:
    chosen.pictures.mkdir(parents=True, exist_ok=True)
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    q = (x + y).named("q")
    _show("f = (x + y) z", (q * z).named("f"), chosen.pictures / "product.svg")

    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    total = (w0 * x0 + w1 * x1 + w2).named("s")
    sigmoid = ((total * -1.0).exp() + 1.0).reciprocal().named("f")
    _show("f = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2)))", sigmoid, chosen.pictures / "sigmoid.svg")

    print("A multilayer perceptron learns to read handwritten digits\n")
    return _learn("digits", hidden=[32], activation="relu", epochs=chosen.epochs)


def _show(title: str, output: Value, path: Path) -> None:
    """One graph of the tour: its ledger and, after backward(), its picture."""
    output.backward()
    print(f"{title}\n\n{ledger(output)}\n\npicture: {draw(output).save(path)}\n")


def _train(chosen: argparse.Namespace) -> int:
    given = {name: getattr(chosen, name) for name in ("hidden", "epochs", "batch_size", "lr")}
    return _learn(
        chosen.dataset,
        activation=chosen.activation,
        momentum=chosen.momentum,
        seed=chosen.seed,
        progress=not chosen.quiet,
        **{name: value for name, value in given.items() if value is not None},
    )


# What suits each data set, where the command line does not say otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "xor": {"hidden": [4], "epochs": 200, "batch_size": 4, "lr": 0.5},
    "moons": {"hidden": [16, 16], "epochs": 40, "batch_size": 16, "lr": 0.1},
    "digits": {"hidden": [32], "epochs": 6, "batch_size": 32, "lr": 0.1},
}


def _learn(
    name: str, activation: str, momentum: float = 0.9, seed: int = 0, progress: bool = True, **given: Any
) -> int:
    """Train on one data set and report; the exit status says whether it was interrupted."""
    from nn import MLP, SGD, accuracy, binary_cross_entropy, cross_entropy, train
    from nn.datasets import DATASETS

    settings = DEFAULTS[name] | given
    data = DATASETS[name](seed)
    binary = data.classes == 2
    model = MLP(len(data.train_inputs[0]), [*settings["hidden"], 1 if binary else data.classes], activation, seed=seed)

    def logistic_loss(logit: Value, target: int) -> Value:
        return binary_cross_entropy(logit, target, from_logits=True)  # type: ignore[no-any-return]

    print(f"{model!r}: {len(model.parameters()):,} parameters, {len(data.train_inputs):,} rows of {name} to learn from")
    history = train(
        model,
        data.train_inputs,
        data.train_targets,
        loss=logistic_loss if binary else cross_entropy,
        optimizer=SGD(model.parameters(), lr=settings["lr"], momentum=momentum),
        epochs=settings["epochs"],
        batch_size=settings["batch_size"],
        seed=seed,
        progress=progress and sys.stderr.isatty(),
    )
    if history.interrupted:
        print(f"interrupted after {len(history.loss)} of {settings['epochs']} epochs; the model keeps what it learned")
    if history.loss:
        last = f", {history.loss[-1]:.4g} in the last" if len(history.loss) > 1 else ""
        print(f"loss: {history.loss[0]:.4g} in the first epoch{last}")
    share = accuracy(model, data.test_inputs, data.test_targets)
    print(
        f"accuracy on {len(data.test_inputs)} rows it has not seen: {share:.1%}"
        if name != "xor"
        else f"accuracy: {share:.0%}"
    )
    return INTERRUPTED if history.interrupted else 0
