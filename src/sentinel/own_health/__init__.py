"""Sentinel's own health: whether it works, whether pages arrive, and who hears if they don't."""
