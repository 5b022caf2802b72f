"""The life of subscriptions, as a state machine over the real store: whatever people, files and
mail systems do, nobody is written to who did not want it."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.effort import examples

from sentinel.clients import managing, personal, preferences, subscribing
from sentinel.clients.sign_up import SignUp, ask, forget_unconfirmed
from sentinel.clients.sync import synchronise
from sentinel.config.model import ClientsConfig, ContactConfig, TenantConfig
from sentinel.config.schema_clients import ClientLimits
from sentinel.errors import Invalid
from sentinel.model.client import Subscription
from sentinel.store import clients, refusals
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

ADDRESSES = ("alice@example.com", "bob@example.com")
TENANTS = ("acme", "globex")
SETTINGS = ClientsConfig(
    channels={"email": "mail"},
    sign_up="open",
    limits=ClientLimits(confirmations=100, sign_ups=10_000),
)
Addresses = st.sampled_from(ADDRESSES)
Tenants = st.sampled_from(TENANTS)


class Life(RuleBasedStateMachine):
    """`wants` is the model: what each address last said for each tenant (None for the public), as
    far as it said anything itself: True for confirmed, False for refused."""

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.conn = connect(Path(self._folder.name))
        migrate(self.conn)
        self.now = 1000.0
        self.wants: dict[tuple[str, str | None], bool] = {}
        self.over: dict[int, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "conn"):
            self.conn.close()
            self._folder.cleanup()

    def _live(self, state: str | None = None) -> list[Subscription]:
        found = [one for address in ADDRESSES for one in self._at(address)]
        return [one for one in found if state is None or one.state == state]

    def _at(self, address: str) -> list[Subscription]:
        return [one for one in self._ever(address) if one.state in ("pending", "active")]

    def _ever(self, address: str) -> list[Subscription]:
        return [one for _, one in clients.at_address(self.conn, "email", address)]

    def _tenant_of(self, one: Subscription) -> str | None:
        found = clients.contact(self.conn, one.contact)
        assert found is not None
        return found.tenant

    @rule(listed=st.sets(st.tuples(Tenants, Addresses)))
    def reload(self, listed: set[tuple[str, str]]) -> None:
        tenants = {name: tenant(name, {a for t, a in listed if t == name}) for name in TENANTS}
        synchronise(self.conn, tenants, self.now)
        again = synchronise(self.conn, tenants, self.now)
        assert (again.begun, again.ended) == (0, 0)

    @rule(address=Addresses, name=st.none() | Tenants)
    def sign_up(self, address: str, name: str | None) -> None:
        asked = SignUp(kind="email", address=address, language="en", tenant=name, origin="::1")
        ask(self.conn, asked, SETTINGS, self.now)

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        for one in pick(data, self._live("pending")):
            assert subscribing.confirm(self.conn, one.id, self.now, "::1")
            self.wants[one.address, self._tenant_of(one)] = True

    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        for one in pick(data, self._live()):
            subscribing.unsubscribe(self.conn, one.id, "the contact", self.now)
            self.wants[one.address, self._tenant_of(one)] = False

    @rule(address=Addresses)
    def complain(self, address: str) -> None:
        subscribing.lost(self.conn, "email", address, "complained", "abuse", self.now)
        for name in (None, *TENANTS):
            self.wants[address, name] = False

    @rule(address=Addresses)
    def an_admin_lifts_a_complaint(self, address: str) -> None:
        with suppress(Invalid):
            subscribing.readmit(self.conn, "email", address, "admin", self.now)

    @rule(data=st.data())
    def operator_adds(self, data: st.DataObject) -> None:
        address, name = data.draw(Addresses), data.draw(Tenants)
        if clients.tenant(self.conn, name) is None:
            return
        wanted = managing.draft(
            name, "", {"email": [address]}, preferences.checked(preferences.Choice(), ["en"])
        )
        refused = self.wants.get((address, name)) is False
        try:
            self.conn.execute("SAVEPOINT trying")
            managing.create(self.conn, wanted, "admin", self.now)
        except Invalid:
            self.conn.execute("ROLLBACK TO trying")
            why = refusals.refused(self.conn, "email", address, name)
            assert refused or why == "bounced"
        else:
            assert not refused

    @rule(data=st.data())
    def bounce_too_often(self, data: st.DataObject) -> None:
        for one in pick(data, self._live("active")):
            subscribing.give_up(self.conn, one.id, "550", self.now)

    @rule(data=st.data())
    def operator_resumes(self, data: st.DataObject) -> None:
        found = [one for each in ADDRESSES for one in self._ever(each) if one.state == "bounced"]
        for one in pick(data, found):
            self.conn.execute("SAVEPOINT trying")
            with suppress(Invalid):
                subscribing.resume(self.conn, one.id, "admin", self.now)
                continue
            self.conn.execute("ROLLBACK TO trying")

    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        for one in pick(data, self._live()):
            name = self._tenant_of(one)
            reached = clients.reached(self.conn, one.contact)
            assert reached is not None
            for each in reached.subscriptions:
                self.wants[each.address, name] = False
                self.over.pop(each.id, None)
            personal.erase(self.conn, one.contact, "the contact", self.now)

    @rule()
    def time_passes(self) -> None:
        self.now += 1_000_000
        forget_unconfirmed(self.conn, 259_200, self.now, 1000)
        assert not self._live("pending")

    @invariant()
    def nobody_is_written_to_who_refused(self) -> None:
        if hasattr(self, "conn"):
            for one in self._live("active"):
                assert self.wants.get((one.address, self._tenant_of(one))) is not False

    @invariant()
    def what_is_over_stays_over(self) -> None:
        if not hasattr(self, "conn"):
            return
        rows = self.conn.execute("SELECT id, state FROM subscriptions").fetchall()
        states = {row["id"]: row["state"] for row in rows}
        for id, state in self.over.items():
            assert states.get(id, state) == state
        self.over.update({k: v for k, v in states.items() if v not in ("pending", "active")})

    @invariant()
    def the_audience_is_who_is_active_each_address_once(self) -> None:
        if hasattr(self, "conn"):
            told = [one.address for _, one in clients.audience(self.conn, None, (), "info")]
            assert sorted(told) == sorted({one.address for one in self._live("active")})


def pick(data: st.DataObject, found: list[Subscription]) -> Iterator[Subscription]:
    if found:
        yield data.draw(st.sampled_from(found))


def tenant(name: str, addresses: set[str]) -> TenantConfig:
    return TenantConfig(
        name=name,
        title=name.title(),
        contacts=tuple(
            ContactConfig(
                name=address.partition("@")[0],
                addresses={"email": address},
                language="en",
                timezone="UTC",
                quiet=None,
                digest=None,
                components=(),
                severity="info",
            )
            for address in sorted(addresses)
        ),
    )


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=examples(30), stateful_step_count=20, deadline=None)
