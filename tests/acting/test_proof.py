"""Which tests are offered to show that an incident is mended."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.acting.proof import proofs
from sentinel.config.model import Config
from sentinel.config.schema import Remediate, Verify
from sentinel.data import shipped
from sentinel.installation import require
from sentinel.intelligence.catalog import Catalog
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.model.alert import Alert, Incident
from sentinel.model.cause import Candidate
from sentinel.model.values import Duration

MAIN = """
channels:
  mail: {type: email, host: mail.acme.example, sender: sentinel@acme.example}
  desk: {type: console}
probes:
  - {name: cache, type: redis, url: "redis://cache.acme.example"}
  - {name: orders-db, type: postgresql, url: "postgresql://a@db/orders", component: orders}
  - {name: people-db, type: postgresql, url: "postgresql://a@db/people", component: people}
  - {name: shop, type: http, url: "https://shop.acme.example"}
  - {name: shop-certificate, type: tls, host: shop.acme.example, component: shop}
  - {name: telephony, type: tcp, host: api.twilio.com, port: 443, component: twilio}
actions:
  look-around: {type: rescan}
  restart: {type: command, command: [/bin/true]}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder: Path = tmp_path_factory.mktemp("proof")
    (folder / "sentinel.yaml").write_text(MAIN)
    return require(folder / "sentinel.yaml", {})[0].config


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found, _ = load_catalog([shipped("catalog")])
    assert found is not None
    return found


def offered(
    config: Config,
    catalog: Catalog,
    code: str | None = None,
    suspect: Candidate | None = None,
    tags: dict[str, str] | None = None,
    about: dict[str, str] | None = None,
) -> list[str]:
    root = Alert(
        id=1,
        rule="R",
        key={},
        state="firing",
        severity="critical",
        labels={},
        started=0.0,
        last=0.0,
        about=about or {},
    )
    incident = Incident(
        id=1, severity="critical", title="T", root=1, rule="R", code=code, opened=0.0
    )
    return list(proofs(config, catalog, incident, [root], suspect=suspect, tags=tags))


def suspected(kind: Any, name: str) -> Candidate:
    return Candidate(kind=kind, name=name, score=0.8, reasons=("it fires",), confidence="likely")


@pytest.mark.parametrize(
    ("code", "about", "tests"),
    [
        ("REDIS_CONNECTION_ERROR", {}, ["test:probe:cache"]),
        ("TWILIO_API_FAILURE", {}, ["test:probe:telephony"]),
        ("PG_LOCK_WAIT", {}, ["test:probe:orders-db", "test:probe:people-db"]),
        ("PG_LOCK_WAIT", {"component": "people"}, ["test:probe:people-db"]),
        ("MAIL_AUTH_FAILED", {}, ["test:channel:mail"]),
        ("AI_AGENT_INIT_FAILURE", {}, []),
        (None, {"component": "shop"}, ["test:probe:shop", "test:probe:shop-certificate"]),
        (None, {"component": "nothing"}, []),
        (None, {"service": "shop"}, []),
        (None, {}, []),
    ],
)
def test_the_code_or_the_component_says_what_to_test(
    config: Config, catalog: Catalog, code: str | None, about: dict[str, str], tests: list[str]
) -> None:
    assert offered(config, catalog, code, about=about) == tests


def test_what_is_suspected_is_tested_first(config: Config, catalog: Catalog) -> None:
    behind = suspected("code", "REDIS_CONNECTION_ERROR")
    found = offered(config, catalog, "MAIL_AUTH_FAILED", suspect=behind)
    assert found == ["test:probe:cache", "test:channel:mail"]
    behind = suspected("component", "orders")
    assert offered(config, catalog, suspect=behind) == ["test:probe:orders-db"]


def test_what_proves_the_rules_own_repair_is_offered(config: Config, catalog: Catalog) -> None:
    remedy = Remediate(action="restart", verify=Verify(after=Duration(60), probe="cache"))
    rule: Any = SimpleNamespace(name="R", remediate=remedy)
    found = offered(replace(config, rules=(rule,)), catalog, "MAIL_AUTH_FAILED")
    assert found == ["test:probe:cache", "test:channel:mail"]


@pytest.mark.parametrize(
    ("tags", "test"),
    [
        ({"channel": "desk"}, "test:channel:desk"),
        ({"probe": "cache"}, "test:probe:cache"),
    ],
)
def test_an_error_of_sentinels_own_names_what_to_test(
    config: Config, catalog: Catalog, tags: dict[str, str], test: str
) -> None:
    assert offered(config, catalog, "SENTINEL_CHANNEL_FAILING", tags=tags) == [test]


@pytest.mark.parametrize("tags", [{"channel": "gone"}, {"probe": "../../etc"}])
def test_what_is_not_configured_is_not_offered(
    config: Config, catalog: Catalog, tags: dict[str, str]
) -> None:
    assert offered(config, catalog, tags=tags) == []


def test_an_action_is_offered_by_its_name_unless_it_changes_anything(
    config: Config, catalog: Catalog, tmp_path: Path
) -> None:
    words = "  REDIS_SLOW:\n    test: [restart, look-around]\n"
    (tmp_path / "own.yaml").write_text(f"codes:\n{words}")
    own, _ = load_catalog([shipped("catalog"), tmp_path])
    assert own is not None
    assert offered(config, own, "REDIS_SLOW") == ["look-around"]


def test_no_more_than_three_are_offered(config: Config, catalog: Catalog) -> None:
    behind = suspected("code", "PG_LOCK_WAIT")
    found = offered(config, catalog, "REDIS_SLOW", suspect=behind, about={"component": "shop"})
    assert found == ["test:probe:orders-db", "test:probe:people-db", "test:probe:cache"]
