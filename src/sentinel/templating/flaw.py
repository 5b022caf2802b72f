"""What is wrong with a template, told so that its author can mend it."""

from sentinel.errors import Invalid


class Flaw(Invalid):
    """`line` counts within the template's text, from 1; 0 where it is not known."""

    def __init__(self, found: str, expected: str, hint: str = "", line: int = 0) -> None:
        where = f"line {line}: " if line else ""
        more = f" ({hint})" if hint else ""
        super().__init__(f"{where}found {found}, expected {expected}{more}")
        self.found = found
        self.expected = expected
        self.hint = hint
        self.line = line

    def at(self, line: int) -> "Flaw":
        """The same in this line, where none is known yet."""
        return self if self.line else Flaw(self.found, self.expected, self.hint, line)
