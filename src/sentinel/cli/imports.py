"""`sentinel import`: takes over what was written for Prometheus and Alertmanager."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel.cli.app import JsonOption, app, printable, show_json
from sentinel.errors import Invalid

RULES, MAIN = "imported-rules.yaml", "imported-sentinel.yaml"
_NOT_UNDERSTOOD = 3


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Rule files of Prometheus, Alertmanager's configuration.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder to write to; printed if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Translate rules of Prometheus and a configuration of Alertmanager.

    What can't be translated is named, with its file and line. Exit status 3: something was not
    understood.
    """
    from sentinel.importing import import_files

    found = import_files(files)
    texts = {name: text for name, text in ((RULES, found.rules), (MAIN, found.main)) if text}
    if output is not None:
        _write(output, texts, force)
    if as_json:
        show_json({"understood": found.understood, "files": texts, "notes": found.notes})
    else:
        if output is None:
            # Two documents of one stream, where both are there.
            typer.echo("---\n".join(texts.values()), nl=False)
        for note in found.notes:
            typer.echo(printable(note), err=True)
    if not found.understood:
        raise typer.Exit(_NOT_UNDERSTOOD)


def _write(folder: Path, texts: dict[str, str], force: bool) -> None:
    there = [str(folder / name) for name in texts if (folder / name).exists()]
    if there and not force:
        raise Invalid(f"found {' and '.join(there)}, expected a folder without: --force overwrites")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        typer.echo(f"wrote {folder / name}", err=True)
