"""Numbers as people read them."""

import pytest

from tinygrad_edu.numerals import brief


@pytest.mark.parametrize(
    ("x", "decimals", "written"),
    [
        (-12.0, 2, "-12"),
        (-0.0, 2, "0"),
        (0.731058578630005, 2, "0.73"),
        (-0.196611933241482, 2, "-0.20"),
        (0.5, 2, "0.50"),
        (0.731058578630005, 4, "0.7311"),
        (0.004, 2, "0.004"),
        (-0.00999, 2, "-0.01"),
        (4.2483542552915889e-18, 2, "4.2e-18"),
        (0.4, 0, "0.4"),
        (1234.5678, 2, "1234.57"),
        (12345678.9, 2, "1.2e+07"),
        (999999.0, 2, "999999"),
        (3.0e20, 3, "3e+20"),
    ],
)
def test_a_number(x, decimals, written):
    assert brief(x, decimals) == written


@pytest.mark.parametrize("decimals", range(1, 12))
def test_what_is_not_zero_does_not_look_like_zero(decimals):
    for power in range(-300, 300, 7):
        assert float(brief(1.7 * 10.0**power, decimals)) != 0.0
