"""`sentinel run`: the daemon."""

import os
from typing import Annotated

import typer

from sentinel.cli.app import ConfigOption, StateOption, app, config_path, state_path

ListenOption = Annotated[
    str | None, typer.Option("--listen", help="HOST:PORT, instead of the configuration's.")
]


@app.command()
def run(
    config: ConfigOption = None, state_dir: StateOption = None, listen: ListenOption = None
) -> None:
    """Run the daemon. SIGHUP reloads the configuration, SIGTERM drains and stops."""
    from sentinel.app import Options, serve

    serve(
        Options(
            config=config_path(config),
            state_dir=state_path(state_dir),
            listen=_address(listen),
            env=os.environ,
        )
    )


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"expected HOST:PORT such as 127.0.0.1:8420, found {text!r}")
    return host.strip("[]"), int(port)
