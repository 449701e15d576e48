"""A small convolutional network: eight kernels of 3 by 3 look for strokes everywhere in handwritten digits."""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nn import Adam, Conv2d, Flatten, Layer, MaxPool2d, Sequential, accuracy, cross_entropy, train


def main(seed: int = 1) -> float:
    """The accuracy on digits that were held out."""
    images, digits = load_digits(return_X_y=True)
    images = images.reshape(-1, 1, 8, 8) / 16.0  # [channel][row][column]: one channel, grey
    learned, held_out, learned_digits, held_out_digits = train_test_split(
        images, digits, test_size=0.2, random_state=seed, stratify=digits
    )
    model = Sequential(
        Conv2d(1, 8, 3, activation="tanh", seed=seed, initializer="he"),  # eight images of 6 by 6
        MaxPool2d(2),  # and then of 3 by 3
        Flatten(),
        Layer(72, 10, seed=seed),
    )
    train(
        model,
        learned,
        learned_digits,
        loss=cross_entropy,
        optimizer=Adam,
        schedule=lambda epoch: 0.03 / (1.0 + epoch),
        epochs=3,
        batch_size=8,
        seed=seed,
    )
    return accuracy(model, held_out.tolist(), held_out_digits)


if __name__ == "__main__":
    print(f"accuracy on held-out digits: {main():.1%}")
