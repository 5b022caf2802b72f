"""Reads the configuration again."""

from collections.abc import Callable
from typing import Any

from sentinel.api import Action, ActionResult, NoParams, hook


class Reload(Action[NoParams]):
    type = "reload"
    summary = "Reads Sentinel's configuration again"
    timeout = 120.0
    changes = True

    def describe(self) -> str:
        return "Read the configuration again. One with a mistake is refused whole."

    async def run(self) -> ActionResult:
        return await self.context.operations.reload()


@hook
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    register(Reload)
