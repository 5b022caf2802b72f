"""Turns errors and health snapshots into the one message that each person needs."""
