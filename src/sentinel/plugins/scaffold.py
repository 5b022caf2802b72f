"""Writes a new plugin that works, with its test, for its author to change."""

import difflib
import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from sentinel.errors import Invalid
from sentinel.plugins.checks import KINDS

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
_TEMPLATES = files("sentinel") / "templates" / "plugin"


def write(kind: str, name: str, folder: Path) -> list[Path]:
    """Write `name.py` and `test_name.py` into the folder, which is made if needed.

    Raises Invalid for an unknown kind, for a name that can't be used, and where one of the files
    exists already.
    """
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f": did you mean {close[0]}?" if close else ""
        raise Invalid(
            f"found the kind {kind[:_LONGEST]!r}, expected one of {', '.join(KINDS)}{hint}"
        )
    _check(name)
    texts = {
        folder / f"{name}.py": _filled(f"{kind}.py.txt", kind, name),
        folder / f"test_{name}.py": _filled(f"test_{kind}.py.txt", kind, name),
    }
    for path in (*texts, folder / name):
        if path.exists():
            raise Invalid(f"{path} exists already, and is left as it is: choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        with path.open("x") as file:
            file.write(text)
    return list(texts)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise Invalid(
            f"found the name {name[:_LONGEST]!r}, expected lower-case words joined by _ such as "
            f"file_age, of at most {_LONGEST} characters"
        )
    if keyword.iskeyword(name) or name.startswith("test_") or name in ("conftest", "tests"):
        raise Invalid(f"{name!r} has a meaning of its own in Python or pytest: choose another name")


def _filled(template: str, kind: str, name: str) -> str:
    text = (_TEMPLATES / template).read_text()
    return Template(text).substitute(
        name=name, cls=_class_name(kind, name), path=name.replace("_", "-")
    )


def _class_name(kind: str, name: str) -> str:
    words = name.split("_")
    if words[-1] != kind:
        words.append(kind)
    return "".join(word.capitalize() for word in words)
