"""One number out of a database, by a statement of yours: rows that wait, the age of the last order.

probes:
  - name: stuck-orders
    type: sql
    url: postgresql://sentinel@db.example.com/shop
    password: ${credential:shop_database}
    query: SELECT count(*) FROM orders WHERE state = 'new' AND created < now() - interval '1 hour'
    metric: orders.stuck
    degraded_above: 10
    down_above: 100

`url` is postgresql://, mysql:// (each needs its extra, as `sentinel[postgresql]`) or
sqlite:///PATH. The statement runs in a read-only transaction, under a time limit that the server
keeps, and gives one row with one number. Where it gives anything else, or fails, the component is
`unknown`: the question is wrong, which says nothing of the answer.

Its metrics are the number, under the name in `metric`, and sql.duration (s), how long it took.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Duration, Metric, Probe, Signal, Status, duration, hook
from sentinel.probes.database import DatabaseAddress, Unreachable, plain, took
from sentinel.probes.mysql_connection import check_query
from sentinel.probes.sql_asking import ASKERS, Unanswered

SPARE = 5.0
"""Seconds beyond the statement's limit for connecting, and for the server to say no by itself."""


class SqlParams(DatabaseAddress, frozen=True, kw_only=True):
    schemes = tuple(ASKERS)

    query: Annotated[str, Meta(min_length=1, description="Gives one row with one number.")]
    metric: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_.]*$",
            examples=["orders.waiting"],
            description="What the number is called.",
        ),
    ] = "sql.value"
    unit: Annotated[str | None, Meta(description="The number's unit, such as s or B.")] = None
    degraded_above: Annotated[float | None, Meta(description="Degraded with more.")] = None
    degraded_below: Annotated[float | None, Meta(description="Degraded with less.")] = None
    down_above: Annotated[float | None, Meta(description="Down with more.")] = None
    down_below: Annotated[float | None, Meta(description="Down with less.")] = None
    slow_above: Annotated[
        Duration | None, Meta(description="Degraded when the statement takes longer.")
    ] = None
    query_timeout: Annotated[
        Duration, Meta(description="Down when the statement takes longer; below `timeout`.")
    ] = duration("10s")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.address.scheme == "sqlite" and self.address.host:
            raise ValueError("expected an absolute path, as in sqlite:///var/lib/shop.db")
        if self.address.scheme == "mysql":
            check_query(self)
        if _less(self.down_above, self.degraded_above):
            raise ValueError("expected degraded_above to be at most down_above")
        if _less(self.degraded_below, self.down_below):
            raise ValueError("expected down_below to be at most degraded_below")
        if _less(self.degraded_above, self.degraded_below):
            raise ValueError("expected degraded_below to be at most degraded_above")
        if _less(self.down_above, self.down_below):
            raise ValueError("expected down_below to be at most down_above")


class SqlProbe(Probe[SqlParams]):
    type = "sql"
    summary = "One number by an SQL statement, and how long it takes: PostgreSQL, MySQL, SQLite"
    Params = SqlParams
    interval = 60.0
    timeout = 30.0

    async def probe(self) -> Sequence[Signal]:
        params, limit = self.params, self.params.query_timeout
        ask = ASKERS[params.address.scheme]
        try:
            async with asyncio.timeout(limit + SPARE):
                answer = await ask(params, params.query, limit, self.context.clock)
        except TimeoutError:
            text = f"{params.where} gave no answer within {Duration(limit + SPARE)}"
            return [Status(status="down", message=text)]
        except Unreachable as error:
            return [Status(status="down", message=plain(error, params))]
        except Unanswered as error:
            return [Status(status="unknown", message=plain(error, params))]
        return [
            self._judge(answer.value, answer.duration),
            Metric(name=params.metric, value=answer.value, unit=params.unit),
            Metric(name="sql.duration", value=answer.duration, unit="s"),
        ]

    def _judge(self, value: float, duration: float) -> Status:
        params = self.params
        down = _out_of_bounds(value, params.down_below, params.down_above)
        if down:
            return Status(status="down", message=down, latency=duration)
        complaints = [_out_of_bounds(value, params.degraded_below, params.degraded_above)]
        if params.slow_above is not None and duration > params.slow_above:
            complaints.append(f"the query took {took(duration)}, more than {params.slow_above}")
        said = ", ".join(filter(None, complaints))
        return Status(
            status="degraded" if said else "up",
            message=said or f"{params.metric} is {value:g}",
            latency=duration,
        )


def _less(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and one < other


def _out_of_bounds(value: float, least: float | None, most: float | None) -> str:
    if least is not None and value < least:
        return f"{value:g}, expected at least {least:g}"
    if most is not None and value > most:
        return f"{value:g}, expected at most {most:g}"
    return ""


@hook
def register_probes(register: Any) -> None:
    register(SqlProbe)
