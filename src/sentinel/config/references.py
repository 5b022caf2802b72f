"""Values that stand elsewhere: `${NAME}`, `${NAME:-default}`, `${credential:NAME}`,
`${file:/path}`. `$${` is a plain `${`; a `$` before anything else is a plain `$`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sentinel.config.document import Document, KeyPath
from sentinel.config.problem import Problem

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)(\}?)")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_CREDENTIAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LARGEST = 64_000


class _Missing(Exception):
    """What was found, what was expected, and how to mend it."""

    def __init__(self, id: str, found: str, expected: str, hint: str) -> None:
        super().__init__(found)
        self.id, self.found, self.expected, self.hint = id, found, expected, hint


def resolve(document: Document, env: Mapping[str, str]) -> tuple[Document, list[Problem]]:
    """The same document with its references replaced. A value whose reference is missing
    stays as it was written."""
    resolver = _Resolver(document, env)
    data = resolver.walk(document.data, ())
    resolved = msgspec.structs.replace(document, data=data, references=resolver.references)
    return resolved, resolver.problems


class _Resolver:
    def __init__(self, document: Document, env: Mapping[str, str]) -> None:
        self.document = document
        self.env = env
        self.references: dict[KeyPath, str] = {}
        self.problems: list[Problem] = []

    def walk(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: self.walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.walk(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self._text(value, path)
        return value

    def _text(self, text: str, path: KeyPath) -> str:
        def value_of(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            self.references[path] = text
            try:
                return self._look_up(match[1], closed=bool(match[2]))
            except _Missing as missing:
                self._report(missing, path)
                return match[0]

        return _REFERENCE.sub(value_of, text)

    def _look_up(self, name: str, *, closed: bool) -> str:
        if closed and name.startswith("credential:"):
            return self._credential(name.removeprefix("credential:"))
        if closed and name.startswith("file:"):
            return self._file(name.removeprefix("file:"))
        match = _VARIABLE.fullmatch(name) if closed else None
        if not match:
            # What stands there isn't shown: it may be a secret that holds "${" by chance.
            raise _Missing(
                "reference/syntax",
                "a ${ that begins no reference",
                "${NAME}, ${NAME:-default}, ${credential:NAME} or ${file:/path}",
                "write $${ where ${ itself is meant",
            )
        variable, default = match[1], match[2]
        value = self.env.get(variable)
        if value is None and default is None:
            raise _Missing(
                "reference/variable",
                f"no environment variable {variable}",
                "it to be set",
                f"set {variable}, or give a default: ${{{variable}:-…}}",
            )
        return value or default or ""

    def _credential(self, name: str) -> str:
        folder = self.env.get("CREDENTIALS_DIRECTORY")
        if not _CREDENTIAL.fullmatch(name):
            found = "a credential name with other characters"
            hint = "it is the name of a file in $CREDENTIALS_DIRECTORY"
            raise _Missing("reference/credential", found, "letters, digits, _ . and -", hint)
        if not folder:
            raise _Missing(
                "reference/credential",
                f"no credentials directory to take {name} from",
                "$CREDENTIALS_DIRECTORY to be set, as systemd does",
                f"add LoadCredential={name}:/path/to/file to the unit, or use ${{file:/path}}",
            )
        hint = f"add LoadCredential={name}:/path/to/file to the unit"
        return _read(Path(folder, name), "reference/credential", f"credential {name}", hint)

    def _file(self, name: str) -> str:
        path = Path(name)
        if not path.is_absolute():
            found = f"a relative path: {name}"
            raise _Missing("reference/file", found, "a path from /", "write the whole path")
        return _read(path, "reference/file", f"file {name}", "create it, readable by the daemon")

    def _report(self, missing: _Missing, path: KeyPath) -> None:
        problem = self.document.problem(
            path, missing.id, found=missing.found, expected=missing.expected, hint=missing.hint
        )
        self.problems.append(problem)


def _read(path: Path, id: str, what: str, hint: str) -> str:
    """The content without its last newline, which editors add."""
    try:
        if path.exists() and not path.is_file():
            raise _Missing(id, f"{what}, which is no regular file", "a text file", hint)
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _Missing(id, f"{what}, which can't be read: {reason}", "a text file", hint) from None
    if len(content) > _LARGEST:
        raise _Missing(id, f"{what} of more than {_LARGEST:,} bytes", "a short text file", hint)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        found, hint = f"{what}, which is not UTF-8", "write it as UTF-8 text"
        raise _Missing(id, found, "a text file", hint) from None
    return text.removesuffix("\n").removesuffix("\r")
