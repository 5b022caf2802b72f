"""A template that fails when a message goes out becomes an error of Sentinel's own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sentinel.api import AnySignal, Error
from sentinel.app import App, Options
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.templating.flaw import Flaw
from sentinel.testing import FakeClock

CATALOG = Path(__file__).parents[2] / "catalog"


async def test_it_is_told_from_the_thread_that_rendered(tmp_path: Path) -> None:
    options = Options(config=tmp_path / "sentinel.yaml", state_dir=tmp_path, env={})
    app = App(options, FakeClock())
    told: asyncio.Queue[Error] = asyncio.Queue()

    async def emit(signals: Sequence[AnySignal]) -> None:
        for signal in signals:
            assert isinstance(signal, Error)
            told.put_nowait(signal)

    app._emit = emit  # type: ignore[method-assign]
    failed = app._on_template_failure()
    await asyncio.to_thread(failed, "brief", Flaw("a list", "a text", line=3))
    error = await asyncio.wait_for(told.get(), 5)
    assert error.code == "SENTINEL_TEMPLATE_FAILED"
    assert error.message == "brief: line 3: found a list, expected a text"
    assert error.tags == {"template": "brief"}
    catalog, _ = load_catalog([CATALOG])
    assert catalog is not None
    assert error.code in catalog.entries
