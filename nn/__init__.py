"""nn: perceptrons, multilayer perceptrons, losses and optimizers, built from the Values of tinygrad_edu."""

from nn.layers import MLP, Layer, Neuron
from nn.losses import binary_cross_entropy, cross_entropy, squared_error
from nn.metrics import accuracy, correct
from nn.module import Module
from nn.optimizers import SGD
from nn.perceptron import Perceptron
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
    "squared_error",
    "train",
]
