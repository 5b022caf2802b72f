"""Monitors as they are written in YAML."""

from collections.abc import Callable

import pytest

from sentinel.config.model import Config
from sentinel.model.monitor import Cron, Every, Monitor
from tests.config.conftest import Load

Right = Callable[..., Config]

TEXT = """\
timezone: Europe/London
monitors:
  - {name: backup, schedule: "30 2 * * *", grace: 15m, max_duration: 2h, tenant: acme}
  - {name: report, schedule: "@daily", timezone: America/New_York, environment: production}
  - {name: sync, every: 10m, project: shop}
  - {name: import}
"""


def test_monitors_are_read_with_their_defaults(config: Right) -> None:
    assert config(TEXT).monitors == (
        Monitor(
            name="backup",
            schedule=Cron("30 2 * * *", "Europe/London"),
            grace=900.0,
            max_duration=7200.0,
            tenant="acme",
        ),
        Monitor(
            name="report",
            schedule=Cron("0 0 * * *", "America/New_York"),
            environment="production",
        ),
        Monitor(name="sync", schedule=Every(600.0), project="shop"),
        Monitor(name="import"),
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{name: a, schedule: often}", "a.b: found 'often'"),
        ("{name: a, schedule: '0 0 30 2 *'}", "failed to find next date"),
        ("{name: a, schedule: '@daily', every: 1h}", "found both schedule and every"),
        ("{name: a, every: 0s}", "found no time at all, expected a duration above 0s"),
        ("{name: a, schedule: '@daily', timezone: Europe/Londn}", "did you mean Europe/London?"),
        ("{name: a}\n  - {name: a}", "found monitor 'a' again"),
        ("{name: a, scedule: '@daily'}", "did you mean schedule?"),
        ("{schedule: '@daily'}", "name"),
    ],
)
def test_what_is_wrong_is_told(entry: str, told: str, load: Callable[..., object]) -> None:
    _, problems = load(f"monitors:\n  - {entry}\n")
    text = "\n".join(map(str, problems))
    assert told.replace("a.b", "monitors[0].schedule") in text


def test_check_ins_that_are_left_out_are_warned_of(load: Load) -> None:
    found, [problem] = load("projects:\n  shop:\n    sample:\n      checkin: 0.5")
    assert found is not None
    assert (problem.id, problem.line) == ("sample/checkins", 4)
    assert problem.path == "projects.shop.sample.checkin"
    assert problem.warning


def test_sampling_that_keeps_all_check_ins_is_fine(config: Right) -> None:
    config(
        "projects: {shop: {sample: {span: 0, checkin: 1}}, mail: {sample: {error: 0.5}}, web: {}}"
    )
