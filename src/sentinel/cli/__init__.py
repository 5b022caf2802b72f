"""The command line: what was asked, handed to the part that does it, and shown.

Commands import what is heavy when they run, so that a list does not wait for a server to load.
"""

import sys

from sentinel.cli.app import app
from sentinel.errors import SentinelError

# Importing them registers their commands.
from sentinel.cli import backtest, books, checks, copies, daemon, diff, explain, imports, lists  # noqa: F401  isort: skip
from sentinel.cli import actions, broadcasts, clients, handling, health, monitors, notify, status  # noqa: F401  isort: skip
from sentinel.cli import acknowledging, projects, rehearse, reports, schemas, sending, silences  # noqa: F401  isort: skip
from sentinel.cli import on_call, templates  # noqa: F401  isort: skip


def main() -> None:
    """Exit status: 0 done, 1 refused or not found, 2 wrong usage, 3 done in part."""
    try:
        app()
    except OverflowError as error:
        # SQLite's integers have 64 bits, those of the command line have no end.
        if "SQLite" not in str(error):
            raise
        print("sentinel: there is nothing with so large a number", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except (SentinelError, OSError) as error:
        print(f"sentinel: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
