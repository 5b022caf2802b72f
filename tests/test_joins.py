"""Joins over facts, against an oracle that tries all combinations, and against hostile facts."""

import gc
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations, product
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel.engine.joining import Join, Joins, Part, Pattern, SameAs, faults
from sentinel.joins import open_joins, session
from sentinel.joins.ruleset import the_ruleset
from sentinel.joins.values import LONGEST_TEXT, canonical
from tests.effort import examples

DEPLOY_BROKE_CHECKOUT = Pattern(
    "deploy-broke-checkout",
    (
        Part("deploy", {"kind": ("change",), "change": ("deploy",)}),
        Part("failing", {"kind": ("alert",), "service": SameAs("deploy", "service")}),
    ),
)
DEPLOY = {"kind": "change", "change": "deploy", "service": "shop"}
FAILING = {"kind": "alert", "service": "shop"}


@pytest.fixture
def joins() -> Iterator[Joins]:
    opened = open_joins([DEPLOY_BROKE_CHECKOUT])
    yield opened
    opened.close()


def _two(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Pattern:
    return Pattern(name, (Part("one", one), Part("other", other)))


def _rss() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def test_the_fact_that_comes_last_completes_the_join(joins: Joins) -> None:
    assert joins.add("d1", DEPLOY) == []
    expected = Join("deploy-broke-checkout", {"deploy": "d1", "failing": "a1"})
    assert joins.add("a1", FAILING) == [expected]


def test_it_is_no_matter_which_comes_last(joins: Joins) -> None:
    assert joins.add("a1", FAILING) == []
    expected = Join("deploy-broke-checkout", {"deploy": "d1", "failing": "a1"})
    assert joins.add("d1", DEPLOY) == [expected]


def test_a_join_names_its_facts_in_the_order_of_the_parts(joins: Joins) -> None:
    joins.add("a1", FAILING)
    assert list(joins.add("d1", DEPLOY)[0].facts) == ["deploy", "failing"]


def test_a_removed_fact_joins_no_more(joins: Joins) -> None:
    joins.add("d1", DEPLOY)
    joins.remove("d1")
    assert joins.add("a1", FAILING) == []


def test_a_fact_like_a_removed_one_still_joins(joins: Joins) -> None:
    joins.add("d1", DEPLOY)
    joins.add("d2", DEPLOY)
    joins.remove("d1")
    assert [join.facts["deploy"] for join in joins.add("a1", FAILING)] == ["d2"]


def test_removing_what_is_not_there_is_nothing(joins: Joins) -> None:
    joins.remove("d1")


def test_a_fact_of_the_same_id_is_replaced(joins: Joins) -> None:
    joins.add("d1", DEPLOY)
    joins.add("d1", DEPLOY | {"service": "search"})
    assert joins.add("a1", FAILING) == []


def test_each_fact_that_looks_the_same_has_its_own_join(joins: Joins) -> None:
    joins.add("d1", DEPLOY)
    joins.add("d2", DEPLOY)
    assert [join.facts["deploy"] for join in joins.add("a1", FAILING)] == ["d1", "d2"]
    assert [join.facts["failing"] for join in joins.add("a2", FAILING)] == ["a2", "a2"]


def test_a_fact_never_fills_two_parts_of_one_join() -> None:
    joins = open_joins([_two("pair", {"kind": ("alert",)}, {"kind": ("alert",)})])
    assert joins.add("a1", {"kind": "alert"}) == []
    found = joins.add("a2", {"kind": "alert"})
    assert [dict(join.facts) for join in found] == [
        {"one": "a1", "other": "a2"},
        {"one": "a2", "other": "a1"},
    ]


def test_missing_never_equals_missing(joins: Joins) -> None:
    joins.add("d1", {"kind": "change", "change": "deploy"})
    assert joins.add("a1", {"kind": "alert"}) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9", 9),
        ("9.0", 9.0),
        (True, 1),
        (False, 0),
        ("True", True),
        ("b1", True),
        ("n9.0", 9.0),
        ("é", "e\u0301"),
        ("shop", "shop "),
        ("shop", "Shop"),
        (0.1 + 0.2, 0.3),
    ],
)
def test_values_of_another_type_or_spelling_are_not_the_same(
    joins: Joins, one: object, other: object
) -> None:
    joins.add("d1", DEPLOY | {"service": one})
    assert joins.add("a1", FAILING | {"service": other}) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (9, 9.0),
        (0.0, -0.0),
        (True, True),
        ("", ""),
        ("a\x00b", "a\x00b"),
        ("\ud800", "\ud800"),
        ("x" * 100_000, "x" * 100_000),
        (1e15, 10**15),
    ],
)
def test_values_that_are_the_same(joins: Joins, one: object, other: object) -> None:
    joins.add("d1", DEPLOY | {"service": one})
    assert len(joins.add("a1", FAILING | {"service": other})) == 1


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), float("inf"), -float("inf"), 1e16, 10**400, [], {}, b"shop", object()],
)
def test_what_is_no_safe_value_counts_as_missing(joins: Joins, value: object) -> None:
    joins.add("d1", DEPLOY | {"service": value})
    assert joins.add("a1", FAILING | {"service": value}) == []


def test_long_texts_that_differ_at_their_end_are_not_the_same(joins: Joins) -> None:
    joins.add("d1", DEPLOY | {"service": "x" * 5_000 + "1"})
    assert joins.add("a1", FAILING | {"service": "x" * 5_000 + "2"}) == []


def test_a_long_text_is_kept_short() -> None:
    text = canonical("x" * 100_000)
    assert text is not None
    assert len(text) < LONGEST_TEXT + 50


def test_fields_that_are_tied_in_a_ring_must_all_be_the_same() -> None:
    ring = Pattern(
        "ring",
        (
            Part("a", {"k": ("a",), "x": SameAs("b", "x")}),
            Part("b", {"k": ("b",), "x": SameAs("c", "x")}),
            Part("c", {"k": ("c",), "x": SameAs("a", "x")}),
        ),
    )
    joins = open_joins([ring])
    joins.add("a1", {"k": "a", "x": 1})
    joins.add("b1", {"k": "b", "x": 1})
    joins.add("b2", {"k": "b", "x": 2})
    assert joins.add("c2", {"k": "c", "x": 2}) == []
    assert [dict(join.facts) for join in joins.add("c1", {"k": "c", "x": 1})] == [
        {"a": "a1", "b": "b1", "c": "c1"}
    ]


def test_a_part_may_tie_two_of_its_own_fields() -> None:
    joins = open_joins([_two("own", {"x": SameAs("one", "y")}, {"k": ("b",)})])
    joins.add("b1", {"k": "b"})
    assert joins.add("a1", {"x": 1, "y": 2}) == []
    assert len(joins.add("a2", {"x": 1, "y": 1})) == 1


def test_sessions_know_nothing_of_each_other() -> None:
    one, other = open_joins([DEPLOY_BROKE_CHECKOUT]), open_joins([DEPLOY_BROKE_CHECKOUT])
    one.add("d1", DEPLOY)
    assert other.add("a1", FAILING) == []
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (Pattern("p", (Part("a", {}),)), "joins 1 parts"),
        (Pattern("p", tuple(Part(f"a{n}", {}) for n in range(7))), "joins 7 parts"),
        (Pattern("p", (Part("a", {}), Part("a", {}))), "two parts called a"),
        (_two("p", {"x": SameAs("deploi", "y")}, {}), "the parts are one, other"),
    ],
)
def test_an_unsound_pattern_is_refused_in_words(pattern: Pattern, says: str) -> None:
    assert says in faults(pattern)[0]
    with pytest.raises(ValueError, match=says):
        open_joins([pattern])


def test_two_patterns_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two patterns are called deploy-broke-checkout"):
        open_joins([DEPLOY_BROKE_CHECKOUT, DEPLOY_BROKE_CHECKOUT])


def test_without_patterns_the_library_is_not_loaded() -> None:
    script = """
import sys
from sentinel.joins import open_joins
joins = open_joins([])
assert joins.add("a1", {"kind": "alert"}) == [] and not joins.overflowed
joins.remove("a1"); joins.close()
assert "durable_rules_engine" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_joining_starts_no_thread() -> None:
    script = """
import threading
from sentinel.joins import open_joins
from sentinel.engine.joining import Part, Pattern
joins = open_joins([Pattern("p", (Part("a", {"k": ("a",)}), Part("b", {"k": ("b",)})))])
joins.add("a1", {"k": "a"})
assert len(joins.add("b1", {"k": "b"})) == 1
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_more_joins_than_one_fact_may_have_are_cut_and_said(
    joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_JOINS", 3)
    for number in range(3):
        joins.add(f"d{number}", DEPLOY)
    assert len(joins.add("a1", FAILING)) == 3
    assert not joins.overflowed
    joins.add("d3", DEPLOY)
    assert len(joins.add("a2", FAILING)) == 3
    assert joins.overflowed


def test_more_facts_than_the_bound_are_left_out_and_said(
    joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_FACTS", 1)
    joins.add("d1", DEPLOY)
    assert joins.add("a1", FAILING) == []
    assert joins.overflowed
    joins.remove("d1")
    joins.add("a1", FAILING)
    assert not joins.overflowed


def test_more_keys_than_the_bound_are_left_out_and_said(
    joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_ENTRIES", 1)
    joins.add("d1", DEPLOY)
    joins.add("d2", DEPLOY)
    assert not joins.overflowed
    joins.add("d3", DEPLOY | {"service": "search"})
    assert joins.overflowed


def test_a_fact_that_no_part_takes_counts_for_nothing(
    joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_FACTS", 1)
    for number in range(10):
        joins.add(f"e{number}", {"kind": "error"})
    assert joins.add("d1", DEPLOY) == []
    assert not joins.overflowed


STAR = Pattern(
    "star",
    (
        Part("hub", {"k": ("hub",)}),
        *(
            Part(
                f"arm{n}", {"k": (f"arm{n}",), "x": SameAs("hub", "x"), "y": SameAs(f"tip{n}", "y")}
            )
            for n in (1, 2)
        ),
        *(Part(f"tip{n}", {"k": (f"tip{n}",)}) for n in (1, 2)),
    ),
)


def _star(arms: int) -> Iterator[tuple[str, dict[str, object]]]:
    for side in (1, 2):
        for number in range(arms):
            yield f"arm{side}-{number}", {"k": f"arm{side}", "x": "same", "y": number}


def test_combinations_that_would_explode_never_reach_the_library() -> None:
    joins = open_joins([STAR])
    for id, fields in _star(100):
        joins.add(id, fields)
        assert not joins.overflowed
    before = _rss()
    joins.add("hub", {"k": "hub", "x": "same"})  # would begin 100 x 100 combinations
    assert joins.overflowed
    assert _rss() - before < 5_000_000
    joins.close()


def test_fewer_combinations_than_the_bound_are_found() -> None:
    joins = open_joins([STAR])
    for id, fields in _star(20):
        joins.add(id, fields)
    joins.add("hub", {"k": "hub", "x": "same"})
    joins.add("tip1", {"k": "tip1", "y": 3})
    assert len(joins.add("tip2", {"k": "tip2", "y": 4})) == 1
    assert not joins.overflowed
    joins.close()


NAMES = ("a", "b", "c", "d")
FIELDS = ("kind", "x", "y")
VALUES = st.sampled_from(["1", 1, True, "s1", 2.0])


@st.composite
def _patterns(draw: st.DrawFn) -> Pattern:
    aliases = NAMES[: draw(st.integers(2, 4))]
    wanted = st.one_of(
        st.lists(VALUES, max_size=3).map(tuple),
        st.builds(SameAs, st.sampled_from(aliases), st.sampled_from(FIELDS)),
    )
    where = st.dictionaries(st.sampled_from(FIELDS), wanted, max_size=3)
    return Pattern("p", tuple(Part(alias, draw(where)) for alias in aliases))


FACT = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.none(), max_size=3)
CALLS = st.lists(
    st.tuples(st.sampled_from(["f1", "f2", "f3", "f4", "f5"]), FACT | st.just("remove")),
    max_size=20,
)


def _typed(value: object) -> tuple[bool, object]:
    return isinstance(value, bool), value


def _fits(pattern: Pattern, facts: Mapping[str, Mapping[str, object]]) -> bool:
    for part in pattern.parts:
        for field, wanted in part.where.items():
            value = facts[part.alias].get(field)
            if isinstance(wanted, SameAs):
                allowed = [facts[wanted.part].get(wanted.field)]
            else:
                allowed = list(wanted)
            if value is None or _typed(value) not in [_typed(one) for one in allowed]:
                return False
    return True


def _oracle(
    patterns: Sequence[Pattern], facts: Mapping[str, Mapping[str, object]], new: str
) -> list[Join]:
    joins = []
    for pattern in patterns:
        aliases = [part.alias for part in pattern.parts]
        for ids in permutations(facts, len(aliases)):
            chosen = dict(zip(aliases, ids, strict=True))
            if new in ids and _fits(pattern, {a: facts[id] for a, id in chosen.items()}):
                joins.append(Join(pattern.name, chosen))
    return sorted(joins, key=lambda join: (join.pattern, *join.facts.values()))


@pytest.mark.parametrize("worn", [0, session.WORN])
@given(patterns=st.lists(_patterns(), min_size=1, max_size=3), calls=CALLS)
@settings(max_examples=examples(200), deadline=None)
def test_every_join_is_found_and_no_other(
    worn: int, patterns: list[Pattern], calls: list[Any]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "WORN", worn)
        _compare(patterns, calls)


def _compare(patterns: list[Pattern], calls: list[Any]) -> None:
    named = [Pattern(f"p{n}", pattern.parts) for n, pattern in enumerate(patterns)]
    joins, facts = open_joins(named), dict[str, dict[str, object]]()
    for id, fields in calls:
        if fields == "remove":
            joins.remove(id)
            facts.pop(id, None)
        else:
            facts.pop(id, None)
            facts[id] = fields
            assert joins.add(id, fields) == _oracle(named, facts, id)
    joins.close()


@given(_patterns(), st.lists(FACT, max_size=6), st.randoms())
@settings(max_examples=examples(100), deadline=None)
def test_the_order_of_facts_changes_no_join(
    pattern: Pattern, facts: list[Any], random: Any
) -> None:
    numbered = [(f"f{number}", fields) for number, fields in enumerate(facts)]
    totals = []
    for _ in range(2):
        joins = open_joins([pattern])
        found = [join for id, fields in numbered for join in joins.add(id, fields)]
        totals.append(sorted(tuple(join.facts.items()) for join in found))
        random.shuffle(numbered)
    assert totals[0] == totals[1]


def test_six_parts_join() -> None:
    parts = (
        Part("p0", {"k": (0,)}),
        *(Part(f"p{n}", {"k": (n,), "x": SameAs(f"p{n - 1}", "x")}) for n in range(1, 6)),
    )
    joins = open_joins([Pattern("six", parts)])
    facts = [(f"{n}-{x}", {"k": n, "x": x}) for n, x in product(range(6), (1, 2))]
    found = [join for id, fields in facts for join in joins.add(id, fields)]
    assert [list(join.facts.values()) for join in found] == [
        [f"{n}-{x}" for n in range(6)] for x in (1, 2)
    ]


# Run in a process of its own, so that its death is seen.
FUZZ = """
from hypothesis import HealthCheck, given, settings, strategies as st
from sentinel.engine.joining import Part, Pattern, SameAs
from sentinel.joins import open_joins

RESERVED = [
    "$s", "sid", "id", "$id", "$sid", "date", "_t", "$t", "m", "$m", "$and", "r", "x01", "sid-0",
    "", "a.b", '"', "\\\\", "\\x00", "\\ud800", "\\x00" * 300, "\\udfff" * 500, "x" * 70_000,
    '{"id":"1"}', '","id":"2', "]}", "kind", "\N{PILE OF POO}",
]
text = st.text(st.characters(), max_size=12) | st.sampled_from(RESERVED)
scalar = text | st.floats() | st.booleans()
odd = st.integers() | st.none() | st.binary(max_size=3) | st.lists(text) | st.just(10**5_000)
fields = st.dictionaries(text, scalar | odd, max_size=6)


@st.composite
def patterns(draw):
    names = draw(st.lists(text, min_size=2, max_size=4, unique=True))
    same = st.builds(SameAs, st.sampled_from(names), text)
    where = st.dictionaries(text, st.lists(scalar, max_size=2).map(tuple) | same, max_size=2)
    return Pattern(draw(text), tuple(Part(name, draw(where)) for name in names))


@given(patterns(), st.lists(st.tuples(text, fields), max_size=8), text, text)
@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def fuzz(pattern, facts, kind, value):
    joins = open_joins([pattern])
    for id, content in facts:
        joins.add(id, content)
    for id, _ in facts[::2]:
        joins.remove(id)
    joins.close()
    # Whatever the texts are, equal ones join and others don't.
    field = kind + "f"
    one = Part("one", {kind: ("a",)})
    other = Part("other", {kind: ("b",), field: SameAs("one", field)})
    joins = open_joins([Pattern("p", (one, other))])
    joins.add("1", {kind: "a", field: value})
    assert len(joins.add("2", {kind: "b", field: value})) == 1
    assert not joins.add("3", {kind: "b", field: value + "!"})
    joins.close()


fuzz()
print("alive")
"""


def test_hostile_facts_neither_crash_the_process_nor_confuse_it() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", FUZZ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr[-4_000:]


def test_no_two_numbers_of_facts_look_the_same_to_the_library() -> None:
    def hashed(text: str) -> int:  # FNV-1a, by which the library tells facts apart
        value = 2166136261
        for byte in text.encode():
            value = (value ^ byte) * 16777619 % 2**32
        return value

    names = ["sid-0", *map(str, range(4 * session.MOST_ENTRIES))]
    assert len({hashed(name) for name in names}) == len(names)


def _reload(times: int) -> None:
    search = _two("search", {"kind": ("code",), "code": ("A",)}, {"code": ("B",), "t": ("x", "y")})
    for number in range(times):
        own = _two(f"p{number}", {"kind": (f"{number}",)}, {"t": SameAs("one", "t")})
        joins = open_joins([DEPLOY_BROKE_CHECKOUT, own] if number % 2 else [search, STAR])
        for n in range(5):
            joins.add(f"d{n}", DEPLOY | {"service": f"{n} of {number}"})
            joins.add(f"a{n}", FAILING | {"service": f"{n} of {number}", "t": number})
            joins.add(f"c{n}", {"kind": "code", "code": "AB"[n % 2], "t": "x"})
        if number % 3:
            joins.close()  # else it is dropped


def _churn(joins: Joins, times: int) -> None:
    """Facts come and go beside a deployment that stays and joins with half of them."""
    for number in range(times):
        assert len(joins.add("a", FAILING)) == 1
        joins.add("b", FAILING | {"service": f"{number}"})
        joins.remove("a")
        joins.remove("b")


def _unused_number() -> int:
    number = the_ruleset().number()
    the_ruleset().release([number])
    return number


def test_reloads_leave_nothing_in_the_library() -> None:
    _reload(20)
    before = _unused_number()
    _reload(200)
    assert _unused_number() == before


def test_facts_that_come_and_go_leave_nothing_in_the_library(joins: Joins) -> None:
    joins.add("d", DEPLOY)
    _churn(joins, 20)
    before = _unused_number()
    _churn(joins, 200)
    assert _unused_number() == before


@pytest.mark.soak
def test_memory_stays_flat_over_ten_thousand_reloads() -> None:
    _reload(1_000)
    before = _rss()
    _reload(10_000)
    assert _rss() - before < 3_000_000


@pytest.mark.soak
def test_memory_stays_flat_while_facts_come_and_go(joins: Joins) -> None:
    joins.add("d", DEPLOY)
    _churn(joins, 10_000)
    before = _rss()
    _churn(joins, 200_000)
    assert _rss() - before < 3_000_000
