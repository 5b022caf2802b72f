"""One thing that is not as it was."""

from typing import Literal

from msgspec import Struct

from sentinel.model.alert import SEVERITY_RANK, AlertSeverity

Category = Literal[
    "component", "count", "error", "new_error", "latency", "alert", "release", "environment", "file"
]
Kind = Literal["worse", "better", "changed", "same"]
Key = tuple[Category, str]
_KIND_RANK: dict[Kind, int] = {"worse": 0, "changed": 1, "better": 2, "same": 3}


def same(category: Category, subject: str) -> "Difference":
    """That two numbers are alike, of which nobody reads more than that."""
    return Difference(
        category=category, subject=subject, before="", after="", kind="same", sentence=""
    )


class Difference(Struct, frozen=True, kw_only=True):
    """`before` and `after` are short words, `sentence` says it whole. `same` is never shown: it
    says of two numbers that they were compared and found alike."""

    category: Category
    subject: str
    before: str
    after: str
    kind: Kind
    severity: AlertSeverity = "info"
    sentence: str

    @property
    def key(self) -> Key:
        return self.category, self.subject

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """What a reader should see first sorts first."""
        return (
            _KIND_RANK[self.kind],
            -SEVERITY_RANK[self.severity],
            self.category,
            self.subject,
        )
