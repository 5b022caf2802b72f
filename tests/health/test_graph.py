"""What needs what: blame, and the map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.health.graph import blamed, needed_by
from sentinel.health.layout import HEIGHT, WIDTH, layout

NEEDS = {
    "shop": ("payments", "search"),
    "payments": ("database", "stripe"),
    "search": ("index",),
    "database": (),
}
NAMES = [f"n{number}" for number in range(12)]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Without circles: each needs only later ones."""
    return {
        name: tuple(draw(st.sets(st.sampled_from(NAMES[place + 1 :]), max_size=4)))
        for place, name in enumerate(NAMES[:-1])
    }


@pytest.mark.parametrize(
    ("name", "troubled", "expected"),
    [
        ("shop", {"shop", "payments", "database"}, ("database",)),
        ("shop", {"shop", "payments", "database", "index"}, ("database",)),
        ("shop", {"shop", "payments", "search", "database", "index"}, ("database", "index")),
        ("shop", {"shop", "database"}, ()),
        ("database", {"database", "shop"}, ()),
        ("shop", {"database", "payments"}, ()),
    ],
)
def test_trouble_is_followed_to_its_far_end(
    name: str, troubled: set[str], expected: tuple[str, ...]
) -> None:
    assert blamed(name, NEEDS, troubled) == expected


def test_who_is_needed_knows_by_whom() -> None:
    assert needed_by(NEEDS)["database"] == ("payments",)
    assert "shop" not in needed_by(NEEDS)


@given(graphs())
def test_on_the_map_each_stands_left_of_what_it_needs_and_on_no_other(
    needs: dict[str, tuple[str, ...]],
) -> None:
    found = layout(needs)
    at = {node.name: node for node in found.nodes}
    for name, others in needs.items():
        for other in others:
            assert at[name].x + WIDTH < at[other].x
    assert len(found.edges) == sum(map(len, needs.values()))
    boxes = list(at.values())
    for place, one in enumerate(boxes):
        assert 0 <= one.x <= found.width - WIDTH
        assert 0 <= one.y <= found.height - HEIGHT
        for other in boxes[place + 1 :]:
            assert one.x != other.x or abs(one.y - other.y) > HEIGHT


def test_the_map_is_the_same_each_time() -> None:
    assert layout(NEEDS) == layout(dict(NEEDS))


def test_a_line_goes_round_a_column_that_it_passes() -> None:
    found = layout({"a": ("b", "c"), "b": ("c",)})
    far = next(edge for edge in found.edges if (edge.needing, edge.needed) == ("a", "c"))
    assert far.path.count("C") == 2


def test_lines_do_not_cross_where_they_need_not() -> None:
    found = layout({"a": ("y",), "b": ("x",), "x": ("z",), "y": ("z",)})
    top = {node.name: node.y for node in found.nodes}
    assert top["a"] < top["b"]
    assert top["y"] < top["x"]
