"""Tests of the rules, over the whole path from a signal to its deliveries, on a virtual clock."""

from sentinel.rehearsal.coverage import Coverage, Untried
from sentinel.rehearsal.rehearse import Rehearsal
from sentinel.rehearsal.report import render_coverage, render_result
from sentinel.rehearsal.result import Failure, Result

__all__ = [
    "Coverage",
    "Failure",
    "Rehearsal",
    "Result",
    "Untried",
    "render_coverage",
    "render_result",
]
