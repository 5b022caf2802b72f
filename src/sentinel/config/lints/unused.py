"""Names that nothing refers to: mostly a misspelt reference, or what was left behind."""

from collections.abc import Iterator

from sentinel.config.lints.routes import all_routes
from sentinel.config.lints.warning import Placed, warn
from sentinel.config.model import Config
from sentinel.config.problem import Problem


def lint_unused(config: Config) -> Iterator[Problem]:
    routes = list(all_routes(config.routes))
    targets = {
        target
        for escalation in config.escalations.values()
        for step in escalation.steps
        for target in step.notify
    }
    used_intervals = {name for route in routes for name in (*route.muted, *route.active)}
    used_intervals |= {name for one in config.maintenance for name in one.time_intervals}
    used_intervals |= {name for one in config.schedules.values() for name in one.time_intervals}
    used_escalations = {route.escalation for route in routes}
    for name, escalation in config.escalations.items():
        if name not in used_escalations:
            yield _unused(escalation, "escalation", name, "a route that leads to it")
    for name, schedule in config.schedules.items():
        if f"schedule:{name}" not in targets:
            yield _unused(schedule, "schedule", name, f"a step that notifies schedule:{name}")
    for name, team in config.teams.items():
        if f"team:{name}" not in targets:
            yield _unused(team, "team", name, f"a step that notifies team:{name}")
    for name, interval in config.time_intervals.items():
        if name not in used_intervals:
            expected = "a route, a schedule or a maintenance that names it"
            yield _unused(interval, "time-interval", name, expected)


def _unused(place: Placed, kind: str, name: str, expected: str) -> Problem:
    return warn(
        place,
        f"{kind}/unused",
        name,
        found=f"{kind.replace('-', ' ')} {name}, which nothing uses",
        expected=expected,
        hint="use it or take it out",
    )
