"""XOR by training, from several random beginnings on all processors: two hidden neurons do not always find it."""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from nn import MLP, SGD, accuracy, binary_cross_entropy, restarts, train

ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]
TARGETS = [0, 1, 1, 0]


def main(seeds: int = 8) -> float:
    """The accuracy of the best of several runs."""
    fit = partial(
        train,
        inputs=ROWS,
        targets=TARGETS,
        loss=partial(binary_cross_entropy, from_logits=True),
        optimizer=partial(SGD, lr=0.5, momentum=0.9),
        epochs=80,
        batch_size=None,
        progress=False,
    )
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as executor:
        best = restarts(partial(MLP, 2, [2, 1]), fit, seeds, executor)
    for seed, loss in best.losses.items():
        print(f"seed {seed}: loss {loss:.4f}{'  <- the best' if seed == best.seed else ''}")
    return accuracy(best.model, ROWS, TARGETS)


if __name__ == "__main__":
    print(f"accuracy: {main():.0%}")
