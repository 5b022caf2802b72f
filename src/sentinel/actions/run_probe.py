"""Looks at one target now, instead of at its next turn."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from sentinel.api import Action, ActionResult, Named, Params, hook


class RunProbeParams(Params, frozen=True):
    probe: Annotated[str, Meta(description="The probe's name.")]


class RunProbe(Action[RunProbeParams]):
    type = "run_probe"
    summary = "Runs a probe once and tells what it found"
    Params = RunProbeParams
    timeout = 120.0
    names: ClassVar[Mapping[str, Named]] = {"probe": "probe"}

    def describe(self) -> str:
        return f"Run the probe {self.params.probe} once and store what it finds."

    async def run(self) -> ActionResult:
        return await self.context.operations.run_probe(self.params.probe)


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(RunProbe)
