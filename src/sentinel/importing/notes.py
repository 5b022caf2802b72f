"""What became of each thing that was read."""

from typing import Literal

from msgspec import Struct

from sentinel.config.document import Document, KeyPath

Outcome = Literal["translated", "approximated", "not understood"]


class Note(Struct, frozen=True, kw_only=True):
    """`what` is the thing, such as `alert HostDown`; `why` is empty where nothing was lost."""

    outcome: Outcome
    file: str
    line: int
    what: str
    why: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.outcome}: {self.what}"
        return f"{text}: {self.why}" if self.why else text


class Notes:
    """Collects the notes of one file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Note] = []

    def translated(self, path: KeyPath, what: str) -> None:
        self._add("translated", path, what, "")

    def approximated(self, path: KeyPath, what: str, why: str) -> None:
        self._add("approximated", path, what, why)

    def refused(self, path: KeyPath, what: str, why: str) -> None:
        self._add("not understood", path, what, why)

    def place(self, path: KeyPath) -> str:
        """Where a thing stands, for a comment beside its translation."""
        return f"{self.document.file}:{self.document.line(path)}"

    def _add(self, outcome: Outcome, path: KeyPath, what: str, why: str) -> None:
        note = Note(
            outcome=outcome,
            file=self.document.file,
            line=self.document.line(path),
            what=what,
            why=why,
        )
        self.found.append(note)
