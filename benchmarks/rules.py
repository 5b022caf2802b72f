"""Rules as an installation has them, as many as asked for."""

from typing import Any

from benchmarks.events import CODES

_ROUTING = {
    "routes": [{"name": "all", "escalation": "all"}],
    "escalations": [{"name": "all", "steps": [{"notify": ["channel:inbox"]}]}],
}
CONFIG = {"channels": {"inbox": {"type": "inapp"}}}


def book(number: int) -> dict[str, Any]:
    """A rules file of so many rules.

    Each event meets two or three: the burst of its code, the burst of its tenant, and for a tenth
    of the events a rule on their code alone. The others concern other codes, tenants, texts and
    kinds, and a tenth of them can't be found by an index: they are tried on every error.
    """
    meant = [
        _rule("BurstOfCode", {"level": ["error", "fatal"]}, by=["code"], num_events=50),
        _rule("BurstOfTenant", {"environment": "production"}, by=["tenant"], num_events=100),
        *(_any(f"Code{n}", {"code": f"SHOP_ERROR_{n}"}) for n in range(CODES // 10)),
    ]
    others = [_other(n) for n in range(number - len(meant))]
    return {"rules": meant + others, **_ROUTING}


def _other(number: int) -> dict[str, Any]:
    name = f"Other{number}"
    match number % 10:
        case 0 | 1 | 2:
            return _any(name, {"code": [f"OTHER_{number}", f"OTHER_{number + 1}"]})
        case 3 | 4 | 5:
            where = {"code": f"OTHER_{number}", "environment": "production"}
            return _rule(name, where, by=["tenant"], num_events=5)
        case 6 | 7 | 8:
            where = {"tenant": f"other-{number}", "severity": "critical"}
            return _rule(name, where, by=["code"], num_events=10)
        case _:
            return _any(name, {"message": {"matches": f"payment {number} (refused|lost)"}})


def _any(name: str, where: dict[str, Any]) -> dict[str, Any]:
    return {"alert": name, "on": "error", "where": where, "by": ["tenant"], **_TEXTS}


def _rule(name: str, where: dict[str, Any], *, by: list[str], num_events: int) -> dict[str, Any]:
    window = {"type": "frequency", "num_events": num_events, "timeframe": "5m"}
    return {"alert": name, "on": "error", "where": where, "by": by, **window, **_TEXTS}


_TEXTS = {
    "labels": {"severity": "warning"},
    "annotations": {"summary": "{code} for {tenant}"},
}
