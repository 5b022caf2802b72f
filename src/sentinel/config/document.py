"""Reads one YAML file into plain data that knows the line of every key and item.

YAML as people mean it (close to YAML 1.2): `true` and `false` are the only booleans, so `on`,
`yes` and `no` stay text; a number is what JSON calls a number, so `12:30`, `+4412345`, `007`
and `2026-01-01` stay text; keys are always text; a key may appear once.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field

from sentinel.config.problem import Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000

KeyPath = tuple[str | int, ...]
"""Keys and list indexes from the top of a document: `("rules", 0, "alert")`."""

_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?$")
_BREAK = re.compile(r"\r\n?|\n|\x85|\u2028|\u2029")


class Document(Struct, frozen=True):
    """`data` is made of dict, list, str, int, float, bool and None; an empty file is None.

    `file` is the name to show. `lines` holds, for every path, the line of the key (in a
    mapping) or of the item (in a list), counted from 1. `references` holds the text as it was
    written of each value that came from a reference: what may be shown of it.
    """

    file: str
    data: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    references: dict[KeyPath, str] = field(default_factory=dict)

    def line(self, path: KeyPath = ()) -> int:
        """The line of this path, or of its nearest ancestor in the file."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: KeyPath) -> Any:
        """The value at a path that exists."""
        value = self.data
        for part in path:
            value = value[part]
        return value

    def get(self, path: KeyPath) -> Any:
        """The value of a key that may be left out of a mapping that is there; None then."""
        holder = self.at(path[:-1])
        return holder.get(path[-1]) if isinstance(holder, dict) else None

    def section(self, key: str) -> dict[str, Any]:
        """A top-level mapping; empty where it is none, which the schema check tells."""
        value = self.data.get(key) if isinstance(self.data, dict) else None
        return value if isinstance(value, dict) else {}

    def text(self, key: str) -> str:
        """A top-level text; empty where it is none, which the schema check tells."""
        value = self.data.get(key) if isinstance(self.data, dict) else None
        return value if isinstance(value, str) else ""

    def items(self, key: str) -> list[Any]:
        """A top-level list; empty where it is none, which the schema check tells."""
        value = self.data.get(key) if isinstance(self.data, dict) else None
        return value if isinstance(value, list) else []

    def texts(self, path: KeyPath) -> list[tuple[int, str]]:
        """The texts of a list and their places in it. What is no text, or no list, the schema
        check tells."""
        value = self.get(path)
        items = value if isinstance(value, list) else []
        return [(index, item) for index, item in enumerate(items) if isinstance(item, str)]

    def positive(self, path: KeyPath, **durations: float | None) -> list[Problem]:
        """Problems of durations of no length, by their keys; None is one that is not given."""
        return [
            self.problem(
                (*path, key),
                "config/wrong-value",
                found="no time at all",
                expected="a duration above 0s",
            )
            for key, length in durations.items()
            if length is not None and length <= 0
        ]

    def problem(
        self,
        path: KeyPath,
        id: str,
        *,
        found: str,
        expected: str,
        hint: str = "",
        warning: bool = False,
    ) -> Problem:
        return Problem(
            file=self.file,
            line=self.line(path),
            id=id,
            path=show_path(path),
            found=found,
            expected=expected,
            hint=hint,
            warning=warning,
        )


def show_path(path: KeyPath) -> str:
    """`("rules", 0, "where", "code")` as `rules[0].where.code`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def load(path: Path, shown: str | None = None) -> tuple[Document | None, list[Problem]]:
    """Reads a file. The document is there, without the doubled keys, even if some were found;
    it is None if the file can't be read as YAML at all.

    `shown` is the file's name in problems, the path itself by default.
    """
    name = shown or str(path)
    try:
        # A device or a pipe would never end, or block the start.
        if path.exists() and not path.is_file():
            return None, [_unreadable(name, "something that is not a regular file")]
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return None, [_unreadable(name, f"an error on reading it: {reason.lower()}")]
    return parse(content, name)


def parse(content: bytes | str, file: str) -> tuple[Document | None, list[Problem]]:
    """As `load`, for text that is already here."""
    content = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(content) > MAX_BYTES:
        found = f"more than {MAX_BYTES:,} bytes"
        return None, [_problem(file, 1, "yaml/too-large", found, "a smaller file", "split it")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"a byte that is not UTF-8 (0x{content[error.start]:02x})"
        hint = "save the file as UTF-8"
        return None, [_problem(file, line, "yaml/encoding", found, "UTF-8 text", hint)]
    reader = _Reader(file)
    try:
        reader.check_depth(text)
        root = yaml.compose(text, Loader=_Loader)
        data = None if root is None else reader.build(root, (), 0)
    except yaml.YAMLError as error:
        return None, [_syntax_problem(file, text, error)]
    except _TooMuchError as error:
        return None, [error.problem]
    return Document(file=file, data=data, lines=reader.lines), reader.problems


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own declaration)


_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver(f"{_TAG}float", _NUMBER, list("-0123456789"))


class _TooMuchError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.id)
        self.problem = problem


class _Reader:
    """Turns the node graph into data and counts what aliases expand to, so that a few lines
    of nested aliases can't fill the memory."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._nodes = 0

    def check_depth(self, text: str) -> None:
        """PyYAML composes by recursion, so the depth is bounded before it starts."""
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                mark = event.start_mark
                self._bound(mark.line + 1 if mark else 1, depth)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def build(self, node: yaml.Node, path: KeyPath, depth: int) -> Any:
        line = node.start_mark.line + 1
        self._nodes += 1
        self._bound(line, depth)
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._check_tag(node, path, ("map", "seq"))
        if isinstance(node, yaml.SequenceNode):
            return [
                self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)
            ]
        return {
            key: self.build(value, (*path, key), depth + 1)
            for key, value in self._entries(node, path)
        }

    def _entries(self, node: yaml.Node, path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        first: dict[str, int] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                hint = "put quotes around a text that begins with {{"
                self._report(line, path, "yaml/key", "a list or a mapping as a key", "a word", hint)
                continue
            key = key_node.value
            if key == "<<":
                hint = "write the keys out, or give the whole value as *alias"
                self._report(line, path, "yaml/merge-key", "a merge key (<<)", "a plain key", hint)
            elif key in first:
                found = f"the key {key!r} again (first on line {first[key]})"
                hint = "remove one of them"
                self._report(line, (*path, key), "yaml/duplicate-key", found, "it once", hint)
            else:
                first[key] = line
                self.lines[(*path, key)] = line
                yield key, value

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        self._check_tag(node, path, ("str", "bool", "null", "float"))
        if node.tag == f"{_TAG}bool":
            return node.value == "true"
        if node.tag == f"{_TAG}null":
            return None
        return plain(node.value) if node.tag == f"{_TAG}float" else node.value

    def _check_tag(self, node: yaml.Node, path: KeyPath, known: tuple[str, ...]) -> None:
        # The tag itself isn't shown: a secret that starts with "!" is read as one.
        if node.tag.removeprefix(_TAG) not in known:
            line, hint = node.start_mark.line + 1, 'put quotes around text that starts with "!"'
            self._report(line, path, "yaml/tag", "a YAML tag (!…)", "plain YAML", hint)

    def _bound(self, line: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            found, expected = "deeper nesting", f"at most {MAX_DEPTH} levels"
            hint = "an alias (*name) inside its own anchor (&name) never ends"
        elif self._nodes > MAX_NODES:
            found, expected = "more values", f"at most {MAX_NODES:,}, aliases expanded"
            hint = "use fewer aliases, or split the file"
        else:
            return
        raise _TooMuchError(_problem(self.file, line, "yaml/too-large", found, expected, hint))

    def _report(
        self, line: int, path: KeyPath, id: str, found: str, expected: str, hint: str = ""
    ) -> None:
        problem = _problem(self.file, line, id, found, expected, hint, show_path(path))
        self.problems.append(problem)


def plain(text: str) -> Any:
    """The value of an unquoted scalar: a number or a boolean where it reads as one, else text."""
    if text in ("true", "false"):
        return text == "true"
    if not _NUMBER.match(text):
        return text
    if not re.search(r"[.eE]", text):
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else text


def _syntax_problem(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """PyYAML's own words name the grammar, not the text, so no secret shows in them."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        found = f"a syntax error: {error.problem}"
    else:
        position = getattr(error, "position", 0) or 0
        line = len(_BREAK.findall(text, 0, position)) + 1
        found = f"a syntax error: {getattr(error, 'reason', 'broken YAML')}"
    return _problem(file, line, "yaml/syntax", found, "valid YAML", _syntax_hint(text, line))


def _syntax_hint(text: str, line: int) -> str:
    lines = _BREAK.split(text)
    here = lines[line - 1] if line <= len(lines) else ""
    before = here.lstrip(" ")
    if before.startswith("\t"):
        return "indent with spaces, not with tabs"
    if "${" in here and re.search(r"[{\[,]\s*[^'\"]*\$\{", here):
        return 'put quotes around a reference inside { } or [ ]: "${NAME}"'
    if re.search(r":\s+[@`%&*!|>]", here):
        return "put quotes around a value that starts with a special character"
    if re.search(r":\s+[^'\"#]*:\s", here):
        return "put quotes around a value that holds a colon"
    return "look at this line and the one above: indentation, quotes, brackets, colons"


def _unreadable(file: str, found: str) -> Problem:
    return _problem(file, 1, "file/unreadable", found, "a readable YAML file")


def _problem(
    file: str, line: int, id: str, found: str, expected: str, hint: str = "", path: str = ""
) -> Problem:
    return Problem(
        file=file, line=line, id=id, path=path, found=found, expected=expected, hint=hint
    )
