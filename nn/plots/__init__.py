"""plots: a model, its training and its parts as matplotlib pictures. Needs the extra `plot`.

Every function returns a matplotlib Figure, which shows itself in Jupyter and has `.savefig(path)`.
"""

from nn.plots.activations import activation_curves
from nn.plots.curves import function_curves
from nn.plots.images import image_grid
from nn.plots.learning import learning_animation, learning_frames
from nn.plots.losses import loss_curves
from nn.plots.regions import decision_regions
from nn.plots.runs import final_losses, run_curves
from nn.plots.sides import neuron_sides
from nn.plots.weights import weight_images

__all__ = [
    "activation_curves",
    "decision_regions",
    "final_losses",
    "function_curves",
    "image_grid",
    "learning_animation",
    "learning_frames",
    "loss_curves",
    "neuron_sides",
    "run_curves",
    "weight_images",
]
