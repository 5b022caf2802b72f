import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sentinel.config.problem import Problem
from sentinel.data import shipped
from sentinel.intelligence.catalog import PLACEHOLDERS, Catalog, Entry, Impact, fill_link
from sentinel.intelligence.catalog_files import load_catalog
from sentinel.intelligence.write_schema import FILE, text

ELEVEN = (
    "TWILIO_API_FAILURE",
    "SMS_DELIVERY_FAILURE",
    "TWILIO_GREETING_FAILURE",
    "AI_AGENT_INIT_FAILURE",
    "DB_CONNECTION_ERROR",
    "DB_QUERY_SLOW",
    "REDIS_CONNECTION_ERROR",
    "REDIS_SLOW",
    "NOTIFICATION_SYSTEM_FAILURE",
    "PLATFORM_HEALTH_CHECK_CRITICAL",
    "COMPANY_DATABASE_EMPTY",
)
SYMPTOMS = {
    "SMS_DELIVERY_FAILURE",
    "TWILIO_GREETING_FAILURE",
    "SYSTEM_REGRESSION_DETECTED",
    "PLATFORM_HEALTH_CHECK_CRITICAL",
}
DOCS = shipped("catalog").parent / "docs" / "catalog.md"

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    loaded, problems = load_catalog([shipped("catalog")])
    assert [str(problem) for problem in problems] == []
    assert loaded is not None
    return loaded


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into a folder of its own; gives the folder."""

    def write(text: str, folder: str = "own", name: str = "a.yaml") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path.parent

    return write


def entry_text(code: str, /, **more: str) -> str:
    lines = {"title": "A", "category": "system", "severity": "low", "fix": "[Mend it.]", **more}
    return "".join([f"  {code}:\n", *(f"    {key}: {value}\n" for key, value in lines.items())])


def problems_of(*folders: Path) -> list[Problem]:
    loaded, problems = load_catalog(folders)
    assert loaded is None
    return problems


@pytest.mark.parametrize("code", [*ELEVEN, "SYSTEM_REGRESSION_DETECTED"])
def test_a_code_that_everyone_needs_ships_complete(catalog: Catalog, code: str) -> None:
    entry = catalog.entries[code]
    empty = {name for name in Entry.__struct_fields__ if getattr(entry, name) in (None, (), "")}
    # What has become worse in general is proved by the next snapshot, and by no test.
    general = {"test"} if code == "SYSTEM_REGRESSION_DETECTED" else set()
    assert empty <= general | ({"causes"} if code in SYMPTOMS else set())
    assert all(getattr(entry.impact, name) for name in Impact.__struct_fields__)


def test_every_shipped_code_says_how_to_mend_reproduce_and_verify_it(catalog: Catalog) -> None:
    for entry in catalog.entries.values():
        assert entry.summary, entry.code
        assert entry.fix, entry.code
        assert entry.reproduce, entry.code
        assert entry.verify, entry.code
        assert entry.common_causes, entry.code
        assert entry.external_docs, entry.code
        assert entry.impact.features, entry.code


@pytest.mark.parametrize("start", ["PG_", "DISK_", "TLS_", "DNS_", "QUEUE_", "MAIL_", "PAYMENT_"])
def test_what_fails_everywhere_ships_with_an_entry(catalog: Catalog, start: str) -> None:
    assert sum(code.startswith(start) for code in catalog.entries) >= 2


def test_the_category_is_one_that_some_shipped_code_has(catalog: Catalog) -> None:
    used = {entry.category for entry in catalog.entries.values()}
    assert used == {"external_service", "infrastructure", "company_config", "system", "data"}


def test_a_failing_twilio_causes_what_hangs_on_it(catalog: Catalog) -> None:
    direct = {"SMS_DELIVERY_FAILURE", "TWILIO_GREETING_FAILURE", "NOTIFICATION_SYSTEM_FAILURE"}
    assert set(catalog.direct_effects("TWILIO_API_FAILURE")) == direct
    assert direct | {"PLATFORM_HEALTH_CHECK_CRITICAL"} <= catalog.effects_of("TWILIO_API_FAILURE")


def test_causes_are_the_other_direction_of_effects(catalog: Catalog) -> None:
    for code in catalog.entries:
        for effect in catalog.effects_of(code):
            assert code in catalog.causes_of(effect)
        for cause in catalog.direct_causes(code):
            assert code in catalog.direct_effects(cause)


def test_an_effect_of_an_effect_is_an_effect(catalog: Catalog) -> None:
    assert "DB_CONNECTION_ERROR" in catalog.effects_of("DB_QUERY_SLOW")
    assert "SMS_DELIVERY_FAILURE" in catalog.effects_of("DNS_RESOLUTION_FAILED")
    assert "DISK_FULL" in catalog.causes_of("DB_CONNECTION_ERROR")


def test_codes_about_one_companys_data_are_kept_apart(catalog: Catalog) -> None:
    assert "COMPANY_DATABASE_EMPTY" in catalog.per_tenant
    assert "SMS_DELIVERY_FAILURE" not in catalog.per_tenant


def test_an_unknown_code_has_no_entry_and_no_edges(catalog: Catalog) -> None:
    assert catalog.get("NO_SUCH_CODE") is None
    assert catalog.get(None) is None
    assert catalog.effects_of("NO_SUCH_CODE") == frozenset()
    assert catalog.causes_of("NO_SUCH_CODE") == frozenset()
    assert catalog.direct_effects("NO_SUCH_CODE") == ()


def test_an_override_changes_only_the_keys_that_it_gives(catalog: Catalog, write: Write) -> None:
    own = write("codes: {REDIS_SLOW: {severity: critical, impact: {priority: P0}, env_vars: []}}")
    loaded, problems = load_catalog([shipped("catalog"), own])
    assert problems == []
    assert loaded is not None
    before, after = catalog.entries["REDIS_SLOW"], loaded.entries["REDIS_SLOW"]
    assert (after.severity, after.impact.priority, after.env_vars) == ("critical", "P0", ())
    assert (after.fix, after.impact.features) == (before.fix, before.impact.features)


def test_an_override_may_cut_an_edge(write: Write) -> None:
    own = write("codes: {TWILIO_API_FAILURE: {causes: [SMS_DELIVERY_FAILURE]}}")
    loaded, _ = load_catalog([shipped("catalog"), own])
    assert loaded is not None
    assert loaded.effects_of("TWILIO_API_FAILURE") == {"SMS_DELIVERY_FAILURE"}


def test_an_installation_adds_codes_of_its_own(write: Write) -> None:
    own = write("codes:\n" + entry_text("OVEN_COLD", causes="[JOB_MISSED]"))
    loaded, problems = load_catalog([shipped("catalog"), own])
    assert problems == []
    assert loaded is not None
    assert loaded.direct_causes("JOB_MISSED").count("OVEN_COLD") == 1


def test_a_folder_that_is_named_twice_or_missing_does_no_harm(tmp_path: Path) -> None:
    loaded, problems = load_catalog([shipped("catalog"), shipped("catalog"), tmp_path / "none"])
    assert problems == []
    assert loaded is not None


def test_an_empty_file_is_no_problem(write: Write) -> None:
    loaded, problems = load_catalog([write("# nothing yet\n")])
    assert (loaded, problems) == (Catalog(), [])


def test_an_entry_of_its_own_must_be_complete(write: Write) -> None:
    problems = problems_of(write("codes:\n  A_B:\n    title: A\n    category: system\n"))
    assert [(p.line, p.found) for p in problems] == [(2, "no severity, no fix")]


def test_a_misspelt_override_is_told_which_code_it_is_near_to(write: Write) -> None:
    own = write("codes: {REDIS_SLOWW: {severity: low}}")
    problems = problems_of(shipped("catalog"), own)
    assert {p.hint for p in problems} == {"did you mean REDIS_SLOW?"}


def test_all_problems_are_told_at_once_with_their_lines(write: Write) -> None:
    text = "codes:\n" + entry_text("A_B", severty="low", category="sytem", related_codes="[A_C]")
    text += entry_text("B_B", related_codes="[A_BB]", fix_url='"{base_ulr}/x"')
    problems = problems_of(write(text))
    told = {(p.line, p.id, p.hint) for p in problems}
    assert (4, "config/wrong-value", "did you mean system?") in told
    assert (7, "config/unknown-key", "did you mean severity?") in told
    assert (14, "catalog/unknown-code", "did you mean A_B?") in told
    assert (15, "catalog/unknown-placeholder", "did you mean base_url?") in told


def test_a_code_may_stand_in_two_files_of_two_folders_but_not_of_one(write: Write) -> None:
    write("codes:\n" + entry_text("A_B"), name="a.yaml")
    own = write("codes:\n" + entry_text("A_B"), name="b.yaml")
    (problem,) = problems_of(own)
    assert problem.id == "catalog/duplicate-code"
    assert problem.file.endswith("b.yaml")
    assert "a.yaml:2" in problem.found


def test_a_circle_of_causes_is_refused_with_its_path(write: Write) -> None:
    text = "codes:\n" + entry_text("A_A", causes="[B_B]") + entry_text("B_B", causes="[C_C]")
    own = write(text + entry_text("C_C", causes="[A_A]") + entry_text("D_D", causes="[A_A]"))
    (problem,) = problems_of(own)
    assert problem.id == "catalog/circle"
    circle = problem.found.removeprefix("a circle of causes: ").split(" → ")
    assert circle[0] == circle[-1]
    assert set(circle) == {"A_A", "B_B", "C_C"}
    assert circle[circle.index("A_A") + 1] == "B_B" if circle[-1] != "A_A" else circle[1] == "B_B"


def test_a_circle_that_an_installation_closes_is_told_in_its_own_file(write: Write) -> None:
    own = write("codes:\n  SMS_DELIVERY_FAILURE:\n    causes: [DNS_RESOLUTION_FAILED]\n", "own")
    _, (problem,) = load_catalog([shipped("catalog"), own])
    assert (problem.id, problem.file, problem.line) == ("catalog/circle", f"{own}/a.yaml", 3)
    assert problem.found.endswith("SMS_DELIVERY_FAILURE → DNS_RESOLUTION_FAILED")


def test_two_circles_are_both_told(write: Write) -> None:
    text = "codes:\n" + entry_text("A_A", causes="[B_B]") + entry_text("B_B", causes="[A_A]")
    own = write(text + entry_text("C_C", causes="[D_D]") + entry_text("D_D", causes="[C_C]"))
    assert [problem.id for problem in problems_of(own)] == ["catalog/circle"] * 2


def test_a_code_may_not_cause_itself(write: Write) -> None:
    (problem,) = problems_of(write("codes:\n" + entry_text("A_A", causes="[A_A]")))
    assert problem.id == "catalog/own-code"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("env_vars", "[TWILIO_AUTH_TOKEN=abc]"),
        ("env_vars", "[not a name]"),
        ("fix_url", "javascript:alert(1)"),
        ("fix_url", '"{tenant}/x"'),
        ("external_docs", '["https://a b"]'),
        ("fix", "[]"),
        ("fix", "Mend it."),
        ("customer_facing", "maybe"),
        ("impact", "{priority: P3}"),
        ("impact", "{companies: some}"),
        ("code", "B_B"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(write: Write, key: str, value: str) -> None:
    problems = problems_of(write("codes:\n" + entry_text("A_A", **{key: value})))
    assert len(problems) == 1
    assert key in problems[0].path


@pytest.mark.parametrize(
    "text", ["codes: []", "- a", "codes: {A_A: 3}", "code: {}", "codes: {a: {}}"]
)
def test_a_file_of_another_shape_is_refused(write: Write, text: str) -> None:
    assert problems_of(write(text))


def test_a_link_is_filled_from_what_is_known() -> None:
    values = {"base_url": "https://app.example.com/", "tenant": "acme"}
    page = "{base_url}/companies/{tenant}"
    assert fill_link(page, values) == "https://app.example.com/companies/acme"
    assert fill_link("https://status.example.com/", {}) == "https://status.example.com/"
    assert fill_link(page, {"tenant": "acme"}) is None


@pytest.mark.parametrize("tenant", ["../admin", "..", "a/b?c#d", "@evil.example", "{base_url}"])
def test_a_hostile_name_cannot_lead_a_link_elsewhere(tenant: str) -> None:
    values = {"base_url": "https://app.example.com", "tenant": tenant}
    filled = fill_link("{base_url}/c/{tenant}/x", values)
    assert filled is not None
    assert re.fullmatch(r"https://app\.example\.com/c/[\w%.~-]+/x", filled)
    assert "/../" not in filled


def test_the_schema_file_is_the_one_that_the_records_make() -> None:
    assert FILE.read_text() == text(), "run python -m sentinel.intelligence.write_schema"


def test_every_key_is_documented() -> None:
    text = DOCS.read_text()
    for name in (*Entry.__struct_fields__, *Impact.__struct_fields__):
        assert name == "code" or f"| `{name}`" in text, name
    for name in PLACEHOLDERS:
        assert f"`{{{name}}}`" in text, name


def test_every_problem_id_is_documented() -> None:
    source = Path(load_catalog.__code__.co_filename).read_text()
    for id in set(re.findall(r'"(catalog/[a-z-]+)"', source)):
        assert f"`{id}`" in DOCS.read_text(), id


def test_the_examples_of_the_documentation_load(write: Write) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert examples
    for number, example in enumerate(examples):
        own = write(example, folder=f"example-{number}")
        loaded, problems = load_catalog([shipped("catalog"), own])
        assert loaded is not None, [str(problem) for problem in problems]
