"""How hard properties are tried: for seconds in `make test`, for minutes in `make soak`."""

from hypothesis import settings


def examples(number: int) -> int:
    """`number`, where the profile in use tries 100 of others: what deserves more or fewer than
    they do follows it all the same."""
    return max(1, number * settings.default.max_examples // 100)
