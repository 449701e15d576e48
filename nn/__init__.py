"""nn: perceptrons, multilayer perceptrons, losses and optimizers, built from the Values of tinygrad_edu."""

from nn.boundary import decision_boundary
from nn.bridge import from_torch, to_torch
from nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from nn.criteria import number_of_errors, perceptron_criterion, squared_error_criterion
from nn.layers import MLP, Dropout, Flatten, Layer, Neuron, Sequential, Softmax
from nn.losses import (
    binary_cross_entropy,
    cross_entropy,
    entropy,
    hinge_embedding_loss,
    hinge_loss,
    kl_divergence,
    l1_loss,
    l2_penalty,
    logistic_loss,
    margin_loss,
    mean_squared_error,
    nll_loss,
    perceptron_loss,
    squared_error,
)
from nn.metrics import accuracy, correct
from nn.mistakes import learn_from_mistakes
from nn.module import Module
from nn.optimizers import SGD, Adam, AdamW, RMSProp, clip_gradients
from nn.perceptron import Perceptron
from nn.restarts import restarts
from nn.storage import load, save
from nn.training import History, train

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
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
    "RMSProp",
    "Sequential",
    "Softmax",
    "accuracy",
    "binary_cross_entropy",
    "clip_gradients",
    "correct",
    "cross_entropy",
    "decision_boundary",
    "entropy",
    "from_torch",
    "hinge_embedding_loss",
    "hinge_loss",
    "kl_divergence",
    "l1_loss",
    "l2_penalty",
    "learn_from_mistakes",
    "load",
    "logistic_loss",
    "margin_loss",
    "mean_squared_error",
    "nll_loss",
    "number_of_errors",
    "perceptron_criterion",
    "perceptron_loss",
    "restarts",
    "save",
    "squared_error",
    "squared_error_criterion",
    "to_torch",
    "train",
]
