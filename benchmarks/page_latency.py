"""From the error's 2xx to the moment the mail server has the page, while errors rain.

    .venv/bin/python -m benchmarks.page_latency

200 errors a second of 13.7 KB are the background; among them, five times a second, an error with
a code never seen before makes an alert, an incident and one e-mail.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import load, rules
from benchmarks.daemon import Daemon, folder
from benchmarks.figures import Figure, percentile, show
from benchmarks.mailbox import Mailbox

_CODE = "PAGE_"
# Time to make the requests before the first is sent, and for the last mails after the last was.
_LEAD = 10.0
_TAIL = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--errors", type=int, default=200, help="a second")
    parser.add_argument("--pages", type=int, default=5, help="a second")
    options = parser.parse_args()
    title = f"{options.pages} pages a second among {options.errors} errors a second, "
    title += f"{options.seconds} s, 100 rules"
    show(title, measure(options.seconds, options.errors, options.pages))


def measure(seconds: int, errors: int, pages: int) -> list[Figure]:
    with (
        folder() as path,
        Mailbox(rf"{_CODE}\d+") as mailbox,
        Daemon(path, config=_config(mailbox.port), rules=_rules()) as daemon,
    ):
        start = time.monotonic() + _LEAD
        shared: dict[str, Any] = {"port": daemon.port, "key": daemon.key(), "start": start}
        rain = load.Order(**shared, requests=seconds * errors, groups=400, rate=errors)
        paging = load.Order(
            **shared, requests=seconds * pages, groups=1, rate=pages, code=_CODE, seed=1
        )
        with ThreadPoolExecutor(2) as senders:
            rained, paged = senders.map(load.send, (rain, paging))
        time.sleep(_TAIL)
        mails = mailbox.taken()
    first: dict[str, float] = {}
    for code, moment in mails:
        first.setdefault(code, moment)
    waits = [
        first[code] - answer.answered
        for answer in paged.answers
        if (code := f"{_CODE}{answer.number}") in first
    ]
    return [
        Figure("2xx to mail server, median", percentile(waits, 50) * 1e3, "ms"),
        Figure("2xx to mail server, 99th percentile", percentile(waits, 99) * 1e3, "ms", goal=1e3),
        Figure("2xx to mail server, longest", max(waits) * 1e3, "ms"),
        Figure("pages that never came", len(paged.answers) - len(waits), goal=0),
        Figure("mails sent twice", len(mails) - len(first), goal=0),
        Figure("errors refused", rained.refused + paged.refused, goal=0),
        Figure("errors a second, in fact", len(rained.answers) / rained.seconds),
    ]


def _config(port: int) -> dict[str, Any]:
    email = {
        "type": "email",
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "sender": "sentinel@example.com",
    }
    return {
        "channels": {**rules.CONFIG["channels"], "email": email},
        "people": {"alice": {"email": "alice@example.com"}},
    }


def _rules() -> dict[str, Any]:
    book = rules.book(99)
    page = {
        "alert": "Page",
        "on": "error",
        "where": {"code": {"starts_with": _CODE}},
        "by": ["code"],
        "labels": {"severity": "critical"},
        "annotations": {"summary": "{code} for {tenant}"},
    }
    route = {"name": "page", "matchers": ['alertname="Page"'], "escalation": "page"}
    escalation = {"name": "page", "steps": [{"notify": ["person:alice"]}]}
    return {
        "rules": [page, *book["rules"]],
        "routes": [route, *book["routes"]],
        "escalations": [escalation, *book["escalations"]],
    }


if __name__ == "__main__":
    main()
