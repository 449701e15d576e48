"""Several training runs in one picture: what another setting does to the loss."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from nn.plots.chart import chart, panels
from nn.plots.losses import draw_run
from nn.training import History


def run_curves(histories: Mapping[str, History]) -> Figure:
    """The loss of each run by epoch, in a panel under its name; all have the same scales.

    Training is solid, validation dashed; a dotted line marks the epoch that was kept where it is not the last.

    Raises ValueError if there are no runs, and for one in which no epoch was finished.

    >>> runs = {"slow": History(loss=[0.7, 0.6], kept=1), "fast": History(loss=[0.7, 0.1], kept=1)}
    >>> [panel.get_title() for panel in run_curves(runs).axes]
    ['slow', 'fast']
    """
    _kept_epochs(histories)
    figure, axes = panels(len(histories))
    keys = {}
    for panel, (name, history) in zip(axes, histories.items(), strict=True):
        draw_run(panel, history.loss, history.validation_loss, history.kept)
        panel.set_title(name, fontsize="medium")
        for line, label in zip(*panel.get_legend_handles_labels(), strict=True):
            keys[label.split(":")[0]] = line  # the epoch that was kept is another one in each panel
    figure.supxlabel("epoch")
    figure.supylabel("loss")
    figure.legend(list(keys.values()), list(keys), loc="outside upper center", ncols=len(keys), frameon=False)
    return figure


def final_losses(histories: Mapping[str, History]) -> Figure:
    """The loss of the epoch that each run has kept, over training and over validation rows, from run to run.

    Of runs that differ in one setting it shows how much of that is too little, and how much too much.

    Raises ValueError if there are no runs, and for one in which no epoch was finished.

    >>> runs = {"2 units": History(loss=[0.7, 0.4], kept=1), "8 units": History(loss=[0.7, 0.1], kept=1)}
    >>> [float(loss) for loss in final_losses(runs).axes[0].lines[0].get_ydata()]
    [0.4, 0.1]
    """
    kept = _kept_epochs(histories)
    figure = chart(6.0, 3.2)
    panel = figure.subplots()
    for label, style, losses in (
        ("training", "C0-o", [history.loss for history in histories.values()]),
        ("validation", "C1--o", [history.validation_loss for history in histories.values()]),
    ):
        if all(losses):
            panel.plot(list(histories), [of_run[k] for of_run, k in zip(losses, kept, strict=True)], style, label=label)
    panel.set_ylabel("loss")
    panel.grid(color="0.92")
    panel.legend(frameon=False)
    return figure


def _kept_epochs(histories: Mapping[str, History]) -> list[int]:
    """The epoch that each run has kept."""
    if not histories:
        raise ValueError("there are no runs to draw")
    kept = []
    for name, history in histories.items():
        if history.kept is None:
            raise ValueError(f"no epoch of {name!r} was finished: there is no curve to draw")
        kept.append(history.kept)
    return kept
