"""An escalation under everything that can happen to it, in any order: signals, what people do,
time-outs, silences, restarts and reloads. Never a lost page, never a page after an ack."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sentinel.engine.book import Book
from sentinel.engine.commands import (
    Acknowledge,
    Assign,
    EndSilence,
    Escalate,
    Release,
    Resolve,
    SetSilence,
)
from sentinel.engine.routing import Step
from sentinel.model.delivery import Recipient
from sentinel.model.silence import Silence
from tests.effort import examples
from tests.engine.worlds import ALICE, BOB, World, any_rule, book, error, route

CAROL = Recipient("sms", "+15550100", "carol")
TENANTS = st.sampled_from(["acme", "globex"])
PEOPLE = st.sampled_from(["alice", "bob"])
# Longer than a policy below, the turn of a group and a silence together make people wait.
PATIENCE = 1_000.0


def policies() -> st.SearchStrategy[list[Any]]:
    waits = st.sampled_from([0.0, 30.0, 120.0])
    people = st.lists(st.sampled_from([ALICE, BOB, CAROL]), min_size=1, max_size=2, unique=True)
    step = st.builds(lambda after, who: Step(after, tuple(who)), waits, people)
    options = st.fixed_dictionaries(
        {
            "group_wait": waits,
            "repeat": st.sampled_from([None, 300.0]),
            "again": st.sampled_from([0, 2]),
            "group_by": st.sampled_from([("incident",), ("alertname",), ("tenant",)]),
            "ack_timeout": st.sampled_from([None, 400.0]),
        }
    )
    return st.builds(
        lambda steps, more: [route("only", *steps, **more)],
        st.lists(step, min_size=1, max_size=3),
        options,
    )


def book_of(routes: list[Any]) -> Book:
    people = {"alice": (ALICE,), "bob": (BOB,)}
    return book(any_rule(timeframe=5_000.0, by=["tenant"]), routes=routes, people=people)


class Escalations(RuleBasedStateMachine):
    @initialize(routes=policies())
    def begin(self, routes: list[Any]) -> None:
        self.world = World(book_of(routes))
        self.time, self.seq = 0.0, 0
        self.acknowledged: dict[int, float] = {}
        self.kept_until: dict[int, float] = {}
        self.judged = 0

    @rule(tenant=TENANTS)
    def a_signal_comes(self, tenant: str) -> None:
        self.seq += 1
        group = 1 if tenant == "acme" else 2
        self.world.run(error(self.time, self.seq, tenant=tenant, group=group))

    @rule(seconds=st.sampled_from([1.0, 29.0, 30.0, 120.0, 301.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.time += seconds
        self.world.run(until=self.time)

    @rule(number=st.integers(1, 4), by=PEOPLE)
    def somebody_acknowledges(self, number: int, by: str) -> None:
        self.world.run(Acknowledge(number, by, self.time))

    @rule(number=st.integers(1, 4), by=PEOPLE)
    def somebody_gives_it_back(self, number: int, by: str) -> None:
        self.world.run(Release(number, by, self.time))

    @rule(number=st.integers(1, 4), to=PEOPLE, by=PEOPLE)
    def somebody_hands_it_over(self, number: int, to: str, by: str) -> None:
        self.world.run(Assign(number, to, by, self.time))

    @rule(number=st.integers(1, 4), by=PEOPLE)
    def somebody_asks_for_more_people(self, number: int, by: str) -> None:
        self.world.run(Escalate(number, by, self.time))

    @rule(number=st.integers(1, 4), by=PEOPLE)
    def somebody_resolves(self, number: int, by: str) -> None:
        self.world.run(Resolve(number, by, self.time))

    @rule(tenant=TENANTS, seconds=st.sampled_from([20.0, 300.0]))
    def somebody_silences(self, tenant: str, seconds: float) -> None:
        new = Silence(
            id=0,
            matchers=(f'tenant="{tenant}"',),
            starts=self.time,
            ends=self.time + seconds,
            author="bob",
        )
        self.world.run(SetSilence(new, self.time))

    @rule(number=st.integers(1, 4))
    def a_silence_is_ended(self, number: int) -> None:
        self.world.run(EndSilence(number, "bob", self.time))

    @rule()
    def the_daemon_restarts(self) -> None:
        self.world.restart()

    @rule(routes=policies())
    def the_configuration_is_reloaded(self, routes: list[Any]) -> None:
        self.world.restart(book_of(routes))
        self.world.run(until=self.time)

    @invariant()
    def nobody_is_paged_for_what_somebody_has(self) -> None:
        """Decisions come in the order of things: between an acknowledgement and the moment at
        which the incident is open again, no page goes out for it."""
        decisions = self.world.history.decisions
        for one in decisions[self.judged :]:
            number = one.incident
            if one.verb == "incident_acknowledged" and one.reason in ("person", "assigned"):
                self.acknowledged[number or 0] = one.at
            elif one.verb in ("incident_unacknowledged", "incident_resolved"):
                self.acknowledged.pop(number or 0, None)
            elif one.verb == "delivery_enqueued" and one.text.startswith(("firing", "reminder")):
                assert number not in self.acknowledged, one
        self.judged = len(decisions)

    @invariant()
    def no_page_is_lost(self) -> None:
        for incident in self.world.incidents.values():
            waits = any(
                incident.id in paging.incidents and paging.blocked
                for paging in self.world.pagings.values()
            )
            if incident.state != "open" or waits:
                self.kept_until[incident.id] = self.time
            since = self.kept_until.setdefault(incident.id, incident.opened)
            if self.time - since < PATIENCE:
                continue
            told = any(
                incident.id in (one.incident, *one.also) and one.reason == "firing"
                for one in self.world.history.deliveries
            )
            assert told, incident

    def teardown(self) -> None:
        """Left alone, everything comes to its end and nothing stays behind."""
        if not hasattr(self, "world"):
            return
        self.world.run(until=self.time + 10_000)
        assert all(one.state == "resolved" for one in self.world.incidents.values())
        assert all(one.state == "resolved" for one in self.world.alerts.values())
        assert not self.world.pagings
        assert self._told("firing") | self._told("assigned") <= self._told("resolved")

    def _told(self, reason: str) -> set[int | None]:
        found = [one for one in self.world.history.deliveries if one.reason == reason]
        return {number for one in found for number in (one.incident, *one.also)}


TestEscalations = Escalations.TestCase
TestEscalations.settings = settings(
    max_examples=examples(400), stateful_step_count=30, deadline=None
)
