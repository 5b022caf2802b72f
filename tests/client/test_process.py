"""Starting, forking and ending, in processes of their own."""

import subprocess
import sys
from pathlib import Path
from typing import Any


def test_importing_the_client_loads_nothing_but_the_standard_library(run_python: Any) -> None:
    done = run_python(
        """
import sys
import sentinel.client
names = {name.split(".")[0] for name in sys.modules}
foreign = {n for n in names if n not in sys.stdlib_module_names and not n.startswith("_")}
mine = {name for name in sys.modules if name.startswith("sentinel.")}
print(sorted(foreign - {"sentinel"}), sorted(m for m in mine if "client" not in m))
print("asyncio" in sys.modules)
"""
    )
    foreign, heavy = done.stdout.splitlines()
    # What the site start-up of this environment brings along is not of the client's making.
    assert foreign.endswith("['sentinel.clock']")
    assert not any(name in foreign for name in ("msgspec", "aiohttp", "pluggy", "structlog"))
    assert heavy == "False"


def test_what_is_still_queued_is_sent_at_exit(collector: Any, run_python: Any) -> None:
    done = run_python(
        """
import sys
from sentinel.client import init, report
init(sys.argv[1], linger=30)
report("last words")
""",
        collector.dsn,
    )
    assert done.returncode == 0, done.stderr
    assert [error["message"] for error in collector.accepted] == ["last words"]


def test_exit_is_bounded_when_the_server_hangs_and_nothing_is_lost(
    collector: Any, run_python: Any, tmp_path: Path, stopwatch: Any
) -> None:
    collector.script = ["hang"] * 10
    done = run_python(
        """
import sys
from sentinel.client import init, report
init(sys.argv[1], spool_dir=sys.argv[2], linger=0.01, timeout=60)
for n in range(150):
    report(f"error {n}")
""",
        collector.dsn,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert stopwatch() < 6
    spooled = [int(file.stem.rpartition("-")[2]) for file in tmp_path.rglob("*.batch")]
    assert sum(spooled) >= 150


def test_each_process_of_a_fork_reports_its_own_errors_once(
    collector: Any, run_python: Any
) -> None:
    done = run_python(
        """
import os, sys
from sentinel.client import init, report, flush, close
init(sys.argv[1], linger=0.2)
report("before the fork")
children = []
for n in range(3):
    child = os.fork()
    if child == 0:
        report(f"child {n}")
        ok = flush(5)
        close()
        os._exit(0 if ok else 1)
    children.append(child)
report("parent")
assert flush(5)
print([os.waitpid(child, 0)[1] for child in children])
""",
        collector.dsn,
    )
    assert done.stdout.strip() == "[0, 0, 0]", done.stderr
    assert sorted(error["message"] for error in collector.accepted) == [
        "before the fork",
        "child 0",
        "child 1",
        "child 2",
        "parent",
    ]


def test_a_process_killed_while_sending_leaves_its_batch_to_the_next(
    collector: Any, tmp_path: Path
) -> None:
    """The batch is on disk before it is sent again, so the kill can't take it along."""
    collector.script = [(503, {}), "hang"]
    script = """
import sys
from sentinel.client import init, report
from sentinel.client.pause import Pause
from sentinel.clock import SystemClock
init(sys.argv[1], spool_dir=sys.argv[2], linger=0.01, pause=Pause(SystemClock(), 0.01, 0.01))
report("survivor")
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, collector.dsn, str(tmp_path)], stdin=subprocess.PIPE
    ) as process:
        collector.wait_for_requests(2)
        process.kill()
    [left] = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert left.suffix == ".sending"


def test_an_application_without_a_url_runs_unchanged(run_python: Any) -> None:
    done = run_python(
        """
import logging, os
os.environ.pop("SENTINEL_DSN", None)
from sentinel.client import SentinelHandler, close, flush, init, report
assert init() is None
logging.getLogger().addHandler(SentinelHandler())
logging.error("x")
assert report(ValueError("x"), code="A_B") is None
assert flush() is True
close()
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_url_may_come_from_the_environment(collector: Any, run_python: Any) -> None:
    done = run_python(
        """
import os, sys
os.environ["SENTINEL_DSN"] = sys.argv[1]
from sentinel.client import init, report
init()
report("x")
""",
        collector.dsn,
    )
    assert done.returncode == 0, done.stderr
    assert len(collector.accepted) == 1


def test_an_error_reported_while_the_interpreter_ends_is_not_lost(
    collector: Any, run_python: Any
) -> None:
    done = run_python(
        """
import atexit, sys
from sentinel.client import init, report
init(sys.argv[1])
atexit.register(report, "at the very end")
""",
        collector.dsn,
    )
    assert done.returncode == 0, done.stderr
    assert [error["message"] for error in collector.accepted] == ["at the very end"]
