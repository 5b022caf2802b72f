"""What a person is told about an incident: the subject, the text, the HTML and the data."""

from sentinel.intelligence.message.compose import compose, compose_drill, compose_test
from sentinel.intelligence.message.facts import PageFacts

__all__ = ["PageFacts", "compose", "compose_drill", "compose_test"]
