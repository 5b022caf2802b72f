"""Discovery: what is found, what is refused, and how that is told."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.config.problem import Problem
from sentinel.plugins import BUILT_INS, PluginInfo, Registry, load

Folder = Callable[..., Path]

DETECTOR = """
from sentinel.api import Detector, Verdict, hook


class Always(Detector):
    type = "{type}"
    summary = "Holds for ever"

    def observe(self, signal, state, now):
        return now, Verdict(True)

    def tick(self, state, now):
        return state, Verdict(True)

    def explain(self, state, now):
        return "always"


@hook
def register_detectors(register):
    register(Always)
"""
GOOD = DETECTOR.format(type="always")


def load_folder(path: Path) -> tuple[Registry, list[Problem]]:
    """The drop-ins alone, without the built-ins."""
    return load(path, built_in=())


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def line_with(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_built_ins_load_without_a_problem() -> None:
    registry, problems = load(None)
    assert problems == []
    detectors = [name.split(".")[-1] for name in BUILT_INS if ".detectors." in name]
    assert registry.types("detector") == sorted(detectors)
    notifiers = [name.split(".")[-1] for name in BUILT_INS if ".notifiers." in name]
    assert set(notifiers) <= set(registry.types("notifier"))
    probes = [name.split(".")[-1] for name in BUILT_INS if ".probes." in name]
    assert registry.types("probe") == sorted(probes)
    assert {info.origin for info in registry.listing()} == {"built-in"}
    assert len(registry.listing()) >= len(BUILT_INS)


def test_a_file_in_the_folder_is_a_plugin(folder: Folder) -> None:
    path = folder(always=GOOD)
    registry, problems = load_folder(path)
    assert problems == []
    detector = registry.get("detector", "always")
    assert detector is not None
    assert detector.__name__ == "Always"
    assert registry.listing() == [
        PluginInfo(
            kind="detector",
            type="always",
            summary="Holds for ever",
            origin=str(path / "always.py"),
        )
    ]


def test_a_package_in_the_folder_is_a_plugin_and_may_import_its_own_files(folder: Folder) -> None:
    path = folder(acme____init__="from ._inner import register_detectors", acme___inner=GOOD)
    registry, problems = load_folder(path)
    assert problems == []
    assert registry.types("detector") == ["always"]


def test_a_type_that_nobody_registered_is_none() -> None:
    assert Registry([]).get("probe", "ghost") is None


@pytest.mark.parametrize("name", ["_helper", ".hidden", "test_always", "conftest"])
def test_helpers_hidden_files_and_tests_are_left_alone(folder: Folder, name: str) -> None:
    registry, problems = load_folder(folder(**{name: "raise RuntimeError('was imported')"}))
    assert (registry.listing(), problems) == ([], [])


def test_loading_leaves_the_import_path_as_it_was(folder: Folder) -> None:
    before = list(sys.path)
    load_folder(folder(always=GOOD))
    assert sys.path == before


def test_a_plugin_can_not_take_the_name_of_a_module(folder: Folder) -> None:
    """A drop-in called json.py must not become everybody's `json`."""
    import json

    load_folder(folder(json=GOOD))
    assert sys.modules["json"] is json


def test_a_plugin_that_was_edited_is_loaded_anew(folder: Folder) -> None:
    load_folder(folder(always=DETECTOR.format(type="aaa")))
    registry, problems = load_folder(folder(always=DETECTOR.format(type="bbb")))
    assert problems == []
    assert registry.types("detector") == ["bbb"]


def test_a_plugin_that_was_not_edited_stays_the_same_class(folder: Folder) -> None:
    """A reload must not take the probes of an unchanged plugin for changed ones."""
    path = folder(always=GOOD)
    before, _ = load_folder(path)
    again, _ = load_folder(path)
    assert before.get("detector", "always") is again.get("detector", "always")


def test_a_package_of_which_a_part_was_edited_is_loaded_anew(folder: Folder) -> None:
    files = {"acme____init__": "from ._in import register_detectors"}
    load_folder(folder(**files, acme___in=DETECTOR.format(type="aaa")))
    registry, _ = load_folder(folder(**files, acme___in=DETECTOR.format(type="bbb")))
    assert registry.types("detector") == ["bbb"]


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    _, problems = load_folder(tmp_path / "nowhere")
    assert only(problems).id == "plugin/no-folder"


def test_a_plugin_that_can_not_be_imported_is_named_with_its_line_and_harms_no_other(
    folder: Folder,
) -> None:
    path = folder(always=GOOD, broken="import os\n\n\nraise RuntimeError('out of luck')\n")
    registry, problems = load_folder(path)
    problem = only(problems)
    assert (problem.file, problem.line) == (str(path / "broken.py"), 4)
    assert problem.id == "plugin/import-failed"
    assert "RuntimeError: out of luck" in problem.found
    assert "broken" in problem.path
    assert registry.types("detector") == ["always"]
    assert [(info.type, info.status) for info in registry.listing()] == [
        ("always", "ok"),
        ("broken", "failed"),
    ]


def test_a_syntax_error_is_told_with_its_line(folder: Folder) -> None:
    path = folder(broken="x = 1\ndef broken(:\n")
    _, problems = load_folder(path)
    assert (only(problems).file, only(problems).line) == (str(path / "broken.py"), 2)


def test_a_plugin_that_exits_on_import_does_not_end_the_program(folder: Folder) -> None:
    registry, problems = load_folder(folder(always=GOOD, quits="import sys\nsys.exit(3)\n"))
    assert only(problems).line == 2
    assert registry.types("detector") == ["always"]


def test_a_missing_library_is_named_with_what_to_do(folder: Folder) -> None:
    _, problems = load_folder(folder(needy="import no_such_library\n"))
    assert only(problems).hint == "install 'no_such_library' where Sentinel is installed"


def test_a_failed_import_leaves_no_module_behind(folder: Folder) -> None:
    before = set(sys.modules)
    load_folder(
        folder(broken____init__="from . import _part\nraise RuntimeError", broken___part="")
    )
    assert set(sys.modules) == before


def test_a_misspelt_hook_is_told_with_the_name_that_was_meant(folder: Folder) -> None:
    path = folder(always=GOOD.replace("def register_detectors", "def register_detector"))
    registry, problems = load_folder(path)
    problem = only(problems)
    assert problem.id == "plugin/unknown-hook"
    assert problem.hint == "did you mean register_detectors?"
    assert "always" in problem.path
    assert problem.line == line_with(path / "always.py", "@hook")
    assert registry.types("detector") == []


def test_a_hook_that_raises_keeps_no_other_plugin_from_registering(folder: Folder) -> None:
    raising = GOOD.replace("    register(Always)", "    register(Always)\n    1 / 0")
    path = folder(a=DETECTOR.format(type="first"), b=raising, c=DETECTOR.format(type="last"))
    registry, problems = load_folder(path)
    problem = only(problems)
    assert problem.id == "plugin/hook-failed"
    assert "register_detectors raised ZeroDivisionError" in problem.found
    assert (problem.file, problem.line) == (str(path / "b.py"), line_with(path / "b.py", "1 / 0"))
    assert registry.types("detector") == ["first", "last"]


def test_a_hook_that_asks_for_an_unknown_argument_is_refused(folder: Folder) -> None:
    wrong = GOOD.replace("(register)", "(register, settings)", 1)
    _, problems = load_folder(folder(always=wrong))
    assert only(problems).id == "plugin/hook-arguments"
    assert "settings" in only(problems).found


def test_a_hook_may_take_fewer_arguments_than_there_are(folder: Folder) -> None:
    idle = "from sentinel.api import hook\n\n\n@hook\ndef register_probes():\n    pass\n"
    assert load_folder(folder(idle=idle))[1] == []


def test_of_two_plugins_with_one_name_the_earlier_stays_and_both_are_named(
    folder: Folder,
) -> None:
    path = folder(a=GOOD, b=GOOD)
    registry, problems = load_folder(path)
    problem = only(problems)
    assert problem.id == "plugin/name-clash"
    assert str(path / "a.py") in problem.found
    assert str(path / "b.py") in problem.found
    first = registry.get("detector", "always")
    assert first is not None
    assert first.__module__.endswith("_a")


def test_a_drop_in_can_not_replace_a_built_in(folder: Folder) -> None:
    registry, problems = load(
        folder(mine=DETECTOR.format(type="frequency")), built_in=["sentinel.detectors.frequency"]
    )
    assert "built-in" in only(problems).found
    kept = registry.get("detector", "frequency")
    assert kept is not None
    assert kept.__module__ == "sentinel.detectors.frequency"


def test_a_module_without_a_hook_is_warned_about(folder: Folder) -> None:
    registry, problems = load_folder(folder(helper="x = 1\n"))
    assert only(problems).warning
    assert registry.listing() == []


@pytest.mark.parametrize(
    ("change", "to", "id", "found"),
    [
        ('    type = "always"\n', "", "plugin/no-type", "Always without `type`"),
        ('"always"', '"Not A Name"', "plugin/no-type", "Always.type = 'Not A Name'"),
        ("(Detector)", "", "plugin/wrong-base", "class Always"),
        ("register(Always)", "register(Always({}))", "plugin/wrong-base", "type Always"),
        ("def explain", "def explian", "plugin/unfinished", "Always without explain"),
        ("    type =", "    Params = dict\n    type =", "plugin/params", "Params = class dict"),
        ("    type =", '    reads = ("field",)\n    type =', "plugin/reads", "reads = ('field',)"),
    ],
)
def test_a_class_that_breaks_the_contract_is_refused(
    folder: Folder, change: str, to: str, id: str, found: str
) -> None:
    registry, problems = load_folder(folder(always=GOOD.replace(change, to)))
    problem = only(problems)
    assert problem.id == id
    assert found in problem.found
    assert "always" in problem.path
    assert registry.types("detector") == []


NOTIFIER = """
from sentinel.api import Capabilities, Notifier, Receipt, hook


class Bell(Notifier):
    type = "bell"
    capabilities = Capabilities(only=frozenset({reasons}))

    async def send(self, message):
        return Receipt()


@hook
def register_notifiers(register):
    register(Bell)
"""


@pytest.mark.parametrize(
    ("reasons", "ids"),
    [('{"firing", "reminder"}', []), ('{"reminder"}', ["plugin/only"]), ("()", ["plugin/only"])],
)
def test_a_channel_that_is_not_used_for_pages_is_refused(
    folder: Folder, reasons: str, ids: list[str]
) -> None:
    _, problems = load_folder(folder(bell=NOTIFIER.replace("{reasons}", reasons)))
    assert [problem.id for problem in problems] == ids


PROBE = """
from sentinel.api import NoParams, Params, Probe, Status, hook


class Mine(Params, frozen=True):
    {field}


class Up(Probe):
    type = "up"
    Params = Mine

    {probe}
        return [Status(status="up")]


@hook
def register_probes(register):
    register(Up)
"""


@pytest.mark.parametrize(
    ("field", "probe", "id"),
    [
        ("target: str", "def probe(self):", "plugin/not-async"),
        ("target: complex", "async def probe(self):", "plugin/params"),
        ("interval: float", "async def probe(self):", "plugin/reserved-parameter"),
        ("target: str", "timeout = 0\n    async def probe(self):", "plugin/time"),
        ("target: str", "bound = 'target'\n    async def probe(self):", "plugin/bound"),
    ],
)
def test_a_probe_that_could_not_work_is_refused(
    folder: Folder, field: str, probe: str, id: str
) -> None:
    _, problems = load_folder(folder(up=PROBE.format(field=field, probe=probe)))
    assert only(problems).id == id


@pytest.mark.parametrize("version", ["2.0", "1.99", "soon"])
def test_a_plugin_for_another_api_is_refused(folder: Folder, version: str) -> None:
    registry, problems = load_folder(folder(always=f"SENTINEL_API = '{version}'\n{GOOD}"))
    assert only(problems).id == "plugin/api-version"
    assert registry.types("detector") == []


def test_the_declared_api_version_is_listed(folder: Folder) -> None:
    registry, _ = load_folder(folder(always=f"SENTINEL_API = '1.0'\n{GOOD}"))
    assert registry.listing()[0].api == "1.0"


def test_what_is_quarantined_is_listed_so_with_its_reason(folder: Folder) -> None:
    registry, _ = load_folder(folder(always=GOOD))
    (info,) = registry.listing({("detector", "always"): "shop: no answer within 10 s"})
    assert (info.status, info.reason) == ("quarantined", "shop: no answer within 10 s")
