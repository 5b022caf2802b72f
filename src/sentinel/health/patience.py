"""After how long a silence a component's state is no longer known."""

from collections.abc import Mapping

from sentinel.config.model import Config
from sentinel.model.signal import Status

OWN = "sentinel.pipeline"
"""The component that the heartbeat outwards tells of."""

MISSED = 3
"""So many looks of a probe may fail to come."""


class Patience:
    """From the configuration: what `silent_after` says for the component; else what the interval of
    the probe that told of it allows; else what holds for all."""

    def __init__(self, config: Config) -> None:
        self._default = float(config.snapshots.silent_after)
        self._components: Mapping[str, float] = {
            one.name: one.silent_after
            for one in config.components.values()
            if one.silent_after is not None
        }
        if config.heartbeat is not None:
            beat = MISSED * config.heartbeat.every + config.heartbeat.timeout
            self._components = {OWN: beat, **self._components}
        self._probes: Mapping[str, float] = {
            probe.name: MISSED * probe.interval + probe.timeout * (1 + probe.retries)
            for probe in config.probes
        }

    def of(self, status: Status) -> float:
        """In seconds."""
        own = self._components.get(status.component or "")
        if own is not None:
            return own
        return self._probes.get(status.tags.get("probe", ""), self._default)
