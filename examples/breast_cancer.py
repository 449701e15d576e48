"""Two classes: benign or malignant, from thirty measurements of cells. One output, the logit of the probability."""

from functools import partial

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from nn import MLP, SGD, accuracy, binary_cross_entropy, train


def main(seed: int = 0) -> float:
    """The accuracy on samples that were held out."""
    samples, benign = load_breast_cancer(return_X_y=True)
    learned, held_out, learned_benign, held_out_benign = train_test_split(
        samples, benign, test_size=0.3, random_state=seed, stratify=benign
    )
    scaler = StandardScaler().fit(learned)
    model = MLP(30, [8, 1], seed=seed)
    train(
        model,
        scaler.transform(learned),
        learned_benign,
        loss=partial(binary_cross_entropy, from_logits=True),
        optimizer=partial(SGD, lr=0.02, momentum=0.9),
        epochs=4,
        batch_size=16,
        seed=seed,
    )
    return accuracy(model, scaler.transform(held_out), held_out_benign)


if __name__ == "__main__":
    print(f"accuracy on held-out samples: {main():.1%}")
