"""Alerts of Prometheus, in the shapes that Alertmanager and Prometheus send."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.api import (
    Credentials,
    Intake,
    Invalid,
    Metric,
    Receiver,
    Request,
    Status,
    TooLarge,
    Unauthorized,
)
from sentinel.ingest import alertmanager
from sentinel.ingest.alertmanager import AlertmanagerReceiver, PrometheusReceiver, component_of

BEGAN, ENDED = 1_767_261_600.0, 1_767_262_500.0
LABELS = {
    "alertname": "HostDown",
    "instance": "web-1:9100",
    "severity": "critical",
    "tenant": "acme",
    "environment": "production",
    "service": "shop",
    "host": "web-1",
}
FIRING: dict[str, Any] = {
    "status": "firing",
    "labels": LABELS,
    "annotations": {"summary": "web-1 does not answer", "runbook_url": "https://wiki.example.com"},
    "startsAt": "2026-01-01T10:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus.example.com/graph?g0.expr=up+%3D%3D+0",
    "fingerprint": "3a1f5ac61b0ffb0b",
}
RESOLVED = {**FIRING, "status": "resolved", "endsAt": "2026-01-01T10:15:00Z"}
HOOK: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="HostDown"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "sentinel",
    "groupLabels": {"alertname": "HostDown"},
    "commonLabels": LABELS,
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.com",
    "alerts": [FIRING],
}
RECEIVERS = (AlertmanagerReceiver(), PrometheusReceiver())


def request(body: bytes = b"", **fields: Any) -> Request:
    return Request(**{"path": {}, "query": {}, "headers": {}, "body": body, **fields})


def hook(*alerts: Any) -> Intake:
    body = json.dumps({**HOOK, "alerts": list(alerts)}).encode()
    return AlertmanagerReceiver().decode(request(body))


def pushed(*alerts: Any, now: float = ENDED) -> Intake:
    receiver = PrometheusReceiver(lambda: now)
    return receiver.decode(request(json.dumps(list(alerts)).encode()))


def signals(intake: Intake) -> tuple[Status, Metric]:
    status, metric = intake.items
    assert isinstance(status, Status)
    assert isinstance(metric, Metric)
    return status, metric


def basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize("receiver", RECEIVERS, ids=lambda receiver: receiver.name)
@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"authorization": "Bearer abc"}},
        {"headers": basic("prometheus:abc")},
        {"headers": basic("abc:")},
        {"query": {"key": "abc"}},
    ],
)
def test_the_key_is_found_in_every_form(receiver: Receiver, given: dict[str, Any]) -> None:
    assert receiver.credentials(request(**given)) == Credentials(None, "abc")


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Basic /w==", "Bearer ", "Other abc"])
def test_a_request_without_a_key_is_refused(header: str) -> None:
    with pytest.raises(Unauthorized):
        AlertmanagerReceiver().credentials(request(headers={"authorization": header}))


def test_an_alert_that_fires_is_a_component_that_is_down_and_a_metric_of_one() -> None:
    status, metric = signals(hook(FIRING))
    assert (status.status, status.message) == ("down", "web-1 does not answer")
    assert (metric.name, metric.value) == ("alert.firing", 1.0)
    assert status.at == metric.at == pytest.approx(BEGAN, abs=1)


def test_an_alert_that_is_over_is_up_and_zero_from_when_it_ended() -> None:
    status, metric = signals(hook(RESOLVED))
    assert (status.status, status.message, metric.value) == ("up", "", 0.0)
    assert status.at == metric.at == ENDED


def test_labels_of_known_names_are_fields_and_all_are_tags() -> None:
    for signal in signals(hook(FIRING)):
        found = (signal.tenant, signal.environment, signal.service, signal.host)
        assert found == ("acme", "production", "shop", "web-1")
        assert signal.tags == {**LABELS, **FIRING["annotations"]}


@pytest.mark.parametrize(
    ("severity", "health"),
    [
        ("critical", "down"),
        ("PAGE", "down"),
        ("warning", "degraded"),
        ("none", "up"),
        ("", "degraded"),
    ],
)
def test_the_severity_says_how_unwell_a_component_is(severity: str, health: str) -> None:
    status, metric = signals(hook({**FIRING, "labels": {**LABELS, "severity": severity}}))
    assert (status.status, metric.value) == (health, 1.0)


def test_what_is_told_again_has_no_id_so_that_it_refreshes() -> None:
    assert [item.id for item in hook(FIRING, FIRING).items] == ["", "", "", ""]


def test_firing_and_resolved_are_of_the_same_component() -> None:
    assert signals(hook(FIRING))[0].component == signals(hook(RESOLVED))[0].component


def test_a_component_is_written_as_a_series() -> None:
    labels = {"job": "node", "alertname": "HostDown", "instance": "a"}
    assert component_of(labels) == 'HostDown{instance="a",job="node"}'
    assert component_of({"alertname": "HostDown"}) == "HostDown"
    assert component_of({"job": "node"}) == 'alert{job="node"}'


def test_long_components_stay_apart() -> None:
    names = {component_of({"alertname": "A", "text": "x" * 300 + end}) for end in "ab"}
    assert len(names) == 2
    assert {len(name) for name in names} == {200}


def test_both_ways_give_the_same_signals() -> None:
    plain = {key: FIRING[key] for key in ("labels", "annotations", "startsAt")}
    assert pushed({**plain, "endsAt": "2026-01-01T10:19:00Z"}).items == hook(FIRING).items


@pytest.mark.parametrize(
    ("end", "now", "value"),
    [
        ("2026-01-01T10:15:00Z", ENDED - 1, 1.0),
        ("2026-01-01T10:15:00Z", ENDED, 0.0),
        ("0001-01-01T00:00:00Z", ENDED, 1.0),
        (None, ENDED, 1.0),
    ],
)
def test_what_prometheus_sends_fires_until_its_end(
    end: str | None, now: float, value: float
) -> None:
    alert = {"labels": LABELS, "startsAt": FIRING["startsAt"], "endsAt": end}
    assert signals(pushed(alert, now=now))[1].value == value


def test_no_alerts_are_no_signals() -> None:
    assert (hook().items, hook().reply) == ([], {"alerts": 0})
    assert pushed().items == []


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (5, "alerts[0]: found a number, expected an alert: an object"),
        ({**FIRING, "status": "odd"}, "alerts[0].status: found 'odd', expected firing or resolved"),
        ({**FIRING, "status": None}, "alerts[0].status: found null"),
        ({**FIRING, "status": ["firing"]}, "alerts[0].status: found an array"),
        ({**FIRING, "labels": {}}, "alerts[0].labels: found none"),
        ({**FIRING, "labels": {"": "a", "b": ""}}, "alerts[0].labels: found none"),
        ({**FIRING, "labels": ["a"]}, "alerts[0].labels: found an array"),
        ({**FIRING, "labels": {"a": 1}}, "alerts[0].labels.a: found a number, expected a string"),
        ({**FIRING, "annotations": "a"}, "alerts[0].annotations: found a string"),
        ({**FIRING, "labels": dict.fromkeys(map(str, range(101)), "a")}, "at most 100"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(alert: Any, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        hook(alert)
    assert said in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"alerts": {}}', b"\xff", b"[" * 5000])
def test_a_hook_that_is_no_group_of_alerts_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        AlertmanagerReceiver().decode(request(body))


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[5]", b'[{"labels": 5}]'])
def test_a_push_that_is_no_list_of_alerts_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        PrometheusReceiver().decode(request(body))


def test_too_many_alerts_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alertmanager, "MAX_ALERTS", 1)
    with pytest.raises(Invalid, match="max_alerts"):
        hook(FIRING, FIRING)


@pytest.mark.parametrize("receiver", RECEIVERS, ids=lambda receiver: receiver.name)
def test_too_large_a_body_is_refused(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alertmanager, "MAX_BODY", 1)
    with pytest.raises(TooLarge):
        receiver.decode(request(b"[]"))


def test_long_texts_are_cut() -> None:
    long = {"summary": "x" * 5_000}
    status, metric = signals(hook({**FIRING, "annotations": long}))
    assert len(status.message) == 2_000
    assert len(metric.tags["summary"]) == 2_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved"]) | json_values,
        "labels": st.dictionaries(st.text(max_size=5), st.text(max_size=5)) | json_values,
        "annotations": json_values,
        "startsAt": st.text(max_size=30) | json_values,
        "endsAt": st.just("0001-01-01T00:00:00Z") | json_values,
    },
)


@given(st.lists(nearly | json_values, max_size=3))
def test_whatever_comes_is_taken_or_refused(alerts: list[Any]) -> None:
    body = json.dumps(alerts).encode()
    with contextlib.suppress(Invalid):
        PrometheusReceiver(lambda: ENDED).decode(request(body))
    with contextlib.suppress(Invalid):
        AlertmanagerReceiver().decode(request(b'{"alerts": %s}' % body))


async def test_the_receivers_are_served_at_their_paths(
    pipeline: Any, request_to: Any, key: str
) -> None:
    app = pipeline.app(AlertmanagerReceiver(), PrometheusReceiver())
    bearer = {"authorization": f"Bearer {key}"}
    body = json.dumps(HOOK).encode()
    reply = await request_to(app, "/api/v1/alertmanager/webhook", body, headers=bearer)
    assert (reply.status, reply.body) == (200, {"alerts": 1})
    reply = await request_to(app, "/api/v2/alerts", b"[]", headers=basic(f"prometheus:{key}"))
    assert reply.status == 200
    assert len(pipeline.accepted) == 2
