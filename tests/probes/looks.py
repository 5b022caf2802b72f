"""One look of a probe, from its start to its stop."""

from typing import Any

from sentinel.api import Clock, Metric, Probe, Status
from sentinel.clock import SystemClock
from sentinel.scheduler import checked
from sentinel.testing import params_of, plugin_context


async def look(
    plugin: type[Probe[Any]], clock: Clock | None = None, **yaml: Any
) -> tuple[Status, dict[str, float]]:
    """Its status, and its metrics by name."""
    async with plugin_context(clock=clock or SystemClock()) as context:
        probe = plugin(params_of(plugin, **yaml), context)
        await probe.start()
        try:
            status, *metrics = checked(await probe.probe())
        finally:
            await probe.stop()
    assert isinstance(status, Status)
    return status, {one.name: one.value for one in metrics if isinstance(one, Metric)}
