"""Numbers as sentences have them."""


def seconds(value: float) -> str:
    """`8 ms`, `340 ms`, `1.2 s`."""
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def number(value: float) -> str:
    """Whole where it is whole, otherwise to three digits."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


def times(factor: float) -> str:
    sign = "×"  # noqa: RUF001 - the sign for times, as in a report
    return f"{sign}{factor:.2g}" if factor < 10 else f"{sign}{factor:,.0f}"
