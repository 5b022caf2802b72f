"""Expressions: what is understood becomes a detector, anything else is refused by name."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.importing.expressions import translate
from sentinel.importing.tokens import NotUnderstood

CPU = {"where": {"name": "cpu"}, "type": "threshold"}
WINDOW = {**CPU, "over": "5m"}
SILENT = {"where": {"name": "cpu"}, "type": "flatline", "threshold": 1}

EXACT: list[tuple[str, dict[str, Any]]] = [
    ("cpu > 80", {**CPU, "above": 80}),
    ("80 < cpu", {**CPU, "above": 80}),
    ("(cpu) < (0.5)", {**CPU, "below": 0.5}),
    ("0.5 > cpu", {**CPU, "below": 0.5}),
    ("cpu > 5 * 60 + 0x10 # a comment", {**CPU, "above": 316}),
    ("cpu < -1e3", {**CPU, "below": -1000}),
    ("cpu > (80)", {**CPU, "above": 80}),
    ("cpu >= 80", {**CPU, "above": math.nextafter(80, 0)}),
    ("cpu <= 80", {**CPU, "below": math.nextafter(80, 81)}),
    ("cpu != 1", {**CPU, "above": 1, "below": 1}),
    ("avg_over_time(cpu[5m]) > 1", {**WINDOW, "above": 1, "aggregate": "avg"}),
    ("min_over_time(cpu[5m]) > 1", {**WINDOW, "above": 1, "aggregate": "min"}),
    ("max_over_time(cpu[300s]) < 1", {**WINDOW, "below": 1, "aggregate": "max"}),
    ("sum_over_time(cpu[5m]) > 1", {**WINDOW, "above": 1, "aggregate": "sum"}),
    ("count_over_time(cpu[5m]) < 1", {**WINDOW, "below": 1, "aggregate": "count"}),
    ("last_over_time(cpu[5m]) > 1", {**WINDOW, "above": 1, "aggregate": "last"}),
    ("max(max_over_time(cpu[5m])) > 1", {**WINDOW, "above": 1, "aggregate": "max"}),
    (
        "absent(cpu)",
        {**SILENT, "timeframe": "5m"},
    ),
    (
        "absent_over_time(cpu[1h30m]) == 1",
        {**SILENT, "timeframe": "1h30m"},
    ),
]


@pytest.mark.parametrize(("expression", "keys"), EXACT)
def test_what_means_the_same_is_translated(expression: str, keys: dict[str, Any]) -> None:
    found = translate(expression)
    assert found.keys == keys
    assert found.near == ()


@pytest.mark.parametrize("value", [79.9, 80, 80.1, math.nextafter(80, 0)])
def test_an_inclusive_bound_takes_the_same_numbers(value: float) -> None:
    assert (value > translate("cpu >= 80").keys["above"]) is (value >= 80)
    assert (value < translate("cpu <= 80").keys["below"]) is (value <= 80)


@pytest.mark.parametrize(
    ("expression", "keys", "word"),
    [
        ("rate(cpu[5m]) > 2", {**WINDOW, "above": 2, "aggregate": "rate"}, "extrapolates"),
        ("increase(cpu[5m]) > 600", {**WINDOW, "above": 2, "aggregate": "rate"}, "extrapolates"),
        (
            "quantile_over_time(0.95, cpu[5m]) > 2",
            {**WINDOW, "above": 2, "aggregate": "p95"},
            "interpolates",
        ),
        (
            "avg by (host) (avg_over_time(cpu[5m])) > 2",
            {**WINDOW, "above": 2, "aggregate": "avg"},
            "weigh more",
        ),
    ],
)
def test_what_comes_near_is_translated_and_says_so(
    expression: str, keys: dict[str, Any], word: str
) -> None:
    found = translate(expression)
    assert found.keys == keys
    assert [near for near in found.near if word in near]


@pytest.mark.parametrize(("operator", "key", "bound"), [("== 0", "below", 1), ("== 1", "above", 0)])
def test_up_is_asked_for_equality_only_as_it_is_0_or_1(operator: str, key: str, bound: int) -> None:
    found = translate(f"up {operator}")
    assert found.keys[key] == bound
    assert len(found.near) == 1


@pytest.mark.parametrize(
    ("selector", "conditions"),
    [
        ('cpu{job="a"}', {"tags.job": "a"}),
        ("cpu{job='a', env='b',}", {"tags.job": "a", "tags.env": "b"}),
        ('cpu{job!="a"}', {"tags.job": {"not": "a"}}),
        ('cpu{job=""}', {"tags.job": {"exists": False}}),
        ('cpu{job!=""}', {"tags.job": {"exists": True}}),
        ('cpu{job=~"a|b"}', {"tags.job": ["a", "b"]}),
        ('cpu{job=~"a"}', {"tags.job": "a"}),
        ('cpu{job=~"a.+"}', {"tags.job": {"matches": "^(?:a.+)$"}}),
        ('cpu{job!~"a|b"}', {"tags.job": {"not": ["a", "b"]}}),
        ('cpu{job=~".*"}', {}),
        ('cpu{job=~".+"}', {"tags.job": {"exists": True}}),
        ('cpu{job!~".+"}', {"tags.job": {"exists": False}}),
        ("cpu{job=`a\\d`}", {"tags.job": "a\\d"}),
        ('cpu{job="a\\"b\\x41"}', {"tags.job": 'a"bA'}),
        ('{__name__="cpu",job="a"}', {"tags.job": "a"}),
        (
            'cpu{job!="a",job!="b"}',
            {"tags.job": {"not": "a"}, "all": [{"tags.job": {"not": "b"}}]},
        ),
    ],
)
def test_matchers_become_conditions_on_tags(selector: str, conditions: dict[str, Any]) -> None:
    assert translate(f"{selector} > 1").keys["where"] == {"name": "cpu", **conditions}


@pytest.mark.parametrize(
    ("expression", "by"),
    [
        ("cpu > 1", None),
        ("max by (host, zone) (max_over_time(cpu[5m])) > 1", ("tags.host", "tags.zone")),
        ("max(max_over_time(cpu[5m])) by (host) > 1", ("tags.host",)),
        ("max(max_over_time(cpu[5m])) > 1", ()),
        ("absent(cpu)", ()),
    ],
)
def test_the_groups_are_known_where_the_expression_says_them(
    expression: str, by: tuple[str, ...] | None
) -> None:
    assert translate(expression).by == by


REFUSED = [
    ("cpu", "compares nothing"),
    ("", "its end"),
    ("cpu >", "its end"),
    ("cpu > 80 and mem > 90", "`and`"),
    ("cpu > 80 or mem > 90", "`or`"),
    ("cpu > 80 unless mem > 90", "`unless`"),
    ("cpu / mem > 0.8", "`/`"),
    ("cpu > mem", "with each other"),
    ("cpu == 0", "is equal"),
    ("cpu > bool 80", "`bool`"),
    ("cpu > on (host) mem", "`on`"),
    ("cpu offset 5m > 80", "`offset`"),
    ("cpu @ 1609746000 > 80", "`@`"),
    ("max_over_time(cpu[1h:5m]) > 80", "subquery"),
    ("max_over_time(rate(cpu[5m])[1h:]) > 80", "subquery"),
    ("cpu[5m] > 80", "a range of values"),
    ("rate(cpu) > 80", "other than METRIC[DURATION]"),
    ("predict_linear(cpu[1h], 3600) > 80", "predict_linear"),
    ("histogram_quantile(0.95, cpu) > 80", "histogram_quantile"),
    ("irate(cpu[5m]) > 80", "irate, which has no counterpart"),
    ("quantile_over_time(0.9, cpu[5m]) > 1", "0.5, 0.95 and 0.99"),
    ("sum without (cpu) (sum_over_time(cpu[5m])) > 1", "does not say which labels"),
    ("avg by (host) (cpu) > 80", "joins the last values of several series"),
    ("sum by (host) (rate(cpu[5m])) > 80", "of rate has no counterpart"),
    ("max by (host) (min_over_time(cpu[5m])) > 80", "has no counterpart"),
    ("topk(5, cpu) > 80", "topk"),
    ('count_values("v", cpu) > 80', "count_values"),
    ("time() - cpu > 80", "`-`"),
    ("1 > 2", "compares two numbers"),
    ("cpu > NaN", "not finite"),
    ("cpu > 1/0", "compares two expressions"),
    ("-cpu > 80", "a sign before"),
    ("2^3 < cpu", "the operator ^"),
    ("absent(cpu) > 0", "other than 1"),
    ("absent(sum(cpu))", "other than a metric"),
    ("absent_over_time(cpu)", "other than a metric"),
    ('{job="a"} > 1', "without the name"),
    ('{__name__=~"cpu.*"} > 1', "without the name"),
    ('cpu{__name__="mem"} > 1', "__name__"),
    ('{"cpu.load"} > 1', "quoted name"),
    ('cpu{job=~"a|"} > 1', "without the label"),
    ('cpu{job!~".*"} > 1', "without the label"),
    ('cpu{job=~"("} > 1', "no regular expression"),
    ('cpu{job="\\q"} > 1', "which Prometheus does not have"),
    ('cpu{job="\\ud800"} > 1', "no character"),
    ("cpu{job=a} > 1", "a value in quotes"),
    ("cpu{job} > 1", "a label with a matcher"),
    ("cpu > 5m", "the duration 5m as a number"),
    ("cpu[5] > 1", "a duration"),
    ("cpu > 80 80", "expected the end"),
    ("cpu > 80 $", "begins nothing"),
    ("(" * 500 + "cpu" + ")" * 500 + " > 1", "nested deeper"),
    ("-" * 5000 + "1 < cpu", "nested deeper"),
    ("cpu > 1" + " " * 20_000, "longer than"),
]


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_what_has_no_counterpart_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        translate(expression)
    assert reason in str(refused.value)


PIECES = (
    "cpu", "80", ">", ">=", "==", "(", ")", "{", "}", "[", "]", "[5m]", "5m", ",", "by", "(host)",
    "avg", "rate", "absent", "max_over_time", 'job="a"', 'job=~"a|b"', "-", "*", "/", "^", "and",
    "offset", "@", ":", "bool", "inf", "0x1F", '"x"', "quantile_over_time(0.95,", "1e999", " ",
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)))
def test_whatever_the_text_is_it_is_translated_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        assert translate(text).keys["where"]["name"]
