"""Whatever has happened, everything can be explained, now and as it was."""

import asyncio
from contextlib import closing
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.explanation import explain_alert, explain_rule, explain_signal
from tests.effort import examples
from tests.living import Daemon, live, steps


@settings(max_examples=examples(25))
@given(st.lists(steps, min_size=1, max_size=20), st.floats(0, 1))
def test_anything_that_happened_is_explained(life: list[Any], share: float) -> None:
    daemon = Daemon()
    begun = daemon.clock.now()
    with closing(daemon.store.conn) as conn:
        asyncio.run(live(daemon, life))
        book, now = daemon.setup.book, daemon.clock.now()
        then = begun + share * (now - begun)
        for (number,) in conn.execute("SELECT id FROM alerts"):
            found = explain_alert(conn, number, book, now)
            assert found is not None
            assert found.headline.endswith(".")
            assert msgspec.json.encode([found, explain_alert(conn, number, book, now, then)])
        for (number,) in conn.execute("SELECT seq FROM signals"):
            assert explain_signal(conn, number, book, now) is not None
        for name in book.rules.by_name:
            assert explain_rule(conn, name, book, now) is not None
            assert explain_rule(conn, name, book, now, then) is not None
