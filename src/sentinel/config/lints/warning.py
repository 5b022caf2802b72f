"""How a lint tells what it found."""

from typing import Protocol

from sentinel.config.problem import Problem


class Placed(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


def warn(
    place: Placed, id: str, path: str, *, found: str, expected: str, hint: str = ""
) -> Problem:
    return Problem(
        file=place.file,
        line=place.line,
        id=id,
        path=path,
        found=found,
        expected=expected,
        hint=hint,
        warning=True,
    )
