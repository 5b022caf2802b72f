"""No secret stands in a problem, wherever in a configuration it is and however wrong that is."""

import pytest

from tests.config.conftest import Load

HIDDEN = "hunter2"


def told(load: Load, main: str, env: dict[str, str] | None = None) -> str:
    config, problems = load(main, env)
    assert config is None
    return "\n".join(map(str, problems))


@pytest.mark.parametrize(
    "mail",
    [
        "host: x, password: [hunter2]",
        "host: x, password: {a: hunter2}",
        "host: forbidden, password: hunter2",
        "host: forbidden, hook: hunter2",
        "host: broken, hook: hunter2",
        "host: x, tls: hunter2, tls: hunter2",
        "host: 5, password: hunter2",
        "password: hunter2",
        "host: x, pasword: hunter2",
    ],
)
def test_a_secret_parameter_is_not_shown(mail: str, load: Load) -> None:
    text = told(load, f"channels:\n  a: {{type: mail, {mail}}}".replace("tls: hunter2", "tls: a"))
    assert HIDDEN not in text


def test_a_secret_of_the_wrong_type_is_told_by_its_type_alone(load: Load) -> None:
    text = told(load, "channels:\n  a: {type: mail, host: x, hook: 4711}")
    assert "found *** (a number)" in text
    assert "hint: put it in quotes" in text
    assert "4711" not in text


def test_a_value_under_a_key_named_like_a_secret_is_not_shown(load: Load) -> None:
    text = told(load, "people:\n  alice: {api_token: 4711}")
    assert "found *** (a number)" in text
    assert "4711" not in text


def test_secrets_below_a_secret_mapping_are_not_shown(load: Load) -> None:
    text = told(load, "channels:\n  a: {type: mail, host: x, headers: {X-Sign: 4711}}")
    assert "4711" not in text


def test_a_value_from_a_reference_is_told_as_the_reference(load: Load) -> None:
    text = told(load, 'log: {level: "${LEVEL}"}', {"LEVEL": HIDDEN})
    assert "found the value of ${LEVEL}, expected one of debug" in text
    assert HIDDEN not in text


def test_what_a_plugin_says_about_values_from_references_is_hidden(load: Load) -> None:
    main = 'channels:\n  a: {type: mail, host: forbidden, password: "${PASSWORD}"}'
    text = told(load, main, {"PASSWORD": HIDDEN})
    assert "password and hook ['***', None] clash" in text


def test_an_address_with_a_user_in_it_is_not_shown(load: Load) -> None:
    text = told(load, "public_url: https://alice:hunter2@example.com")
    assert HIDDEN not in text


def test_no_secret_stands_in_the_configuration_as_text(load: Load) -> None:
    config, _ = load("channels:\n  a: {type: mail, host: x, password: hunter2, hook: hunter2}")
    assert config is not None
    assert HIDDEN not in repr(config)
