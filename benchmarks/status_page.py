"""The public status page: how large it is, how fast it comes, and whether it comes while the store
is locked and errors rain.

    .venv/bin/python -m benchmarks.status_page

Thirty components with ninety days of changes, and fifty broadcasts. Readers ask over connections
that stay open; the store's write lock is held by another process for the second half.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.daemon import Daemon, folder
from benchmarks.figures import Figure, percentile, show
from sentinel.model.broadcast import Broadcast, Update
from sentinel.model.uptime import Span
from sentinel.store import broadcasts, uptime
from sentinel.store.connection import connect
from sentinel.store.migrations import migrate

_COMPONENTS, _BROADCASTS, _DAYS = 30, 50, 90
_DAY = 86_400.0
_READERS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    title = f"a status page of {_COMPONENTS} components, {_READERS} readers, {options.seconds} s"
    show(title, measure(options.seconds))


def measure(seconds: int) -> list[Figure]:
    with folder() as path:
        (path / "state").mkdir()
        _fill(path / "state")
        with Daemon(path, config=_config(), rules={}) as daemon:
            sizes = asyncio.run(_sizes(daemon.port))
            before = daemon.cpu()
            free = asyncio.run(_read(daemon.port, seconds))
            cpu = daemon.cpu() - before
            with contextlib.closing(connect(path / "state")) as conn:
                conn.execute("BEGIN IMMEDIATE")
                locked = asyncio.run(_read(daemon.port, seconds))
                conn.execute("ROLLBACK")
    plain, packed = sizes["identity"], sizes["br"]
    return [
        Figure("first load, page and styles, as it is", plain / 1000, "kB", goal=25),
        Figure("the same, the page packed with brotli", packed / 1000, "kB"),
        Figure("answers", len(free) / seconds, "a second", goal=1_000, least=True),
        Figure("CPU of the daemon for one", cpu / len(free) * 1000, "ms"),
        Figure("longest wait of 99 %", percentile(free, 99) * 1000, "ms"),
        Figure("with the store locked: answers", len(locked) / seconds, "a second"),
        Figure("with the store locked: longest wait of all", max(locked) * 1000, "ms", goal=1_000),
    ]


async def _read(port: int, seconds: int) -> list[float]:
    """How long each answer took. Every answer is the page."""
    waits: list[float] = []
    end = time.monotonic() + seconds
    headers = {"accept-encoding": "br"}
    connector = aiohttp.TCPConnector(limit=_READERS)

    async def reader(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < end:
            begun = time.monotonic()
            async with session.get(f"http://127.0.0.1:{port}/status") as response:
                await response.read()
                assert response.status == 200
            waits.append(time.monotonic() - begun)

    async with aiohttp.ClientSession(
        headers=headers, connector=connector, auto_decompress=False
    ) as session:
        await asyncio.gather(*(reader(session) for _ in range(_READERS)))
    return waits


async def _sizes(port: int) -> dict[str, int]:
    found: dict[str, int] = {}
    root = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for encoding in ("identity", "br"):
            async with session.get(
                f"{root}/status", headers={"accept-encoding": encoding}
            ) as response:
                found[encoding] = len(await response.read())
        async with session.get(
            f"{root}/status", headers={"accept-encoding": "identity"}
        ) as response:
            text = await response.text()
        for piece in text.split('rel="stylesheet" href="')[1:]:
            async with session.get(root + piece.partition('"')[0]) as response:
                size = len(await response.read())
            found = {name: known + size for name, known in found.items()}
    return found


def _config() -> dict[str, Any]:
    names = [f"part-{number}" for number in range(_COMPONENTS)]
    return {
        "rules_dir": "rules",
        "components": {name: {} for name in names},
        "status_page": {
            "title": "Acme status",
            "accent": "#17507f",
            "components": [
                {"component": name, "title": f"Part {name}", "group": f"Group {name[-1]}"}
                for name in names
            ],
        },
    }


def _fill(state_dir: Path) -> None:
    now = time.time()
    with contextlib.closing(connect(state_dir)) as conn:
        migrate(conn)
        conn.execute("BEGIN")
        for number in range(_COMPONENTS):
            _history(conn, f"part-{number}", number, now)
        for number in range(1, _BROADCASTS + 1):
            _tell(conn, number, now)
        conn.execute("COMMIT")


def _history(conn: sqlite3.Connection, name: str, seed: int, now: float) -> None:
    """Up, with some trouble now and then."""
    source = (name, "", "production", "probe")
    for day in range(_DAYS):
        began = now - (_DAYS - day) * _DAY
        bad = 1_800.0 if (day * 7 + seed * 13) % 19 == 0 else 60.0
        state = "down" if (day + seed) % 2 else "degraded"
        uptime.add(conn, source, Span(began, began + bad, state if bad > 60 else "up"))
        uptime.add(conn, source, Span(began + bad, began + _DAY, "up"))


def _tell(conn: sqlite3.Connection, number: int, now: float) -> None:
    opened = now - number * _DAY
    ended = None if number <= 2 else opened + 7_200
    one = Broadcast(
        id=number,
        title=f"Messages of part {number} arrive late",
        components=(f"part-{number % _COMPONENTS}",),
        audience="all",
        opened=opened,
        ended=ended,
    )
    text = "Some messages arrive late. We have found the cause and are working on it. " * 3
    phases = ("investigating", "identified") if ended is None else ("identified", "resolved")
    broadcasts.save(conn, [one])
    broadcasts.save_updates(
        conn,
        [
            Update(
                id=number * 10 + index,
                broadcast=number,
                phase=phase,  # type: ignore[arg-type]
                text=text,
                state="published",
                created=opened + index * 3_600,
                published=opened + index * 3_600,
            )
            for index, phase in enumerate(phases)
        ],
    )


if __name__ == "__main__":
    main()
