"""Pictures of models: the numbers that are in each figure, not its pixels."""

import base64
import math
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from nn import MLP, History, Layer, Module, Neuron, Perceptron, learn_from_mistakes, plots
from nn.activations import ACTIVATIONS
from nn.mistakes import Correction, Learning
from nn.plots.plane import Box, Line
from tinygrad_edu import Value, dot, log, sigmoid

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]  # with its margin of a quarter the picture goes from -0.25 to 1.25


class ExclusiveOr(Module):
    """Either, but not both."""

    def __init__(self):
        self.either, self.both = Perceptron([1, 1], -0.5), Perceptron([1, 1], -1.5)
        self.out = Perceptron([1, -1], -0.5)

    def __call__(self, row):
        return self.out([self.either(row), self.both(row)])


class Function(Module):
    """A model without parameters."""

    def __init__(self, function):
        self.function = function

    def __call__(self, row):
        return self.function(*row)


def set_numbers(module, numbers):
    for parameter, number in zip(module.parameters(), numbers, strict=True):
        parameter.data = float(number)
    return module


def lines(panel, style):
    return [line.get_xydata().tolist() for line in panel.lines if line.get_linestyle() == style]


def points(panel):
    """The points of each marker."""
    return {line.get_marker(): line.get_xydata().tolist() for line in panel.lines if line.get_linestyle() == "None"}


def texts(panel):
    return [text.get_text() for text in panel.texts if text.get_text()]


def arrows(panel):
    return [(text.xyann, text.xy) for text in panel.texts if text.arrow_patch is not None]


def legend(figure):
    (one,) = figure.legends
    return [text.get_text() for text in one.get_texts()]


def boundary(panel):
    """The points of the white lines between the regions."""
    drawn = [c for c in panel.collections if c.get_paths() and (c.get_linewidths() == 4.0).all()]
    return [tuple(point) for contours in drawn for path in contours.get_paths() for point in path.vertices]


def region_at(panel, x, y):
    """The colours of the filled regions that hold a point."""
    return [
        k
        for k in range(10)
        for region in panel.collections
        if [*map(list, region.get_facecolor())] == [pytest.approx([*(0.75 + 0.25 * part for part in tab10(k)), 1.0])]
        for path in region.get_paths()
        if path.contains_point((x, y))
    ]


def tab10(k):
    from matplotlib.colors import to_rgb

    return to_rgb(f"C{k}")


# ---------------- the plane


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        (Line(1, 1, -1.5), ((0.25, 1.25), (1.25, 0.25))),
        (Line(0, 2, -1), ((-0.25, 0.5), (1.25, 0.5))),
        (Line(-4, 0, 1), ((0.25, -0.25), (0.25, 1.25))),
        (Line(1, -1, 0), ((-0.25, -0.25), (1.25, 1.25))),
        (Line(1, 2, -1.25), ((-0.25, 0.75), (1.25, 0.0))),
        (Line(1, 1, 3), None),
        (Line(0, 0, 0), None),
        (Line(0, 0, 1), None),
        (Line(1e-300, 1e-300, 1e300), None),
    ],
)
def test_a_line_enters_and_leaves_the_box(line, ends):
    found = Box(-0.25, 1.25, -0.25, 1.25).ends(line)
    assert found == (ends if ends is None else (pytest.approx(ends[0]), pytest.approx(ends[1])))


# ---------------- decision regions


def test_a_perceptron_has_its_line():
    figure = plots.decision_regions(Perceptron([1, 1], -1.5), SQUARE, [0, 0, 0, 1])
    (panel,) = figure.axes
    ((start, end),) = lines(panel, "--")
    assert (start, end) == (pytest.approx([0.25, 1.25]), pytest.approx([1.25, 0.25]))
    assert (panel.get_xlim(), panel.get_ylim()) == ((-0.25, 1.25), (-0.25, 1.25))
    assert texts(panel) == []
    assert legend(figure) == ["class 0", "class 1", "w · x + b = 0"]


@pytest.mark.parametrize("weights", [[1, 1], [-1, -1]])
def test_its_arrow_points_to_the_positive_side(weights):
    bias = -1.5 if weights[0] > 0 else 1.5
    (panel,) = plots.decision_regions(Perceptron(weights, bias), SQUARE, [0, 0, 0, 1]).axes
    ((foot, tip),) = arrows(panel)
    assert foot == pytest.approx((0.75, 0.75))
    assert tip[0] == pytest.approx(tip[1])  # at right angles
    assert weights[0] * tip[0] + weights[1] * tip[1] + bias > 0.1


def test_the_hidden_units_of_exclusive_or_have_their_lines():
    figure = plots.decision_regions(ExclusiveOr(), SQUARE, [0, 1, 1, 0])
    (panel,) = figure.axes
    either, both = lines(panel, "--")
    assert either == [pytest.approx([-0.25, 0.75]), pytest.approx([0.75, -0.25])]
    assert both == [pytest.approx([0.25, 1.25]), pytest.approx([1.25, 0.25])]
    assert texts(panel) == ["h1", "h2"]
    assert legend(figure)[-1] == "w · x + b = 0\nof each hidden unit"


def test_the_lines_of_an_mlp_are_those_of_its_first_layer_in_order():
    model = set_numbers(MLP(2, [3, 2, 1]), [1, 0, -0.5, 0, 1, -0.25, 1, 0, -9, *[0.1] * 11])
    (panel,) = plots.decision_regions(model, SQUARE, [0, 1, 1, 0]).axes
    assert lines(panel, "--") == [[[0.5, -0.25], [0.5, 1.25]], [[-0.25, 0.25], [1.25, 0.25]]]
    assert texts(panel) == ["h1", "h2"]  # the third is outside


def test_a_neuron_without_a_bias_has_a_line_through_the_origin():
    (panel,) = plots.decision_regions(set_numbers(MLP(2, [1], bias=False), [1, -1]), SQUARE, [0, 1, 1, 0]).axes
    assert lines(panel, "--") == [[pytest.approx([-0.25, -0.25]), pytest.approx([1.25, 1.25])]]


def test_lines_of_outputs_are_named_so():
    model = set_numbers(MLP(2, [2]), [1, 0, -0.5, 0, 1, -0.5])
    figure = plots.decision_regions(model, SQUARE, [0, 1, 0, 1])
    assert texts(figure.axes[0]) == ["o1", "o2"]
    assert legend(figure)[-1] == "w · x + b = 0\nof each output"


def test_a_model_without_neurons_has_regions_only():
    figure = plots.decision_regions(Function(lambda x, y: x * x + y * y - 1.0), SQUARE, [0, 0, 0, 1])
    (panel,) = figure.axes
    assert lines(panel, "--") == []
    assert legend(figure) == ["class 0", "class 1"]
    assert all(math.hypot(x, y) == pytest.approx(1.0, abs=1e-3) for x, y in boundary(panel))
    assert len(boundary(panel)) > 50
    assert (region_at(panel, 0.1, 0.2), region_at(panel, 1.1, 0.9)) == ([0], [1])


def test_a_sigmoid_at_the_end_needs_the_threshold_of_a_probability():
    model = MLP(2, [1], output="sigmoid")
    with pytest.raises(ValueError, match=r"probability, never below 0\.0: ask with threshold=0\.5"):
        plots.decision_regions(model, SQUARE, [0, 0, 1, 1])
    assert len(plots.decision_regions(model, SQUARE, [0, 0, 1, 1], threshold=0.5).axes) == 1


def test_the_boundary_is_where_the_output_is_the_threshold():
    def probability(x, y):
        return sigmoid(dot([4.0, 0.0], [x, y], -1.0))

    (panel,) = plots.decision_regions(Function(probability), SQUARE, [0, 0, 1, 1], threshold=0.5).axes
    assert all(x == pytest.approx(0.25, abs=1e-3) for x, _ in boundary(panel))
    assert (region_at(panel, 0.2, 0.0), region_at(panel, 0.3, 0.0)) == ([0], [1])


def test_the_boundary_of_a_decision_is_halfway_between_its_no_and_its_yes():
    (panel,) = plots.decision_regions(Perceptron([2, 0], -1), SQUARE, [0, 0, 1, 1]).axes
    assert all(x == pytest.approx(0.5) for x, _ in boundary(panel))  # the grid is even about 0.5
    assert len(boundary(panel)) >= 2


def test_of_several_outputs_the_largest_has_the_region():
    model = Function(lambda x, y: [0.0 * x + 0.5, x, y])
    (panel,) = plots.decision_regions(model, [*SQUARE, [0.2, 0.2]], [1, 2, 1, 2, 0]).axes
    assert [region_at(panel, *at) for at in ((0.2, 0.3), (1.0, 0.4), (0.8, 0.9))] == [[0], [1], [2]]


@pytest.mark.parametrize(("bias", "k"), [(1.0, 1), (-1.0, 0)])
def test_a_model_that_says_the_same_everywhere_has_one_region_and_no_boundary(bias, k):
    (panel,) = plots.decision_regions(Perceptron([0, 0], bias), SQUARE, [0, 0, 0, 1]).axes
    assert boundary(panel) == []
    assert region_at(panel, 0.5, 0.5) == [k]


@pytest.mark.parametrize(("no", "names"), [(0, ["class 0", "class 1"]), (-1, ["class -1", "class +1"])])
def test_points_have_markers_by_class(no, names):
    figure = plots.decision_regions(Perceptron([1, 1], -1.5), SQUARE, [no, no, no, 1])
    assert points(figure.axes[0]) == {"o": SQUARE[:3], "s": SQUARE[3:]}
    assert legend(figure)[:2] == names


def test_every_class_of_ten_has_its_own_marker_and_hatch():
    figure = plots.decision_regions(MLP(2, [10]), [[k, -k] for k in range(10)], list(range(10)))
    assert len(points(figure.axes[0])) == 10
    assert len(set(plots.plane.HATCHES)) == 10


def test_the_model_is_as_it_was():
    model = MLP(2, [3, 1])
    before = model.state_dict()
    plots.decision_regions(model, SQUARE, [0, 1, 1, 0])
    assert model.state_dict() == before
    assert all(parameter.grad == 0.0 for parameter in model.parameters())


@pytest.mark.parametrize(
    ("model", "rows", "targets", "message"),
    [
        (MLP(3, [1]), SQUARE, [0, 1, 1, 0], r"MLP\(.*3.* no boundary in the plane; asked about the row \(0, 0\): "),
        (MLP(3, [1]), [[0, 0, 0]], [0], "rows of two inputs; these have 3"),
        (MLP(1, [1]), [0, 1], [0, 1], "rows of two inputs; these have 1"),
        (MLP(2, [1]), SQUARE, [0, 1, 2, 0], "row 2 has the target 2, where this model needs 0 or 1, or -1 or"),
        (MLP(2, [3]), SQUARE, [0, 1, 2, 3], "row 3 has the target 3, where this model needs a class from 0 to 2"),
        (MLP(2, [3]), SQUARE, [-1, 1, 2, 0], "row 0 has the target -1"),
        (MLP(2, [1]), SQUARE, [0, 1], "4 rows and 2 targets"),
        (MLP(2, [1]), [], [], "no rows"),
        (MLP(2, [1]), [[0, math.nan]], [1], "row 0, column 1: needs a finite number"),
        (Function(lambda x, y: log(x)), SQUARE, [0, 1, 1, 0], r"asked about the row \(0, 0\): log\(x = 0.0"),
    ],
)
def test_what_cannot_be_drawn_is_a_clear_error(model, rows, targets, message):
    with pytest.raises(ValueError, match=message):
        plots.decision_regions(model, rows, targets)


# ---------------- perceptron learning


FIRST_OF_AND = [(3, (1.0, 1.0), 1.0), (0, (1.0, 1.0), 0.0), (1, (1.0, 0.0), -1.0)]


def learnt(targets, **settings):
    return learn_from_mistakes(Perceptron(2), SQUARE, targets, **settings)


def test_each_frame_has_its_line_the_line_before_and_a_ring_on_the_mistake():
    learning = learnt([0, 0, 0, 1])
    figure = plots.learning_frames(learning, SQUARE, [0, 0, 0, 1])
    assert len(figure.axes) == len(learning.corrections) > 3
    for k, (panel, correction) in enumerate(zip(figure.axes, learning.corrections, strict=True)):
        (w1, w2), b = correction.weights, correction.bias
        for start, end in lines(panel, "-"):
            assert start != end
            assert [w1 * x + w2 * y + b for x, y in (start, end)] == pytest.approx([0.0, 0.0], abs=1e-12)
        before = lines(figure.axes[k - 1], "-") if k else []
        assert lines(panel, ":") == before
        rings = [line.get_xydata().tolist() for line in panel.lines if line.get_markersize() == 14]
        assert rings == [[SQUARE[i] for i in correction.rows]]
        assert panel.get_title().startswith(f"correction {k + 1}, epoch {correction.epoch + 1}\nw = ({w1:g}, {w2:g})")
    assert any(lines(panel, "-") for panel in figure.axes)
    (key,) = figure.legends
    assert key.get_title().get_text() == f"converged: mistakes {learning.mistakes}, epochs {learning.epochs}"


def test_frames_of_learning_that_was_cut_short_say_so():
    learning = learnt([0, 0, 0, 1])
    learning.interrupted, learning.converged = True, False
    figure = plots.learning_frames(learning, SQUARE, [0, 0, 0, 1])
    assert figure.legends[0].get_title().get_text().startswith("interrupted: mistakes ")


def test_the_sides_of_a_frame_are_those_of_its_line():
    """By hand: in order 3, 0, 1 the rows change w, b from 0 to (1, 1), 1, and on to (1, 1), 0 and (1, 0), -1."""
    first, second, third = (Correction(0, (row,), w, b) for row, w, b in FIRST_OF_AND)
    figure = plots.learning_frames(Learning(corrections=[first, second, third]), SQUARE, [0, 0, 0, 1])
    places = [(-0.2, -0.2), (0.5, 0.5), (1.2, 0.5)]
    sides = [[region_at(panel, *place) for place in places] for panel in figure.axes]
    assert sides == [[[1], [1], [1]], [[0], [1], [1]], [[0], [0], [1]]]
    assert [bool(lines(panel, "-")) for panel in figure.axes] == [False, True, True]


def test_of_a_long_log_24_frames_are_shown_with_the_first_and_the_last():
    learning = learnt([0, 1, 1, 0], epochs=30)
    count = len(learning.corrections)
    assert count > 48
    figure = plots.learning_frames(learning, SQUARE, [0, 1, 1, 0])
    shown = [int(panel.get_title().split(",")[0].removeprefix("correction ")) for panel in figure.axes]
    assert (len(shown), shown[0], shown[-1]) == (24, 1, count)
    steps = [after - before for before, after in pairwise(shown)]
    assert max(steps) - min(steps) <= 1
    assert figure.legends[0].get_title().get_text().startswith("has not converged")


@pytest.mark.parametrize(
    ("output", "targets", "names"),
    [("step", [0, 0, 0, 1], ["class 0", "class 1"]), ("sign", [-1, -1, -1, 1], ["class -1", "class +1"])],
)
def test_the_legend_of_the_frames_has_the_classes_as_their_targets_say(output, targets, names):
    learning = learn_from_mistakes(Perceptron(2, output=output), SQUARE, targets)
    figure = plots.learning_frames(learning, SQUARE, targets)
    assert legend(figure) == ["line before", "line after", "misclassified", *names]
    assert points(figure.axes[0])["s"] == [SQUARE[3]]


def test_the_animation_has_every_frame(tmp_path):
    learning = learnt([0, 1, 1, 1], batch=True)
    plots.learning_animation(learning, SQUARE, [0, 1, 1, 1], tmp_path / "or.gif")
    with Image.open(tmp_path / "or.gif") as animation:
        assert animation.n_frames == len(learning.corrections) > 1
        assert animation.info["duration"] == 500


def test_learning_that_cannot_be_drawn_is_a_clear_error():
    with pytest.raises(ValueError, match="no mistake, so there is no correction"):
        plots.learning_frames(learnt([0, 0, 0, 0]), SQUARE, [0, 0, 0, 0])
    rows = [[0, 0, 1], [1, 1, 0]]
    learning = learn_from_mistakes(Perceptron(3), rows, [0, 1])
    with pytest.raises(ValueError, match="perceptron of two inputs; this one has 3"):
        plots.learning_frames(learning, rows, [0, 1])


# ---------------- single neurons


def test_each_neuron_has_its_sides_its_line_and_its_rows():
    """AND: w1 + w2 - 1.5, no at the middle; NOR: 0.5 - x1 - x2, a yes at the origin alone; and one that says yes."""
    neurons = {
        "AND": (Perceptron([1, 1], -1.5), [0, 0, 0, 1]),
        "NOR": (set_numbers(Neuron(2), [-2, -2, 1]), [1, 0, 0, 0]),
        "TRUE": (Perceptron([0, 0], 1), [1, 1, 1, 1]),
    }
    figure = plots.neuron_sides(neurons, SQUARE)
    conjunction, nor, true = figure.axes
    assert [panel.get_title() for panel in figure.axes] == list(neurons)
    assert lines(conjunction, "-") == [[[0.25, 1.25], [1.25, 0.25]]]
    assert lines(nor, "-") == [[[-0.25, 0.75], [0.75, -0.25]]]
    assert lines(true, "-") == []
    places = [(0, 0), (0.6, 0.6), (1, 1)]
    sides = [[region_at(panel, *place) for place in places] for panel in figure.axes]
    assert sides == [[[0], [0], [1]], [[1], [0], [0]], [[1], [1], [1]]]
    assert [points(panel) for panel in figure.axes] == [
        {"o": SQUARE[:3], "s": SQUARE[3:]},
        {"o": SQUARE[1:], "s": SQUARE[:1]},
        {"s": SQUARE},
    ]
    assert legend(figure) == ["class 0", "class 1", "w · x + b = 0"]


def test_a_neuron_that_knows_nothing_yet_says_no_everywhere():
    (panel,) = plots.neuron_sides({"at the start": (Perceptron(2), [0, 0, 0, 1])}, SQUARE).axes
    assert region_at(panel, 0.5, 0.5) == [0]


def test_neurons_that_cannot_be_drawn_are_a_clear_error():
    with pytest.raises(ValueError, match="no neurons to draw"):
        plots.neuron_sides({}, SQUARE)
    with pytest.raises(ValueError, match="needs neurons of two inputs; 'all' has 3"):
        plots.neuron_sides({"all": (Perceptron(3), [0, 0, 0, 1])}, SQUARE)


# ---------------- losses


def test_a_loss_is_a_curve_over_the_epochs_from_1():
    (panel,) = plots.loss_curves(History(loss=[0.7, 0.4, 0.3], kept=2)).axes
    assert lines(panel, "-") == [[[1, 0.7], [2, 0.4], [3, 0.3]]]
    assert len(panel.lines) == 1
    assert (panel.get_xlabel(), panel.get_ylabel(), panel.get_title()) == ("epoch", "loss", "3 epochs")


def test_validation_is_dashed_and_the_kept_epoch_dotted():
    history = History(loss=[0.7, 0.4, 0.3], validation_loss=[0.8, 0.5, 0.6], kept=1, interrupted=True)
    (panel,) = plots.loss_curves(history).axes
    assert lines(panel, "--") == [[[1, 0.8], [2, 0.5], [3, 0.6]]]
    assert {x for x, _ in lines(panel, ":")[0]} == {2}
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["training", "validation", "kept: epoch 2"]
    assert panel.get_title() == "3 epochs, interrupted"


def test_each_metric_has_a_panel():
    history = History(
        loss=[0.7, 0.4],
        metrics={"accuracy": [0.5, 0.75], "margin": [1.0, 2.0]},
        validation_loss=[0.8, 0.5],
        validation_metrics={"accuracy": [0.25, 0.5], "margin": [3.0, 4.0]},
        kept=1,
    )
    loss, accuracy, margin = plots.loss_curves(history).axes
    assert [panel.get_ylabel() for panel in (loss, accuracy, margin)] == ["loss", "accuracy", "margin"]
    assert [lines(accuracy, style) for style in ("-", "--", ":")] == [
        [[[1, 0.5], [2, 0.75]]],
        [[[1, 0.25], [2, 0.5]]],
        [],
    ]
    assert lines(margin, "--") == [[[1, 3.0], [2, 4.0]]]


def test_a_run_without_an_epoch_has_no_curve():
    with pytest.raises(ValueError, match="no epoch was finished"):
        plots.loss_curves(History())


# ---------------- several runs


def runs():
    early = History(loss=[0.9, 0.5, 0.4], validation_loss=[0.8, 0.6, 0.7], kept=1)
    late = History(loss=[0.9, 0.2], validation_loss=[0.7, 0.3], kept=1)
    return {"small": early, "large": late}


def test_each_run_has_a_panel_on_the_scale_of_all():
    figure = plots.run_curves(runs())
    small, large = figure.axes
    assert (small.get_title(), large.get_title()) == ("small", "large")
    assert lines(small, "-") == [[[1, 0.9], [2, 0.5], [3, 0.4]]]
    assert lines(large, "--") == [[[1, 0.7], [2, 0.3]]]
    assert small.get_ylim() == large.get_ylim()
    assert [{x for x, _ in line} for line in lines(small, ":")] == [{2}]
    assert lines(large, ":") == []  # the last epoch is kept, as always without patience


def test_the_legend_of_all_runs_names_each_line_once():
    (legend,) = plots.run_curves(runs()).legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation", "kept"]


def test_of_each_run_the_epoch_counts_that_was_kept():
    (panel,) = plots.final_losses(runs()).axes
    training, validation = panel.lines
    assert list(training.get_xdata()) == ["small", "large"]
    assert (training.get_ydata().tolist(), training.get_linestyle()) == ([0.5, 0.2], "-")
    assert (validation.get_ydata().tolist(), validation.get_linestyle()) == ([0.6, 0.3], "--")


def test_runs_that_watched_no_rows_have_training_losses_only():
    (panel,) = plots.final_losses(runs() | {"blind": History(loss=[0.4], kept=0)}).axes
    assert [line.get_label() for line in panel.lines] == ["training"]


@pytest.mark.parametrize("draw", [plots.run_curves, plots.final_losses])
def test_there_is_a_run_to_draw_and_it_has_an_epoch(draw):
    with pytest.raises(ValueError, match="there are no runs to draw"):
        draw({})
    with pytest.raises(ValueError, match="no epoch of 'stopped' was finished"):
        draw(runs() | {"stopped": History()})


# ---------------- pictures and weights


def test_pictures_without_a_number_below_0_are_grey_on_one_scale():
    figure = plots.image_grid({"small": [[0, 1, 2]], "large": [[3, 0], [0, 8]]})
    small, large, bar = figure.axes
    assert [panel.get_title() for panel in (small, large)] == ["small", "large"]
    assert small.images[0].get_array().tolist() == [[0, 1, 2]]
    assert large.images[0].get_array().tolist() == [[3, 0], [0, 8]]
    assert [panel.images[0].get_clim() for panel in (small, large)] == [(0, 8), (0, 8)]
    look = small.images[0]
    assert [look.cmap(look.norm(number))[:3] for number in (0, 8)] == [(1, 1, 1), (0, 0, 0)]
    assert bar.get_ylim() == (0, 8)
    assert [points(panel) for panel in (small, large)] == [{"_": []}, {"_": []}]


def test_one_number_below_0_gives_all_pictures_a_scale_about_0():
    figure = plots.image_grid({"a": [[Value(2), Value(-5)]], "b": [[3], [1]]})
    assert [panel.images[0].get_clim() for panel in figure.axes[:2]] == [(-5, 5), (-5, 5)]
    assert [points(panel) for panel in figure.axes[:2]] == [{"_": [[1, 0]]}, {"_": []}]
    assert figure.axes[2].get_ylabel() == "a stroke: below 0"
    look = figure.axes[0].images[0]
    (red_above, _, blue_above, _), (red_below, _, blue_below, _) = (look.cmap(look.norm(x)) for x in (5, -5))
    assert red_above > blue_above
    assert red_below < blue_below


def test_a_ninth_picture_begins_a_row():
    figure = plots.image_grid({str(k): [[k]] for k in range(9)})
    places = [panel.get_subplotspec() for panel in figure.axes[:9]]
    assert [(place.rowspan.start, place.colspan.start) for place in places] == [*((0, k) for k in range(8)), (1, 0)]
    assert len(figure.axes) == 10  # and the bar


def test_pictures_that_cannot_be_drawn_are_a_clear_error():
    with pytest.raises(ValueError, match="no pictures"):
        plots.image_grid({})
    for bad in ([], [[]], [[1, 2], [3]], [[1, 2], []]):
        with pytest.raises(ValueError, match="'bad' is no picture: it needs rows"):
            plots.image_grid({"good": [[1, 2]], "bad": bad})
    for bad in ([1, 2], [[[1, 2]]]):
        with pytest.raises(TypeError, match=r"'bad' is no picture.+give one channel"):
            plots.image_grid({"bad": bad})
    with pytest.raises(ValueError, match="101 images could not be read"):
        plots.image_grid({str(k): [[k]] for k in range(101)})


def test_the_images_are_the_weights_on_one_scale_about_0():
    layer = set_numbers(Layer(6, 2), [1, -2, 3, 4, 0, 0.5, 9, -8, 0, 0, 0, 0, 0.25, 9])
    figure = plots.weight_images(layer, (2, 3))
    first, second, bar = figure.axes
    assert first.images[0].get_array().tolist() == [[1, -2, 3], [4, 0, 0.5]]
    assert second.images[0].get_array().tolist() == [[-8, 0, 0], [0, 0, 0.25]]
    assert [panel.images[0].get_clim() for panel in (first, second)] == [(-8, 8), (-8, 8)]
    assert bar.get_ylim() == (-8, 8)
    assert [points(panel) for panel in (first, second)] == [{"_": [[1, 0]]}, {"_": [[0, 0]]}]  # the negative ones


def test_weights_of_0_have_a_scale_too():
    figure = plots.weight_images(set_numbers(Layer(4, 1), [0] * 5), (2, 2))
    assert figure.axes[0].images[0].get_clim() == (-1, 1)


def test_weights_that_make_no_image_are_a_clear_error():
    with pytest.raises(ValueError, match="has 6 weights a neuron, not the 2 × 2"):
        plots.weight_images(Layer(6, 2), (2, 2))
    with pytest.raises(ValueError, match="101 images could not be read"):
        plots.weight_images(Layer(1, 101), (1, 1))


# ---------------- activations


def logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


FORMULAS = {
    "linear": (lambda x: x, lambda x: 1.0),
    "step": (lambda x: float(x > 0), lambda x: 0.0),
    "sigmoid": (logistic, lambda x: logistic(x) * logistic(-x)),
    "tanh": (math.tanh, lambda x: 1.0 - math.tanh(x) ** 2),
    "relu": (lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "leaky_relu": (lambda x: x if x > 0 else 0.01 * x, lambda x: 1.0 if x > 0 else 0.01),
    "elu": (lambda x: x if x > 0 else math.expm1(x), lambda x: 1.0 if x > 0 else math.exp(x)),
    "softplus": (lambda x: math.log1p(math.exp(x)), logistic),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_stands_beside_its_derivative(name):
    (panel,) = plots.activation_curves({name: ACTIVATIONS[name]}).axes
    for line, formula in zip(panel.lines[-2:], FORMULAS[name], strict=True):
        drawn = [(x, y) for x, y in line.get_xydata().tolist() if not math.isnan(y)]
        assert len(drawn) == 401
        assert [y for _, y in drawn] == pytest.approx([formula(x) for x, _ in drawn], rel=1e-12, abs=1e-12)
    assert panel.get_title() == name


@pytest.mark.parametrize(
    ("name", "gaps"), [("step", [1, 0]), ("relu", [0, 1]), ("leaky_relu", [0, 1]), ("elu", [0, 0])]
)
def test_a_jump_is_a_gap(name, gaps):
    (panel,) = plots.activation_curves({name: ACTIVATIONS[name]}).axes
    assert [sum(map(math.isnan, line.get_ydata())) for line in panel.lines[-2:]] == gaps


def test_all_activations_are_drawn_unless_some_are_chosen():
    assert [panel.get_title() for panel in plots.activation_curves().axes] == list(ACTIVATIONS)
    with pytest.raises(ValueError, match="no activations"):
        plots.activation_curves({})


# ---------------- functions beside their slopes


def test_functions_are_on_the_left_and_their_slopes_on_the_right():
    figure = plots.function_curves({"cube": lambda x: x**3, "line": lambda x: 5 - 2 * x}, -2, 3, x="score")
    left, right = figure.axes
    xs = [-2 + 5 * i / 200 for i in range(201)]
    for panel, curves in (
        (left, {"cube": lambda x: x**3, "line": lambda x: 5 - 2 * x}),
        (right, {"cube": lambda x: 3 * x**2, "line": lambda x: -2}),
    ):
        drawn = {line.get_label(): line.get_xydata().tolist() for line in panel.lines[1:]}
        assert drawn.keys() == curves.keys()
        for name, curve in curves.items():
            assert [x for x, _ in drawn[name]] == pytest.approx(xs, abs=1e-12)
            assert [y for _, y in drawn[name]] == pytest.approx([curve(x) for x in xs], abs=1e-9)
        assert panel.get_xlabel() == "score"
    assert legend(figure) == ["cube", "line"]
    assert len({line.get_linestyle() for line in left.lines[1:]}) == 2


def test_functions_that_cannot_be_drawn_are_a_clear_error():
    with pytest.raises(ValueError, match="no functions"):
        plots.function_curves({}, 0, 1)
    with pytest.raises(ValueError, match="not from 1 to 1"):
        plots.function_curves({"line": lambda x: x}, 1, 1)


# ---------------- every picture


def test_a_picture_shows_itself_the_same_each_time():
    def picture():
        return plots.decision_regions(Perceptron([1, 1], -1.5), SQUARE, [0, 0, 0, 1]).svg

    first = picture()
    assert first.startswith("<?xml")
    assert "<svg" in first
    assert first == picture()


def test_jupyter_shows_a_picture_as_an_image_in_html_which_needs_no_trust():
    picture = plots.neuron_sides({"a < b": (Perceptron([1, 1], -1.5), [0, 0, 0, 1])}, SQUARE)
    shown = DisplayFormatter().format(picture)[0]
    assert sorted(shown) == ["text/html", "text/plain"]
    found = re.fullmatch('<img alt="(.*)" src="data:image/svg\\+xml;base64,(.*)">', shown["text/html"])
    assert found[1] == "chart: a &lt; b"
    assert base64.b64decode(found[2]).decode() == picture.svg


def test_what_a_picture_shows_of_itself_is_short_and_its_words_can_be_searched():
    svg = plots.decision_regions(Perceptron([1, 1], -1.5), SQUARE, [0, 0, 0, 1]).svg
    assert "\n" not in svg
    assert ">decision boundary</text>" in svg
    assert ">class 0</text>" in svg


def test_the_hatches_of_a_region_are_not_faded():
    svg = plots.decision_regions(Perceptron([1, 1], -1.5), SQUARE, [0, 0, 0, 1]).svg
    hatched = re.findall(r'style="(fill: url[^"]*)"', svg)
    assert len(hatched) == 4  # two regions, and both in the legend
    assert not any("opacity" in style for style in hatched)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_words_around_panels_keep_clear_of_one_another(count):
    """A line of words takes 12 points, a fifth more than the size of its letters."""
    neurons = {f"h{k}": (Perceptron([1, 1], -1.5), [0, 0, 0, 1]) for k in range(count)}
    svg = plots.neuron_sides(neurons, SQUARE).svg
    legend, title, number, label = (
        float(re.search(rf'<text [^>]*y="([\d.]+)"[^>]*>{word}</text>', svg)[1])
        for word in ("class 0", "h0", "0.5", "x1")
    )
    assert title - legend > 12
    assert label - number > 12


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_legend_of_panels_is_within_the_picture(count):
    neurons = {str(k): (Perceptron([1, 1], -1.5), [0, 0, 0, 1]) for k in range(count)}
    figure = plots.neuron_sides(neurons, SQUARE)
    FigureCanvasAgg(figure).draw()
    (key,) = figure.legends
    assert figure.bbox.containsx(key.get_window_extent().x0)
    assert figure.bbox.containsx(key.get_window_extent().x1)


@pytest.mark.parametrize(
    ("imported", "left_alone"),
    [("nn", "matplotlib"), ("nn.plots", "matplotlib.pyplot"), ("tinygrad_edu", "matplotlib")],
)
def test_imports_stay_light(imported, left_alone):
    program = f"import sys, {imported}; sys.exit({left_alone!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
