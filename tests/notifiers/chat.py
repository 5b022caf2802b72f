"""Messages as the chats get them, with text from outside that would like to be more than text."""

import os
from pathlib import Path
from typing import Any

import msgspec

from sentinel.api import Choice, Message, Reason
from sentinel.testing.clock import FakeClock

GOLDEN = Path(__file__).parent / "golden_chats"
HOSTILE = (
    "<!channel> @everyone <@U1> </b><script>&amp; ``` *bold* [click](http://evil.example) "
    "\u202egpj.exe\r\nBcc: all"
)
TOKENS = {
    verb: f"a-token-that-is-too-long-for-a-button-{verb}-{'s1gned' * 6}"
    for verb in ("acknowledge", "resolve", "escalate")
}
_SUBJECTS: dict[str, str] = {
    "firing": "[critical] SMS_DELIVERY_FAILURE · acme · production",
    "cause_found": "Cause found: deploy 1.4.2 · production",
    "acknowledged": "bob has it: SMS_DELIVERY_FAILURE · acme",
    "resolved": "Resolved: SMS_DELIVERY_FAILURE · acme · production",
    "reminder": "Reminder: [critical] SMS_DELIVERY_FAILURE · acme",
    "test": "Test message from Sentinel",
    "drill": "Fire drill: nothing is broken",
}
REASONS: tuple[Reason, ...] = (
    "firing",
    "cause_found",
    "acknowledged",
    "resolved",
    "test",
    "drill",
)


class NotingClock(FakeClock):
    """`pauses` are all that was asked for, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await super().sleep(seconds)


def told(reason: Reason = "firing", *, to: str = "", previous: str = "") -> Message:
    """What a channel is told for this reason, with everything that can be hostile being so."""
    subject = _SUBJECTS[reason]
    about_none = reason in ("test", "drill")
    incident = "/incidents/7"
    return Message(
        key=f"ab12-{reason}",
        to=to,
        reason=reason,
        severity="critical",
        subject=subject,
        text="This is a message from Sentinel.\n\nThere is nothing to do.\n",
        thread="" if about_none else "ab12-incident-7",
        url=f"https://sentinel.example.com{'' if about_none else incident}",
        payload={"version": 1, "data": {} if about_none else _data(reason)},
        choices=() if about_none or reason == "resolved" else choices(),
        previous=previous,
        incident=None if about_none else 7,
    )


def choices() -> tuple[Choice, ...]:
    return tuple(
        Choice(
            verb=verb,  # type: ignore[arg-type]
            label=verb.capitalize(),
            token=token,
            url=f"https://sentinel.example.com/a/{token}",
        )
        for verb, token in TOKENS.items()
    )


def _data(reason: Reason) -> dict[str, Any]:
    state = {"acknowledged": "acknowledged", "resolved": "resolved"}.get(reason, "open")
    return {
        "summary": f"3 tenants affected since 12:00 UTC. {HOSTILE}",
        "do": "" if reason in ("acknowledged", "resolved") else f"Read the message log. {HOSTILE}",
        "incident": {
            "id": 7,
            "title": "Twilio is down",
            "state": state,
            "tenant": "acme",
            "environment": "production",
            "opened": "2026-11-21T12:00:00Z",
            "acknowledged_by": "bob" if state == "acknowledged" else None,
            "acknowledged_until": "2026-11-21T13:01:00Z" if state == "acknowledged" else None,
            "duration_seconds": 4500.0 if state == "resolved" else None,
            "cause": HOSTILE if reason == "cause_found" else None,
        },
        "impact": {"events": 41},
        "error": {"message": f"HTTP 401 {HOSTILE}", "service": "worker"},
        "cascades": [{"name": "QueueLong"}],
        "changes": [{"kind": "deploy", "release": HOSTILE, "service": "shop"}],
        "probable_causes": [{"name": "TWILIO_DOWN", "confidence": "likely", "own": False}],
        "last_fix": {"text": HOSTILE},
        "others": [
            {"title": HOSTILE, "url": "https://sentinel.example.com/incidents/8"},
            {"title": "one that has no page", "url": "javascript:alert(1)"},
        ],
    }


def matches_golden(name: str, content: Any) -> bool:
    """The golden files are read by people: change them on purpose, with `SENTINEL_GOLDEN=write`,
    and look at the difference."""
    path = GOLDEN / f"{name}.json"
    written = msgspec.json.format(msgspec.json.encode(content), indent=2).decode() + "\n"
    if os.environ.get("SENTINEL_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(written)
    return path.read_text() == written
