"""Numbers as people read them: rounded as on a slide, but never to a zero that is not one."""


def brief(x: float, decimals: int = 2) -> str:
    """A number rounded to so many decimals; a whole one without any; a very small or large one by its power of ten.

    >>> [brief(x) for x in (-2.0, 0.3679, -0.9999, 4.2e-18, 1234567.8, 0.0)]
    ['-2', '0.37', '-1.00', '4.2e-18', '1.2e+06', '0']
    """
    size = abs(x)
    if x == int(x) and size < 1e6:
        return f"{int(x)}"
    if size >= 1e6 or size < 0.1**decimals:
        return f"{x:.{max(decimals, 1)}g}"
    return f"{x:.{decimals}f}"


def counted(number: int, what: str) -> str:
    """A number of things in words: `1 gate`, `1,000 gates`."""
    return f"{number:,} {what}" + "s" * (number != 1)
