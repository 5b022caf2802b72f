import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sentinel.api import AnySignal, Context, Metric, Status
from sentinel.testing import FakeClock, load_plugin, params_of, plugin_context
from sentinel.testing.contracts import ProbeContract

HOUR = 3600.0
FileAge: Any = load_plugin(Path(__file__).with_name("file_age.py")).get("probe", "file_age")


class TestFileAge(ProbeContract):
    def probe(self, context: Context, url: str) -> Any:
        return FileAge(params_of(FileAge, path=__file__), context)


def write(path: Path, age: float, text: str = "backup") -> None:
    """A file that was last written so many seconds ago."""
    path.write_text(text)
    moment = FakeClock().now() - age
    os.utime(path, (moment, moment))


async def look(**yaml: Any) -> tuple[Status, list[AnySignal]]:
    async with plugin_context() as context:
        status, *metrics = await FileAge(params_of(FileAge, **yaml), context).probe()
    assert isinstance(status, Status)
    return status, metrics


@pytest.mark.parametrize(
    ("hours", "state"), [(1, "up"), (25, "up"), (26, "degraded"), (49, "degraded"), (50, "down")]
)
async def test_an_older_file_is_degraded_and_then_down(
    tmp_path: Path, hours: int, state: str
) -> None:
    write(tmp_path / "backup.tar", hours * HOUR)
    status, _ = await look(path=str(tmp_path / "backup.tar"))
    assert status.status == state


async def test_the_message_says_how_old_and_what_was_expected(tmp_path: Path) -> None:
    write(tmp_path / "backup.tar", 26 * HOUR)
    status, _ = await look(path=str(tmp_path / "backup.tar"))
    assert status.message == f"{tmp_path}/backup.tar is 1d2h old, expected 1d1h"


async def test_age_and_size_are_metrics(tmp_path: Path) -> None:
    write(tmp_path / "backup.tar", 2 * HOUR, "12345")
    _, metrics = await look(path=str(tmp_path / "backup.tar"))
    values = {m.name: m.value for m in metrics if isinstance(m, Metric)}
    assert values == {"file.age": 2 * HOUR, "file.size": 5.0}


async def test_a_missing_file_is_down(tmp_path: Path) -> None:
    status, metrics = await look(path=str(tmp_path / "backup.tar"))
    assert status.status == "down"
    assert "no file matches" in status.message
    assert metrics == []


async def test_of_several_files_the_newest_counts(tmp_path: Path) -> None:
    for name, hours in (("a", 100), ("b", 1), ("c", 200)):
        write(tmp_path / f"backup-{name}.tar", hours * HOUR)
    status, _ = await look(path=str(tmp_path / "backup-*.tar"))
    assert status.status == "up"
    assert "backup-b.tar" in status.message


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "backup.tar").mkdir()
    assert (await look(path=str(tmp_path / "backup.tar")))[0].status == "down"


async def test_a_file_that_is_too_small_is_down(tmp_path: Path) -> None:
    write(tmp_path / "backup.tar", HOUR, "x")
    status, _ = await look(path=str(tmp_path / "backup.tar"), at_least="1KB")
    assert status.status == "down"
    assert "1 bytes, expected 1000" in status.message


async def test_a_file_from_the_future_is_not_old(tmp_path: Path) -> None:
    write(tmp_path / "backup.tar", -5 * HOUR)
    assert (await look(path=str(tmp_path / "backup.tar")))[0].status == "up"


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="at most down_above"):
        params_of(FileAge, path="x", degraded_above="2h", down_above="1h")


async def test_a_folder_that_can_not_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="symbolic links"):
        await look(path=f"{tmp_path}/loop/shop-*.tar")


async def test_more_files_than_are_looked_at_is_said_and_not_guessed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[FileAge.__module__]
    monkeypatch.setattr(module, "MOST_FILES", 2)
    for name in "abc":
        write(tmp_path / f"{name}.tar", HOUR)
    with pytest.raises(vars(module)["Unclear"], match="more than 2 files match"):
        await look(path=f"{tmp_path}/*.tar")
