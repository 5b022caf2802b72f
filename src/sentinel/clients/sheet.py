"""The text of a spreadsheet's file: in the encodings and with the separators that spreadsheets
write, and out so that none of them runs what a stranger typed."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from sentinel.errors import Invalid

LARGEST = 5_000_000
_MOST_ROWS = 50_000
_LONGEST_CELL = 5_000
_SEPARATORS = ",;\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Excel writes, and reads, which separator it is in a line of its own.
_NAMED = re.compile(r'\A"?sep=([,;\t])"?\r?\n?', re.IGNORECASE)
# A cell that begins so is taken for a formula. Where the separator is another one than ours, so is
# what stands behind that one.
_FORMULA = re.compile(r"(\A|[;\t])(?=[=+\-@\t\r])")
_DEFUSED = re.compile(r"(\A|[;\t])'(?=[=+\-@\t\r])")

Record = tuple[int, list[str]]
"""The line that it begins in, from 1, and its cells."""


def records(data: bytes) -> Iterator[Record]:
    """The header first. Empty cells at the end, as spreadsheets leave them, are gone. Raises
    Invalid."""
    text = _text(data)
    named = _NAMED.match(text)
    separator = named[1] if named else _separator_of(text.partition("\n")[0])
    line = 2 if named else 1
    rest = io.StringIO(text[named.end() :] if named else text, newline="")
    reader = csv.reader(rest, delimiter=separator, strict=True)
    first = line
    try:
        for count, cells in enumerate(reader):
            if count > _MOST_ROWS:
                raise Invalid(f"expected at most {_MOST_ROWS:,} rows: import it in parts")
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise Invalid(
                    f"line {line}: expected cells of at most {_LONGEST_CELL} characters; is a "
                    "quotation mark not closed?"
                )
            yield line, _without_tail(cells)
            line = first + reader.line_num
    except csv.Error as error:
        raise Invalid(
            f"line {line}: expected CSV, found something else ({error}); is a quotation mark not "
            "closed, or not doubled inside a cell?"
        ) from None


def plain(cell: str) -> str:
    """A cell without what `written` put in front of formulas."""
    return _DEFUSED.sub(r"\1", cell.strip())


def written(cells: Sequence[str]) -> str:
    """One line, in which no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerow([_FORMULA.sub(r"\1'", cell) for cell in cells])
    return out.getvalue()


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise Invalid(f"expected at most {LARGEST:,} bytes, found {len(data):,}")
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Invalid(
            f"expected UTF-8, found other bytes in line {line}: save it as “CSV UTF-8” in the "
            "spreadsheet"
        ) from None
    if "\0" in text:
        raise Invalid("expected text, found NUL bytes")
    return text


def _separator_of(head: str) -> str:
    return max(_SEPARATORS, key=head.count)


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
