"""What plugins leave behind keeps no process from ending."""

import subprocess
import sys

import pytest

STRAY = """
async def ignores_its_end() -> None:
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
"""
BY_ITSELF = f"""
import asyncio
from sentinel import ending
{STRAY}
async def main() -> str:
    main.stray = asyncio.create_task(ignores_its_end())
    await asyncio.sleep(0)
    return "done"
print(ending.run(main()), flush=True)
"""
LEAVING = f"""
import asyncio, time
from sentinel.ending import leave
{STRAY}
async def main() -> None:
    main.stray = asyncio.create_task(ignores_its_end())
    main.blocked = asyncio.create_task(asyncio.to_thread(time.sleep, 600))
    await asyncio.sleep(0)
    print("done")
asyncio.Runner().run(main())
leave()
"""


@pytest.mark.parametrize("program", [BY_ITSELF, LEAVING])
def test_a_plugin_that_ignores_its_end_keeps_no_process_alive(program: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "done\n")
