from collections.abc import Callable

from sentinel.rehearsal import Rehearsal, Result, render_coverage
from tests.rehearsal.conftest import THREE_ERRORS

RunAll = Callable[..., tuple[Rehearsal, list[Result]]]


def test_what_no_test_touches_is_listed_with_its_place(run_all: RunAll) -> None:
    rehearsal, _ = run_all(f"""
    - name: fires
      signals: [{THREE_ERRORS}]
      expect: [{{at: 1m, alert: SmsFailing, state: firing}}]
    """)
    assert render_coverage(rehearsal.coverage()) == (
        "tested: 1 of 2 rules, 1 of 2 routes, 1 of 3 steps\n"
        "no test touches:\n"
        "  rule   DiskFull (rules/shop.yaml:12)\n"
        "  route  disks (rules/shop.yaml:24)\n"
        "  step   platform, step 2 (rules/shop.yaml:26)\n"
        "  step   disks, step 1 (rules/shop.yaml:30)"
    )


def test_tests_add_up_to_the_whole(run_all: RunAll) -> None:
    rehearsal, _ = run_all("""
    - name: the disk
      signals: [{at: 0s, metric: {name: disk, value: 95}}]
      expect: [{at: 0s, alert: DiskFull, state: firing}]
    - name: the second step
      signals: [{at: 0s, every: 10s, times: 40, error: {code: SMS_DOWN}}]
      expect: [{at: 6m, alert: SmsFailing, state: firing}]
    """)
    coverage = rehearsal.coverage()
    assert coverage.untried == ()
    assert coverage.tried == coverage.total == {"rule": 2, "route": 2, "step": 3}


def test_a_rule_that_was_only_pending_is_not_tried(run_all: RunAll) -> None:
    rehearsal, _ = run_all("""
    - name: not for long enough
      signals: [{at: 0s, every: 50s, times: 3, error: {code: SMS_DOWN, tenant: acme}}]
      expect: [{until: 5m, delivered: {to: alice}}]
    """)
    assert rehearsal.coverage().tried == {"rule": 0, "route": 0, "step": 0}
