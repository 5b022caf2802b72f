"""Puts the example configuration into the wheel, beside the catalog and the rules."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Example(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An editable install reads it from the checkout; hatchling maps folders only, not files.
        if version != "editable":
            build_data["force_include"]["config.example.yaml"] = (
                "sentinel/_data/config.example.yaml"
            )
