"""What the built-in ranker makes of the evidence."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sentinel.api import (
    Candidate,
    Change,
    ComponentFact,
    Evidence,
    Past,
    Symptom,
)
from sentinel.intelligence.causes import combine, suspect
from sentinel.rankers.evidence import EvidenceRanker
from sentinel.testing.contracts import RankerContract
from sentinel.testing.evidence import BEGAN, a_symptom, an_incident
from tests.effort import examples

SMS, GREETING, NOTIFY = "SMS_DELIVERY_FAILURE", "TWILIO_GREETING_FAILURE", "NOTIFICATION_FAILURE"
TWILIO, DNS, HEALTH = "TWILIO_API_FAILURE", "DNS_RESOLUTION_FAILED", "HEALTH_CRITICAL"
THREE = frozenset({SMS, GREETING, NOTIFY})
EFFECTS: Mapping[str, frozenset[str]] = {
    TWILIO: THREE | {HEALTH},
    DNS: THREE | {HEALTH, TWILIO, "MAIL_FAILURE", "PAYMENT_FAILURE", "WEBHOOK_FAILURE"},
}


def ranked(**evidence: Any) -> tuple[Candidate, ...]:
    values: dict[str, Any] = {
        "incident": an_incident(SMS),
        "symptoms": (a_symptom(SMS),),
        "effects": EFFECTS,
        **evidence,
    }
    return combine(EvidenceRanker().rank(Evidence(**values)))


def named(found: tuple[Candidate, ...], name: str) -> Candidate | None:
    return next((one for one in found if one.name == name), None)


def three_fail() -> tuple[Symptom, ...]:
    return (
        a_symptom(SMS),
        a_symptom(GREETING, incident=2, began=BEGAN + 3),
        a_symptom(NOTIFY, incident=3, began=BEGAN + 9),
    )


class TestEvidenceRanker(RankerContract):
    def ranker(self) -> Any:
        return EvidenceRanker()

    def evidence(self) -> Evidence:
        return Evidence(
            incident=an_incident(SMS),
            symptoms=three_fail(),
            effects=EFFECTS,
            changes=(Change(kind="deploy", service="shop", at=BEGAN - 60),),
            components=(ComponentFact(name="db", state="down", since=BEGAN - 9),),
        )


def test_an_alert_that_stands_alone_is_a_possible_cause_of_itself() -> None:
    (only,) = ranked()
    assert (only.name, only.own, only.confidence) == (SMS, True, "possible")
    assert suspect(ranked()) is None


def test_a_root_that_began_before_its_effects_is_likely() -> None:
    symptoms = (
        a_symptom(TWILIO),
        *(a_symptom(code, began=BEGAN + 12) for code in (SMS, GREETING, NOTIFY)),
    )
    first = ranked(incident=an_incident(TWILIO), symptoms=symptoms)[0]
    assert (first.name, first.confidence) == (TWILIO, "likely")
    assert "it began 12 s before the first of the 3 effects" in first.reasons


def test_a_root_that_showed_after_its_effect_is_less_sure() -> None:
    early = ranked(
        incident=an_incident(TWILIO),
        symptoms=(a_symptom(TWILIO), a_symptom(SMS, began=BEGAN + 5)),
    )
    late = ranked(
        incident=an_incident(TWILIO),
        symptoms=(a_symptom(TWILIO, began=BEGAN + 5), a_symptom(SMS)),
    )
    assert early[0].score > late[0].score
    assert "it began 5 s after its effect" in late[0].reasons


def test_a_root_that_showed_after_three_effects_is_likely_all_the_same() -> None:
    first = ranked(
        incident=an_incident(TWILIO),
        symptoms=(
            a_symptom(TWILIO, began=BEGAN + 40),
            *(a_symptom(code) for code in (SMS, GREETING, NOTIFY)),
        ),
    )[0]
    assert (first.name, first.confidence) == (TWILIO, "likely")
    assert "it began 40 s after the first of the 3 effects" in first.reasons


def test_an_effect_of_the_root_is_no_candidate() -> None:
    symptoms = (a_symptom(TWILIO), a_symptom(SMS))
    assert named(ranked(incident=an_incident(TWILIO), symptoms=symptoms), SMS) is None


def test_three_dependants_that_fail_at_once_name_the_silent_one_that_they_share() -> None:
    found = ranked(symptoms=three_fail())
    assert found[0].name == TWILIO
    assert found[0].confidence == "likely"
    assert not found[0].reported
    assert (
        "3 of its 4 dependants fail at once though it reports nothing: a shared dependency"
        in found[0].reasons
    )
    assert suspect(found) == found[0]


def test_what_an_incident_was_folded_for_is_likely_however_much_depends_on_it() -> None:
    many = {TWILIO: THREE | {f"OTHER_{number}" for number in range(30)}}
    own = tuple(replace(one, incident=1) for one in three_fail())
    assert suspect(ranked(symptoms=own, effects=many)) is None
    folded = replace(an_incident(SMS), suspect=TWILIO)
    found = suspect(ranked(incident=folded, symptoms=own, effects=many))
    assert found is not None
    assert (found.name, found.reported) == (TWILIO, False)


def test_what_an_incident_was_folded_for_is_named_when_little_of_it_is_left() -> None:
    found = ranked(incident=replace(an_incident(SMS), suspect=TWILIO))
    assert [one.name for one in found] == [TWILIO]
    assert "all that fails in the incident depends on it" in found[0].reasons


@pytest.mark.parametrize(
    "symptoms",
    [
        three_fail()[:2],
        (*three_fail()[:2], a_symptom(NOTIFY, incident=3, began=BEGAN + 301)),
        (*three_fail()[:2], a_symptom(SMS, incident=3, began=BEGAN + 9, tenant="globex")),
    ],
    ids=["two", "the third too late", "one of them twice"],
)
def test_fewer_than_three_at_once_name_nobody(symptoms: tuple[Symptom, ...]) -> None:
    assert named(ranked(symptoms=symptoms), TWILIO) is None


def test_of_two_shared_dependencies_the_one_behind_the_other_is_not_named() -> None:
    assert named(ranked(symptoms=three_fail()), DNS) is None


def test_near_dependants_are_counted_among_the_near_ones() -> None:
    direct = {TWILIO: (SMS, GREETING, NOTIFY)}
    found = named(ranked(symptoms=three_fail(), direct=direct), TWILIO)
    assert found is not None
    assert found.reasons[0].startswith("3 of its 3 dependants fail at once")


def test_three_dependants_count_though_one_of_them_explains_another() -> None:
    effects = {**EFFECTS, NOTIFY: frozenset({SMS})}
    assert named(ranked(symptoms=three_fail(), effects=effects), TWILIO) is not None


def test_three_dependants_of_which_one_explains_the_rest_name_nobody() -> None:
    effects = {**EFFECTS, NOTIFY: frozenset({SMS, GREETING})}
    assert named(ranked(symptoms=three_fail(), effects=effects), TWILIO) is None


def test_what_a_firing_cause_explains_points_to_nothing_behind_it() -> None:
    symptoms = (a_symptom(TWILIO), *(a_symptom(code) for code in sorted(THREE)))
    assert named(ranked(incident=an_incident(TWILIO), symptoms=symptoms), DNS) is None


def test_a_dependency_that_shares_but_the_effects_of_a_firing_cause_is_not_named() -> None:
    effects = {**EFFECTS, "DATABASE": frozenset({SMS, GREETING, NOTIFY})}
    symptoms = (a_symptom(TWILIO), *(a_symptom(code) for code in sorted(THREE)))
    found = ranked(incident=an_incident(TWILIO), symptoms=symptoms, effects=effects)
    assert named(found, "DATABASE") is None


def test_errors_below_what_rules_alert_for_speak_for_their_code() -> None:
    found = named(ranked(seen={TWILIO: BEGAN - 4}), TWILIO)
    assert found is not None
    assert found.reported
    assert found.confidence == "possible"


def test_a_silent_cause_of_one_tenants_own_is_not_inferred_from_others() -> None:
    symptoms = tuple(
        a_symptom(code, incident=number, tenant=tenant)
        for number, (code, tenant) in enumerate(
            [(SMS, "acme"), (GREETING, "globex"), (NOTIFY, "globex")], 1
        )
    )
    incident = an_incident(SMS, tenant="acme")
    mixed = ranked(incident=incident, symptoms=symptoms, per_tenant=frozenset({TWILIO}))
    assert named(mixed, TWILIO) is None
    shared = ranked(incident=incident, symptoms=symptoms)
    assert named(shared, TWILIO) is not None


@pytest.mark.parametrize(("tenant", "is_named"), [("acme", True), (None, True), ("globex", False)])
def test_a_cause_in_another_incident_is_named_unless_it_is_another_tenants(
    tenant: str | None, is_named: bool
) -> None:
    found = ranked(
        incident=an_incident(SMS, tenant="acme"),
        symptoms=(
            a_symptom(SMS, tenant="acme"),
            a_symptom(TWILIO, incident=7, began=BEGAN - 40, tenant=tenant),
        ),
        per_tenant=frozenset({TWILIO}),
    )
    cause = named(found, TWILIO)
    assert (cause is not None) is is_named
    if cause:
        assert cause.reasons == ("it fires in incident 7, and began 40 s before it",)


def test_a_deploy_of_the_failing_service_just_before_is_likely() -> None:
    change = Change(kind="deploy", service="shop", release="1.4.2", at=BEGAN - 240, author="bob")
    found = ranked(symptoms=(a_symptom(SMS, services=("shop",)),), changes=(change,))
    assert (found[0].kind, found[0].name, found[0].title) == (
        "change",
        "deploy of shop",
        "shop 1.4.2",
    )
    assert found[0].confidence == "likely"
    assert "made by bob 4 min before it began" in found[0].reasons
    assert "it is a change of shop, where this fails" in found[0].reasons


def test_the_nearer_a_change_the_likelier() -> None:
    near, far = (
        named(ranked(changes=(Change(kind="deploy", at=BEGAN - before),)), "deploy of it")
        for before in (60.0, 3_000.0)
    )
    assert near
    assert far
    assert near.score > far.score


@pytest.mark.parametrize(
    ("change", "symptom"),
    [
        ({"tenant": "globex"}, {"tenant": "acme"}),
        ({"environment": "staging"}, {"environment": "production"}),
    ],
)
def test_a_change_elsewhere_is_no_candidate(
    change: dict[str, Any], symptom: dict[str, str]
) -> None:
    found = ranked(
        symptoms=(a_symptom(SMS, **symptom),),
        changes=(Change(kind="deploy", at=BEGAN - 60, **change),),
    )
    assert [one.kind for one in found] == ["code"]


def test_what_a_correlation_found_is_likely_and_the_incidents_own() -> None:
    change = Change(kind="deploy", summary="shop 1.4.2", at=BEGAN - 60)
    incident = an_incident(SMS, cause="deploy: shop 1.4.2")
    for changes in ((change,), ()):
        first = ranked(incident=incident, changes=changes)[0]
        assert (first.name, first.own, first.confidence) == ("deploy: shop 1.4.2", True, "likely")


def test_a_component_that_went_down_before_is_a_candidate_and_more_so_if_needed() -> None:
    down = ComponentFact(name="db", state="down", since=BEGAN - 30, message="no answer")
    alone = named(ranked(components=(down,)), "db")
    needed = named(
        ranked(
            symptoms=(a_symptom(SMS, services=("shop",)),),
            components=(down,),
            depends_on={"shop": ("db",)},
        ),
        "db",
    )
    assert alone
    assert needed
    assert needed.score > alone.score
    assert "it became down 30 s before the incident began" in alone.reasons
    assert "shop depends on it" in needed.reasons


@pytest.mark.parametrize(
    "fact",
    [
        {"state": "up"},
        {"state": "unknown"},
        {"since": BEGAN + 61},
        {"tenant": "globex"},
    ],
)
def test_a_component_out_of_question_is_none(fact: dict[str, Any]) -> None:
    values: dict[str, Any] = {"name": "db", "state": "down", "since": BEGAN - 30, **fact}
    found = ranked(incident=an_incident(SMS, tenant="acme"), components=(ComponentFact(**values),))
    assert named(found, "db") is None


def test_a_component_is_not_suspected_of_its_own_failure() -> None:
    down = ComponentFact(name="twilio", state="down", since=BEGAN - 9)
    own = a_symptom(None, services=("twilio",), subject="twilio")
    before = Past(incident=9, codes=(), fix="Restarted twilio", held=True, resolved=BEGAN - 9e5)
    known: Any = {"components": (down,), "past": (before,), "incident": an_incident(None)}
    found = ranked(symptoms=(own,), **known)
    assert (found[0].name, found[0].confidence, found[0].own) == ("twilio", "likely", True)
    assert suspect(found) is None
    error = a_symptom(SMS, services=("twilio",))
    assert suspect(ranked(symptoms=(error,), **known)) is not None


def test_three_components_in_trouble_name_the_silent_one_that_they_share() -> None:
    names = ("shop", "blog", "mail")
    facts = tuple(ComponentFact(name=name, state="down", since=BEGAN) for name in names)
    needs = dict.fromkeys((*names, "wiki"), ("db",))
    found = named(ranked(components=facts, depends_on=needs), "db")
    assert found is not None
    assert not found.reported
    assert found.reasons[0].startswith("3 of the 4 components that depend on it")


def past(fix: str | None, held: bool | None = True, code: str | None = SMS) -> Past:
    return Past(incident=90, code=code, codes=(SMS,), fix=fix, held=held, resolved=BEGAN - 9e5)


def test_what_fixed_it_before_speaks_for_what_the_fix_names() -> None:
    change = Change(kind="deploy", service="shop", at=BEGAN - 3_000)
    fixes = [past("Rolled back the shop"), past("rollback"), past("revert"), past("a restart")]
    without = named(ranked(changes=(change,)), "deploy of shop")
    with_it = named(ranked(changes=(change,), past=tuple(fixes)), "deploy of shop")
    assert without
    assert with_it
    assert with_it.score > without.score
    assert (
        "mending it is what helped 3 of 4 times before, and that held each time" in with_it.reasons
    )


def test_a_fix_that_did_not_hold_counts_for_little() -> None:
    held, broken = (
        named(ranked(seen={TWILIO: BEGAN}, past=(past("Rotated the Twilio token", how),)), TWILIO)
        for how in (True, False)
    )
    assert held
    assert broken
    assert held.score > broken.score


def test_a_cause_of_similar_incidents_is_likelier() -> None:
    found = named(ranked(symptoms=three_fail(), past=(past(None, code=TWILIO),) * 3), TWILIO)
    assert found is not None
    assert "it was the cause in 3 of 3 similar incidents before" in found.reasons


_codes = st.sampled_from([None, SMS, GREETING, NOTIFY, TWILIO, DNS, HEALTH, "OTHER"])
_tenants = st.sampled_from([None, "acme", "globex"])
_symptoms = st.builds(
    a_symptom,
    _codes,
    incident=st.integers(1, 3),
    began=st.floats(BEGAN - 400, BEGAN + 400),
    tenant=_tenants,
    services=st.sampled_from([(), ("shop",), ("shop", "db")]),
)
_facts = st.builds(
    ComponentFact,
    name=st.sampled_from(["shop", "db", "mail", "blog"]),
    state=st.sampled_from(["up", "degraded", "down", "unknown"]),
    since=st.floats(BEGAN - 9_000, BEGAN + 400),
)
_changes = st.builds(
    Change,
    kind=st.sampled_from(["deploy", "flag"]),
    summary=st.sampled_from(["", "shop 1"]),
    service=st.sampled_from([None, "shop"]),
    at=st.floats(BEGAN - 3_600, BEGAN),
)
_past = st.builds(past, st.sampled_from([None, "rolled back", "db", ""]), st.sampled_from([True]))


@given(
    st.lists(_symptoms, max_size=12),
    st.lists(_facts, max_size=5),
    st.lists(_changes, max_size=4),
    st.lists(_past, max_size=4),
)
@settings(max_examples=examples(150), deadline=None)
def test_whatever_the_evidence_the_answer_is_ordered_bounded_and_the_same_again(
    symptoms: list[Symptom], facts: list[ComponentFact], changes: list[Change], fixes: list[Past]
) -> None:
    values: dict[str, Any] = {
        "symptoms": tuple(symptoms),
        "components": tuple(facts),
        "changes": tuple(changes),
        "past": tuple(fixes),
        "depends_on": {"shop": ("db",), "mail": ("db",), "blog": ("db",)},
    }
    found = ranked(**values)
    assert found == ranked(**values)
    assert len(found) <= 5
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert all(one.reasons for one in found)
    assert len({(one.kind, one.name) for one in found}) == len(found)
