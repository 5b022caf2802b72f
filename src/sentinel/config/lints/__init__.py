"""Warnings: configurations that are right in every part and still not what anybody wants."""

from collections.abc import Iterable, Iterator

from sentinel.config.lints.correlations import lint_correlations
from sentinel.config.lints.holding import lint_holding
from sentinel.config.lints.on_call import lint_on_call
from sentinel.config.lints.routes import lint_routes
from sentinel.config.lints.unused import lint_unused
from sentinel.config.model import Config
from sentinel.config.problem import Problem
from sentinel.model.override import Override


def lint(
    config: Config, now: float | None, overrides: Iterable[Override] = ()
) -> Iterator[Problem]:
    """All warnings. `now`, in seconds since 1970 UTC, is where the on-call schedules are looked
    at from, with the overrides that were set; without it they are not."""
    yield from lint_routes(config.routes, config.rules)
    yield from lint_holding(config)
    yield from lint_correlations(config)
    yield from lint_unused(config)
    if now is not None:
        yield from lint_on_call(config, now, overrides)
