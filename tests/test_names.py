"""What Values are called: by label, else by a number that no label has taken."""

from tinygrad_edu import Value
from tinygrad_edu.names import names


def test_labels_stand_and_the_others_are_numbered_around_them():
    values = [Value(0.0), Value(1.0, "x"), Value(2.0, "v1"), Value(3.0), Value(4.0, "v3"), Value(5.0)]
    assert list(names(values).values()) == ["v2", "x", "v1", "v4", "v3", "v5"]


def test_a_label_is_put_on_one_line_and_one_of_spaces_is_none():
    assert list(names([Value(0.0, "a\n b"), Value(0.0, " \n")]).values()) == ["a b", "v1"]


def test_of_several_with_one_label_no_two_are_called_the_same():
    values = [Value(0.0, "x") for _ in range(5)] + [Value(0.0, "x′")]
    assert list(names(values).values()) == ["x", "x′", "x′′", "x (4)", "x (5)", "x′′′"]


def test_thousands_with_one_label_are_named_at_once():
    assert len(set(names([Value(0.0, "h") for _ in range(50_000)]).values())) == 50_000
