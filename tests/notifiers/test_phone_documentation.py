"""docs/phone.md says what is, and its configuration is accepted."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from sentinel.api import Verb
from sentinel.model.values import to_record
from sentinel.notifiers import voice
from sentinel.notifiers._twilio_account import _PASSING, _UNREACHABLE
from sentinel.notifiers.pagerduty import PagerDutyParams
from sentinel.notifiers.sms import SmsParams
from sentinel.notifiers.voice import Voice, VoiceParams
from sentinel.notifiers.webpush import WebPushParams
from sentinel.push import StoredDevices

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/phone.md").read_text()
PARAMS: dict[str, Any] = {
    "sms": SmsParams,
    "voice": VoiceParams,
    "pagerduty": PagerDutyParams,
    "webpush": WebPushParams,
}
_STANDS_IN = {"routing_key": "0" * 32}
_COMMON = {"type", "fallback"}


def channels() -> list[tuple[str, dict[str, Any]]]:
    snippets = re.findall(r"^ *```yaml\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    read = [yaml.safe_load(text) for text in snippets]
    return [(one["type"], one) for data in read for one in data["channels"].values()]


@pytest.mark.parametrize(("type", "given"), channels(), ids=lambda one: str(one)[:12])
def test_each_configuration_is_accepted(type: str, given: dict[str, Any]) -> None:
    params = {name: value for name, value in given.items() if name not in _COMMON}
    to_record(PARAMS[type], {**params, **{k: v for k, v in _STANDS_IN.items() if k in params}})


def test_every_channel_has_its_configuration() -> None:
    assert {type for type, _ in channels()} == PARAMS.keys()


@pytest.mark.parametrize("verb", get_args(Verb))
def test_every_key_of_a_call_is_documented(verb: Verb) -> None:
    key = voice._KEYS.get(verb)
    assert key is None or re.search(rf"\b{key} {verb}s\b", PAGE)


def test_what_a_call_is_made_for_is_documented() -> None:
    assert {
        reason for reason in Voice.capabilities.only or () if f"`{reason}`" not in PAGE
    } == set()


def test_the_codes_that_are_named_mean_what_is_said_of_them() -> None:
    refused = next(line for line in PAGE.splitlines() if "other refusals of the number" in line)
    passing = next(line for line in PAGE.splitlines() if "20003 (sign-in)" in line)
    assert {int(code) for code in re.findall(r"\b\d{5}\b", refused)} <= _UNREACHABLE
    assert {int(code) for code in re.findall(r"\b\d{5}\b", passing)} <= _PASSING


def test_devices_are_as_the_plugin_guide_says() -> None:
    guide = (ROOT / "docs/plugins.md").read_text()
    methods = [name for name in vars(StoredDevices) if not name.startswith("_")]
    assert [name for name in methods if f"`{name}(" not in guide] == []
