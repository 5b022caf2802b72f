"""Jinja with nothing in it but the language of `language.py`, over plain values.

Jinja's own sandbox lies below as a second wall. Here objects have no attributes at all: what can be
read are the keys of our records and of mappings.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import (
    StrictUndefined,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from msgspec import Struct

from sentinel.config.suggest import show
from sentinel.templating.bounds import (
    LARGEST_NUMBER,
    LONGEST_HTML,
    LONGEST_SOURCE,
    LONGEST_TEXT,
    Budget,
    bounded,
)
from sentinel.templating.filters import FILTERS, HTML_FILTERS, Filter, kind_of, list_of, text_of
from sentinel.templating.flaw import Flaw
from sentinel.templating.language import BOUNDED, KEPT, STEPPED, TESTS, check_language, guarded
from sentinel.templating.names import LOOP, check_names
from sentinel.templating.said import said_by

_FILE = "<template>"
# No name that a template can write.
_BUDGET = "the budget"
_IN_HTML: Mapping[str, Filter] = {**FILTERS, **HTML_FILTERS}


class Written:
    """One part of a template, ready to be rendered as often as wanted, from any thread."""

    def __init__(self, source: str, view: type[Struct], *, html: bool = False) -> None:
        """Raises Flaw for what can't be read, and for names that `view` does not have."""
        environment = _HTML if html else _TEXT
        tree = _parsed(environment, source)
        check_language(tree, _IN_HTML if html else FILTERS)
        check_names(tree, view)
        self.said = said_by(tree, html=html)
        self._most = LONGEST_HTML if html else LONGEST_TEXT
        self._template = _compiled(environment, guarded(tree))

    def render(self, view: Struct) -> str:
        """Raises Flaw where a value is not what the template takes it for, or where it is too much
        work."""
        values = {name: getattr(view, name) for name in view.__struct_fields__}
        pieces: list[str] = []
        length = 0
        try:
            for piece in self._template.generate({**values, _BUDGET: Budget()}):
                length += len(piece)
                bounded(length, self._most)
                pieces.append(piece)
        except Flaw as flaw:
            raise flaw.at(_line_of(flaw)) from None
        except Exception as error:
            # Whatever a template runs into is its author's to mend, and no page may be lost by it.
            raise _told(error).at(_line_of(error)) from error
        return "".join(pieces)


def _parsed(environment: "_Sandbox", source: str) -> nodes.Template:
    if len(source) > LONGEST_SOURCE:
        raise Flaw(f"{len(source):,} characters", f"{LONGEST_SOURCE:,} at most")
    try:
        return environment.parse(source)
    except TemplateSyntaxError as error:
        said = (error.message or "something that is no Jinja").rstrip(".")
        raise Flaw(
            f"a syntax error: {said}", "Jinja", "docs/templates.md shows how", error.lineno
        ) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise Flaw("deeper nesting, or a longer number", "a simpler template") from error


def _compiled(environment: "_Sandbox", tree: nodes.Template) -> Any:
    tree.set_environment(environment)
    try:
        code = environment.compile(tree, None, _FILE)
    except TemplateSyntaxError as error:
        raise Flaw(f"{error.message}", "Jinja", line=error.lineno) from error
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise Flaw("deeper nesting", "a simpler template") from error
    return environment.template_class.from_code(environment, code, {})


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self, filters: Mapping[str, Filter], *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=StrictUndefined,
            finalize=_shown,
            # Otherwise constants are worked out while the template is read, without a budget.
            optimized=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self.globals.clear()
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}
        self.filters = {name: _charged(filter) for name, filter in filters.items()}
        self.filters |= {STEPPED: _stepped, BOUNDED: _bounded, KEPT: _kept}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, LoopContext) and argument in LOOP:
            return getattr(obj, argument)
        if isinstance(obj, Struct) and argument in obj.__struct_fields__:
            return getattr(obj, argument)
        if isinstance(obj, Mapping) and isinstance(argument, str):
            # Labels differ from alert to alert: one that is not there is nothing.
            return obj.get(argument, "")
        if isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return ""
        if isinstance(obj, Undefined):
            return self.undefined(obj=obj, name=str(argument))
        expected = "the text as it is" if isinstance(obj, str) else "one of its keys, or a number"
        raise Flaw(f"{show(argument)} in {kind_of(obj)}", expected)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            made = left + right
            bounded(len(made))
            return made
        for one in (left, right):
            if isinstance(one, bool) or not isinstance(one, int | float):
                hint = "texts are joined by ~" if operator == "+" else ""
                raise Flaw(f"{kind_of(one)} beside {operator}", "a number", hint)
        number = self.binop_table[operator](left, right)
        if not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
            raise Flaw("a larger number", f"at most {LARGEST_NUMBER:,}")
        return number

    def call(self, *_: Any, **__: Any) -> Any:
        raise SecurityError("nothing can be called")


@pass_context
def _shown(context: Context, value: Any) -> Any:
    """Every value that is written comes by here. That it takes the context keeps Jinja from
    writing constants beforehand."""
    if isinstance(value, Undefined):
        return str(value)
    if not isinstance(value, Markup):
        value = text_of(value)
    context[_BUDGET].spend_on(len(value))
    return value


def _charged(filter: Filter) -> Callable[..., Any]:
    @pass_context
    @wraps(filter)
    def charged(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget = context[_BUDGET]
        budget.spend_on(len(value) if isinstance(value, str) else 0)
        made = filter(value, *args, **kwargs)
        if isinstance(made, str):
            bounded(len(made), LONGEST_HTML if isinstance(made, Markup) else LONGEST_TEXT)
            budget.spend_on(len(made))
        return made

    return charged


@pass_context
def _stepped(context: Context, value: Any, cost: int) -> Iterator[Any]:
    budget = context[_BUDGET]
    for item in list_of(value):
        budget.spend(cost)
        yield item


def _bounded(value: str) -> str:
    bounded(len(value))
    return value


def _kept(value: Any) -> Any:
    """What `set` keeps. Lists of lists would grow by each `set` that doubles them."""
    if isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, list | tuple):
                raise Flaw("a list of lists", "a list of texts, numbers or records")
    return value


def _told(error: Exception) -> Flaw:
    if isinstance(error, UndefinedError):
        return Flaw(str(error.message), "a name that is there")
    if isinstance(error, ZeroDivisionError):
        return Flaw("a division by zero", "another number")
    if isinstance(error, TypeError):
        return Flaw(f"values that do not go together: {error}", "texts, or numbers")
    return Flaw(f"an error while it was rendered ({type(error).__name__})", "none")


def _line_of(error: BaseException) -> int:
    """Jinja has translated the lines of the compiled code to those of the template."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if frame.filename == _FILE]
    return lines[-1] if lines else 0


_TEXT = _Sandbox(FILTERS, html=False)
_HTML = _Sandbox(_IN_HTML, html=True)
