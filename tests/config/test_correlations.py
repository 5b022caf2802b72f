"""What correlations are once they have been read."""

from collections.abc import Callable

import pytest

from sentinel.config.model import Config
from sentinel.engine.correlations import Correlation
from sentinel.engine.joining import Part, Pattern, SameAs, faults
from tests.config.conftest import Load

Right = Callable[..., Config]

MAIN = "channels: {printer: {type: printer}}\n"
RULES = """\
rules:
- {alert: CheckoutErrors, on: error, by: [service, tags.region], labels: {team: shop}}
routes: [{name: r, escalation: e}]
escalations: [{name: e, steps: [{notify: [printer]}]}]
correlations:
- name: deploy-broke-checkout
  all:
"""


def test_a_correlation_is_a_pattern_of_facts(config: Right) -> None:
    parts = """\
  - deploy: {on: change, kind: [deploy, rollback], tags.region: {same_as: failing.tags.region}}
  - failing: {alert: CheckoutErrors, service: {same_as: deploy.service}}
  - down: {on: status, status: down}
  within: 15m
  root_cause: deploy
  hold: 10s
"""
    [found] = config(MAIN, a=RULES + parts).correlations
    deploy = Part(
        "deploy",
        {
            "on": ("change",),
            "kind": ("deploy", "rollback"),
            "tags.region": SameAs("failing", "tags.region"),
        },
    )
    failing = Part(
        "failing",
        {
            "on": ("alert",),
            "alert": ("CheckoutErrors",),
            "service": SameAs("deploy", "service"),
        },
    )
    down = Part("down", {"on": ("status",), "status": ("down",)})
    assert found == Correlation(
        pattern=Pattern("deploy-broke-checkout", (deploy, failing, down)),
        root="deploy",
        within=900.0,
        hold=10.0,
        source="rules/a.yaml:6",
    )
    assert faults(found.pattern) == []


def test_what_may_be_left_out_has_the_engines_word(config: Right) -> None:
    parts = """\
  - a: {on: alert, team: shop}
  - b: {on: alert, severity: critical}
  root_cause: a
"""
    [found] = config(MAIN, a=RULES + parts).correlations
    assert (found.within, found.hold) == (None, 30.0)


@pytest.mark.parametrize("field", ["team", "service", "tags.region", "code", "tenant"])
def test_labels_and_fields_of_the_alerts_that_are_meant_are_not_warned_of(
    field: str, load: Load
) -> None:
    parts = f"""\
  - a: {{alert: CheckoutErrors, {field}: x}}
  - b: {{on: change}}
  root_cause: b
"""
    _, problems = load(MAIN, a=RULES + parts)
    assert problems == []


def test_a_correlation_with_a_mistake_does_not_hide_the_next_ones(load: Load) -> None:
    text = """\
correlations:
- {name: a, all: [{x: {on: nothing}}, {y: {on: change}}], root_cause: y}
- {name: b, all: [{x: {on: change}}, {y: {on: change}}], root_cause: z}
"""
    _, problems = load(MAIN, a=text)
    assert [p.path for p in problems] == [
        "correlations[0].all[0].x.on",
        "correlations[1].root_cause",
    ]
