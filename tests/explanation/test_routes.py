"""The walk along the route tree agrees with the engine's."""

from hypothesis import given
from hypothesis import strategies as st

from sentinel.engine.matchers import parse_matcher
from sentinel.engine.routing import Route, takers
from sentinel.explanation.routes import walk

_labels = st.fixed_dictionaries(
    {"team": st.sampled_from(["a", "b", "c"]), "severity": st.sampled_from(["low", "high"])}
)
_matchers = st.lists(
    st.sampled_from(['team="a"', 'team!="a"', 'severity="high"', 'team=~"a|b"']), max_size=2
).map(lambda texts: tuple(parse_matcher(text) for text in texts))


def _route(children: st.SearchStrategy[Route]) -> st.SearchStrategy[Route]:
    return st.builds(
        Route,
        name=st.uuids().map(str),
        matchers=_matchers,
        goes_on=st.booleans(),
        routes=st.lists(children, max_size=3).map(tuple),
    )


_leaf = st.builds(Route, name=st.uuids().map(str), matchers=_matchers, goes_on=st.booleans())


@given(st.lists(st.recursive(_leaf, _route, max_leaves=12), max_size=4), _labels)
def test_the_routes_that_take_an_alert_are_those_that_the_engine_asks(
    routes: list[Route], labels: dict[str, str]
) -> None:
    root = Route(name="", routes=tuple(routes))
    shown = [one.name for one in walk(root, labels) if one.taken == "takes"]
    asked = [one.name for one in takers(root, labels) if one.name]
    assert shown == asked
