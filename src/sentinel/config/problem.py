"""One thing that is wrong in a configuration, told so that it can be mended."""

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True, order=True):
    """`id` is stable (`config/unknown-key`), for searching and for ignoring a lint."""

    file: str
    line: int
    id: str
    path: str = ""
    found: str
    expected: str
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        key = f" {self.path}:" if self.path else ""
        text = f"{where}:{key} found {self.found}, expected {self.expected}  [{self.id}]"
        return f"{text}\n    hint: {self.hint}" if self.hint else text
