"""Numbers in addresses: no longer than the store can hold."""

from starlette.convertors import Convertor, register_url_convertor

_DIGITS = 18


class _Number(Convertor[int]):
    regex = f"[0-9]{{1,{_DIGITS}}}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("number", _Number())


def number_in(text: str) -> int | None:
    """The number that the text is; None where it is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number else None
