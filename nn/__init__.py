"""nn: perceptrons, multilayer perceptrons, losses and optimizers, built from the Values of tinygrad_edu."""

from nn.bridge import from_torch, to_torch
from nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from nn.layers import MLP, Dropout, Flatten, Layer, Neuron, Sequential, Softmax
from nn.losses import binary_cross_entropy, cross_entropy, squared_error
from nn.module import Module
from nn.optimizers import SGD
from nn.perceptron import Perceptron
from nn.storage import load, save
from nn.training import History, accuracy, train

__all__ = [
    "MLP",
    "SGD",
    "AvgPool2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "History",
    "Layer",
    "MaxPool2d",
    "Module",
    "Neuron",
    "Perceptron",
    "Sequential",
    "Softmax",
    "accuracy",
    "binary_cross_entropy",
    "cross_entropy",
    "from_torch",
    "load",
    "save",
    "squared_error",
    "to_torch",
    "train",
]
