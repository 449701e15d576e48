"""One network, its loss and all gradients, as it is written in NumPy, PyTorch and JAX; each on the same numbers.

A peer is a step, value and gradients of one batch, and what makes of its result the mean loss and one flat gradient,
in the order of `model.parameters()`: for each neuron its weights and then its bias.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from beside import table
from threadpoolctl import threadpool_limits

from tinygrad_edu import Program, Value, dot, logsumexp

threadpool_limits(1)  # of what NumPy multiplies matrices with

Peer = tuple[Callable[[], Any], Callable[[Any], tuple[float, Any]]]


class Work:
    """A multilayer perceptron with relu, and a batch: rows, and their targets.

    targets  one column of -1 and 1, for the hinge loss, or one column for each class with a 1, for softmax
    penalty  how much of the sum of squares of all parameters is added to the loss
    """

    def __init__(self, sizes: Sequence[int], rows: Any, targets: Any, penalty: float = 0.0) -> None:
        from nn import MLP

        self.sizes, self.rows, self.targets, self.penalty = list(sizes), rows, targets, penalty
        self.hinge = targets.shape[1] == 1
        self.model = MLP(sizes[0], list(sizes[1:]), activation="relu", seed=1)
        self.numbers = np.array([parameter.data for parameter in self.model.parameters()])

    def ours(self, backend: str = "llvm") -> tuple[Program, Any]:
        """Our program, and the rows it takes: those of the batch with their targets."""
        x = [Value(number) for number in self.rows[0]]
        t = [Value(number) for number in self.targets[0]]
        parameters = self.model.parameters()
        if self.hinge:
            loss = (1.0 - t[0] * self.model(x)).relu()
        else:
            scores = self.model(x)
            loss = logsumexp(scores) - dot(t, scores)
        if self.penalty:
            loss = loss + self.penalty * dot(parameters, parameters)
        program = Program(loss, [*x, *t], parameters, backend=backend)  # type: ignore[arg-type]
        return program, np.ascontiguousarray(np.hstack([self.rows, self.targets]))

    def layers(self) -> list[tuple[Any, Any]]:
        """The weights of each layer, a row for each neuron, and its biases."""
        layers, start = [], 0
        for before, after in pairwise(self.sizes):
            table = self.numbers[start : start + after * (before + 1)].reshape(after, before + 1)
            layers.append((table[:, :-1].copy(), table[:, -1].copy()))
            start += table.size
        return layers


def flat(layers: Any) -> Any:
    """Gradients by layer as one gradient."""
    return np.concatenate([np.column_stack([np.asarray(w), np.asarray(b)]).ravel() for w, b in layers])


def in_numpy(work: Work) -> Peer:
    """By hand, as one writes it."""
    layers, rows, targets, count = work.layers(), work.rows, work.targets, len(work.rows)
    (*hidden, last), penalty = layers, work.penalty

    def step() -> Any:
        inputs = [rows]
        for w, b in hidden:
            inputs.append(np.maximum(inputs[-1] @ w.T + b, 0.0))
        scores = inputs[-1] @ last[0].T + last[1]
        if work.hinge:
            margins = 1.0 - targets * scores
            loss = np.maximum(margins, 0.0).mean()
            upstream = -targets * (margins > 0.0) / count
        else:
            scores = scores - scores.max(axis=1, keepdims=True)
            powers = np.exp(scores)
            sums = powers.sum(axis=1, keepdims=True)
            loss = (np.log(sums[:, 0]) - (targets * scores).sum(axis=1)).mean()
            upstream = (powers / sums - targets) / count
        gradients = []
        for k in reversed(range(len(layers))):
            w, b = layers[k]
            dw, db = upstream.T @ inputs[k], upstream.sum(axis=0)
            if penalty:
                loss += penalty * ((w * w).sum() + (b * b).sum())
                dw += 2.0 * penalty * w
                db += 2.0 * penalty * b
            gradients.append((dw, db))
            if k:
                upstream = (upstream @ w) * (inputs[k] > 0.0)
        return loss, gradients[::-1]

    return step, lambda result: (float(result[0]), flat(result[1]))


def in_pytorch(work: Work) -> Peer:
    """Tensors and autograd, eager."""
    import torch
    from torch.nn.functional import cross_entropy, linear

    torch.set_num_threads(1)
    layers = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in work.layers()]
    parameters = [part for layer in layers for part in layer]
    rows, targets = torch.tensor(work.rows), torch.tensor(work.targets)
    classes = targets.argmax(dim=1)

    def step() -> Any:
        x = rows
        for w, b in layers[:-1]:
            x = linear(x, w, b).relu()
        scores = linear(x, *layers[-1])
        loss = (1.0 - targets * scores).relu().mean() if work.hinge else cross_entropy(scores, classes)
        if work.penalty:
            loss = loss + work.penalty * sum((part * part).sum() for part in parameters)
        return loss, torch.autograd.grad(loss, parameters)

    def numbers(result: Any) -> tuple[float, Any]:
        loss, gradients = result
        arrays = [gradient.numpy() for gradient in gradients]
        return loss.item(), flat(zip(arrays[::2], arrays[1::2], strict=True))

    return step, numbers


def in_jax(work: Work) -> Peer:
    """Arrays, jit-compiled."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    layers = [(jnp.array(w), jnp.array(b)) for w, b in work.layers()]
    rows, targets = jnp.array(work.rows), jnp.array(work.targets)

    def loss_of(layers: Any, rows: Any, targets: Any) -> Any:
        x = rows
        for w, b in layers[:-1]:
            x = jax.nn.relu(x @ w.T + b)
        scores = x @ layers[-1][0].T + layers[-1][1]
        if work.hinge:
            loss = jax.nn.relu(1.0 - targets * scores).mean()
        else:
            loss = -(targets * jax.nn.log_softmax(scores)).sum(axis=1).mean()
        if work.penalty:
            loss = loss + work.penalty * sum((w * w).sum() + (b * b).sum() for w, b in layers)
        return loss

    compiled = jax.jit(jax.value_and_grad(loss_of))

    def step() -> Any:
        return jax.block_until_ready(compiled(layers, rows, targets))

    return step, lambda result: (float(result[0]), flat(result[1]))


ARRAYS = {"NumPy, by hand": in_numpy, "PyTorch, eager": in_pytorch, "JAX, jit": in_jax}


def agreed(ours: tuple[float, Any], peers: dict[str, Peer]) -> dict[str, Callable[[], Any]]:
    """The peers' steps, once their loss and gradients are ours to 1e-9."""
    for name, (step, numbers) in peers.items():
        loss, gradient = numbers(step())
        far = max(abs(loss - ours[0]), float(np.abs(gradient - ours[1]).max()))
        if not far <= 1e-9:
            sys.exit(f"{name} and ours differ by {far:.1e}")
    return {name: step for name, (step, _) in peers.items()}


def compare(title: str, work: Work, peers: dict[str, Callable[[Work], Peer]] = ARRAYS) -> None:
    """Print how ours stands beside these peers, and what compiling took."""
    started = time.perf_counter()
    program, rows = work.ours()
    result = program(rows, at=work.numbers)
    compiled = time.perf_counter() - started
    steps = agreed(result, {name: peer(work) for name, peer in peers.items()})
    table(title, lambda: program(rows, at=work.numbers), steps)
    print(f"ours compiled in {compiled:.2f} s, once")
