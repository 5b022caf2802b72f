import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts/system-packages"


def _program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def _run(
    folder: Path, user: int, python: str = "python3", **missing: str
) -> subprocess.CompletedProcess[str]:
    """Runs it on a machine that has only the programs in `folder`."""
    _program(folder, "id", f"echo {user}")
    _program(folder, "apt-get", f'echo "$*" >>{folder}/log')
    for name in ("python3", "gcc", "chromium", "mariadb-install-db", "systemd-analyze"):
        if name not in missing.values():
            _program(folder, name, "exit 0")
    (folder / "cat").symlink_to("/bin/cat")
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), "test"],
        env={"PATH": str(folder), "PYTHON": python, "LANG": os.environ.get("LANG", "C")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_done_where_all_is_there(tmp_path: Path) -> None:
    done = _run(tmp_path, user=1000)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_gets_what_is_missing_installed(tmp_path: Path) -> None:
    done = _run(tmp_path, user=0, missing="chromium")
    assert done.returncode == 0
    update, install = (tmp_path / "log").read_text().splitlines()
    assert update.startswith("update")
    assert install.split()[0] == "install"
    assert install.split()[-1] == "chromium"


def test_others_are_told_what_to_ask_for(tmp_path: Path) -> None:
    done = _run(tmp_path, user=1000, venv="python3", browser="chromium")
    assert done.returncode == 1
    assert "sudo apt-get" in done.stderr
    assert "python3-venv python3-dev chromium" in done.stderr
    assert not (tmp_path / "log").exists()


def test_a_compiler_and_its_headers_are_asked_for(tmp_path: Path) -> None:
    done = _run(tmp_path, user=1000, compiler="gcc")
    assert done.returncode == 1
    assert "missing: gcc libc6-dev\n" in done.stderr


def test_the_headers_are_those_of_the_chosen_python(tmp_path: Path) -> None:
    _program(
        tmp_path,
        "python3.11",
        """case "$2" in
*version_info*) echo python3.11-dev ;;
*Python.h*) exit 1 ;;
esac""",
    )
    done = _run(tmp_path, user=1000, python="python3.11")
    assert done.returncode == 1
    assert "missing: python3.11-dev\n" in done.stderr
