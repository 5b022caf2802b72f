"""How long things may take around a run, in seconds."""

LIFE_CYCLE_TIMEOUT = 10.0

STALE_AFTER = 60.0
"""A run that waited longer is refused: whoever asked for it has gone, or the trouble has."""

UNTIL_LOOKED = 2 * LIFE_CYCLE_TIMEOUT + 5.0
"""What a look of a probe may take beside its own time-out, until the engine hears of it."""

UNTIL_REPORTED = STALE_AFTER + 2 * LIFE_CYCLE_TIMEOUT + 10.0
"""What a run may take beside its own time-out, until the engine hears what came of it."""
