"""A value that must not be."""

from typing import Any

from sentinel.api import hook
from sentinel.detectors._listed import Listed, ListedParams


class BlacklistParams(ListedParams, frozen=True):
    pass


class Blacklist(Listed[BlacklistParams]):
    type = "blacklist"
    summary = "A value of field that is among values"
    Params = BlacklistParams
    offence = "in"

    def offends(self, text: str | None) -> bool:
        return text is not None and text in self.listed


@hook
def register_detectors(register: Any) -> None:
    register(Blacklist)
