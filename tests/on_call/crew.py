"""A small installation: Alice and Bob take turns, and have an office between them."""

from datetime import UTC, datetime
from pathlib import Path

from sentinel.config.loader import load_config
from sentinel.config.model import Config
from sentinel.plugins import load

MAIN = """
rules_dir: rules
timezone: Europe/London
channels:
  mail: {type: email, host: localhost, sender: sentinel@example.com}
  console: {type: console}
people:
  alice: {email: alice@example.com}
  carol: {}
  bob: {email: bob@example.com, quiet: {from: "22:00", until: "07:00", except: critical}}
"""
RULES = """
rules:
  - {alert: Broken, on: error}
routes:
  - name: default
    escalation: platform
    routes:
      - {name: nights, matchers: [severity=info], mute_time_intervals: [night]}
      - {name: days, matchers: [severity=warning], active_time_intervals: [day]}
time_intervals:
  - {name: night, time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]}
  - {name: day, time_intervals: [{times: [{start_time: "09:00", end_time: "17:00"}]}]}
schedules:
  - name: primary
    layers: [{every: 1w, handoff: "Mon 09:00", people: [alice, bob], start: 2026-01-05}]
  - name: office
    layers: [{every: 1w, people: [alice], during: [day]}]
maintenance:
  - {name: database, matchers: [component=db], from: "2026-11-26T22:00", until: "2026-11-26T23:30"}
  - {name: gone, matchers: [component=db], from: "2026-11-20T22:00", until: "2026-11-20T23:30"}
escalations:
  - name: platform
    steps:
      - notify: [schedule:primary, channel:console]
      - {after: 5m, notify: [bob, schedule:office]}
    repeat: 2
    ack_timeout: 1h
"""


def config_of(folder: Path, main: str = MAIN, rules: str = RULES) -> Config:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(main)
    registry, _ = load(None)
    found, problems = load_config(folder / "sentinel.yaml", registry, {}, at("2026-11-26 10:00"))
    assert found is not None, [str(problem) for problem in problems]
    return found


def at(text: str) -> float:
    """In UTC, which London has in November."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
