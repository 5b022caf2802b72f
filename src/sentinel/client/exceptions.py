"""An exception with its causes, read on the thread that caught it.

Only names and line numbers are taken, a fraction of a microsecond each; never local variables
and never the frames themselves, which would keep the application's objects alive. The worker
thread adds the source lines.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

from sentinel.client.values import text_of

MOST_EXCEPTIONS = 10
MOST_IN_GROUP = 5
FIRST_FRAMES = 20
LAST_FRAMES = 80
MOST_WALKED = 5_000


class Frame(NamedTuple):
    path: str
    function: str
    line: int
    module: str


@dataclass(slots=True)
class Thrown:
    """One exception of the chain; frames run from the oldest call to the one that raised."""

    type: str
    value: str
    module: str
    mechanism: dict[str, Any]
    frames: list[Frame]


def chain_of(exc: BaseException, mechanism: str, handled: bool) -> list[Thrown]:
    """Causes, contexts and members of groups, the first cause first and `exc` last.

    `mechanism` says how the error was caught. Ids and parents are those of Sentry's exception
    interface, where `exc` has the id 0.
    """
    chain: list[Thrown] = []
    seen: set[int] = set()
    todo: list[tuple[BaseException, int | None, str]] = [(exc, None, "")]
    while todo and len(chain) < MOST_EXCEPTIONS:
        error, parent, source = todo.pop()
        if id(error) in seen:
            continue
        seen.add(id(error))
        number = len(chain)
        how: dict[str, Any] = {"exception_id": number}
        if parent is None:
            how |= {"type": mechanism, "handled": handled}
        else:
            how |= {"type": "chained", "parent_id": parent, "source": source}
        members: tuple[BaseException, ...] = ()
        if isinstance(error, BaseExceptionGroup):
            how["is_exception_group"] = True
            members = error.exceptions[:MOST_IN_GROUP]
        chain.append(_thrown(error, how))
        for index, member in reversed(list(enumerate(members))):
            todo.append((member, number, f"exceptions[{index}]"))
        if error.__cause__ is not None:
            todo.append((error.__cause__, number, "__cause__"))
        elif error.__context__ is not None and not error.__suppress_context__:
            todo.append((error.__context__, number, "__context__"))
    chain.reverse()
    return chain


def _thrown(error: BaseException, mechanism: dict[str, Any]) -> Thrown:
    kind = type(error)
    return Thrown(
        type=kind.__qualname__,
        value=text_of(error, 4096),
        module=kind.__module__,
        mechanism=mechanism,
        frames=_frames(error.__traceback__),
    )


def _frames(traceback: TracebackType | None) -> list[Frame]:
    """The outer and the inner end of a traceback; of a deep recursion the middle is left out."""
    frames: list[Frame] = []
    while traceback is not None and len(frames) < MOST_WALKED:
        frame = traceback.tb_frame
        code = frame.f_code
        module = frame.f_globals.get("__name__")
        frames.append(Frame(code.co_filename, code.co_qualname, traceback.tb_lineno, module or ""))
        traceback = traceback.tb_next
    if len(frames) > FIRST_FRAMES + LAST_FRAMES:
        return frames[:FIRST_FRAMES] + frames[-LAST_FRAMES:]
    return frames
