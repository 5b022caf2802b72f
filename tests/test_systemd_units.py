import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent / "systemd"
MOST_EXPOSED = 2.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def test_systemd_understands_every_line_of_the_units(tmp_path: Path) -> None:
    # systemd wants the program to exist; where it is installed is the administrator's affair.
    service = (UNITS / "sentinel.service").read_text()
    program = re.search(r"^ExecStart=(\S+)", service, re.MULTILINE)
    assert program is not None
    (tmp_path / "sentinel.service").write_text(service.replace(program[1], "/bin/true"))
    shutil.copy(UNITS / "sentinel.socket", tmp_path)
    verified = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_the_service_is_little_exposed() -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", str(UNITS / "sentinel.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"Overall exposure level for sentinel.service: ([\d.]+)", judged.stdout)
    assert level is not None, judged.stdout + judged.stderr
    assert float(level[1]) <= MOST_EXPOSED
