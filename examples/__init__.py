"""Applications that report to Sentinel."""
