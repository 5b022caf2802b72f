"""Alertmanager's receivers as escalations, and the channels and people that those need.

Secrets are never copied: a reference stands in their place, and is listed.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from sentinel.config.document import Document, KeyPath
from sentinel.importing.emit import Noted
from sentinel.importing.notes import Notes
from sentinel.importing.values import flag_of

_STAND_IN = "inbox"
_ADDRESS = re.compile(r"(?:.*<)?\s*([^\s<>,@]+@[^\s<>,@]+)\s*>?")
_SMTP = {
    "smarthost": "smtp_smarthost",
    "from": "smtp_from",
    "auth_username": "smtp_auth_username",
    "auth_password": "smtp_auth_password",
    "auth_password_file": "smtp_auth_password_file",
    "require_tls": "smtp_require_tls",
}
_MAIL_KEYS = frozenset((*_SMTP, "to", "send_resolved"))
_WEBHOOK_KEYS = frozenset(("url", "url_file", "send_resolved"))
_GLOBAL_KEYS = frozenset((*_SMTP.values(), "resolve_timeout"))


def name_from(text: str) -> str:
    """A receiver's name as one that Sentinel takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:90].strip("-.") or "unnamed"


class Receivers:
    """After `read`, what the escalations are and what belongs into `sentinel.yaml`."""

    def __init__(self, document: Document, notes: Notes) -> None:
        self.document = document
        self.notes = notes
        self.escalations: list[Noted] = []
        self.channels: dict[str, Noted] = {}
        self.people: dict[str, Noted] = {}
        self.stubs: list[str] = []
        self.secrets: list[str] = []
        self._mail: dict[str, Any] | None = None
        self._shared = document.section("global")

    def read(self) -> None:
        for key in self._shared:
            if key not in _GLOBAL_KEYS:
                why = f"the key {key} has no counterpart; see the receivers that use it"
                self.notes.refused(("global", key), "global", why)
            elif key == "resolve_timeout":
                why = "an alert ends when its rule says so"
                self.notes.approximated(("global", key), "global", f"resolve_timeout: {why}")
        for index, receiver in enumerate(self.document.items("receivers")):
            path = ("receivers", index)
            if isinstance(receiver, dict) and receiver.get("name"):
                self._receiver(path, receiver)
            else:
                self.notes.refused(path, "a receiver", "found no name")

    def _receiver(self, path: KeyPath, receiver: dict[str, Any]) -> None:
        name = str(receiver["name"])
        what = f"receiver {name}"
        notify: list[str] = []
        whole = True
        for key, configs in receiver.items():
            if key == "name":
                continue
            for index, config in enumerate(configs if isinstance(configs, list) else [configs]):
                here = (*path, key, index)
                if key == "email_configs" and isinstance(config, dict):
                    notify += self._email(here, config, what)
                elif key == "webhook_configs" and isinstance(config, dict):
                    notify += self._webhook(here, config, what, name)
                else:
                    whole = False
                    self._unknown(here, key, what, name)
        if not notify:
            if whole:
                why = "it tells nobody; here it is shown in the web interface's inbox"
                self.notes.approximated(path, what, why)
            notify = [f"channel:{_STAND_IN}"]
            self._stand_in()
        else:
            self.notes.translated(path, what)
        step = {"notify": list(dict.fromkeys(notify))}
        escalation = {"name": name_from(name), "steps": [step]}
        self.escalations.append(Noted(escalation, (self.notes.place(path),)))

    def _stand_in(self) -> None:
        about = ("The inbox of the web interface stands in where nobody else is told.",)
        self.channels.setdefault(_STAND_IN, Noted({"type": "inapp"}, about))

    def _unknown(self, path: KeyPath, key: str, what: str, name: str) -> None:
        """A way to be told that has no channel here, or not one that is known to be the same."""
        kind = key.removesuffix("_configs")
        channel = name_from(f"{kind}-{name}")
        self.notes.refused(path, what, f"{key} needs a channel: see the stub {channel}")
        self.stubs += [
            f"{self.notes.place(path)}: {key}. Complete it, and name channel:{channel} in the "
            f"escalation {name_from(name)}.",
            f"  {channel}:",
            f"    type: {kind}",
        ]

    def _email(self, path: KeyPath, config: dict[str, Any], what: str) -> list[str]:
        self._left_out(path, config, _MAIL_KEYS, what)
        if not flag_of(config.get("send_resolved")):
            why = "whoever was told that it fires is also told when it is over"
            self.notes.approximated(path, what, why)
        server = {
            key: config.get(key, self._shared.get(shared))
            for key, shared in _SMTP.items()
            if config.get(key, self._shared.get(shared)) is not None
        }
        self._mail_channel(path, server, what)
        people = []
        for text in str(config.get("to", "")).split(","):
            match = _ADDRESS.fullmatch(text.strip())
            if match is None:
                why = f"to: found {text.strip()[:100]!r}, expected an address"
                self.notes.refused(path, what, why)
            else:
                people.append(f"person:{self._person(path, match[1])}")
        return people

    def _person(self, path: KeyPath, address: str) -> str:
        plain = name_from(address.partition("@")[0].lower())
        name, number = plain, 2
        while name in self.people and self.people[name].value != {"email": address}:
            name = f"{plain}-{number}"
            number += 1
        self.people.setdefault(name, Noted({"email": address}, (self.notes.place(path),)))
        return name

    def _mail_channel(self, path: KeyPath, server: dict[str, Any], what: str) -> None:
        if self._mail is not None:
            if server != self._mail:
                why = "it sends over another mail server, and one channel sends all e-mail here"
                self.notes.refused(path, what, why)
            return
        self._mail = server
        host, _, port = str(server.get("smarthost", "")).rpartition(":")
        written: dict[str, Any] = {
            "type": "email",
            "host": host or port or self._reference("SMTP_HOST", "the mail server"),
            "sender": str(server.get("from") or self._reference("SMTP_SENDER", "the From address")),
        }
        if host and port.isdecimal() and 0 < int(port[:6]) < 65_536:
            written["port"] = int(port)
        signs_in = "auth_username" in server and (
            "auth_password" in server or "auth_password_file" in server
        )
        written["tls"] = self._tls(path, written.get("port"), server, signs_in, what)
        if signs_in:
            written["username"] = str(server["auth_username"])
            written["password"] = self._reference(
                "SMTP_PASSWORD", "the password of the mail server"
            )
        elif "auth_username" in server or "auth_password" in server:
            why = "a name without a password, or the other way round, signs in nowhere"
            self.notes.refused(path, what, why)
        self.channels["email"] = Noted(written, (self.notes.place(path),))

    def _tls(
        self, path: KeyPath, port: Any, server: dict[str, Any], signs_in: bool, what: str
    ) -> str:
        if port == 465:
            return "implicit"
        if flag_of(server.get("require_tls")) is not False:
            return "starttls"
        if signs_in:
            why = "without TLS a password would be sent in the clear: it is starttls here"
            self.notes.approximated(path, what, why)
            return "starttls"
        return "none"

    def _webhook(self, path: KeyPath, config: dict[str, Any], what: str, name: str) -> list[str]:
        self._left_out(path, config, _WEBHOOK_KEYS, what)
        channel = name_from(f"webhook-{name}")
        number = 2
        while channel in self.channels:
            channel = name_from(f"webhook-{name}-{number}")
            number += 1
        self.notes.approximated(
            path, what, "the webhook's body is Sentinel's, signed, and not Alertmanager's"
        )
        word = re.sub(r"[^A-Z0-9]+", "_", channel.upper())
        about = f"the URL of the webhook{_shown(config.get('url'))}"
        written = {
            "type": "webhook",
            "url": self._reference(f"{word}_URL", about),
            "secret": self._reference(f"{word}_SECRET", "`whsec_` and a key of your own"),
        }
        self.channels[channel] = Noted(written, (self.notes.place(path), about))
        return [f"channel:{channel}"]

    def _left_out(
        self, path: KeyPath, config: dict[str, Any], known: frozenset[str], what: str
    ) -> None:
        for key in config:
            if key not in known:
                self.notes.refused((*path, key), what, f"the key {key} has no counterpart")

    def _reference(self, name: str, about: str) -> str:
        line = f"{name}: {about}"
        if line not in self.secrets:
            self.secrets.append(line)
        return f"${{{name}}}"


def _shown(url: Any) -> str:
    """Path and query of a URL may be its secret."""
    try:
        host = urlsplit(str(url or "")).hostname
    except ValueError:
        host = None
    return f" at {host}" if host else ""
