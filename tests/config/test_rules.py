"""What the keys of a rule beside its conditions are once they have been read."""

from collections.abc import Callable

from sentinel.api import Population
from sentinel.config.model import Config, RuleConfig
from sentinel.config.schema import Flapping
from sentinel.model.values import Duration
from tests.config.toys import ManyParams, SharesParams

Right = Callable[..., Config]

MAIN = "channels: {printer: {type: printer}}\n"
ROUTES = """\
routes: [{name: r, escalation: e}]
escalations: [{name: e, steps: [{notify: [printer]}]}]
"""


def rule(config: Right, text: str) -> RuleConfig:
    [found] = config(MAIN, a=f"{ROUTES}rules: [{{alert: A, on: error, {text}}}]").rules
    return found


def test_recover_when_takes_the_place_of_the_rules_own_parameters(config: Right) -> None:
    found = rule(config, "type: many, num_events: 5, timeframe: 1m, recover_when: {num_events: 2}")
    assert found.params == ManyParams(num_events=5, timeframe=Duration(60))
    assert found.recover == ManyParams(num_events=2, timeframe=Duration(60))


def test_a_rule_without_recover_when_has_one_bound(config: Right) -> None:
    assert rule(config, "type: many, num_events: 5, timeframe: 1m").recover is None


def test_missing_data_and_flapping_have_their_defaults(config: Right) -> None:
    found = rule(config, "type: any")
    assert (found.on_missing, found.missing_after) == ("keep", 300.0)
    assert found.flapping == Flapping(
        times=3, within=Duration.parse("1h"), quiet=Duration.parse("15m")
    )


def test_missing_data_and_flapping_are_as_they_are_given(config: Right) -> None:
    found = rule(config, "on_missing: fire, missing_after: 1m, flapping: {times: 0}")
    assert (found.on_missing, found.missing_after, found.flapping.times) == ("fire", 60.0, 0)


def test_a_share_is_taken_of_all_signals_of_the_kind_if_nothing_is_said(config: Right) -> None:
    found = rule(config, "where: {code: X}, type: shares, above: 0.5")
    assert found.population == ("error", {})


def test_a_share_is_taken_of_the_signals_that_are_named(config: Right) -> None:
    found = rule(config, "type: shares, above: 0.5, of: {on: span, where: {op: http}}")
    assert found.population == ("span", {"op": "http"})


def test_the_rules_own_kind_need_not_be_named(config: Right) -> None:
    of = "of: {on: error, where: {level: fatal}}"
    found = rule(config, f"type: shares, above: 0.5, recover_when: {{above: 0.1}}, {of}")
    assert found.population == ("error", {"level": "fatal"})
    assert isinstance(found.params, SharesParams)
    assert isinstance(found.recover, SharesParams)
    assert found.params.of == found.recover.of == Population(where={"level": "fatal"})


def test_other_detectors_compare_with_nothing(config: Right) -> None:
    assert rule(config, "type: any").population is None
