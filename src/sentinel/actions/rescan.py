"""Counts again: runs several probes now, one after the other."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from sentinel.api import Action, ActionResult, Named, Params, hook


class RescanParams(Params, frozen=True):
    probes: Annotated[
        list[str], Meta(description="The names of the probes; all of them if not given.")
    ] = []  # noqa: RUF012 - a msgspec record copies its defaults


class Rescan(Action[RescanParams]):
    type = "rescan"
    summary = "Runs several probes now"
    Params = RescanParams
    timeout = 300.0
    names: ClassVar[Mapping[str, Named]] = {"probes": "probe"}

    def describe(self) -> str:
        named = ", ".join(self.params.probes)
        return f"Run {f'the probes {named}' if named else 'all probes'} and store what they find."

    async def run(self) -> ActionResult:
        operations = self.context.operations
        results = {
            name: await operations.run_probe(name)
            for name in self.params.probes or operations.probes()
        }
        bad = [name for name, result in results.items() if not result.ok]
        text = f"{len(results)} probes ran; {len(bad)} did not find all well"
        return ActionResult(
            ok=not bad,
            text=f"{text}: {', '.join(bad)}."
            if bad
            else f"{len(results)} probes ran; all is well.",
            facts={name: result.text for name, result in results.items()},
        )


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(Rescan)
