"""What comes back from messages: providers' receipts, and the answers of people."""

from sentinel.answering.answering import Answering, Parts

__all__ = ["Answering", "Parts"]
