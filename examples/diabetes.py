"""Regression: the progress of diabetes from ten measurements of a patient. The last neuron is linear."""

from functools import partial

from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from nn import MLP, SGD, train


def main(seed: int = 2) -> float:
    """R² on patients held out: the share of the variance that is explained; guessing the mean has 0."""
    patients, progress = load_diabetes(return_X_y=True)
    split = partial(train_test_split, test_size=0.2, random_state=seed)
    others, tested, their_progress, tested_progress = split(patients, progress.reshape(-1, 1))
    learned, watched, learned_progress, watched_progress = split(others, their_progress)
    inputs, outputs = StandardScaler().fit(learned), StandardScaler().fit(learned_progress)
    model = MLP(10, [4, 1], seed=seed)
    train(
        model,
        inputs.transform(learned),
        outputs.transform(learned_progress).ravel(),
        optimizer=partial(SGD, lr=0.01, momentum=0.9),
        epochs=40,
        batch_size=16,
        seed=seed,
        validation=(inputs.transform(watched), outputs.transform(watched_progress).ravel()),
        patience=5,  # epochs without progress on the patients watched, and the best weights come back
    )
    predictions = [model(row).data for row in inputs.transform(tested)]
    return float(r2_score(outputs.transform(tested_progress), predictions))


if __name__ == "__main__":
    print(f"R² on held-out patients: {main():.2f}")
