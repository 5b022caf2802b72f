"""What a template can do, and all that it can't."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from sentinel.templating.bounds import LONGEST_HTML, LONGEST_SOURCE, LONGEST_TEXT
from sentinel.templating.flaw import Flaw
from sentinel.templating.samples import incident_sample
from sentinel.templating.sandbox import Written
from sentinel.templating.views import AdminView

FULL = incident_sample("firing").view
BARE = incident_sample("firing", bare=True).view


def rendered(source: str, *, html: bool = False) -> str:
    return Written(source, AdminView, html=html).render(FULL)


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ code }} at {{ tenant }}", "SMS_DELIVERY_FAILURE at acme"),
        ("{% if tenant == 'acme' and count > 2 %}many{% endif %}", "many"),
        ("{% for one in cascades %}{{ loop.index }}. {{ one.title }}{% endfor %}",
         "1. Login codes do not arrive"),
        ("{{ steps[0][:5] }}|{{ steps[99] }}", "Check|"),
        ("{% set who = recipient or 'somebody' %}{{ who | upper }}", "ALICE"),
        ("{{ labels.team }}|{{ labels.none }}|{{ labels['tenant'] }}", "platform||acme"),
        ("{% for name, value in labels | items %}{{ name }}={{ value }} {% endfor %}",
         "severity=critical team=platform tenant=acme "),
        ("{{ alerts | map('rule') | join(' + ') }}", "SmsDeliveryFailing + LoginCodesFailing"),
        ("{{ alerts | where('count', 3) | join('', 'rule') }}", "LoginCodesFailing"),
        ("{{ count | counted('time') }}, {{ (seconds * 60) | span }}", "12 times, 5 h"),
        ("{{ '' | default('none') }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 1 / 4 }}", "none 3 1 0.25"),
        ("{{ 'abcdef' | clip(4) }} {{ 'a_b' | replace('_', ' ') }}", "abc… a b"),
        ("{{ 'firing' if reason in ('firing', 'reminder') else 'other' }}", "firing"),
        ("{{ 'a b' | urlencode }}{{ ' x ' | trim }}{{ 'x' | capitalize }}", "a%20bxX"),
    ],
)  # fmt: skip
def test_a_template_writes_what_it_says(source: str, made: str) -> None:
    assert rendered(source) == made


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ text | attr('__class__') }}",
    "{{ labels.__init__.__globals__ }}",
    "{{ incident.__struct_fields__ }}",
    "{{ incident.__class__ }}",
    "{{ steps.append('x') }}",
    "{{ labels.update({'a': 1}) }}",
    "{{ '{0.__class__}'.format(title) }}",
    "{{ title.format }}",
    "{{ '%s' % title }}",
    "{{ title | format('x') }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ config }}",
    "{{ request }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner }}",
    "{{ namespace(a=1) }}",
    "{{ lipsum.__globals__ }}",
    "{{ dict() }}",
    "{{ range(10) }}",
    "{{ loop }}",
    "{% for one in steps %}{{ loop.__class__ }}{% endfor %}",
    "{% for one in steps %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for one in steps %}{{ loop._undefined }}{% endfor %}",
    "{% for one in steps recursive %}{{ loop(steps) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'page.html' %}",
    "{% import 'page.html' as p %}",
    "{% from 'page.html' import x %}",
    "{% extends 'page.html' %}",
    "{% block x %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x %}y{% endset %}",
    "{% set incident.title = 'x' %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{{ title }}{% endautoescape %}",
    "{% do steps.append('x') %}",
    "{{ _stepped }}",
    "{{ steps | _stepped(1) }}",
    "{{ title | map('upper') }}",
    "{{ steps | map('__class__') }}",
    "{{ incident | items }}",
    "{{ title is filter('x') }}",
    "{{ title | safe }}",
    "{{ title | join(*steps) }}",
    "{{ title | clip(**labels) }}",
]


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("html", [False, True])
def test_there_is_no_way_out(source: str, html: bool) -> None:
    with pytest.raises(Flaw):
        rendered(source, html=html)


BOMBS = [
    "{{ 'x' * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ 'x' | indent(1000000000) }}" * 500,
    "{{ text | replace('e', text) }}",
    "{{ '" + "e" * 9_000 + "' | replace('e', '" + "x" * 9_000 + "') }}",
    "{% set a = text %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% set a = text %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = [a, a, a, a] | join(a) %}" * 60 + "{{ a }}",
    "{% set a = 99999999 %}" + "{% set a = a * a %}" * 60 + "{{ a }}",
    "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a == a }}",
    "{% for a in [1,2,3,4,5,6,7,8,9,0] %}" * 9 + "{% endfor %}" * 9,
    "{% for a in [1,2,3,4,5,6,7,8,9,0] %}" * 9 + "x" + "{% endfor %}" * 9,
    "{% for a in alerts %}" * 200 + "{% endfor %}" * 200,
    "{% if 1 %}" * 1000 + "{% endif %}" * 1000,
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "-" * 9000 + "1 }}",
    "{{ " + "not " * 2000 + "1 }}",
    "{{ " + "[" * 200 + "]" * 200 + " }}",
    "{{ " + "1" * 9000 + " }}",
    "{{ 1e999 }}",
    "{{ [" + "1," * 9000 + "] }}",
    "{{ 'x'" + " ~ text" * 900 + " }}",
    "x" * (LONGEST_SOURCE + 1),
    "{{ title }}" * 3000,
]


@pytest.mark.parametrize("source", BOMBS, ids=lambda source: source[:30])
def test_a_bomb_is_refused_in_no_time_and_no_space(source: str) -> None:
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(Flaw):
            rendered(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - began < 5
    assert peak < 60_000_000


HOSTILE = ["{{ 7 * 7 }}", "{% raw %}", "<script>alert(1)</script>", '" onload="x', "&lt;b&gt;"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "source",
    ["{{ title }}", "{{ title | upper | lower }}", "{{ title ~ '' }}", "{{ '' + title }}",
     "{{ [title] | join }}", "{{ title | replace('zz', '') }}", "{{ title | clip(99) }}",
     "{{ title[:] }}", "{{ title | wordwrap(99) }}", "{{ title | paragraphs }}"],
)  # fmt: skip
def test_a_value_is_never_markup_and_never_a_template(text: str, source: str) -> None:
    view = FULL.__class__(**{name: getattr(FULL, name) for name in FULL.__struct_fields__}
                          | {"title": text})  # fmt: skip
    html = Written(source, AdminView, html=True).render(view)
    assert "<script" not in html
    assert '" onload' not in html
    assert "49" not in html
    assert "<b>" not in html


def test_an_address_in_a_text_becomes_a_link_that_can_hold_nothing_else() -> None:
    source = "{{ 'see https://a.example/?x=1&y=2\"><script> now.' | paragraphs }}"
    html = rendered(source, html=True)
    assert 'href="https://a.example/?x=1&amp;y=2"' in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("source", "found", "hint"),
    [
        ("\n{{ titel }}", "line 2: found the variable 'titel'", "did you mean title?"),
        ("{{ incident.titel }}", "the key 'titel'", "did you mean title?"),
        ("{% if false %}{{ incident.nix }}{% endif %}", "the key 'nix'", ""),
        ("{% for one in alerts %}{{ one.labls }}{% endfor %}", "the key 'labls'", "labels?"),
        ("{{ alerts[0].rul }}", "the key 'rul'", "did you mean rule?"),
        ("{{ (alerts | first).rul }}", "the key 'rul'", "did you mean rule?"),
        ("{{ title | uper }}", "the filter 'uper'", "did you mean upper?"),
        ("{% if title is defind %}{% endif %}", "the test 'defind'", "did you mean defined?"),
        ("{{ title.upper() }}", "a call: upper()", "write | upper"),
        ("{{ title", "a syntax error", ""),
        ("{{ alerts }}", "a list", "{% for"),
        ("{{ title + 1 }}", "a text beside +", "joined by ~"),
        ("{{ title | safe }}", "the filter 'safe'", "escaped by itself"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(
    source: str, found: str, hint: str
) -> None:
    with pytest.raises(Flaw) as raised:
        rendered(source)
    assert found in str(raised.value)
    assert hint in str(raised.value)


def test_a_long_text_is_cut_off_before_it_is_all_there() -> None:
    piece = "{{ '" + "x" * 4_000 + "' }}"
    with pytest.raises(Flaw, match="more than 20,000 characters"):
        rendered("{% for a in [1,2,3,4,5,6,7] %}" + piece + "{% endfor %}")
    assert LONGEST_HTML > len(rendered("{% for a in [1,2,3,4,5,6,7] %}" + piece + "{% endfor %}",
                                       html=True)) > LONGEST_TEXT  # fmt: skip


_WORDS = st.sampled_from(
    ["{{", "}}", "{%", "%}", " if ", " for ", " in ", "endif", "endfor", " set ", "=", "title",
     "text", "alerts", "labels", "incident", "|", "join", "upper", "paragraphs", "replace", "clip",
     "(", ")", "[", "]", "'x'", "9", "*", "**", "~", "+", ".", "__class__", "loop", "range", "-",
     "{#", "#}", "\n", " ", ",", "is", "defined", "safe", "<b>", "&", "%", "not "]
)  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(_WORDS, max_size=40).map("".join), st.booleans())
def test_any_text_is_refused_or_renders_within_bounds(source: str, html: bool) -> None:
    try:
        written = Written(source, AdminView, html=html)
        made = [written.render(view) for view in (FULL, BARE)]
    except Flaw:
        return
    assert all(len(one) <= LONGEST_HTML for one in made)
    assert all("<class" not in one and "built-in" not in one for one in made)
