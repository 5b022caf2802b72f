"""How often what fixed several incidents held."""

import pytest

from sentinel.causes.repeated import tried
from sentinel.model.resolution import Resolution, Similar


def past(number: int, text: str | None, *, held: bool | None) -> Similar:
    fix = None if text is None else Resolution(incident=number, text=text, author="alice", at=0.0)
    return Similar(
        incident=number,
        title="It failed",
        opened=float(number),
        resolved=float(number),
        score=1.0,
        fix=fix,
        held=held,
    )


def test_the_same_words_are_one_fix_and_what_held_more_often_comes_first() -> None:
    found = [
        past(1, "Restarted it.", held=False),
        past(2, "restarted  it", held=False),
        past(3, "Rotated the token", held=True),
        past(4, "rotated the token!", held=True),
        past(5, "waited", held=True),
        past(6, None, held=True),
    ]
    assert [(one.text, one.how_often) for one in tried(found)] == [
        ("rotated the token!", "it held each of 2 times"),
        ("restarted  it", "it held 0 of 2 times"),
    ]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((True, True, True), "it held each of 3 times"),
        ((True, False, True), "it held 2 of 3 times"),
        ((True, False, None), "it held 1 of 3 times; of 1 it is too early to say"),
        ((None, None), "it held 0 of 2 times; of 2 it is too early to say"),
    ],
)
def test_how_often_it_held_is_said(held: tuple[bool | None, ...], said: str) -> None:
    (one,) = tried([past(number, "waited", held=each) for number, each in enumerate(held)])
    assert one.how_often == said
