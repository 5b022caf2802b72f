"""What a command prints: a message, and figures in two common notations."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from math import isfinite

from sentinel.api import Metric

LONGEST_MESSAGE = 300
LONGEST_NAME = 100
MOST_METRICS = 100
# Each repetition is bounded, or can match in one way only: a line of garbage must not keep the
# event loop for minutes.
_VALUE = r"([-+]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,3})?)([A-Za-z%]{0,20})"
_LINE = re.compile(rf"([A-Za-z][\w.-]{{0,200}})={_VALUE}")
_PERFORMANCE = re.compile(rf"(?:'([^'=]{{1,200}})'|([^\s'=]{{1,200}}))={_VALUE}(?:;\S*)?(?=\s|$)")


def message_of(output: bytes) -> str:
    """The first line, without performance data; nothing of what is no text."""
    lines = output.decode(errors="replace").splitlines()
    text = lines[0].partition("|")[0].strip() if lines else ""
    odd = sum(not char.isprintable() or char == "\ufffd" for char in text)
    return "" if odd > len(text) / 4 else text


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def metrics_of(output: bytes) -> list[Metric]:
    """The figures of lines `name=value`, and of Nagios' performance data: the text after `|`,
    `'label'=value[unit];warn;crit;min;max`. Whatever is written otherwise is left out."""
    lines = output.decode(errors="replace").splitlines()
    return list(islice(chain.from_iterable(_figures(line) for line in lines), MOST_METRICS))


def _figures(line: str) -> Iterator[Metric]:
    text, bar, performance = line.partition("|")
    if whole := _LINE.fullmatch(text.strip()):
        yield from _metric(whole[1], whole[2], whole[3])
    if bar:
        for match in _PERFORMANCE.finditer(performance):
            yield from _metric(match[1] or match[2], match[3], match[4])


def _metric(name: str, number: str, unit: str) -> Iterator[Metric]:
    value = float(number)
    if isfinite(value):
        yield Metric(name=name[:LONGEST_NAME], value=value, unit=unit or None)
