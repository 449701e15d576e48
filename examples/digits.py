"""Ten classes: handwritten digits from 8 by 8 grey values, the accuracy on held-out digits after every epoch."""

from functools import partial

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nn import MLP, SGD, accuracy, correct, cross_entropy, train


def main(seed: int = 0) -> float:
    """The accuracy on digits that were held out."""
    images, digits = load_digits(return_X_y=True)
    learned, held_out, learned_digits, held_out_digits = train_test_split(
        images / 16.0, digits, test_size=0.2, random_state=seed, stratify=digits
    )
    model = MLP(64, [24, 10], activation="tanh", seed=seed)
    history = train(
        model,
        learned,
        learned_digits,
        loss=cross_entropy,
        optimizer=partial(SGD, momentum=0.9),
        schedule=lambda epoch: 0.06 / (1.0 + epoch),
        epochs=3,
        batch_size=16,
        seed=seed,
        validation=(held_out, held_out_digits),
        metrics={"accuracy": correct},
    )
    for epoch, share in enumerate(history.validation_metrics["accuracy"]):
        print(f"epoch {epoch}: {share:.1%}")
    return accuracy(model, held_out, held_out_digits)


if __name__ == "__main__":
    print(f"accuracy on held-out digits: {main():.1%}")
