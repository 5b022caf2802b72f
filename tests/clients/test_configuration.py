"""`tenants:` and `clients:` in the YAML files: what is taken, and what is told."""

from pathlib import Path

import pytest

from sentinel.config.model import Config
from sentinel.errors import ConfigError
from sentinel.installation import require

MAIN = """
channels:
  mail: {type: email, host: localhost, tls: none, sender: s@example.com}
  console: {type: console}
components: {sms: {}}
clients:
  channels: {email: mail}
"""


def load(folder: Path, text: str, rules: str = "") -> tuple[Config, list[str]]:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "tenants.yaml").write_text(rules)
    (folder / "sentinel.yaml").write_text(MAIN + text)
    found, warnings = require(folder / "sentinel.yaml", {"MAIL": "bob@example.com"})
    return found.config, [one.id for one in warnings if "tenant" in one.id]


def test_a_tenant_is_read_with_its_contacts(tmp_path: Path) -> None:
    config, warnings = load(
        tmp_path,
        """
timezone: Europe/London
tenants:
  acme:
    title: Acme Ltd
    contacts:
      - name: Alice
        email: Alice@Acme.example
        quiet: {from: "22:00", until: "07:00"}
        digest: "08:00"
        components: [sms]
        severity: warning
""",
    )
    contact = config.tenants["acme"].contacts[0]
    assert warnings == []
    assert contact.addresses == {"email": "alice@acme.example"}
    assert (contact.timezone, contact.language, contact.digest) == ("Europe/London", "en", 480)
    assert contact.quiet is not None
    assert (contact.quiet.start, contact.quiet.end) == (1320, 420)


def test_tenants_may_stand_in_the_rules_files(tmp_path: Path) -> None:
    config, _ = load(
        tmp_path,
        "tenants: {acme: {contacts: [{name: Bob, email: '${MAIL}'}]}}",
        "tenants: {globex: {contacts: [{name: Alice, email: alice@example.com}]}}",
    )
    assert config.tenants["acme"].contacts[0].addresses["email"] == "bob@example.com"
    assert config.tenants["globex"].title == "globex"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("[{name: Bob, email: nope}]", "tenant/address"),
        ("[{name: Bob, sms: '020 7946'}]", "tenant/address"),
        ("[{name: Bob, webhook: 'https://10.0.0.1/'}]", "tenant/address"),
        ("[{name: Bob}]", "tenant/no-address"),
        ("[{email: a@example.com}]", "config/missing-key"),
        ("[{name: Bob, email: a@example.com}, {name: bob, email: b@example.com}]", "contact-again"),
        ("[{name: Bob, email: a@example.com, timezone: Mars}]", "config/unknown-zone"),
        ("[{name: Bob, email: a@example.com, digest: noon}]", "config/wrong-value"),
        ("[{name: Bob, email: a@example.com, quiet: {from: '7:00', until: '08:00'}}]", "wrong"),
        ("[{name: Bob, email: a@example.com, quiet: {from: '07:00', until: '07:00'}}]", "wrong"),
        ("[{name: Bob, mail: a@example.com}]", "config/unknown-key"),
        ("[{name: Bob, email: a@example.com, severity: fatal}]", "config/"),
    ],
)
def test_a_mistake_in_a_contact_is_told(tmp_path: Path, text: str, id: str) -> None:
    with pytest.raises(ConfigError, match=id):
        load(tmp_path, f"tenants: {{acme: {{contacts: {text}}}}}")


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("channels: {email: nobody}", "config/unknown-name"),
        ("channels: {email: console}", "clients/wrong-channel"),
        ("channels: {webhook: mail}", "clients/wrong-channel"),
        ("sign_up: maybe", "config/"),
        ("language: de", "clients/unknown-language"),
        ("languages: {de: {confrm: Ja}}", "clients/unknown-text"),
        ("languages: {de: {confirm_text: '{adress}'}}", "clients/unknown-place"),
        ("limits: {confirm_within: 0s}", "config/wrong-value"),
    ],
)
def test_a_mistake_in_clients_is_told(tmp_path: Path, text: str, id: str) -> None:
    main = MAIN.replace("channels: {email: mail}", text)
    (tmp_path / "rules").mkdir()
    (tmp_path / "sentinel.yaml").write_text(main)
    with pytest.raises(ConfigError, match=id):
        require(tmp_path / "sentinel.yaml", {})


def test_a_reference_in_a_rules_file_is_refused(tmp_path: Path) -> None:
    rules = "tenants: {acme: {contacts: [{name: Bob, email: '${MAIL}'}]}}"
    with pytest.raises(ConfigError, match="reference/place"):
        load(tmp_path, "", rules)


def test_what_a_reference_stands_for_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    text = MAIN + "tenants: {acme: {contacts: [{name: Bob, email: '${MAIL}'}]}}"
    (tmp_path / "sentinel.yaml").write_text(text)
    with pytest.raises(ConfigError, match="tenant/address") as caught:
        require(tmp_path / "sentinel.yaml", {"MAIL": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_a_tenant_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config/duplicate-name"):
        load(tmp_path, "tenants: {acme: {}}", "tenants: {acme: {}}")


@pytest.mark.parametrize(
    ("contact", "id"),
    [
        ("{name: Bob, sms: '+442079460018'}", "tenant/no-channel"),
        ("{name: Bob, email: a@example.com, components: [smss]}", "tenant/unknown-component"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(tmp_path: Path, contact: str, id: str) -> None:
    _, warnings = load(tmp_path, f"tenants: {{acme: {{contacts: [{contact}]}}}}")
    assert warnings == [id]
