"""What a person reads of a test, word for word."""

from collections.abc import Callable

from sentinel.rehearsal import Result, render_result
from tests.rehearsal.conftest import THREE_ERRORS

RunOne = Callable[..., Result]
FLAPPING_DISK = """
    - {at: 0s, every: 1m, times: 60, metric: {name: disk, value: 95, host: web-1}}
    - {at: 30s, every: 1m, times: 60, metric: {name: disk, value: 50, host: web-1}}
"""


def test_a_test_that_passes_is_one_line(run_one: RunOne) -> None:
    assert render_result(run_one("expect: [{until: 1h, incident: {times: 0}}]")) == (
        "✓ a test (0 ms)"
    )


def test_a_test_that_fails_shows_what_was_decided_around_each_mismatch(run_one: RunOne) -> None:
    result = run_one(f"""
        signals: [{THREE_ERRORS}]
        expect:
          - {{at: 40s, alert: SmsFailing, state: firing, labels: {{tenant: acme}}}}
          - {{between: [1m, 3m], delivered: {{to: alice, by: email, reason: firing}}}}
          - {{until: 10m, not_delivered: {{to: bob}}}}
    """)
    bound = "3 or more signals within 2m, the bound is 3"
    opened = "SMS fails for acme: no open incident shares its cause"
    assert (
        render_result(result)
        == f"""\
✗ a test (0 ms)

    rules/shop.yaml:38
    expected  {{at: 40s, alert: SmsFailing, state: firing, labels: {{tenant: acme}}}}
    found     SmsFailing {{tenant: acme}} is pending since 20s

    rules/shop.yaml:39
    expected  {{between: [1m, 3m], delivered: {{to: alice, by: email, reason: firing}}}}
    found     no such message at that time, but alice by mail at 50s (firing)

    what was decided (0s is Wed 2026-01-07 12:00:00 UTC):
      20s  alert pending      SmsFailing {{tenant: acme}}  {bound}; fires if that holds for 30s
    → 40s  here line 38 is not met
      50s  alert fired        SmsFailing {{tenant: acme}}  {bound}
      50s  incident opened    SmsFailing {{tenant: acme}}  {opened}
      50s  delivery enqueued  incident 1                 firing to alice by mail
       2m  alert resolved     SmsFailing {{tenant: acme}}  its condition no longer holds
       2m  incident resolved  incident 1                 its alert is over
       2m  delivery enqueued  incident 1                 resolved to alice by mail
    →  3m  here line 39 is not met
"""
    )


def test_a_test_in_which_nothing_was_decided_says_so(run_one: RunOne) -> None:
    result = run_one("expect: [{at: 1m, alert: SmsFailing, state: firing}]")
    assert (
        render_result(result)
        == """\
✗ a test (0 ms)

    rules/shop.yaml:35
    expected  {at: 1m, alert: SmsFailing, state: firing}
    found     no alert SmsFailing: no error has come

    nothing was decided in all of the test
"""
    )


def test_only_what_is_near_a_mismatch_is_shown_of_many_decisions(run_one: RunOne) -> None:
    result = run_one(f"signals: {FLAPPING_DISK}expect: [{{at: 30m, incident: {{times: 0}}}}]\n")
    lines = render_result(result).split("\n")
    mark = next(number for number, line in enumerate(lines) if line.startswith("    → "))
    assert lines[mark - 18] == "      … 166 more decisions"
    assert lines[mark - 17].startswith("      27m30s  incident resolved  incident 28")
    assert lines[mark - 1].startswith("         30m  delivery enqueued  incident 31")


def test_what_followed_is_cut_short_too(run_one: RunOne) -> None:
    result = run_one(f"""
signals: {FLAPPING_DISK}expect:
    - {{at: 10m, incident: {{times: 0}}}}
    - {{at: 20m, alert: DiskFull, state: firing}}
""")
    lines = render_result(result).split("\n")
    mark = next(number for number, line in enumerate(lines) if line.startswith("    → "))
    assert lines[mark + 8].startswith("      11m30s  incident resolved  incident 12")
    assert lines[mark + 9] == "      … 52 more decisions"


def test_mismatches_far_apart_show_what_led_to_each(run_one: RunOne) -> None:
    result = run_one(f"""
signals: {FLAPPING_DISK}expect:
    - {{at: 10m, alert: DiskFull, state: absent}}
    - {{at: 50m, alert: DiskFull, state: absent}}
""")
    shown = [type(one).__name__ for one in result.timeline]
    assert shown == ["Gap", *["Line"] * 8, "Mark", *["Line"] * 4, "Gap", *["Line"] * 8, "Mark"]


def test_each_of_many_mismatches_shows_the_last_four_decisions_before_it(run_one: RunOne) -> None:
    moments = "".join(
        f"    - {{at: {n}m, alert: DiskFull, state: absent}}\n" for n in range(5, 60, 5)
    )
    result = run_one(f"signals: {FLAPPING_DISK}expect:\n{moments}")
    shown = [type(one).__name__ for one in result.timeline]
    assert shown == ["Gap", *["Line"] * 4, "Mark", *["Line"] * 4] * 10 + [
        "Gap",
        *["Line"] * 4,
        "Mark",
    ]


def test_what_was_quiet_is_told_with_its_reason(run_one: RunOne) -> None:
    result = run_one("""
        signals: [{at: 0s, metric: {name: disk, value: 95, host: web-1}}]
        silence: [{at: 0s, matchers: ['host="web-1"'], for: 10m}]
        expect: [{at: 0s, incident: {times: 0}}]
    """)
    assert "not delivered (silenced)" in render_result(result)
