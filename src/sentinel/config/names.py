"""Names that must be unique across all files, with the place of each."""

from collections.abc import Iterable

from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem
from sentinel.config.suggest import did_you_mean, one_of, show

Place = tuple[Document, KeyPath]


class Names:
    """`kind` is the word for one of them: rule, route, person. Names of objects that are wrong
    in themselves count too: a reference to one is no second mistake."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.places: dict[str, Place] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def add(self, document: Document, path: KeyPath, name: object) -> list[Problem]:
        """`path` is where the name stands. Not a text: told elsewhere."""
        if not isinstance(name, str):
            return []
        if name not in self.places:
            self.places[name] = (document, path)
            return []
        first, where = self.places[name]
        return [
            document.problem(
                path,
                "config/duplicate-name",
                found=f"{self.kind} {show(name)} again",
                expected=f"a name of its own (first at {first.file}:{first.line(where)})",
                hint="rename one of the two",
            )
        ]

    def unknown(self, document: Document, path: KeyPath, name: str) -> list[Problem]:
        """The problem of a reference to a name that is not there; empty where it is."""
        if name in self.places:
            return []
        return [unknown_name(document, path, self.kind, name, self.places)]


def unknown_name(
    document: Document, path: KeyPath, kind: str, name: str, known: Iterable[str]
) -> Problem:
    names = sorted(known)
    return document.problem(
        path,
        "config/unknown-name",
        found=f"{kind} {show(name)}",
        expected=one_of(names) if names else f"an existing {kind}, and there is none",
        hint=did_you_mean(name, names),
    )
