"""Compression: handwritten digits through a bottleneck of eight neurons, 64 grey values in and the same 64 out."""

from functools import partial

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from nn import MLP, SGD, train


def squared_distance(image: list[float], other: list[float]) -> float:
    """Σ (a - b)² over the pixels."""
    return sum((a - b) ** 2 for a, b in zip(image, other, strict=True))


def main(seed: int = 0, images: int = 250, epochs: int = 6) -> float:
    """How many times nearer the reconstruction of an image held out is than the mean image, in squared distance."""
    pixels = load_digits().data / 16.0
    learned, held_out = train_test_split(pixels, train_size=images, test_size=200, random_state=seed)
    mean = learned.mean(axis=0)
    learned, held_out = learned - mean, (held_out - mean).tolist()
    model = MLP(64, [8, 64], activation="tanh", seed=seed)
    train(
        model,
        learned,
        learned,
        optimizer=partial(SGD, lr=0.03, momentum=0.9),
        epochs=epochs,
        batch_size=8,
        seed=seed,
    )
    rebuilt = sum(squared_distance([y.data for y in model(image)], image) for image in held_out)
    return sum(squared_distance([0.0] * 64, image) for image in held_out) / rebuilt


if __name__ == "__main__":
    print(f"the reconstruction is {main():.1f} times nearer than the mean image")
