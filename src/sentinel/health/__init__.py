"""Components: their state, their uptime, what they need, and what is left of their budgets."""
