"""Frozen records. This package imports nothing of the rest of Sentinel."""
