"""Kills the daemon while it tells many clients: each hears, and hardly any twice."""

from collections import Counter
from random import Random

import pytest

from tests.e2e.connection import event, send_once
from tests.e2e.polling import until
from tests.e2e.world import World

# Sends that a channel has under way at most.
AT_ONCE = 8
RULES = """
rules:
  - alert: SmsFailing
    on: error
    timeframe: 1h
    labels: {severity: info}
broadcasts:
  - name: sms
    when: {alert: SmsFailing}
    title: Text messages are delayed
    audience: all
    publish: auto
    messages: {investigating: "They arrive late."}
"""


def test_three_kills_leave_none_of_two_thousand_clients_out(world: World) -> None:
    prove(world, clients=2_000, kills=3)


@pytest.mark.soak
def test_twenty_kills_leave_none_of_ten_thousand_clients_out(world: World) -> None:
    prove(world, clients=10_000, kills=20)


def prove(world: World, clients: int, kills: int) -> None:
    addresses = [f"client{number}@acme.example" for number in range(clients)]
    contacts = "".join(f"\n      - {{name: {one}, email: {one}}}" for one in addresses)
    world.configure(
        RULES,
        f"\nclients: {{channels: {{email: mail}}}}\ntenants:\n  acme:\n    contacts:{contacts}\n",
    )
    world.daemon.start()
    assert send_once(world.daemon.dsn(), event("SMS_DELIVERY_FAILURE")).status == 200
    random = Random(kills)
    for kill in range(kills):
        wanted = clients * (kill + random.uniform(0.1, 0.9)) / (kills + 1)
        until(lambda wanted=wanted: len(told(world)) >= wanted, "some clients are told", 60)
        world.daemon.kill()
        world.daemon.start()
    until(lambda: len(set(told(world))) == clients, "all clients are told", 120)
    world.wait_sent()
    heard = Counter(told(world))
    assert set(heard) == set(addresses)
    # What was under way when it died may have been taken, and is sent again.
    assert heard.total() - clients <= kills * AT_ONCE
    assert world.daemon.ask("SELECT told FROM updates") == [(clients,)]
    world.assert_sound()


def told(world: World) -> list[str]:
    return [one.recipients[0] for one in list(world.mailbox.mails)]
