"""Health rounds from end to end: signals in, snapshots, and the alert of a regression out."""

from pathlib import Path

from msgspec.structs import replace

from sentinel.api import Change, Duration, Error, Metric, Params, Span, Status
from sentinel.config.model import ProbeConfig
from sentinel.config.schema_snapshots import Checksums
from sentinel.model.signal import State
from sentinel.store import signals
from sentinel.store import snapshots as store

from .pictures import TERMS
from .world import SETTLES, boom, companies, world


def probe(name: str, interval: float = 60.0) -> ProbeConfig:
    return ProbeConfig(
        name=name,
        type="http",
        params=Params(),
        interval=interval,
        timeout=10.0,
        retries=0,
        component=name,
        tags={},
    )


def looked(probe: str, state: State) -> Status:
    return Status(component=probe, status=state, tags={"probe": probe})


async def test_a_snapshot_holds_what_the_round_found(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(1)
        taken = await one.pass_rounds(
            3,
            *boom(4, release="1.2"),
            companies(40),
            Span(name="GET /", op="http", service="web", duration=0.2),
            Status(component="mail", status="degraded", message="slow", tenant="acme"),
        )
        assert taken.overall == "degraded"
        assert [(c.subject, c.state) for c in taken.components] == [
            ("mail (acme)", "degraded"),
            ("shop", "up"),
        ]
        assert (taken.errors.total, taken.errors.seconds) == (12, 241.0)
        assert taken.errors.by_severity == {"high": 12}
        assert [(g.title, g.count, g.project) for g in taken.groups] == [("Boom: boom", 12, "shop")]
        assert [(x.name, x.count, x.p50) for x in taken.latencies] == [
            ("shop", 4, 0.1),
            ("web http", 3, 0.2),
        ]
        assert [(c.subject, c.value) for c in taken.counts] == [("companies", 40)]
        assert taken.releases == {"shop": ("1.2",)}
        assert await one.running.database.read(store.latest) == taken


async def test_what_has_stayed_healthy_long_enough_is_known_to_be_good(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES - 1)
        assert await one.good() is None
        await one.pass_rounds(1)
        found = await one.good()
        assert found is not None
        assert found.id == 1
        assert (await one.pass_rounds(10)).healthy_since == found.at


async def test_a_regression_is_told_once_and_resolved_when_it_is_good_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        good = await one.good()
        assert good is not None
        await one.send(Change(kind="deploy", summary="release 2.0 of shop", author="alice"))
        one.health = [Status(component="shop", status="down", message="no connection")]
        assert not (await one.pass_rounds(2)).regressed
        assert (await one.pass_rounds(1)).regressed
        await one.pass_rounds(7)
        assert await one.told() == ["firing"]
        told = (await one.regressions())[-1]
        assert told.message.startswith("worse than at ")
        assert "shop was up and is down: no connection" in told.message
        assert told.message.endswith("Changed since: release 2.0 of shop")
        stored = await one.running.database.read(lambda conn: signals.get(conn, told.seq))
        assert isinstance(stored, Error)
        extra = stored.payload["extra"]
        assert extra["before"]["snapshot"] == good.id
        assert extra["after"]["snapshot"] == one.latest.id
        assert told.tags["minutes_since_good"] == "25"
        assert extra["actions"] == [
            "Check whether this change is the reason, and take it back if so: "
            "release 2.0 of shop by alice.",
            "Look at shop before what depends on it: it is down.",
        ]
        one.health = [Status(component="shop", status="up", latency=0.1)]
        assert (await one.pass_rounds(2)).regressed
        assert not (await one.pass_rounds(1)).regressed
        await one.pass_rounds(4)
        assert await one.told() == ["firing", "resolved"]


async def test_a_look_or_two_that_fail_are_no_regression(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        for _ in range(4):
            await one.pass_rounds(2, Status(component="shop", status="down"))
            await one.pass_rounds(2)
        assert await one.regressions() == []


async def test_errors_that_pile_up_are_held_against_the_time_before_them(tmp_path: Path) -> None:
    """The first rounds of a rise look healthy: they must not become what it is compared with."""
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES + 10, *boom(3))
        assert (await one.pass_rounds(20, *boom(12))).regressed
        good = await one.good()
        assert good is not None
        assert good.errors.per_minute == 3
        assert "a minute became" in (await one.regressions())[-1].message


async def test_its_own_report_is_no_error_that_counts(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        one.health = [Status(component="shop", status="down")]
        taken = await one.pass_rounds(30)
        assert len(await one.regressions()) >= 25
        assert (taken.errors.total, taken.groups, taken.alerts) == (0, (), ())


async def test_data_that_is_gone_is_a_regression_until_it_is_accepted(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES, companies(100))
        gone = await one.pass_rounds(4, companies(60))
        assert gone.regressed
        assert "40 companies gone" in (await one.regressions())[-1].message
        await one.running.database.write(lambda conn: store.accept(conn, gone.id))
        assert not (await one.pass_rounds(4, companies(60))).regressed


async def test_a_count_that_comes_seldom_stands_until_the_next(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(1, companies(100, tenant="acme"), companies(7, tenant="globex"))
        taken = await one.pass_rounds(5, companies(6, tenant="globex"))
        assert [(c.subject, c.value) for c in taken.counts] == [
            ("companies (acme)", 100),
            ("companies (globex)", 6),
        ]


async def test_a_component_of_which_nothing_is_heard_becomes_unknown(tmp_path: Path) -> None:
    terms = replace(TERMS, silent_after=Duration.parse("2m"))
    async with world(tmp_path, terms=terms) as one:
        await one.pass_rounds(1, Status(component="mail", status="up"))
        assert (await one.pass_rounds(1)).components[0].state == "up"
        taken = await one.pass_rounds(2)
        mail = taken.components[0]
        assert (mail.state, mail.message) == ("unknown", "nothing has been heard of it for 2m")


async def test_a_component_may_be_silent_as_long_as_its_own_terms_say(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        one.probes = (probe("seldom", interval=600), probe("often", interval=30))
        one.restart()
        await one.send(*(looked(name, "up") for name in ("seldom", "often")), project="sentinel")
        taken = await one.pass_rounds(3)
        found = {component.name: component.state for component in taken.components}
        assert found == {"often": "unknown", "seldom": "up", "shop": "up"}


async def test_the_component_of_a_probe_that_was_taken_out_is_no_regression(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as one:
        one.probes = (probe("web"),)
        one.restart()
        await one.send(looked("web", "down"), project="sentinel")
        assert (await one.pass_rounds(1)).overall == "degraded"
        one.probes = ()
        one.restart()
        taken = await one.pass_rounds(5)
        assert [component.name for component in taken.components] == ["shop"]
        assert (taken.overall, taken.regressed) == ("healthy", False)


async def test_a_count_is_found_among_thousands_of_other_metrics(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        others = [Metric(name="queue.length", value=1)] * 2_500
        await one.send(companies(100))
        taken = await one.pass_rounds(1, *others)
        assert [(count.subject, count.value) for count in taken.counts] == [("companies", 100)]


async def test_quick_rounds_do_not_tell_of_a_regression_each_time(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        one.health = [Status(component="shop", status="down")]
        await one.pass_rounds(2)
        for _ in range(30):
            one.clock.advance(10)
            await one.rounds.take()
        assert 9 <= len(await one.regressions()) <= 11


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES, *boom(3), companies(100))
        one.health = [Status(component="shop", status="down")]
        before = await one.pass_rounds(5, *boom(3))
        one.restart()
        after = await one.pass_rounds(1, *boom(3))
        assert (after.regressed, after.worse_for) == (True, before.worse_for + 1)
        assert after.counts == before.counts
        assert abs(after.errors.per_minute - before.errors.per_minute) < 0.5
        assert after.baseline == before.baseline


async def test_the_time_of_a_stop_does_not_count_as_watched(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES, *boom(3))
        await one.running.pass_time(480)
        one.restart()
        after = await one.pass_rounds(1, *boom(3))
        assert after.errors.seconds < 120
        assert 2 < after.errors.per_minute < 4


async def test_a_changed_variable_is_told_by_its_name(tmp_path: Path) -> None:
    terms = replace(TERMS, checksums=Checksums(env=["DATABASE_URL"], files=["shop.conf"]))
    env = {"DATABASE_URL": "postgres://one"}
    async with world(tmp_path, terms=terms, env=env) as one:
        (tmp_path / "shop.conf").write_text("a")
        await one.pass_rounds(2)
        env["DATABASE_URL"] = "postgres://two"
        (tmp_path / "shop.conf").unlink()
        await one.pass_rounds(2)
        changes = [s for w in one.running.written for s in w.signals if isinstance(s, Change)]
        assert [(change.kind, change.summary) for change in changes] == [
            ("env", "variable DATABASE_URL was changed"),
            ("config", "file shop.conf is missing"),
        ]


async def test_both_sides_of_a_turn_to_bad_are_marked(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        await one.pass_rounds(SETTLES)
        good = await one.good()
        bad = await one.pass_rounds(1, Status(component="shop", status="down"))
        await one.pass_rounds(3, Status(component="shop", status="down"))
        lines = await one.running.database.read(lambda conn: store.listing(conn, edges=True))
        assert good is not None
        assert [line.id for line in lines] == [bad.id, good.id]
