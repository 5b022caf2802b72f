"""Regular expressions of the configuration, in RE2: none of them can take for ever."""

from typing import Any

import re2


def compiled(key: str, pattern: str) -> Any:
    """Raises ValueError, which names the key, for what is no RE2."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"`{key}`: expected RE2, found {pattern!r}: {reason}") from error
