"""Under which address the daemon is reached, for commands that print it."""

import contextlib
import os
import sqlite3
from pathlib import Path

from sentinel.cli.app import config_path
from sentinel.errors import ConfigError
from sentinel.store import meta

_DEFAULT = "http://127.0.0.1:8420"


def public_url(conn: sqlite3.Connection, config: Path | None) -> str:
    """By the configuration that was named; else as the daemon of this database last said, which
    knows of `--listen` and of a configuration elsewhere; before its first start by the
    configuration in the usual places, and without one the default."""
    if config is None and (said := meta.public_url(conn)) is not None:
        return said
    return _configured(config) or _DEFAULT


def _configured(given: Path | None) -> str | None:
    from sentinel.config.settings import public_url_of, read_main, read_settings

    with contextlib.suppress(ConfigError):
        path = config_path(given)
        main, _ = read_main(path, os.environ)
        settings = None if main is None else read_settings(main, path)[0]
        return None if settings is None else public_url_of(settings)
    return None
