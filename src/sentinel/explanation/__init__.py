"""Why things are as they are: an alert, a signal or a rule, now or at a time that has passed.

Everything is read from the store and held against the configuration as it is: nothing here asks
the running engine, so that an explanation is the same beside the daemon and without it.
"""

from sentinel.explanation.alert import AlertExplanation, explain_alert
from sentinel.explanation.cause import Why, why
from sentinel.explanation.rule import RuleExplanation, explain_rule
from sentinel.explanation.signal import SignalExplanation, explain_signal

__all__ = [
    "AlertExplanation",
    "RuleExplanation",
    "SignalExplanation",
    "Why",
    "explain_alert",
    "explain_rule",
    "explain_signal",
    "why",
]
