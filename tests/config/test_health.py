"""Components, the heartbeat and fire drills, as the configuration has them."""

from collections.abc import Callable

import pytest

from sentinel.config.model import Config
from sentinel.model.delivery import Recipient
from sentinel.model.monitor import Cron, Every
from tests.config.conftest import Load

PEOPLE = """
channels:
  mail: {type: mail, host: localhost}
  printer: {type: printer}
people:
  alice: {email: alice@example.com}
  bob: {sms: "+44 7700 900123"}
"""


def test_a_component_that_needs_one_of_a_probe_is_right(config: Callable[..., Config]) -> None:
    found = config("""
        components:
          shop: {title: The shop, depends_on: [database, web], silent_after: 10m}
          database: {slo: 99.5, group: Behind it}
        probes:
          - {name: front, type: ping, component: web, url: "http://localhost"}
    """).components
    assert found["shop"].depends_on == ("database", "web")
    assert (found["shop"].slo, found["shop"].silent_after) == (99.9, 600.0)
    assert (found["database"].title, found["database"].group) == ("database", "Behind it")


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        (
            "components: {shop: {depends_on: [databse]}, database: {}}",
            "found component 'databse', expected one of database, shop  [config/unknown-name]\n"
            "    hint: did you mean database?",
        ),
        (
            "components: {a: {depends_on: [b]}, b: {depends_on: [c]}, c: {depends_on: [a]}}",
            "components.a.depends_on: found a -> b -> c -> a, expected components that do not need "
            "themselves  [component/cycle]",
        ),
        (
            "components: {a: {depends_on: [a]}}",
            "found a -> a, expected components that do not need themselves  [component/cycle]",
        ),
        ("components: {a: {slo: 100}}", "expected a number above 0 and below 100"),
        ("components: {a: {silent_after: 0s}}", "expected a duration above 0s"),
        ("heartbeat: {url: localhost}", "expected a `url` that begins with http://"),
        ("heartbeat: {url: 'http://localhost', every: 1s}", "expected an `every` from 10s to 1d"),
        ("heartbeat: {url: 'http://localhost', method: PUT}", "expected one of GET, HEAD, POST"),
        (
            f"{PEOPLE}\nfire_drills: [{{name: weekly, notify: [alice]}}]",
            "found neither schedule nor every, expected one of them  [drill/schedule]",
        ),
        (
            f"{PEOPLE}\nfire_drills: [{{name: w, every: 1d, schedule: '@daily', notify: [alice]}}]",
            "found both schedule and every, expected one of them  [drill/schedule]",
        ),
        (
            f"{PEOPLE}\nfire_drills: [{{name: weekly, every: 1d, notify: [person:alic]}}]",
            "found person 'alic', expected one of alice, bob",
        ),
        (
            f"{PEOPLE}\nfire_drills: [{{name: weekly, every: 1d, notify: [bob]}}]",
            "found person bob, whom no channel can reach",
        ),
        (
            f"{PEOPLE}\nfire_drills: [{{name: weekly, schedule: '61 * * * *', notify: [alice]}}]",
            "fire_drills[0].schedule: found '61 * * * *', expected five fields of cron",
        ),
    ],
)
def test_a_mistake_is_told_in_these_words(yaml: str, told: str, load: Load) -> None:
    found, problems = load(yaml)
    assert told in "\n".join(map(str, problems))
    assert found is None


def test_a_circle_is_told_once(load: Load) -> None:
    _, problems = load("components: {a: {depends_on: [b]}, b: {depends_on: [a]}}")
    assert [problem.id for problem in problems] == ["component/cycle"]


def test_the_address_of_the_heartbeat_shows_in_no_problem(load: Load) -> None:
    _, problems = load("heartbeat: {url: 'ftp://example.com/s3cret'}")
    assert problems
    assert "s3cret" not in "\n".join(map(str, problems))


def test_a_drill_reaches_whom_a_step_would(config: Callable[..., Config]) -> None:
    found = config(f"""
{PEOPLE}
timezone: Europe/London
fire_drills:
  - {{name: weekly, schedule: "0 10 * * 2", notify: [person:alice, channel:printer], within: 5m}}
  - {{name: often, every: 1d, notify: [alice], by: mail}}
""").fire_drills
    assert found["weekly"].schedule == Cron("0 10 * * 2", "Europe/London")
    assert found["weekly"].within == 300.0
    assert found["weekly"].step.recipients == (
        Recipient("mail", "alice@example.com", "alice"),
        Recipient("printer"),
    )
    assert found["often"].schedule == Every(86_400.0)
