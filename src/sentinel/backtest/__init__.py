"""Backtests: what other rules would have made of the signals that are stored."""

from sentinel.backtest.backtest import Plan, Progress, run
from sentinel.backtest.report import Report

__all__ = ["Plan", "Progress", "Report", "run"]
