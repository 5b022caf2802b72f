"""How much a template may do. Bounds count work, not time: a busy machine must not make a good
template fail."""

from sentinel.templating.flaw import Flaw

LONGEST_SOURCE = 20_000
LONGEST_TEXT = 20_000
"""Of a value, and of what is written as text; in characters."""
LONGEST_HTML = 200_000
MOST_NODES = 5_000
MOST_ITEMS = 50
"""Of a list that is written out, and of what one `~` joins."""
DEEPEST = 30
MOST_STEPS = 100_000
LARGEST_NUMBER = 10**15
_CHARACTERS_A_STEP = 20


class Budget:
    """What is left for one rendering."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise Flaw(
                "more work than a message may take",
                f"at most {MOST_STEPS:,} steps",
                "loops in loops multiply: leave one out",
            )

    def spend_on(self, characters: int) -> None:
        self.spend(1 + characters // _CHARACTERS_A_STEP)


def bounded(characters: int, most: int = LONGEST_TEXT) -> None:
    if characters > most:
        raise Flaw(f"a text of more than {most:,} characters", "a shorter one")
