"""Go templates as placeholders."""

import pytest

from sentinel.importing.lengths import length
from sentinel.importing.severities import severity_of
from sentinel.importing.templates import fill


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("nothing", "nothing"),
        ("{{ $value }}", "{value}"),
        ("{{$value}} of {{- .Value -}}", "{value} of {value}"),
        ("{{ $labels.host }}/{{ .Labels.disk }}", "{tags.host}/{tags.disk}"),
        ('{{ index $labels "host" }}', "{tags.host}"),
        ("{{ $labels.alertname }}", "{alertname}"),
    ],
)
def test_values_and_labels_become_placeholders(template: str, text: str) -> None:
    filled = fill(template)
    assert filled is not None
    assert (filled.text, filled.lost) == (text, ())


@pytest.mark.parametrize(
    ("template", "lost"),
    [
        ("{{ $value | humanize }}", "humanize"),
        ("{{ humanizePercentage $value }}", "humanizePercentage"),
        ('{{ printf "%.2f" $value }}', 'printf "%.2f"'),
        ('{{ $value | printf "%.0f%%" }}', 'printf "%.0f%%"'),
    ],
)
def test_a_function_of_looks_is_left_out_and_told(template: str, lost: str) -> None:
    filled = fill(template)
    assert filled is not None
    assert (filled.text, filled.lost) == ("{value}", (lost,))


@pytest.mark.parametrize(
    "template",
    [
        "{{ if $value }}a{{ end }}",
        '{{ with query "up" }}{{ . }}{{ end }}',
        "{{ $externalLabels.cluster }}",
        "{{ $value",
        "a }} b",
        '{{ printf "%s %s" $labels.a $labels.b }}',
    ],
)
def test_a_template_that_does_more_is_refused(template: str) -> None:
    assert fill(template) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("500ms", 0.5), ("1y", 31_536_000), ("0", 0), (0, 0)],
)
def test_durations_are_those_of_prometheus(text: object, seconds: float) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "1.5h", "-5m", None])
def test_what_is_no_duration_is_none(text: object) -> None:
    assert length(text) is None


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", ("critical", True)),
        ("Page", ("critical", True)),
        ("ticket", ("warning", True)),
        ("none", ("info", True)),
        ("purple", ("warning", False)),
    ],
)
def test_a_severity_is_one_of_three(word: str, severity: tuple[str, bool]) -> None:
    assert severity_of(word) == severity
