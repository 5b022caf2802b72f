"""Frames with their source lines and whose code they are. Runs on the worker thread."""

import linecache
import os.path
import sysconfig
from functools import lru_cache
from typing import Any

from sentinel.client.exceptions import Frame

CONTEXT_LINES = 5
LINE = 200
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


@lru_cache(maxsize=2048)
def describe(frame: Frame) -> dict[str, Any]:
    """The frame in the shape of Sentry's stack trace interface. Shared: not to be changed."""
    module = frame.module if isinstance(frame.module, str) else ""
    path = frame.path if frame.path.startswith("<") else os.path.abspath(frame.path)
    described: dict[str, Any] = {
        "filename": short_path(path, module),
        "abs_path": path,
        "function": frame.function,
        "module": module,
        "lineno": frame.line or 0,
        "in_app": in_app(path),
    }
    lines = linecache.getlines(frame.path)
    at = (frame.line or 0) - 1
    if 0 <= at < len(lines):
        described["pre_context"] = [_line(text) for text in lines[max(0, at - CONTEXT_LINES) : at]]
        described["context_line"] = _line(lines[at])
        described["post_context"] = [_line(text) for text in lines[at + 1 : at + 1 + CONTEXT_LINES]]
    return described


def in_app(path: str) -> bool:
    """Whether the operator wrote it: neither installed, nor of Python, nor without a file."""
    if path.startswith("<") or any(folder in path for folder in _INSTALLED):
        return False
    return not path.startswith(_LIBRARIES)


def short_path(path: str, module: str) -> str:
    """`/srv/app/shop/orders.py` of the module `shop.orders` is `shop/orders.py`."""
    parts = path.split(os.sep)
    depth = module.count(".") + 1 + (parts[-1] == "__init__.py")
    return "/".join(parts[-depth:])


def _line(text: str) -> str:
    return text.rstrip("\r\n")[:LINE]
