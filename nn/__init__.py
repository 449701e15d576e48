"""nn: perceptrons, multilayer perceptrons, losses and optimizers, built from the Values of tinygrad_edu."""

from nn.boundary import decision_boundary
from nn.criteria import number_of_errors, perceptron_criterion, squared_error_criterion
from nn.layers import MLP, Layer, Neuron
from nn.losses import binary_cross_entropy, cross_entropy, squared_error
from nn.metrics import accuracy, correct
from nn.mistakes import learn_from_mistakes
from nn.module import Module
from nn.optimizers import SGD
from nn.perceptron import Perceptron
from nn.restarts import restarts
from nn.training import History, train

__all__ = [
    "MLP",
    "SGD",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Perceptron",
    "accuracy",
    "binary_cross_entropy",
    "correct",
    "cross_entropy",
    "decision_boundary",
    "learn_from_mistakes",
    "number_of_errors",
    "perceptron_criterion",
    "restarts",
    "squared_error",
    "squared_error_criterion",
    "train",
]
