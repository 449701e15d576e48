"""k classes: three kinds of iris from four measurements. One output per class, one-hot targets, the highest wins."""

from functools import partial

from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from nn import MLP, SGD, accuracy, cross_entropy, train

ONE_HOT = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def main(seed: int = 0) -> float:
    """The accuracy on flowers that were held out."""
    flowers, kinds = load_iris(return_X_y=True)
    learned, held_out, learned_kinds, held_out_kinds = train_test_split(
        flowers, kinds, test_size=0.3, random_state=seed, stratify=kinds
    )
    scaler = StandardScaler().fit(learned)  # zero mean, unit variance, by the rows to learn from alone
    model = MLP(4, [8, 3], seed=seed)
    train(
        model,
        scaler.transform(learned),
        [ONE_HOT[kind] for kind in learned_kinds],
        loss=cross_entropy,
        optimizer=partial(SGD, lr=0.05, momentum=0.9),
        epochs=40,
        batch_size=16,
        seed=seed,
    )
    return accuracy(model, scaler.transform(held_out), held_out_kinds)


if __name__ == "__main__":
    print(f"accuracy on held-out flowers: {main():.1%}")
