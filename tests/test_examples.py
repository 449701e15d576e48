"""The recipes of the lectures, as `examples/` has them: each runs and reaches what it is there to show."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def example(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]


def test_iris_is_classified():
    assert example("iris")(seed=0) >= 0.93


def test_breast_cancer_is_classified():
    assert example("breast_cancer")(seed=0) >= 0.95


def test_handwritten_digits_are_classified(capsys):
    share = example("digits")(seed=0)
    assert share >= 0.95
    assert capsys.readouterr().out.endswith(f"epoch 2: {share:.1%}\n")


def test_the_progress_of_diabetes_is_predicted_better_than_by_its_mean():
    assert example("diabetes")(seed=2) >= 0.35


def test_digits_through_a_bottleneck_come_out_twice_as_near_as_the_mean_image():
    assert example("autoencoder")(seed=0) >= 2.0


def test_a_hidden_layer_of_eight_follows_the_sine():
    assert example("sine")(seed=0) <= 0.05


def test_all_boolean_functions_of_two_and_of_three_inputs_are_memorized():
    assert example("boolean_memory")(2) == 16
    assert example("boolean_memory")(3) == 256


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_linear_layers_collapse_to_one(seed):
    assert example("linear_collapse")(seed) <= 1e-12


def test_xor_is_learned_from_several_beginnings(capsys):
    assert example("xor_restarts")() == 1.0
    assert capsys.readouterr().out.count("loss") == 8


def test_handwritten_digits_are_classified_by_a_convolutional_network():
    assert example("digits_convolutional")(seed=1) >= 0.96


def test_every_example_is_short_and_tested_here():
    recipes = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")}
    text = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in recipes if f'example("{name}")' in text} == recipes.keys()
    assert all(len(recipe.splitlines()) < 40 for recipe in recipes.values())
