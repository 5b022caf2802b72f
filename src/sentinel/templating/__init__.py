"""The operator's own words for messages: Jinja templates that can do nothing but write."""
