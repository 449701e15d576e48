"""How the loss, and each metric, went from epoch to epoch."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nn.plots.chart import chart
from nn.training import History

FEW = 30  # epochs that have a dot each


def loss_curves(history: History) -> Figure:
    """The loss of a training run by epoch and, in panels below it, each metric.

    Training is solid, validation dashed; where validation rows chose the epoch whose parameters were kept, a dotted
    line marks it.

    Raises ValueError for a run in which no epoch was finished.

    >>> figure = loss_curves(History(loss=[0.7, 0.4, 0.3]))
    >>> [float(y) for y in figure.axes[0].lines[0].get_ydata()]
    [0.7, 0.4, 0.3]
    """
    if not history.loss:
        raise ValueError("no epoch was finished: there is no curve to draw")
    series = {"loss": (history.loss, history.validation_loss)}
    for name, training in history.metrics.items():
        series[name] = (training, history.validation_metrics.get(name, []))
    figure = chart(6.0, 1.0 + 2.6 * len(series))
    axes = list(figure.subplots(len(series), 1, sharex=True, squeeze=False).flat)
    for panel, (name, (training, validation)) in zip(axes, series.items(), strict=True):
        draw_run(panel, training, validation, history.kept)
        panel.set_ylabel(name)
    axes[0].legend(frameon=False)
    axes[0].set_title(f"{len(history.loss)} epochs" + (", interrupted" if history.interrupted else ""))
    axes[-1].set_xlabel("epoch")
    return figure


def draw_run(panel: Axes, training: Sequence[float], validation: Sequence[float], kept: int | None) -> None:
    """A measure by epoch, over both kinds of rows, and the epoch that was kept if it is not the last."""
    _curve(panel, training, "C0-", "training")
    if validation:
        _curve(panel, validation, "C1--", "validation")
        if kept is not None and kept + 1 < len(validation):
            panel.axvline(kept + 1, color="0.3", linestyle=":", label=f"kept: epoch {kept + 1}")
    panel.grid(color="0.92")
    panel.locator_params(axis="x", integer=True)


def _curve(panel: Axes, values: Sequence[float], style: str, label: str) -> None:
    marker = "o" if len(values) <= FEW else None
    panel.plot(range(1, len(values) + 1), values, style, marker=marker, markersize=4, label=label)
