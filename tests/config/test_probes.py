"""What a probe's time-out means for the time in which its target has to answer."""

from pathlib import Path
from typing import Any

import pytest

from sentinel.installation import read

CONFIG = """
probes:
  - name: shop
    type: http
    url: https://shop.example.com/
"""


def checked(tmp_path: Path, **keys: str) -> tuple[Any, list[str]]:
    more = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    (tmp_path / "sentinel.yaml").write_text(CONFIG + more)
    found, problems = read(tmp_path / "sentinel.yaml", {})
    assert found is not None
    return found.config.probes[0], [problem.id for problem in problems]


@pytest.mark.parametrize(
    ("keys", "degraded_above", "down_above"),
    [
        ({}, 2.0, 10.0),
        ({"timeout": "4s"}, 2.0, 3.6),
        ({"timeout": "1s"}, 0.9, 0.9),
        ({"timeout": "4s", "degraded_above": "3800ms"}, 3.8, 3.8),
        ({"timeout": "4s", "down_above": "3s"}, 2.0, 3.0),
    ],
)
def test_a_target_that_does_not_answer_is_down_before_the_time_is_over(
    tmp_path: Path, keys: dict[str, str], degraded_above: float, down_above: float
) -> None:
    probe, problems = checked(tmp_path, **keys)
    found = (probe.params.degraded_above, probe.params.down_above)
    assert found == pytest.approx((degraded_above, down_above))
    assert problems == []


@pytest.mark.parametrize(
    "keys",
    [
        {"timeout": "4s", "down_above": "4s"},
        {"timeout": "4s", "degraded_above": "5s"},
    ],
)
def test_a_bound_that_no_look_can_reach_is_warned_of(tmp_path: Path, keys: dict[str, str]) -> None:
    _, problems = checked(tmp_path, **keys)
    assert problems == ["probe/never-down"]


PICKY = """
from sentinel.api import Params, Probe, duration, Duration, hook


class PickyParams(Params, frozen=True):
    worse_above: Duration = duration("8s")
    down_above: Duration = duration("9s")

    def __post_init__(self):
        if self.down_above <= self.worse_above:
            raise ValueError("down_above: expected more than worse_above")


class Picky(Probe[PickyParams]):
    type = "picky"
    summary = "Wants its bounds in order"
    Params = PickyParams
    bound = "down_above"

    async def probe(self):
        return []


@hook
def register_probes(register):
    register(Picky)
"""


def test_a_plugin_that_takes_no_lower_bound_is_warned_of_and_works(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "picky.py").write_text(PICKY)
    (tmp_path / "sentinel.yaml").write_text(
        "plugins_dir: plugins\nprobes: [{name: shop, type: picky, timeout: 4s}]\n"
    )
    found, problems = read(tmp_path / "sentinel.yaml", {})
    assert found is not None
    assert [problem.id for problem in problems] == ["probe/never-down"]


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        (
            "type: http, url: shop.example.com",
            "found 'shop.example.com', expected text such as https://shop.example.com/health"
            "  [config/wrong-value]\n    hint: begin it with https:// or http://",
        ),
        (
            "type: http, url: https://alice@shop.example.com",
            "found *** (an address with a user), expected text such as"
            " https://shop.example.com/health  [config/wrong-value]",
        ),
        (
            "type: tcp, port: 25, host: shop.example.com/",
            "found 'shop.example.com/', expected text such as shop.example.com"
            "  [config/wrong-value]",
        ),
    ],
)
def test_what_does_not_fit_a_pattern_is_told_by_an_example(
    tmp_path: Path, probe: str, told: str
) -> None:
    (tmp_path / "sentinel.yaml").write_text(f"probes: [{{name: shop, {probe}}}]\n")
    found, problems = read(tmp_path / "sentinel.yaml", {})
    assert found is None
    assert [str(one).partition(": probes[0].")[2].partition(": ")[2] for one in problems] == [told]
