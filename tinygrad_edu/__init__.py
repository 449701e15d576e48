"""tinygrad_edu: scalar reverse-mode automatic differentiation to learn from."""

from tinygrad_edu.backprop import backward, grad
from tinygrad_edu.errors import DomainError
from tinygrad_edu.functions import *
from tinygrad_edu.value import Value
