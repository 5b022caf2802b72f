"""A rule's own action in a real daemon: run once, whatever happens to the daemon meanwhile."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.connection import event, send_once
from tests.e2e.daemon import sentinel
from tests.e2e.polling import until
from tests.e2e.world import World

RULES = """
rules:
  - alert: Stuck
    on: error
    where: {code: WORKER_STUCK}
    timeframe: 1h
    labels: {severity: critical}
    remediate:
      action: restart
      verify: {after: 1s}
"""
# It notes that it began, and then takes as long as the second argument says.
SCRIPT = "import sys, time; open(sys.argv[1], 'a').write('began '); time.sleep(float(sys.argv[2]))"


def configure(world: World, lasts: float) -> Path:
    began = world.folder / "began"
    (world.folder / "restart.py").write_text(SCRIPT)
    command = ["/usr/bin/env", "python3", str(world.folder / "restart.py"), str(began), str(lasts)]
    action = f"actions:\n  restart:\n    type: command\n    command: {json.dumps(command)}\n"
    world.configure(RULES, f"{action}    allow_rules: true\n")
    return began


def decisions(world: World) -> list[tuple[Any, ...]]:
    query = "SELECT verb, reason FROM decisions WHERE verb LIKE 'action_%' ORDER BY id"
    return world.daemon.ask(query)


def send(world: World) -> None:
    assert send_once(world.daemon.dsn(), event("WORKER_STUCK")).status == 200


def test_what_does_not_help_is_told(world: World) -> None:
    began = configure(world, 0.0)
    world.daemon.start()
    send(world)
    until(lambda: len(decisions(world)) == 3, "the action was looked at")
    assert decisions(world) == [
        ("action_started", "remedy"),
        ("action_done", "succeeded"),
        ("action_no_help", "no_help"),
    ]
    assert began.read_text() == "began "
    assert act(world, "test:channel:inbox") == ("succeeded", 0)


def test_who_was_paged_hears_that_it_was_tried_in_vain(world: World) -> None:
    configure(world, 0.0)
    world.daemon.start()
    send(world)
    until(lambda: len(world.mailbox.mails) == 2, "Alice has both messages")
    subjects = sorted(str(mail.parsed["Subject"]) for mail in world.mailbox.mails)
    assert [one.partition(":")[0] for one in subjects] == [
        "Repair failed",
        "[critical] WORKER_STUCK",
    ]
    text = " ".join(" ".join(mail.part("plain") for mail in world.mailbox.mails).split())
    assert "Sentinel ran restart, which did not help: 1s after it ran" in text
    _, figures = world.daemon.get("/metrics")
    assert 'sentinel_action_runs_total{action="restart",outcome="succeeded"} 1.0' in figures


def test_the_proof_asks_the_probe_at_its_time_and_not_at_its_next_turn(world: World) -> None:
    configure(world, 0.0)
    probe = f"  - {{name: worker, type: http, url: {world.daemon.url}/healthz, interval: 1h}}\n"
    main = (world.folder / "sentinel.yaml").read_text()
    world.write("sentinel.yaml", f"{main}probes:\n{probe}http: {{allow_private: true}}\n")
    rules = (world.folder / "rules/default.yaml").read_text()
    world.write("rules/default.yaml", rules.replace("{after: 1s}", "{after: 1s, probe: worker}"))
    world.daemon.start()
    looks = "SELECT count(*) FROM signals WHERE kind = 'status'"
    until(lambda: world.daemon.ask(looks) == [(1,)], "the probe has looked at the start")
    send(world)
    until(lambda: len(decisions(world)) == 3, "the action was looked at")
    assert decisions(world)[-1] == ("action_done", "helped")
    assert world.daemon.ask(looks) == [(2,)]


def test_what_falls_due_while_nothing_runs_does_not_hinder_the_start(world: World) -> None:
    began = configure(world, 0.0)
    rules = (world.folder / "rules/default.yaml").read_text()
    world.write("rules/default.yaml", rules.replace("verify:", "after: 300ms\n      verify:"))
    world.daemon.start()
    send(world)
    world.daemon.kill()
    world.daemon.start()
    until(began.exists, "the action has begun")
    assert world.daemon.logged("a part has failed") == []


def test_a_kill_in_the_middle_runs_nothing_twice(world: World) -> None:
    began = configure(world, 600.0)
    world.daemon.start()
    send(world)
    until(began.exists, "the action has begun")
    world.daemon.kill()
    world.daemon.start()
    until(lambda: len(decisions(world)) == 2, "the engine has heard of it")
    assert decisions(world) == [("action_started", "remedy"), ("action_failed", "unknown")]
    assert world.daemon.ask("SELECT state FROM action_runs") == [("unknown",)]
    assert began.read_text() == "began "
    world.wait_sent()
    assert world.mailbox.mails
    world.assert_sound()


def test_the_daemon_reloads_and_looks_by_an_action(world: World) -> None:
    own = "actions:\n  again: {type: reload}\n  count: {type: rescan}\n"
    probe = f"probes:\n  - {{name: self, type: http, url: {world.daemon.url}/healthz}}\n"
    world.configure(RULES.partition("    remediate:")[0], own + probe)
    world.daemon.start()
    assert act(world, "count") == ("succeeded", 0)
    assert ("status",) in world.daemon.ask("SELECT DISTINCT kind FROM signals")
    assert act(world, "again") == ("succeeded", 0)
    world.write("rules/broken.yaml", "rules:\n  - {alert: Broken}\n")
    assert act(world, "again") == ("failed", 1)
    (text,) = world.daemon.ask("SELECT text FROM action_runs ORDER BY id DESC LIMIT 1")[0]
    assert "broken.yaml:2" in text


def act(world: World, name: str) -> tuple[str, int]:
    """The state of a run from the command line, and the exit status."""
    done = sentinel("action", "run", name, "--json", "--state-dir", world.daemon.state_dir)
    return json.loads(done.stdout)["state"], done.returncode
