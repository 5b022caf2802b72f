"""Whose key it is: the projects' keys, read from the store once and then remembered."""

from sentinel.api import Credentials
from sentinel.errors import Unauthorized
from sentinel.store import projects
from sentinel.store.database import Database
from sentinel.store.projects import Project


class Keys:
    """A key that is not known here is looked up each time, since `sentinel dsn` in another
    process may have made it just now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Project] = {}

    async def authenticate(self, credentials: Credentials) -> str:
        """The name of the project. Raises Unauthorized, never showing the key."""
        key = credentials.key
        if not key or len(key) > 200:
            raise Unauthorized("no project key was given: use the DSN that `sentinel dsn` prints")
        project = self._known.get(key)
        if project is None:
            project = await self._database.read(lambda conn: projects.by_key(conn, key))
            if project is None:
                raise Unauthorized(
                    "the project key is not known here: use the DSN that `sentinel dsn` prints"
                )
            self._known[key] = project
        if credentials.project not in (None, str(project.id), project.name):
            raise Unauthorized(
                f"the key is not that of the project {credentials.project[:50]!r} in the path"
            )
        return project.name
