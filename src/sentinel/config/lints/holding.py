"""Mutes and inhibitions that hold back more than anybody would want."""

from collections.abc import Iterator

from sentinel.config.lints.routes import all_routes
from sentinel.config.lints.warning import warn
from sentinel.config.model import Config, InhibitConfig
from sentinel.config.problem import Problem
from sentinel.engine.intervals import Interval, TimeInterval

_WHOLE_DAY = (0, 24 * 60)


def lint_holding(config: Config) -> Iterator[Problem]:
    always = {
        name for name, one in config.time_intervals.items() if any(map(_is_always, one.intervals))
    }
    for route in all_routes(config.routes):
        for name in route.muted:
            if name in always:
                yield warn(
                    route,
                    "route/always-muted",
                    f"{route.name}.mute_time_intervals",
                    found=f"the time interval {name}, which covers all times",
                    expected="one that ends",
                    hint="nobody ever hears of what this route takes",
                )
    for maintenance in config.maintenance:
        for name in maintenance.time_intervals:
            if name in always:
                yield warn(
                    maintenance,
                    "maintenance/always",
                    f"{maintenance.name}.time_intervals",
                    found=f"the time interval {name}, which covers all times",
                    expected="one that ends",
                    hint="nobody ever hears of what this maintenance matches",
                )
    for rule in config.inhibit_rules:
        if not rule.equal and _same(rule):
            yield warn(
                rule,
                "inhibit/same-alerts",
                rule.name,
                found="a source and a target that are the same alerts, and no equal",
                expected="matchers that tell the two apart, or equal labels",
                hint="an alert never keeps quiet others that are both source and target as well",
            )


def _same(rule: InhibitConfig) -> bool:
    source, target = ({_plain(text) for text in texts} for texts in (rule.source, rule.target))
    return source == target


def _plain(text: str) -> str:
    """The same text for `a="b"`, `a = "b"` and `a=b`."""
    return text.replace('"', "").replace(" ", "")


def _is_always(interval: Interval) -> bool:
    """Whether it restricts nothing; what only adds up to all times is not looked for."""
    if not isinstance(interval, TimeInterval):
        return False
    others = (interval.weekdays, interval.days_of_month, interval.months, interval.years)
    return not any(others) and (not interval.times or _WHOLE_DAY in interval.times)
