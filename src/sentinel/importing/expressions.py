"""The expression of an alerting rule as a detector with its parameters."""

import math
from typing import Any

from msgspec import Struct

from sentinel.importing.promql import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expression,
    Number,
    Selector,
    parse,
)
from sentinel.importing.series import field_of, fixed_labels, where_of
from sentinel.importing.tokens import NotUnderstood
from sentinel.model.values import Duration

# Prometheus takes the last value for that long where nothing newer came.
LOOKBACK = Duration.parse("5m")
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_OVER_TIME = {
    "avg_over_time": "avg",
    "min_over_time": "min",
    "max_over_time": "max",
    "sum_over_time": "sum",
    "count_over_time": "count",
    "last_over_time": "last",
}
_QUANTILES = {0.5: "p50", 0.95: "p95", 0.99: "p99"}
# Of all numbers of a group's series together these are what PromQL gives of each and then of all.
_POOLED = {("max", "max"), ("min", "min"), ("sum", "sum"), ("sum", "count")}
_NO_ABSENT = (
    "it asks whether nothing is there (`absent`) and compares that with something other than 1"
)


class Translation(Struct, frozen=True):
    """`keys` are those of a rule. `by` is None where the expression does not say which labels
    its series have: then there is an alert for each series. `near` are the differences that
    remain; `fixed` are the labels with one value in all series."""

    keys: dict[str, Any]
    by: tuple[str, ...] | None
    fixed: frozenset[str]
    near: tuple[str, ...] = ()


class _Measure(Struct, frozen=True):
    """A number for each series or each group: how the `threshold` detector comes by it."""

    selector: Selector
    aggregate: str = ""
    by: tuple[str, ...] | None = None
    scale: float = 1.0
    near: tuple[str, ...] = ()


def translate(text: str) -> Translation:
    """Raises NotUnderstood with the reason why there is no counterpart."""
    found = parse(text)
    if (absent := _absent(found)) is not None:
        return absent
    if not isinstance(found, Binary):
        raise NotUnderstood("it compares nothing with a number: an alert would always exist")
    if found.operator not in COMPARISONS:
        raise NotUnderstood(f"it combines two expressions with `{found.operator}`")
    return _comparison(found)


def _comparison(found: Binary) -> Translation:
    operator, left, right = found.operator, found.left, found.right
    if isinstance(left, Number):
        operator, left, right = _FLIPPED.get(operator, operator), right, left
    if not isinstance(right, Number):
        raise NotUnderstood("it compares two expressions with each other")
    if isinstance(left, Call) and left.function.startswith("absent"):
        raise NotUnderstood(_NO_ABSENT)
    measure = _measure(left)
    bound = right.value * measure.scale
    if not math.isfinite(bound):
        raise NotUnderstood("it compares with a number that is not finite")
    bounds, near = _bounds(operator, bound, measure)
    keys: dict[str, Any] = {"where": where_of(measure.selector), "type": "threshold", **bounds}
    if measure.selector.over is not None:
        keys |= {"over": str(measure.selector.over), "aggregate": measure.aggregate}
    return Translation(
        keys=keys,
        by=None if measure.by is None else tuple(field_of(label) for label in measure.by),
        fixed=fixed_labels(measure.selector),
        near=(*measure.near, *near),
    )


def _bounds(
    operator: str, bound: float, measure: _Measure
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Sentinel's bounds are exclusive: >= is above the next smaller number there is, which is
    the same for every number."""
    match operator:
        case ">":
            return {"above": _short(bound)}, ()
        case "<":
            return {"below": _short(bound)}, ()
        case ">=":
            return {"above": math.nextafter(bound, -math.inf)}, ()
        case "<=":
            return {"below": math.nextafter(bound, math.inf)}, ()
        case "!=":
            return {"above": _short(bound), "below": _short(bound)}, ()
    if measure.selector.metric == "up" and not measure.aggregate and bound in (0.0, 1.0):
        near = (
            "`up` is 0 or 1, so that the equality is written as a bound; Prometheus makes `up` "
            "itself, to Sentinel a probe's status says more",
        )
        return ({"below": 1} if bound == 0 else {"above": 0}), near
    raise NotUnderstood("it asks whether a number is equal to another one: use a bound instead")


def _measure(found: Expression) -> _Measure:
    if isinstance(found, Selector):
        if found.over is not None:
            raise NotUnderstood("it compares a range of values with a number")
        return _Measure(found)
    if isinstance(found, Call):
        return _call(found)
    if isinstance(found, Aggregation):
        return _aggregation(found)
    if isinstance(found, Binary):
        raise NotUnderstood(f"it combines two expressions with `{found.operator}`")
    raise NotUnderstood("it compares two numbers: an alert would always exist, or never")


def _call(call: Call) -> _Measure:
    function, arguments = call.function, call.arguments
    if function == "quantile_over_time" and len(arguments) == 2:
        share, *arguments_left = arguments
        aggregate = _QUANTILES.get(share.value) if isinstance(share, Number) else None
        if aggregate is None:
            raise NotUnderstood("it takes a quantile other than 0.5, 0.95 and 0.99")
        near = ("Prometheus interpolates a quantile, Sentinel takes a value that was seen",)
        return _Measure(_range(function, arguments_left[0]), aggregate, near=near)
    if len(arguments) != 1:
        raise NotUnderstood(f"it calls {function} with {len(arguments)} arguments")
    if function in _OVER_TIME:
        return _Measure(_range(function, arguments[0]), _OVER_TIME[function])
    if function not in ("rate", "increase"):
        raise NotUnderstood(f"it calls {function}, which has no counterpart")
    selector = _range(function, arguments[0])
    near = (
        "Prometheus extrapolates to the ends of the window, Sentinel measures from its first "
        "value to its last",
    )
    assert selector.over is not None
    scale = 1.0 / selector.over if function == "increase" else 1.0
    return _Measure(selector, "rate", scale=scale, near=near)


def _range(function: str, argument: Expression) -> Selector:
    if not isinstance(argument, Selector) or argument.over is None:
        raise NotUnderstood(f"it calls {function} with something other than METRIC[DURATION]")
    return argument


def _aggregation(found: Aggregation) -> _Measure:
    """One number of several series: Sentinel has the numbers of a group together."""
    what = f"{found.operator} {found.grouping} ({', '.join(found.labels)})"
    if found.grouping == "without":
        raise NotUnderstood(f"`{what}` does not say which labels are left")
    if not isinstance(found.argument, Call):
        raise NotUnderstood(
            f"`{what}` joins the last values of several series, and Sentinel joins those of a "
            "window: give it one, such as max_over_time(METRIC[5m])"
        )
    measure = _call(found.argument)
    near = measure.near
    if (found.operator, measure.aggregate) == ("avg", "avg"):
        near = (*near, "the average is of all values together: busier series weigh more")
    elif (found.operator, measure.aggregate) not in _POOLED:
        raise NotUnderstood(f"`{what}` of {found.argument.function} has no counterpart")
    return _Measure(measure.selector, measure.aggregate, found.labels, measure.scale, near)


def _absent(found: Expression) -> Translation | None:
    """`absent(m)` or `absent_over_time(m[5m])`, alone or `== 1`, which is its only value."""
    if isinstance(found, Binary) and found.operator == "==" and found.right == Number(1.0):
        found = found.left
    if not isinstance(found, Call) or found.function not in ("absent", "absent_over_time"):
        return None
    selector = found.arguments[0] if len(found.arguments) == 1 else None
    ranged = found.function == "absent_over_time"
    if not isinstance(selector, Selector) or (selector.over is not None) is not ranged:
        raise NotUnderstood(f"it calls {found.function} with something other than a metric")
    timeframe = selector.over or LOOKBACK
    keys = {
        "where": where_of(selector),
        "type": "flatline",
        "threshold": 1,
        "timeframe": str(timeframe),
    }
    return Translation(keys=keys, by=(), fixed=fixed_labels(selector))


def _short(number: float) -> float:
    """80 rather than 80.0."""
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
