"""Initializers: intervals and spreads of the weights, whose random numbers they are, and why zeros do not learn."""

import math
import random
import statistics
from functools import partial

import pytest

from nn import MLP, SGD, train
from nn.initializers import INITIALIZERS, generator, glorot, he, initializer, normal, uniform, zeros

FANS = pytest.mark.parametrize(("inputs", "outputs", "limit"), [(2, 4, 1.0), (3, 3, 1.0), (96, 0, 0.25), (1, 5, 1.0)])


class Recorded(random.Random):
    """Says what it was asked for."""

    def uniform(self, a, b):
        return (a, b)

    def normalvariate(self, mu, sigma):
        return (mu, sigma)


@FANS
def test_weights_are_uniform_between_minus_and_plus_the_square_root_of_six_over_the_fans(inputs, outputs, limit):
    assert glorot(Recorded(), inputs, outputs) == (-limit, limit)


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 4), (64, 32), (1, 1)])
def test_no_weight_is_beyond_the_limit(inputs, outputs):
    numbers = random.Random(0)
    limit = math.sqrt(6.0 / (inputs + outputs))
    assert max(abs(glorot(numbers, inputs, outputs)) for _ in range(2_000)) <= limit


def test_the_variance_of_the_weights_is_two_over_the_sum_of_the_fans():
    """Glorot and Bengio, equation 12. 20,000 numbers give a variance within 5 standard errors of 0.7%."""
    numbers = random.Random(0)
    weights = [glorot(numbers, 30, 10) for _ in range(20_000)]
    assert statistics.pvariance(weights) == pytest.approx(2.0 / 40.0, rel=0.035)
    assert statistics.fmean(weights) == pytest.approx(0.0, abs=5.0 * math.sqrt(0.05 / 20_000))


def test_a_seed_gives_the_numbers_of_pythons_generator():
    assert [generator(7).random() for _ in range(2)] == [random.Random(7).random()] * 2


def test_a_generator_is_returned_as_it_is():
    numbers = random.Random(0)
    assert generator(numbers) is numbers


def test_the_global_generator_is_not_touched():
    before = random.getstate()
    glorot(generator(3), 2, 2)
    assert random.getstate() == before


# ---------------- the others


def test_uniform_weights_lie_between_minus_and_plus_the_limit_whatever_the_width():
    assert uniform(Recorded(), 2, 4) == uniform(Recorded(), 200, 4) == (-0.1, 0.1)
    assert uniform(Recorded(), 2, 4, limit=0.5) == (-0.5, 0.5)


def test_normal_weights_have_the_standard_deviation_given_whatever_the_width():
    assert normal(Recorded(), 2, 4) == normal(Recorded(), 200, 4) == (0.0, 0.1)
    assert normal(Recorded(), 2, 4, std=2.0) == (0.0, 2.0)


@pytest.mark.parametrize(("inputs", "std"), [(2, 1.0), (8, 0.5), (50, 0.2)])
@pytest.mark.parametrize("outputs", [1, 7])
def test_the_variance_of_hes_weights_is_two_over_the_inputs(inputs, outputs, std):
    """He et al., equation 10; the outputs have no part in it."""
    assert he(Recorded(), inputs, outputs) == pytest.approx((0.0, std))


@pytest.mark.parametrize(
    ("chosen", "variance"),
    [(uniform, 0.01 / 3.0), (normal, 0.01), (he, 2.0 / 30.0), (partial(uniform, limit=3.0), 3.0)],
)
def test_mean_and_variance_of_many_weights(chosen, variance):
    """20,000 numbers: within 5 standard errors, which for the variance are at most 1 % of it each."""
    numbers = random.Random(1)
    weights = [chosen(numbers, 30, 10) for _ in range(20_000)]
    assert statistics.pvariance(weights) == pytest.approx(variance, rel=0.05)
    assert statistics.fmean(weights) == pytest.approx(0.0, abs=5.0 * math.sqrt(variance / 20_000))


@pytest.mark.parametrize("name", INITIALIZERS)
def test_every_initializer_by_name_is_reproducible_from_its_seed(name):
    first, second = ([initializer(name)(generator(seed), 3, 2) for seed in (5, 6)] for _ in range(2))
    assert first == second
    assert (first[0] == first[1]) is (name == "zeros")


def test_the_names():
    assert {"zeros": zeros, "uniform": uniform, "normal": normal, "glorot": glorot, "he": he} == INITIALIZERS


@pytest.mark.parametrize("function", [glorot, partial(normal, std=0.01), lambda numbers, inputs, outputs: 1.0])
def test_a_function_is_returned_as_it_is(function):
    assert initializer(function) is function


@pytest.mark.parametrize("name", ["", "Glorot", "xavier_uniform_", None, 3])
def test_what_is_no_name_is_refused_and_the_names_are_listed(name):
    with pytest.raises(ValueError, match="zeros, uniform, normal, glorot, he") as error:
        initializer(name)
    assert repr(name) in str(error.value)


# ---------------- why zeros fail

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def trained(activation, begin):
    """A network with 3 hidden neurons after 50 epochs on XOR."""
    model = MLP(2, [3, 1], activation=activation)
    numbers = generator(0)
    for neuron in [neuron for layer in model.layers for neuron in layer.neurons]:
        for weight in neuron.weights:
            weight.data = begin(numbers, len(neuron.weights), 3)
    train(model, *XOR, optimizer=SGD(model.parameters(), lr=0.5), epochs=50, batch_size=1, progress=False)
    hidden, output = model.layers
    onward = output.neurons[0].weights
    return [[*neuron.weights, neuron.bias, weight] for neuron, weight in zip(hidden.neurons, onward, strict=True)]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "softplus"])
def test_from_zeros_all_hidden_neurons_stay_the_same_to_the_last_bit(activation):
    first, *others = [[value.data for value in neuron] for neuron in trained(activation, zeros)]
    assert others == [first, first]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_from_zeros_nothing_in_the_hidden_layer_ever_moves_where_the_activation_of_0_is_0(activation):
    """The output's weights get 0 times their gradient, and pass 0 on."""
    assert [[value.data for value in neuron] for neuron in trained(activation, zeros)] == [[0.0] * 4] * 3


@pytest.mark.parametrize("activation", ["sigmoid", "softplus"])
def test_from_zeros_the_neurons_learn_but_all_the_same_where_the_activation_of_0_is_not(activation):
    assert all(value.data != 0.0 for value in trained(activation, zeros)[0])


@pytest.mark.parametrize("begin", [partial(uniform, limit=1.0), partial(normal, std=1.0), glorot, he])
def test_from_random_numbers_they_grow_apart(begin):
    weights = [[value.data for value in neuron] for neuron in trained("tanh", begin)]
    assert max(abs(a - b) for a, b in zip(weights[0], weights[1], strict=True)) > 0.1
