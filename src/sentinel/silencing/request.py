"""What is asked for, checked. Every refusal is an Invalid that names the field at fault."""

from collections.abc import Sequence

from msgspec import Struct

from sentinel.engine.matchers import parse_matcher
from sentinel.errors import Invalid
from sentinel.intelligence.untrusted import visible
from sentinel.model.silence import Silence
from sentinel.model.values import Duration

MOST_MATCHERS = 100
LONGEST_MATCHER = 1_000
LONGEST_IN_ALL = 10_000
LONGEST_COMMENT = 1_000
LONGEST_AUTHOR = 100
FARTHEST = 366 * 86_400.0
"""How far ahead a silence may end, in seconds."""

_EXAMPLE = 'such as team="payments"'


class Times(Struct, frozen=True):
    """From `starts`, or from now, until `ends` or for as long as `lasts` says (`2h`). The times
    are in seconds since 1970 UTC."""

    starts: float | None = None
    ends: float | None = None
    lasts: str | None = None


def checked(
    matchers: Sequence[str],
    times: Times,
    *,
    author: str,
    comment: str,
    now: float,
    before: Silence | None = None,
) -> Silence:
    """A new silence, without a number yet, or `before` as it is to be from now on.

    Raises Invalid with what was found and what was expected.
    """
    if before is not None and before.ends <= now:
        raise Invalid(f"silence {before.id} is over and can't be changed: set a new one")
    if not author.strip() or len(author) > LONGEST_AUTHOR:
        raise Invalid(f"author: expected a name of 1 to {LONGEST_AUTHOR} characters")
    if len(comment) > LONGEST_COMMENT:
        raise Invalid(
            f"comment: found {len(comment):,} characters, expected at most {LONGEST_COMMENT:,}"
        )
    known = read_matchers(matchers)
    starts, ends = _span(times, now, before)
    return Silence(
        id=before.id if before else 0,
        matchers=known,
        starts=starts,
        ends=ends,
        author=author.strip(),
        comment=comment.strip(),
        created=before.created if before else now,
    )


def read_matchers(texts: Sequence[str]) -> tuple[str, ...]:
    """Raises Invalid for one that is none, and for a list that meets alerts without any label:
    it would be the silence that hides everything."""
    if not texts:
        raise Invalid(f"matchers: found none, expected at least one, {_EXAMPLE}")
    if len(texts) > MOST_MATCHERS:
        raise Invalid(f"matchers: found {len(texts)}, expected at most {MOST_MATCHERS}")
    if sum(map(len, texts)) > LONGEST_IN_ALL:
        raise Invalid(f"matchers: expected at most {LONGEST_IN_ALL:,} characters in all")
    parsed = []
    for number, text in enumerate(texts, 1):
        if len(text) > LONGEST_MATCHER:
            raise Invalid(
                f"matcher {number}: found {len(text):,} characters, expected at most "
                f"{LONGEST_MATCHER:,}"
            )
        if visible(text) != text:
            raise Invalid(
                f"matcher {number}: found a character that can't be seen, expected visible ones; "
                "=~ with a dot in its place meets it"
            )
        try:
            parsed.append(parse_matcher(text.strip()))
        except ValueError as error:
            raise Invalid(f"matcher {number}: {error}") from error
    if all(matcher.holds({}) for matcher in parsed):
        raise Invalid(
            f"matchers: found only {', '.join(one.text for one in parsed)}, which alerts without "
            f"any label meet too; expected one that asks for a value, {_EXAMPLE}"
        )
    return tuple(one.text for one in parsed)


def _span(times: Times, now: float, before: Silence | None) -> tuple[float, float]:
    starts = max(now, times.starts) if times.starts is not None else now
    if before is not None and (times.starts is None or before.starts <= now):
        # What has begun has begun; it is the end that is changed.
        starts = before.starts
    begins = max(now, starts)
    if times.ends is not None and times.lasts is None:
        ends = times.ends
    elif times.lasts is not None and times.ends is None:
        ends = begins + _seconds(times.lasts)
    else:
        found = "neither" if times.ends is None else "both"
        raise Invalid(f"ends, for: found {found}, expected one of the two")
    if ends <= begins:
        after = "now" if starts <= now else "its start"
        raise Invalid(f"ends: found a time that is not after {after}, expected a later one")
    if ends > now + FARTHEST:
        raise Invalid("ends: found a time more than a year ahead, expected an earlier one")
    return starts, ends


def _seconds(text: str) -> float:
    try:
        lasts = Duration.parse(text.strip())
    except ValueError as error:
        raise Invalid(f"for: {error}") from error
    return float(lasts)
