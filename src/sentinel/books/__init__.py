"""The books: every signal that met a rule, every alert, incident and message is accounted for.

They are checked every hour beside the pipeline, by `sentinel books`, and in tests.
"""

from sentinel.books.audit import Audit
from sentinel.books.imbalance import Balance, Imbalance
from sentinel.books.keeper import BookKeeper

__all__ = ["Audit", "Balance", "BookKeeper", "Imbalance"]
