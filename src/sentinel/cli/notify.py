"""`sentinel notify`: test messages, through the daemon's own outbox."""

import contextlib
import sqlite3
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct

from sentinel.cli.app import (
    ConfigOption,
    JsonOption,
    StateOption,
    app,
    config_path,
    console,
    printable,
    show_json,
    state_path,
)
from sentinel.cli.asking import AuthorOption, author_of
from sentinel.clock import SystemClock
from sentinel.discretion import masked
from sentinel.errors import Invalid, StoreError
from sentinel.model.delivery import Delivery, DeliveryIntent, Recipient
from sentinel.store import audit, deliveries
from sentinel.store.connection import connect, connect_readonly, transaction
from sentinel.store.lock import is_held

notify = typer.Typer(help="Send test messages.", no_args_is_help=True)
app.add_typer(notify, name="notify")

_LOOK_EVERY = 0.2
_FAILED, _IN_PART = 1, 3


class Tested(Struct, frozen=True, kw_only=True):
    """How a test message ended, or stands. The address is masked."""

    delivery: int
    channel: str
    person: str | None
    address: str
    state: str
    attempts: int
    seconds: float | None
    receipt: str | None
    outcome: str | None
    error: str | None


@notify.command("test")
def send_test(
    target: Annotated[
        str, typer.Argument(help="A channel or a person: sms, alice, channel:sms, person:alice.")
    ],
    to: Annotated[
        str | None, typer.Option("--to", help="Which person, for a channel that sends to people.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Over which channel alone, for a person.")
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=1, max=3600, help="Seconds to wait for the end.")
    ] = 60.0,
    author: AuthorOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message as a page is sent, and follow it: attempts, receipt, arrival.

    Exit status: 0 it was sent, and has arrived where the channel can tell; 1 it failed or did not
    arrive; 3 the end is not known yet.
    """
    import os

    from sentinel import installation
    from sentinel.addressees import addressees

    found, _ = installation.require(config_path(config), os.environ)
    recipients = addressees(found.config, target, to=to, by=by)
    state = state_path(state_dir)
    if not is_held(state):
        raise Invalid(
            f"no daemon runs on {state}, so nothing would send it: start one, or try a channel "
            "here by `sentinel action run test:channel:NAME`"
        )
    types: dict[str, Any] = {
        one.name: found.registry.get("notifier", one.type) for one in found.config.channels.values()
    }
    reporting = {name for name, type in types.items() if type.capabilities.receipts}
    ids = _enqueue(state, recipients, author_of(author), target)
    ended = _followed(state, ids, reporting, wait, quiet=as_json)
    if as_json:
        show_json([_tested(one) for one in ended])
    status = _status(ended, reporting)
    if status == _IN_PART and not as_json:
        numbers = ", ".join(str(one.id) for one in ended if not _is_over(one, reporting))
        console.print(
            f"After {wait:g} s no more is known. `sentinel deliveries` shows what comes later "
            f"({numbers})."
        )
    if status:
        raise typer.Exit(status)


def _enqueue(state: Path, recipients: Sequence[Recipient], by: str, target: str) -> list[int]:
    now = SystemClock().now()
    intents = [
        DeliveryIntent(recipient=one, reason="test", incident=None, severity="info", at=now)
        for one in recipients
    ]
    with contextlib.closing(connect(state)) as conn, transaction(conn):
        ids = [deliveries.enqueue(conn, intent, now) for intent in intents]
        audit.note(conn, now, by, "test message sent", target, "by the command line")
    return ids


def _followed(
    state: Path, ids: Sequence[int], reporting: Collection[str], wait: float, *, quiet: bool
) -> list[Delivery]:
    """The deliveries as they are once all have ended, or `wait` seconds have passed."""
    end = time.monotonic() + wait
    told: dict[int, str] = {}
    with contextlib.closing(connect_readonly(state)) as conn:
        while True:
            try:
                found = [one for id in ids if (one := deliveries.get(conn, id)) is not None]
            except sqlite3.Error as error:
                raise StoreError(f"the store could not be read: {error}") from error
            for one in found:
                text = _told(one, one.channel in reporting)
                if not quiet and told.get(one.id) != text:
                    told[one.id] = text
                    console.print(printable(text), markup=False)
            if all(_is_over(one, reporting) for one in found) or time.monotonic() >= end:
                return found
            time.sleep(_LOOK_EVERY)


def _told(one: Delivery, reports: bool) -> str:
    """One line on where it stands."""
    to = f" to {one.person} ({masked(one.address)})" if one.person else ""
    tries = f", attempt {one.attempts}" if one.attempts else ""
    why = f": {one.error}" if one.error else ""
    if one.state != "sent":
        return f"{one.channel}{to}: {one.state}{tries}{why}"
    took = f" after {one.sent - one.created:.1f} s" if one.sent else ""
    arrival = one.outcome or ("waiting for its receipt" if reports else "")
    return f"{one.channel}{to}: sent{tries}{took}; " + "; ".join(
        part for part in (one.receipt or "", arrival, one.error or "") if part
    )


def _is_over(one: Delivery, reporting: Collection[str]) -> bool:
    if one.state == "sent":
        return one.outcome is not None or one.channel not in reporting
    return one.state in ("failed", "superseded")


def _status(ended: Sequence[Delivery], reporting: Collection[str]) -> int:
    if any(one.state == "failed" or one.outcome == "undelivered" for one in ended):
        return _FAILED
    return 0 if all(_is_over(one, reporting) for one in ended) else _IN_PART


def _tested(one: Delivery) -> Tested:
    return Tested(
        delivery=one.id,
        channel=one.channel,
        person=one.person,
        address=masked(one.address),
        state=one.state,
        attempts=one.attempts,
        seconds=None if one.sent is None else round(one.sent - one.created, 3),
        receipt=one.receipt,
        outcome=one.outcome,
        error=one.error,
    )
