"""A script stands in for systemctl, as systemd does not run where tests run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import ValidationError

from sentinel.api import Context, Metric, Probe, Status
from sentinel.probes.systemd_unit import SystemdUnitParams, SystemdUnitProbe, Unavailable
from sentinel.testing import params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

Systemctl = Callable[..., Path]
RUNS = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "NRestarts": "0",
    "MemoryCurrent": "52428800",
}


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    """Lets systemctl answer so from now on; gives the file that holds what it was asked."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked = tmp_path / "asked"

    def answers(code: int = 0, errors: str = "", **changed: str) -> Path:
        shown = "\n".join(f"{name}={value}" for name, value in {**RUNS, **changed}.items())
        script = tmp_path / "systemctl"
        script.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$*\" > {asked}\n"
            f"cat <<'end'\n{shown}\nend\necho '{errors}' >&2\nexit {code}\n"
        )
        script.chmod(0o755)
        return asked

    return answers


class TestSystemdUnit(ProbeContract):
    @pytest.fixture(autouse=True)
    def runs(self, systemctl: Systemctl) -> None:
        systemctl()

    def probe(self, context: Context, url: str) -> Probe[Any]:
        return SystemdUnitProbe(SystemdUnitParams(unit="nginx.service"), context)


async def look(**yaml: Any) -> tuple[Status, dict[str, float]]:
    async with plugin_context() as context:
        params = params_of(SystemdUnitProbe, **{"unit": "nginx.service", **yaml})
        return told(await SystemdUnitProbe(params, context).probe())


def told(signals: Any) -> tuple[Status, dict[str, float]]:
    status, *metrics = signals
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}


@pytest.mark.parametrize(
    ("shown", "params", "state", "message"),
    [
        ({}, {}, "up", "nginx.service is active (running)"),
        ({"SubState": "exited"}, {}, "up", "nginx.service is active (exited)"),
        (
            {"ActiveState": "activating", "SubState": "start"},
            {},
            "degraded",
            "nginx.service is activating (start)",
        ),
        (
            {"ActiveState": "inactive", "SubState": "dead"},
            {},
            "down",
            "nginx.service is inactive (dead)",
        ),
        (
            {"ActiveState": "inactive", "SubState": "dead"},
            {"inactive": "up"},
            "up",
            "nginx.service is inactive (dead)",
        ),
        (
            {"ActiveState": "failed", "Result": "exit-code"},
            {"inactive": "up"},
            "down",
            "nginx.service has failed: exit-code",
        ),
        (
            {"LoadState": "not-found", "ActiveState": "inactive"},
            {"inactive": "up"},
            "down",
            "nginx.service is not-found",
        ),
        ({"LoadState": "masked"}, {}, "down", "nginx.service is masked"),
    ],
)
async def test_the_units_state_says_how_things_are(
    systemctl: Systemctl, shown: dict[str, str], params: dict[str, Any], state: str, message: str
) -> None:
    systemctl(**shown)
    status, _ = await look(**params)
    assert (status.status, status.message) == (state, message)


async def test_systemctl_is_asked_for_this_unit_alone(systemctl: Systemctl) -> None:
    asked = systemctl()
    await look(unit="backup@home.service")
    properties = ",".join(RUNS)
    assert asked.read_text() == f"show --property={properties} -- backup@home.service\n"
    await look(user=True)
    assert asked.read_text().startswith("--user show ")


async def test_restarts_since_the_last_look_are_degraded_once(systemctl: Systemctl) -> None:
    async with plugin_context() as context:
        probe = SystemdUnitProbe(SystemdUnitParams(unit="nginx.service"), context)
        seen = []
        for restarts in ("7", "7", "9", "9", "10", "0"):
            systemctl(NRestarts=restarts)
            status, metrics = told(await probe.probe())
            seen.append((status.status, metrics["systemd.unit.restarts"]))
            if restarts == "10":
                assert status.message.endswith(", but was restarted once since the last look")
    assert seen == [
        ("up", 0),
        ("up", 0),
        ("degraded", 2),
        ("up", 0),
        ("degraded", 1),
        ("up", 0),
    ]


@pytest.mark.parametrize(
    ("shown", "memory"),
    [("52428800", 52_428_800), ("[not set]", None), (str(2**64 - 1), None), ("", None)],
)
async def test_memory_is_a_metric_where_systemd_knows_it(
    systemctl: Systemctl, shown: str, memory: int | None
) -> None:
    systemctl(MemoryCurrent=shown)
    _, metrics = await look()
    assert metrics.get("systemd.unit.memory") == memory


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ({"code": 1, "errors": "Failed to connect to bus"}, "exited with 1: Failed to connect"),
        ({"ActiveState": "strange"}, "says that nginx.service is 'strange'"),
        ({"ActiveState": ""}, "says that nginx.service is ''"),
    ],
)
async def test_where_systemd_tells_nothing_the_look_fails(
    systemctl: Systemctl, answer: dict[str, Any], match: str
) -> None:
    systemctl(**answer)
    with pytest.raises(Unavailable, match=match):
        await look()


async def test_without_systemctl_the_look_fails_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="can't run systemctl: No such file"):
        await look()


@pytest.mark.parametrize("unit", ["", "-H", "--help", "a b.service", "a;b", "../x"])
def test_names_that_are_no_units_are_refused(unit: str) -> None:
    with pytest.raises(ValidationError):
        params_of(SystemdUnitProbe, unit=unit)


@pytest.mark.parametrize("sub", ["auto-restart", "auto-restart-queued"])
async def test_a_unit_that_ended_and_waits_to_be_restarted_does_not_run(
    systemctl: Systemctl, sub: str
) -> None:
    systemctl(ActiveState="activating", SubState=sub, Result="exit-code")
    status, _ = await look()
    assert status.status == "down"
    assert status.message == "nginx.service ended (exit-code) and waits to be restarted"
