"""What the commands do: each takes what was typed and gives the exit status."""

import argparse
import sys
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tinygrad_edu as engine
from tinygrad_edu.expression import leaf, names_in
from tinygrad_edu.value import Value

if TYPE_CHECKING:
    from tinygrad_edu.exercises import Exercise

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended
ON_A_SHEET = 8  # exercises, where no --count says how many,
AT_MOST = 100  # and far fewer than there are different ones of a level
SCALES = (1.0, -1.0, 0.1, 100.0)  # of the numbers tried for variables that need none but what is defined at them


def grad(chosen: argparse.Namespace) -> int:
    """Print the value and the gradients."""
    output, variables = _graph(chosen)
    output.backward()
    print(f"value = {_exact(output.data)}")
    for name, variable in variables.items():
        print(f"∂/∂{name} = {_exact(variable.grad)}")
    return 0


def draw(chosen: argparse.Namespace) -> int:
    """Write the picture."""
    output, _ = _graph(chosen)
    if chosen.expand:
        output = engine.expand(output)
    output.backward()
    picture = engine.draw(output, decimals=chosen.decimals, local=chosen.local, copies=chosen.copies)
    print(f"picture: {picture.save(chosen.output)}")
    return 0


def step(chosen: argparse.Namespace) -> int:
    """Print the ledger, or write the page."""
    output, _ = _graph(chosen)
    if chosen.html:
        print(f"page: {engine.stepper(output).save(chosen.html)}")
    elif output.gate is None:
        print(f"value = {_exact(output.data)}: there is no gate to step through")
    else:
        print(engine.ledger(output))
    return 0


def check(chosen: argparse.Namespace) -> int:
    """Print what is right and what is not."""
    output, variables = _graph(chosen)
    answers = _once(chosen.answer)
    for name in answers:
        if name not in variables:
            raise ValueError(f"an answer for {name}, which is not a variable; there are {', '.join(variables)}")
    report = engine.check_answers(
        output, {variables[name]: answer for name, answer in answers.items()}, decimals=chosen.decimals
    )
    print(report)
    return 0 if report else 1


def latex(chosen: argparse.Namespace) -> int:
    """Print the expression, or the derivation of one gradient."""
    if chosen.wrt is None:
        print(engine.latex(_with_numbers_for_all(chosen)[0]))
        return 0
    output, variables = _graph(chosen)
    print(engine.derivation(output, _among(variables, chosen.wrt)))
    return 0


def compile(chosen: argparse.Namespace) -> int:
    """Print the program, or write it."""
    output, variables = _with_numbers_for_all(chosen)
    inputs = [_among(variables, name) for name in chosen.inputs]
    program = engine.Program(output, inputs, [x for x in variables.values() if x not in inputs])
    text = program.to_c() if chosen.c else program.source
    if chosen.output is None:
        print(text, end="")
    else:
        chosen.output.write_text(text, encoding="utf-8")
        print(f"program: {chosen.output}")
    return 0


def exercise(chosen: argparse.Namespace) -> int:
    """Write a sheet or a page, or mark answers, or print the question or the key."""
    from tinygrad_edu.exercises import exercise, save_sheet

    if chosen.count and not chosen.sheet:
        raise ValueError("--count says how many exercises stand on a sheet: add --sheet FILE")
    if (chosen.answer or chosen.value) and (chosen.key or chosen.html or chosen.sheet):
        raise ValueError("answers are marked here, in the terminal: leave out --key, --html and --sheet")
    if chosen.sheet:
        drawn = (exercise(seed, chosen.level) for seed in count(chosen.seed))
        print(f"sheet: {save_sheet(_different(drawn, chosen.count or ON_A_SHEET), chosen.sheet)}")
        return 0
    asked = exercise(chosen.seed, chosen.level)
    if chosen.html:
        print(f"page: {asked.save(chosen.html)}")
    elif chosen.answer or chosen.value:
        marking = asked.check(_once(chosen.answer), _once(chosen.value))
        print(marking)
        return 0 if marking else 1
    elif chosen.key:
        print(asked.key)
    else:
        print(f"{asked}\n\n{_how_to_be_marked(asked)}")
    return 0


def _different(drawn: Iterable["Exercise"], wanted: int) -> list["Exercise"]:
    """The first so many that are drawn, but for any that was set before: few gates have few tidy numbers."""
    found: dict[str, Exercise] = {}
    for asked in drawn:
        found.setdefault(asked.question.removeprefix(asked.title), asked)
        if len(found) == wanted:
            break
    return list(found.values())


def _how_to_be_marked(asked: "Exercise") -> str:
    """What to type with answers, as far as one has them."""
    value, gradient = next(iter(asked.key.values)), next(iter(asked.key.gradients))
    typed = f"tinygrad-edu exercise --seed {asked.seed} --level {asked.level}"
    return f"To be marked, as far as you have come: {typed} --value {value}=NUMBER ... --answer {gradient}=NUMBER ..."


def _graph(chosen: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    """The graph of what was typed, called f if nothing else is, and its variables."""
    variables = {name: leaf(name, number) for name, number in _once(chosen.variables).items()}
    output = engine.parse(chosen.expression, **variables)
    if not output.label and "f" not in variables:
        output.named("f")
    return output, variables


def _with_numbers_for_all(chosen: argparse.Namespace) -> tuple[Value, dict[str, Value]]:
    """The graph of what was typed, and its variables; those without a number have one that will not be seen."""
    given = _once(chosen.variables)
    missing = [name for name in names_in(chosen.expression) if name not in given]
    for scale in SCALES:
        unseen = {name: scale * (i + 2.0) for i, name in enumerate(missing)}
        variables = {name: leaf(name, number) for name, number in (given | unseen).items()}
        try:
            return engine.parse(chosen.expression, **variables), variables
        except engine.DomainError as error:
            outside = error
    if missing:
        outside.add_note(f"it was tried at a few numbers: give one for which it is defined, as in {missing[0]}=NUMBER")
    raise outside


def _among(variables: dict[str, Value], name: str) -> Value:
    if name not in variables:
        raise ValueError(f"{name} is not a variable; there are {', '.join(variables) or 'none'}")
    return variables[name]


def _once(pairs: list[tuple[str, float]]) -> dict[str, float]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is given twice")
    return dict(pairs)


def _exact(x: float) -> str:
    return repr(x).removesuffix(".0")


def tour(chosen: argparse.Namespace) -> int:
    """Step through two graphs, then train on the digits."""
    chosen.pictures.mkdir(parents=True, exist_ok=True)
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    q = (x + y).named("q")
    _show("f = (x + y) z", (q * z).named("f"), chosen.pictures / "product")

    w0, w1, w2, x0, x1 = Value(2, "w0"), Value(-3, "w1"), Value(-3, "w2"), Value(-1, "x0"), Value(-2, "x1")
    total = (w0 * x0 + w1 * x1 + w2).named("s")
    sigmoid = ((total * -1.0).exp() + 1.0).reciprocal().named("f")
    _show("f = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2)))", sigmoid, chosen.pictures / "sigmoid")

    print("A multilayer perceptron learns to read handwritten digits\n")
    return _learn("digits", hidden=[32], activation="relu", epochs=chosen.epochs)


def _show(title: str, output: Value, path: Path) -> None:
    """One graph of the tour: its ledger and, after backward(), its picture and the page to step through it."""
    output.backward()
    print(f"{title}\n\n{engine.ledger(output)}\n")
    print(f"picture: {engine.draw(output).save(path.with_suffix('.svg'))}")
    print(f"step through it: {engine.stepper(output).save(path.with_suffix('.html'))}\n")


def train(chosen: argparse.Namespace) -> int:
    """Train on the data set that was named."""
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

    def of_logit(logit: Value, target: int) -> Value:
        return binary_cross_entropy(logit, target, from_logits=True)  # type: ignore[no-any-return]

    print(f"{model!r}: {len(model.parameters()):,} parameters, {len(data.train_inputs):,} rows of {name} to learn from")
    history = train(
        model,
        data.train_inputs,
        data.train_targets,
        loss=of_logit if binary else cross_entropy,
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
