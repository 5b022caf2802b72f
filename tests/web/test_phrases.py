"""Every word that a record can hold has its words on the pages."""

import re
from pathlib import Path
from typing import get_args

import pytest

from sentinel import engine
from sentinel.model.decision import Verb
from sentinel.model.delivery import Reason
from sentinel.web.phrases import PHRASES

ENGINE = Path(engine.__path__[0])
_DECIDED = re.compile(r'decide\(\s*"[a-z_]+",\s*"([a-z_]+)"')
_GATES = re.compile(r'Gate\(\s*"([a-z_]+)"')


@pytest.mark.parametrize("verb", get_args(Verb))
def test_every_verb_of_a_decision_has_words(verb: str) -> None:
    assert verb in PHRASES["verb"]


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_of_a_message_has_words(reason: str) -> None:
    assert reason in PHRASES["reason"]


def test_every_reason_of_a_decision_has_words() -> None:
    code = "\n".join(path.read_text() for path in ENGINE.glob("*.py"))
    decided, gates = set(_DECIDED.findall(code)), set(_GATES.findall(code))
    assert {"no_route", "nobody", "correlation", "expired"} <= decided
    assert gates >= {"muted", "silenced", "maintenance", "inhibited"}
    assert decided | gates <= set(PHRASES["because"])
    assert gates <= set(PHRASES["unsent"])
