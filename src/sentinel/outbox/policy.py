"""How patient the outbox is. All times are in seconds."""

from random import Random

from msgspec import Struct

from sentinel.model.delivery import Delivery


class Policy(Struct, frozen=True, kw_only=True):
    """Retries wait 1, 2, 4, … up to `longest_delay`, and critical pages up to
    `longest_page_delay`; a provider's own wish may be longer.

    A delivery is given up after `give_up_age`, or after `give_up_attempts`. A critical page
    that is not out after `divert_after` also goes to the fallback channel. What has waited for
    `stale_after` is told together with others that wait for the same address.
    A channel is paused after `faults_to_pause` failures in a row; while it is, one delivery at
    a time tries whether it works again, at first every `first_pause`, later `longest_pause`.
    """

    first_delay: float = 1.0
    longest_delay: float = 300.0
    longest_page_delay: float = 60.0
    longest_wish: float = 3600.0
    give_up_age: float = 86_400.0
    give_up_attempts: int = 2000
    divert_after: float = 120.0
    stale_after: float = 120.0
    faults_to_pause: int = 3
    first_pause: float = 5.0
    longest_pause: float = 60.0

    def retry_delay(self, delivery: Delivery, wish: float | None, random: Random) -> float:
        """Jitter keeps many retries from falling together."""
        longest = self.longest_page_delay if delivery.is_page else self.longest_delay
        delay = _growing(self.first_delay, longest, delivery.attempts - 1, random)
        return max(delay, min(wish or 0.0, self.longest_wish))

    def pause(self, faults: int, wish: float | None, random: Random) -> float:
        steps = faults - self.faults_to_pause
        pause = _growing(self.first_pause, self.longest_pause, steps, random)
        return max(pause, min(wish or 0.0, self.longest_delay))

    def gives_up(self, attempts: int, age: float) -> bool:
        return attempts >= self.give_up_attempts or age >= self.give_up_age


def _growing(first: float, longest: float, steps: int, random: Random) -> float:
    return min(longest, first * 2.0 ** min(max(steps, 0), 30)) * random.uniform(0.75, 1.25)
