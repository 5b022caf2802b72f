"""A value that is none of those that may be."""

from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import hook
from sentinel.detectors._listed import Listed, ListedParams


class WhitelistParams(ListedParams, frozen=True):
    ignore_null: Annotated[
        bool, Meta(description="Whether a signal without a value of the field is let pass.")
    ] = True


class Whitelist(Listed[WhitelistParams]):
    type = "whitelist"
    summary = "A value of field that is not among values"
    Params = WhitelistParams
    offence = "not in"

    def offends(self, text: str | None) -> bool:
        return not self.params.ignore_null if text is None else text not in self.listed


@hook
def register_detectors(register: Any) -> None:
    register(Whitelist)
