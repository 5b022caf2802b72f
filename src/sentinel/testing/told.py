"""Finds secrets in what a plugin says."""

import base64
from urllib.parse import quote


def reveals(text: str, secrets: tuple[str, ...]) -> bool:
    """Whether the text holds one of the secrets, as it is or in a form easily read back."""
    return any(form in text for secret in secrets for form in _forms(secret))


def _forms(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    return {secret, quote(secret, safe=""), repr(secret)[1:-1], encoded}
