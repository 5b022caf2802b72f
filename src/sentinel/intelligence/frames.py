"""Stack frames without what changes from deploy to deploy, build to build and call to call."""

import re
from functools import lru_cache
from typing import Any

# The frames nearest to where it went wrong; what called them from further away is often one of
# many ways to the same fault.
NEAREST_FRAMES = 6
MAX_FRAMES = 250
MAX_NAME = 200

_LIBRARY = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|bower_components|vendor|gems"
    r"|\.cargo|rustlib|go/pkg/mod|GOROOT|\.gradle|\.m2|\.pub-cache|Pods|deps)[/\\]"
    r"|(?:^|[/\\])(?:lib|Lib)(?:64)?[/\\]python\d?(?:\.\d+)?[/\\]|python3\d\.zip"
    r"|^(?:node|internal|webpack|bun|deno):|^internal/|^<frozen |^\[?native|^(?:native|anonymous)$"
    r"|^(?:java|javax|jdk|sun|com\.sun|kotlin|kotlinx|scala|akka|groovy|clojure)\."
    r"|^(?:org\.springframework|org\.apache|org\.hibernate|io\.netty|reactor)\."
    r"|^(?:System|Microsoft)\.|^/usr/(?:local/)?(?:lib|include|go/src)/|^/rustc/"
    r"|^(?:asyncio|concurrent|threading|multiprocessing|importlib|runpy|unittest|logging|http|socket"
    r"|ssl|json|urllib)(?:\.|$)|(?:webpack/(?:bootstrap|runtime)|zone\.js|core-js|regenerator)"
)
# Frames of machinery that appear or vanish with the version of a runtime or of a client.
_MACHINERY = re.compile(
    r"sentry_sdk|sentry_patched|sentry_wrapped|sentryWrapped|^__sentry|@sentry/"
    r"|(?:^|\.)processTicksAndRejections$|^asyncGeneratorStep$|^_asyncToGenerator|^__awaiter"
    r"|^(?:_next|_throw|step|fulfilled|rejected|tryCatch|invokeSuspend|resumeWith)$"
    r"|^(?:new )?Promise(?:\.|$)|^Generator\.(?:next|throw)|^<(?:promise|asynchronous)"
)
_URL = re.compile(r"^[a-zA-Z][\w+.-]*:(?://[^/]*)?/*")
_RELEASE_DIR = re.compile(
    r"(?i)releases?|deploys?|builds?|versions?|current|previous|\.venv|venv|env|virtualenvs?"
)
_VOLATILE = re.compile(
    r"v?\d[\d._-]*(?:[a-z]+\d*)?|[0-9a-f]{7,64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|tmp\w*|[\w.]+-[0-9a-f]{7,40}|_MEI\w+"
)
_PACKAGE_VERSION = re.compile(r"(?<=[\w)])(?:@|-|_)v?\d+(?:\.\d+)+(?:[-+.]\w+)*")
_SCRIPT = re.compile(r"\.(?:[cm]?[jt]sx?|css|bundle|vue|svelte)$")
_HASH_PART = re.compile(
    r"[.\-_~](?:[0-9a-f]{6,64}|(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{8,24}"
    r"|(?=[a-z]*[A-Z]+[a-z]+[A-Z])[A-Za-z]{8}|[A-Z0-9]{8}|\d+)(?=\.)"
)
_CHUNK_NUMBER = re.compile(r"^(?:\d+|[0-9a-f]{8,64})(?=\.)")
_GENERATED_FILE = re.compile(r"<([A-Za-z][A-Za-z ._-]*?)[-_ \d]*(?:[-_ ][0-9a-f]{6,})?>")
_PROXY = re.compile(
    r"\$\$(?:Enhancer|FastClass)\w*(?:\$\$\w+)*|\$\$SpringCGLIB\$\$\d+|(?:\$\$|_)Lambda\$?[\w/]*|\$\$Lambda.*"
    r"|_\$\$_\w+|\$\$_\w+|(?<=Accessor)\d+|(?<=Proxy)\d+"
)
_FUNCTION_NOISE = (
    (re.compile(r"\s*\[as [^\]]*\]|\s*\(0x[0-9a-f]+\)|\s*@ ?0x[0-9a-f]+|\+0x[0-9a-f]+"), ""),
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"::h[0-9a-f]{16}$"), ""),
    (re.compile(r"^(?:async|new|get|set|static|bound)\s+"), ""),
    (re.compile(r"<(\w+)>[a-z]__\d+\.MoveNext"), r"\1"),
    (re.compile(r"<(\w*)>[a-z]__[\w|]*"), r"\1.<lambda>"),
    (re.compile(r"(?i)(lambda|anonfun|closure|func|block|fn)([$:_.-]?)\d+(?=$|[.$:>)])"), r"\1"),
    (re.compile(r"(lambda\$\w+?)\$\d+"), r"\1"),
    (re.compile(r"\$(?:anonfun|anon)?\$?\d+"), ""),
    (re.compile(r"\(\d+ levels?\) "), ""),
    (re.compile(r"\{closure[^}]*\}"), "{closure}"),
    (re.compile(r"[_-][0-9a-f]{8,64}\b"), ""),
)
_NO_FUNCTION = frozenset(
    ("", "?", "<unknown>", "unknown", "<anonymous>", "anonymous", "(anonymous)")
)
_NO_MODULE = frozenset(("", "__main__", "__mp_main__", "<unknown module>", "undefined", "?"))


def text_of(value: Any) -> str:
    """The value if it is text, its end if it is long: that is where a path differs."""
    return value[-MAX_NAME:] if type(value) is str else ""


@lru_cache(maxsize=4096)
def frame_key(module: str, filename: str, function: str) -> str:
    """`module:function`, or `file:function`; empty where neither is known or it's machinery."""
    where = "" if module in _NO_MODULE else _module(module)
    if not where:
        where = normal_file(filename)
    name = normal_function(function)
    if not where and not name:
        return ""
    if _MACHINERY.search(name) or _MACHINERY.search(where):
        return ""
    return f"{where}:{name or '?'}"


def _module(module: str) -> str:
    """A client for browsers makes modules of file names, with the hash of the build in them."""
    if "/" in module or "\\" in module:
        return normal_file(module)
    return _PROXY.sub("", module)


@lru_cache(maxsize=4096)
def normal_file(filename: str) -> str:
    """A path without host, deploy directory, package version and hash of the build."""
    if filename.startswith("<"):
        match = _GENERATED_FILE.fullmatch(filename)
        return f"<{match[1].strip()}>" if match else filename
    path = _URL.sub("/", filename.partition("?")[0].partition("#")[0].replace("\\", "/"))
    absolute = path.startswith(("/", "~", ".")) or path[1:2] == ":"
    for marker in ("site-packages/", "dist-packages/", "node_modules/"):
        _, found, tail = path.rpartition(marker)
        if found:
            path, absolute = tail, False
            break
    parts = [part for part in path.split("/") if part not in ("", ".", "..", "~")]
    if not parts:
        return ""
    folders = [_PACKAGE_VERSION.sub("", part) for part in parts[:-1]]
    folders = [
        part
        for part in folders
        if not _VOLATILE.fullmatch(part) and not _RELEASE_DIR.fullmatch(part)
    ]
    return "/".join((folders[-2:] if absolute else folders) + [_base(parts[-1])])


def _base(name: str) -> str:
    if _SCRIPT.search(name):
        previous = ""
        while previous != name:
            previous, name = name, _HASH_PART.sub("", name, count=1)
        return _CHUNK_NUMBER.sub("*", name)
    if name.startswith("tmp"):
        return "tmp" + (name[name.rindex(".") :] if "." in name else "")
    return name


def normal_function(function: str) -> str:
    if function in _NO_FUNCTION:
        return ""
    name = _PROXY.sub("", function)
    for pattern, replacement in _FUNCTION_NOISE:
        name = pattern.sub(replacement, name)
    return name.strip()


@lru_cache(maxsize=4096)
def is_library(path: str, module: str) -> bool:
    """Decides by place where the client did not mark its own frames."""
    return bool(_LIBRARY.search(path.replace("\\", "/")) or (module and _LIBRARY.search(module)))


def is_own(frame: dict[str, Any]) -> bool:
    marked = frame.get("in_app")
    if type(marked) is bool:
        return marked
    path = text_of(frame.get("abs_path")) or text_of(frame.get("filename"))
    return not is_library(path, text_of(frame.get("module")))


def is_minified(frame: dict[str, Any]) -> bool:
    """A browser's frame whose names a minifier has made: the next build makes others."""
    column = frame.get("colno")
    # Asked of every frame, and few clients name columns at all.
    if type(column) is not int or column <= 300:
        return False
    path = text_of(frame.get("filename")) or text_of(frame.get("abs_path"))
    if not _SCRIPT.search(path.partition("?")[0]):
        return False
    last = text_of(frame.get("function")).rpartition(".")[2].rpartition(" ")[2]
    return len(last) <= 2


def key_of(frame: dict[str, Any]) -> str:
    filename = text_of(frame.get("filename")) or text_of(frame.get("abs_path"))
    if is_minified(frame):
        return frame_key("", filename, "")
    return frame_key(text_of(frame.get("module")), filename, text_of(frame.get("function")))


def frames_of(stacktrace: Any) -> list[dict[str, Any]]:
    """Well-formed frames, the caller first, the place of the fault last."""
    frames = stacktrace.get("frames") if type(stacktrace) is dict else None
    if type(frames) is not list:
        return []
    return [frame for frame in frames[-MAX_FRAMES:] if type(frame) is dict]


def nearest(frames: list[dict[str, Any]]) -> tuple[str, ...]:
    """Keys of the nearest frames, innermost first, each once: so a recursion of depth 3 and one
    of depth 30 are the same."""
    keys: dict[str, None] = {}
    for frame in reversed(frames):
        if key := key_of(frame):
            keys[key] = None
            if len(keys) == NEAREST_FRAMES:
                break
    return tuple(keys)
