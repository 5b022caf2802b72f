"""Shows that a channel works, by a test message."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from sentinel.api import Action, ActionResult, Named, Params, hook


class ChannelTestParams(Params, frozen=True):
    channel: Annotated[str, Meta(description="The channel's name.")]
    person: Annotated[
        str | None,
        Meta(description="Who gets it, on a channel to people; whoever runs it if not given."),
    ] = None


class ChannelTest(Action[ChannelTestParams]):
    type = "test_channel"
    summary = "Sends a test message over a channel"
    Params = ChannelTestParams
    timeout = 60.0
    names: ClassVar[Mapping[str, Named]] = {"channel": "channel", "person": "person"}

    def describe(self) -> str:
        to = f" to {self.params.person}" if self.params.person else ""
        return f"Send one test message over the channel {self.params.channel}{to}."

    async def run(self) -> ActionResult:
        return await self.context.operations.test_channel(self.params.channel, self.params.person)


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(ChannelTest)
