"""Runs the shop for some twenty seconds: healthy, then a deploy that loses the Twilio settings.

    python -m examples.shop.demo --dsn DSN

The DSN comes from `sentinel dsn shop`, or from the environment variable SENTRY_DSN. Shop and
Twilio's stand-in listen on loopback ports of their own choice, and end with this program.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_REQUESTS = 1000
START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
# The one account that the stand-in knows, see fake_twilio.py.
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "f" * 32}


@contextmanager
def running(
    application: str, listener: socket.socket, environment: dict[str, str]
) -> Iterator[None]:
    """A server process on `listener`, stopped at the end."""
    descriptor = listener.fileno()
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.shop", application, str(descriptor)],
        cwd=ROOT,
        env=environment,
        pass_fds=[descriptor],
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tell_of_deploy(dsn: str) -> None:
    """What the last step of a pipeline does: `sentinel change deploy …`."""
    sentinel = Path(sys.executable).with_name("sentinel")
    where = ["--service", "shop", "--environment", "production", "--release", "shop@1.4.2"]
    subprocess.run(
        [sentinel, "change", "deploy", *where, "--summary", "shop@1.4.2"],
        env=os.environ | {"SENTINEL_DSN": dsn},
        stdout=subprocess.DEVNULL,
        check=True,
    )


class Customers:
    """Alice and Bob, ordering at random from both shops."""

    def __init__(self, shop: str, rate: float) -> None:
        self._shop = shop
        self._pause = 1 / rate
        self._random = random.Random(42)
        self._requests = 0
        self.answers: Counter[int] = Counter()

    def wait_until_open(self) -> None:
        self._request("/healthz", timeout=START_TIMEOUT)

    def shop_for(self, seconds: float) -> Counter[int]:
        """Requests at the given rate. Gives the number of answers by status."""
        self.answers = Counter()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._requests < MOST_REQUESTS:
            self._requests += 1
            self._visit()
            time.sleep(self._pause)
        return self.answers

    def _visit(self) -> None:
        tenant = self._random.choice(("acme", "globex"))
        self._request(f"/{tenant}")
        order = {
            "customer": self._random.choice(("alice", "bob")),
            "product": self._random.choice(("tea", "coffee", "cake")),
        }
        status, title = self._request(f"/{tenant}/orders", order)
        if status == 201 and self._random.random() < 0.3:
            self._request(f"/{tenant}/orders/{title.split()[-1]}/confirmation", {})

    def _request(
        self, path: str, form: dict[str, str] | None = None, timeout: float = 10.0
    ) -> tuple[int, str]:
        """Status and title of the page."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(self._shop + path, body, timeout) as answer:
                status, page = answer.status, answer.read().decode()
        except urllib.error.HTTPError as problem:
            with problem:
                status, page = problem.code, problem.read().decode()
        self.answers[status] += 1
        return status, page.partition("<title>")[2].partition("</title>")[0]


def say(text: str) -> None:
    print(text, flush=True)


def told(answers: Counter[int]) -> str:
    return ", ".join(f"{count} times HTTP {status}" for status, count in sorted(answers.items()))


def run(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-"))
        shop = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        twilio = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{shop.getsockname()[1]}"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TWILIO_")}
        environment = clean | {
            "SENTRY_DSN": options.dsn,
            "SHOP_DATABASE": str(Path(folder) / "shop.sqlite"),
            "TWILIO_BASE_URL": f"http://127.0.0.1:{twilio.getsockname()[1]}",
        }
        customers = Customers(url, options.rate)
        stack.enter_context(running("examples.shop.fake_twilio:app", twilio, clean))
        release = {"SHOP_RELEASE": "shop@1.4.1"}
        with running("examples.shop.app:app", shop, environment | TWILIO | release):
            customers.wait_until_open()
            say(f"shop@1.4.1 is open at {url}; Alice and Bob order from Acme and Globex.")
            say(f"  {told(customers.shop_for(options.healthy))}")
        say("Deploying shop@1.4.2. Its environment lacks TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
        tell_of_deploy(options.dsn)
        release = {"SHOP_RELEASE": "shop@1.4.2"}
        with running("examples.shop.app:app", shop, environment | release):
            customers.wait_until_open()
            say("shop@1.4.2 is open. Orders are taken, but nobody gets an SMS any more.")
            say(f"  {told(customers.shop_for(options.failing))}")
    say(
        "\nThe shop is closed. What Sentinel made of it:\n"
        f"  what is broken now   {options.sentinel_url}/\n"
        f"  the errors           {options.sentinel_url}/errors\n"
        f"  who is told, and why {options.sentinel_url}/incidents\n"
        "Look for TWILIO_API_FAILURE: first seen in shop@1.4.2, it is the cause; the failed SMS,\n"
        "greetings and notifications are what it led to."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dsn", default=os.environ.get("SENTRY_DSN"))
    parser.add_argument("--sentinel-url", default="http://127.0.0.1:8420")
    parser.add_argument("--healthy", type=float, default=5.0, help="seconds before the deploy")
    parser.add_argument("--failing", type=float, default=12.0, help="seconds after the deploy")
    parser.add_argument("--rate", type=float, default=4.0, help="orders a second")
    options = parser.parse_args()
    if not options.dsn:
        parser.error("no DSN found: give --dsn or SENTRY_DSN; `sentinel dsn shop` prints one")
    try:
        run(options)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
