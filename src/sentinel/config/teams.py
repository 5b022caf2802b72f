"""Teams: people by a common name. They may stand in the main file and in the rules files."""

from collections.abc import Collection, Sequence

from sentinel.config.document import Document, KeyPath
from sentinel.config.model import TeamConfig
from sentinel.config.names import Names, unknown_name
from sentinel.config.problem import Problem


def read_teams(
    documents: Sequence[Document], people: Collection[str]
) -> tuple[dict[str, TeamConfig], list[Problem]]:
    """By name. The schema's own problems are not told."""
    names = Names("team")
    teams: dict[str, TeamConfig] = {}
    problems: list[Problem] = []
    for document in documents:
        for name, members in document.section("teams").items():
            path = ("teams", name)
            problems += names.add(document, path, name)
            team = TeamConfig(
                name=name,
                people=known_people(document, path, members, people, problems),
                file=document.file,
                line=document.line(path),
            )
            teams.setdefault(name, team)
    return teams, problems


def known_people(
    document: Document,
    path: KeyPath,
    members: object,
    people: Collection[str],
    problems: list[Problem],
) -> tuple[str, ...]:
    """Those of a list of names who exist, each once; the others are told as problems. Not a list
    of texts: told elsewhere."""
    found: dict[str, None] = {}
    for index, name in enumerate(members if isinstance(members, list) else ()):
        if not isinstance(name, str):
            continue
        if name in people:
            found[name] = None
        else:
            problems.append(unknown_name(document, (*path, index), "person", name, people))
    return tuple(found)
