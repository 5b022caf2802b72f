"""Probable causes: the evidence from the store, the rankers that judge it, and what is learned."""

from sentinel.causes.finder import CauseFinder
from sentinel.causes.fixing import LONGEST, note_fix
from sentinel.causes.learner import Learner

__all__ = ["LONGEST", "CauseFinder", "Learner", "note_fix"]
