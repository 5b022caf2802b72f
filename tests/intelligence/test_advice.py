"""What to do first."""

from typing import Any

import pytest
from tests.intelligence.report_facts import catalog

from sentinel.intelligence.advice import advice
from sentinel.model.cause import Candidate

ENTRIES = catalog().entries
SMS, TWILIO = ENTRIES["SMS_DELIVERY_FAILURE"], ENTRIES["TWILIO_API_FAILURE"]


def suspected(kind: Any, name: str) -> Candidate:
    return Candidate(kind=kind, name=name, score=0.8, reasons=())


@pytest.mark.parametrize(
    ("known", "steps"),
    [
        ({"entry": SMS}, list(SMS.fix)),
        (
            {
                "entry": SMS,
                "suspect": suspected("code", "TWILIO_API_FAILURE"),
                "behind": TWILIO,
            },
            [
                "Look at TWILIO_API_FAILURE, which is probably the cause: Compare the "
                "credentials with the account's.",
                *SMS.fix,
            ],
        ),
        (
            {"suspect": suspected("change", "deploy of api"), "otherwise": "Open it."},
            ["Look at deploy of api, which is probably the cause, and take it back if you can."],
        ),
        (
            {"entry": SMS, "suspect": suspected("component", "db")},
            ["Look at db, which is probably the cause.", *SMS.fix],
        ),
        (
            {"entry": SMS, "cause": "deploy of api"},
            [
                "Look at deploy of api, which seems to be the cause, and take it back if you can.",
                *SMS.fix,
            ],
        ),
        ({"otherwise": "Open it."}, ["Open it."]),
    ],
)
def test_what_is_probably_behind_it_comes_before_the_catalogs_own_steps(
    known: dict[str, Any], steps: list[str]
) -> None:
    assert advice(**{"entry": None, **known}) == steps
