"""What is taken out before anything is stored, and what stays readable."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from sentinel.api import Activity, Change, Checkin, Error, Metric, RawItem, Span, Status
from sentinel.ingest.scrub import Scrubber, ScrubPolicy
from sentinel.ingest.scrub_walk import MAX_DEPTH

KEY = b"a key of this installation"
SCRUBBER = Scrubber(key=KEY)
STRICT = Scrubber(ScrubPolicy(ip_addresses="mask"), key=KEY)

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq83vEjRW\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
HEX32 = "0123456789abcdef" * 2


def made(*pieces: str) -> str:
    """Joins a key's shape at run time, so that no scanner takes this file for a leak."""
    return "".join(pieces)


PROVIDER_KEYS = {
    "aws": made("AKIA", "IOSFODNN7EXAMPLE"),
    "github": made("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"),
    "github fine-grained": made("github_pat_", "11ABCDEFG0abcdefghij_klmnop"),
    "gitlab": made("glpat-", "abcdefghij0123456789"),
    "slack": made("xoxb-", "123456789012-abcdefABCDEF"),
    "slack webhook": made("https://hooks.slack.com/", "services/T000/B000/XXXXXXXXXXXX"),
    "stripe": made("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"),
    "stripe webhook": made("whsec_", "abcdefghijklmnopqrst"),
    "twilio": made("SK", HEX32),
    "sendgrid": made(
        "SG.", "abcdefghijklmnopqrstuv.", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    ),
    "google": made("AIza", "SyA1234567890abcdefghijklmnopqrstuv"),
    "google oauth": made("ya29.", "a0AfH6SMBabcdefghijklmnop"),
    "openai": made("sk-", "proj-abcdefghijklmnopqrstuvwx"),
    "elevenlabs": made("sk_", HEX32, "0123456789abcdef"),
    "npm": made("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
    "telegram": made("123456789:", "AAabcdefghijklmnopqrstuvwxyz_01234567"),
    "telegram address": made(
        "api.telegram.org/bot123456789:", "AAabcdefghijklmnopqrstuvwxyz_012345"
    ),
    "gitlab job": made("glcbt-", "64_abcdefghij0123456789"),
    "teams webhook": made(
        "acme.webhook.office.com/", "webhookb2/0f0f@0f0f/IncomingWebhook/1234abcd"
    ),
    "discord": made("MTk4NjIyNDgzNDcxOTI1MjQ4", ".Cl2FMQ.", "ZnCjm1XVW7vRze4b7Cq4se7kKWs"),
    "hugging face": made("hf_", "abcdefghijklmnopqrstuvwxyz012345"),
    "new relic": made("NRAK-", "ABCDEFGHIJKLMNOPQRSTUVWXYZ1"),
    "docker": made("dckr_pat_", "abcdefghijklmnopqrstuvwxyz0"),
    "mailchimp": made(HEX32, "-us12"),
    "braintree": made("access_token$production$", "abcdefghijklmnop$", HEX32),
}


@pytest.mark.parametrize(
    "key",
    [
        *("password", "passwd", "Password", "DB_PASSWORD", "dbPassword", "password_confirmation"),
        *("secret", "client_secret", "stripe_secret_key", "token", "access-token", "authToken"),
        *(
            "api_key",
            "apikey",
            "apiKey",
            "X-Api-Key",
            "API Key",
            "X_API_KEY_V2",
            "aws_access_key_id",
        ),
        *(
            "authorization",
            "Authorization",
            "HTTP_AUTHORIZATION",
            "auth",
            "basic_auth",
            "X-Auth-Token",
        ),
        *("cookie", "Set-Cookie", "HTTP_COOKIE", "csrftoken", "X-CSRF-Token", "credentials"),
        *("private_key", "sshKey", "ssn", "cvv", "cvc", "card_number", "creditCard", "jwt", "pin"),
        *("smtp_pass", "pwd", "mysql_pwd", "otp", "iban", "passphrase", "signing_key", "bearer"),
        *("user[password]", "login.password", "new password", "password2", "tokens"),
    ],
)
def test_the_value_under_a_sensitive_key_is_hidden(key: str) -> None:
    cleaned = SCRUBBER.clean({"extra": {key: "hunter2", "other": "stays"}})
    assert "hunter2" not in repr(cleaned)
    assert cleaned["extra"]["other"] == "stays"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("tokens_used", 15), ("token_count", 15), ("max_tokens", 4096), ("prompt_tokens", 7)),
        *(
            ("token_count", "15"),
            ("author", "Melville"),
            ("authors", ["Ann"]),
            ("passenger", "Ann"),
        ),
        *(
            ("compass", "north"),
            ("bypass", "valve"),
            ("token_type", "bearer"),
            ("secretary", "Ann"),
        ),
        *(
            ("cookie_domain", "acme.example"),
            ("password_changed_at", "2026-01-01"),
            ("pinned", "x"),
        ),
        *(("session_duration", "4"), ("tokenizer", "cl100k"), ("auth_method", "oidc")),
        *(("password_required", True), ("api_key", None), ("password", ""), ("password", "None")),
        *(("keyboard", "de"), ("monkey", "x"), ("key", "sort"), ("inside", "x"), ("opinion", "x")),
    ],
)
def test_a_key_that_only_looks_sensitive_keeps_its_value(key: str, value: Any) -> None:
    assert SCRUBBER.clean({key: value}) == {key: value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("paid with 4111111111111111.", "paid with [card]."),
        ("paid with 4111 1111 1111 1111 today", "paid with [card] today"),
        ("paid with 5500-0055-5555-5559", "paid with [card]"),
        ("amex 378282246310005", "amex [card]"),
        ("amex 3782 822463 10005", "amex [card]"),
        ("12 4111111111111111", "12 [card]"),
        ("line\n4111111111111111", "line\n[card]"),
        ("Bearer abc.def-123", "Bearer [token]"),
        ("Basic dXNlcjpwYXNz", "Basic [token]"),
        ("Authorization: Bearer abc", "Authorization: [token]"),
        (f"got {JWT}", "got [token]"),
        (f"key:\n{PEM}\nend", "key:\n[private key]\nend"),
        ("postgres://shop:pa55@db:5432/shop", "postgres://shop:[password]@db:5432/shop"),
        ("redis://:pa55@cache/0", "redis://:[password]@cache/0"),
        ("https://ghost@acme.example/x", "https://[token]@acme.example/x"),
        ("/cb?token=abc123&page=2", "/cb?token=[token]&page=2"),
        ("/cb?api_key=abc123#top", "/cb?api_key=[token]"),
        ("password=hunter2 user=bob", "password=[password] user=bob"),
        ("password: hunter2", "password: [password]"),
        ("secret: swordfish", "secret: [secret]"),
        ("token:abcdef", "token:[token]"),
        ("DB_PASSWORD='two words'", "DB_PASSWORD='[password]'"),
        ("{'password': b'x y', 'n': 1}", "{'password': b'[password]', 'n': 1}"),
        ('{"password": "x \\" y", "n": 1}', '{"password": "[password]", "n": 1}'),
        ('{\\"apiKey\\": \\"x y\\", \\"n\\": 1}', '{\\"apiKey\\": \\"[token]\\", \\"n\\": 1}'),
        ('"{\\"a\\":\\"{\\\\\\"token\\\\\\":\\\\\\"q w\\\\\\"}\\"}"',
         '"{\\"a\\":\\"{\\\\\\"token\\\\\\":\\\\\\"[token]\\\\\\"}\\"}"'),
        ("password=SecretStr('x y')", "password=[password]"),
        ('{"password": "cut off in the mid', '{"password": "[password]'),
        ("Cookie: a=b; c=d\nHost: acme", "Cookie: [cookie]\nHost: acme"),
        ("IBAN GB82 WEST 1234 5698 7654 32 ok", "IBAN [iban] ok"),
        ("DE89370400440532013000", "[iban]"),
        ("ssn 123-45-6789", "ssn [ssn]"),
        ("mail to alice@example.com, please", "mail to [email], please"),
        ("alice%40example.com", "[email]"),
        ("alice.b+tag@mail.example.co.uk", "[email]"),
        ("jürgen@bücher.example", "[email]"),
        ("SMS to +44 7700 900123 failed", "SMS to [phone] failed"),
        ("SMS to +447700900123", "SMS to [phone]"),
        ("pg_dump --password S3cretPw99 -h db", "pg_dump --password [password] -h db"),
        ("run --api-key 'a b' --all", "run --api-key '[token]' --all"),
        ("['x', '--db-password', 'a b']", "['x', '--db-password', '[password]']"),
        ("mysql -u root -pS3cretPw99 -h db", "mysql -u root -p[password] -h db"),
        ("sshpass -p S3cretPw99 ssh x", "sshpass -p [password] ssh x"),
        ("redis-cli -h c -a S3cretPw99 ping", "redis-cli -h c -a [password] ping"),
        ("curl -s -u admin:S3cretPw99 https://x", "curl -s -u admin:[password] https://x"),
        ("ALTER USER bob IDENTIFIED BY 'x'", "ALTER USER bob IDENTIFIED BY '[password]'"),
        ("<Password>hunter2</Password>", "<Password>[password]</Password>"),
        ('<w:Password a="b">c d</w:Password>', '<w:Password a="b">[password]</w:Password>'),
        ("<token><![CDATA[a<b]]></token>", "<token><![CDATA[[token]]]></token>"),
        ("('X-Api-Key', 'Ab 1')", "('X-Api-Key', '[token]')"),
        ("wrong password 'hunter2' for bob", "wrong password '[password]' for bob"),
        ("the password is S3cretPw99.", "the password is [password]."),
        (f"the auth token {HEX32} is refused", "the auth token [token] is refused"),
        (f"https://blob/x?sv=2019&sig={HEX32}%3D&se=1", "https://blob/x?sv=2019&sig=[token]&se=1"),
        ("postgres://shop:a/b1@db/shop", "postgres://shop:[password]@db/shop"),
        ("jdbc:oracle:thin:scott/tiger1@db:1521/x", "jdbc:oracle:thin:scott/[password]@db:1521/x"),
        ("/login?next=%2Fa%3Ftoken%3Dabc123%26n%3D1", "/login?next=%2Fa%3Ftoken%3D[token]%26n%3D1"),
        ("/x?pass%3Dhunter2", "/x?pass%3D[password]"),
        ("postgres%3A%2F%2Fshop%3AS3cret%40db", "postgres%3A%2F%2Fshop%3A[password]%40db"),
        ("bob:$2y$10$abcdefghijklmnopqrstuv", "bob:[password hash]"),
        ('Authorization: Digest a="b", c="66"\nHost: c', "Authorization: [token]\nHost: c"),
        ("AccountName=acme;AccountKey=Ab1==;x=1", "AccountName=acme;AccountKey=[token];x=1"),
        ("dbpass=hunter2 DB_PW: hunter2", "dbpass=[password] DB_PW: [password]"),
    ],
)  # fmt: skip
def test_a_secret_inside_a_text_is_named_and_hidden(text: str, expected: str) -> None:
    assert SCRUBBER.clean(text) == expected


@pytest.mark.parametrize("key", PROVIDER_KEYS.values(), ids=PROVIDER_KEYS)
def test_a_provider_key_is_known_by_its_shape(key: str) -> None:
    cleaned = SCRUBBER.clean({"note": f"using {key}, then"})
    assert key[-12:] not in cleaned["note"]
    assert "[token]" in cleaned["note"]
    assert cleaned["note"].startswith("using ")
    assert cleaned["note"].endswith(", then")


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112 shipped",
        "trace 41111111111111111111111",
        "timestamp 1780000000000",
        "uuid 3f9ac01d-1234-4abc-8def-0123456789ab",
        "invalid token: expired",
        "password: must be longer than 8",
        "Unexpected token < in JSON at position 0",
        "basic authentication failed",
        "a basic HTTP/1.1 client",
        "first pass: check",
        "bearer of bad news",
        "tokens_used: 15",
        "author: bob",
        "see icon@2x.png and lodash@4.17.21",
        "at render@app.js:10:5",
        "git@github.com:acme/shop.git",
        "https://acme.example:8080/a?b=c",
        "2026-11-20 10:11:12",
        "passenger=5; compass: north",
        "connection to 10.0.0.5:5432 refused",
        "password=None token=null",
        "1.5e+12345678",
        "Unexpected token '<', \"<!DOCTYPE\" is not valid JSON",
        "password authentication failed for user shop",
        "password must contain 8 characters",
        "the fields ('password', 'email') are missing",
        "list<Token> found",
        "<token>",
        "docker run -u 1000:1000 shop",
        "run --password-file /run/p --token-ttl 5",
        "duplicate key uq_users_email_2026",
        "http://db:5432/shop/@alice",
        "postgres://db:5432/shop?options=x@y",
        "see ?page=2&key=name",
        "costs $5 or $25$",
        "mysql -p -h db",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert SCRUBBER.clean(text) is text


def test_source_lines_lose_literals_but_keep_expressions() -> None:
    frame = {
        "context_line": '    login(password="hunter2", token=request.headers["token"])',
        "pre_context": ["def login(password: str, token: str):", "API_KEY = 'abc123'"],
        "post_context": ["    secret = settings.SECRET", "    mail('alice@example.com')"],
    }
    assert SCRUBBER.clean(frame) == {
        "context_line": '    login(password="[password]", token=request.headers["token"])',
        "pre_context": ["def login(password: str, token: str):", "API_KEY = '[token]'"],
        "post_context": ["    secret = settings.SECRET", "    mail('[email]')"],
    }


def test_frame_variables_are_scrubbed() -> None:
    variables = {"password": "'x'", "order": "{'card': '4111111111111111'}", "n": "5"}
    payload = {"exception": {"values": [{"stacktrace": {"frames": [{"vars": variables}]}}]}}
    cleaned = SCRUBBER.scrub(Error(payload=payload))
    assert isinstance(cleaned, Error)
    frame = cleaned.payload["exception"]["values"][0]["stacktrace"]["frames"][0]
    assert frame["vars"] == {"password": "[password]", "order": "{'card': '[card]'}", "n": "5"}


def test_the_signal_and_its_payload_are_not_changed_in_place() -> None:
    error = Error(message="alice@example.com", payload={"extra": {"password": "x"}})
    before = msgspec.json.encode(error)
    SCRUBBER.scrub(error)
    assert msgspec.json.encode(error) == before


def test_a_signal_without_secrets_is_given_back_itself() -> None:
    error = Error(message="order 5 failed", user="42", payload={"extra": {"n": 1}})
    assert SCRUBBER.scrub(error) is error


def test_containers_under_a_sensitive_key_keep_their_shape() -> None:
    cookies = {"cookies": {"sessionid": "abc", "theme": ["dark", 5], "gone": None, "ok": True}}
    assert SCRUBBER.clean(cookies) == {
        "cookies": {
            "sessionid": "[cookie]",
            "theme": ["[cookie]", "[cookie]"],
            "gone": None,
            "ok": True,
        }
    }


def test_headers_as_pairs_are_scrubbed() -> None:
    request = {"headers": [["Cookie", "a=b"], ["Host", "acme"], ["X-Api-Key", "k"]]}
    assert SCRUBBER.clean(request) == {
        "headers": [["Cookie", "[cookie]"], ["Host", "acme"], ["X-Api-Key", "[token]"]]
    }


def test_the_argument_after_a_sensitive_option_is_hidden() -> None:
    arguments = ["manage.py", "--db-password", "hunter2", "--token", "--name", "shop"]
    assert SCRUBBER.clean({"sys.argv": arguments}) == {
        "sys.argv": ["manage.py", "--db-password", "[password]", "--token", "--name", "shop"]
    }


def test_name_and_value_records_are_scrubbed() -> None:
    fields = [{"name": "password", "value": "x"}, {"name": "city", "value": "Leeds"}]
    assert SCRUBBER.clean(fields) == [
        {"name": "password", "value": "[password]"},
        {"name": "city", "value": "Leeds"},
    ]


def test_a_card_that_is_a_number_is_hidden() -> None:
    assert SCRUBBER.clean({"n": 4111111111111111, "id": 4111111111111112}) == {
        "n": "[card]",
        "id": 4111111111111112,
    }


def test_keys_that_are_addresses_stay_apart() -> None:
    counts = {"alice@example.com": 1, "bob@example.com": 2, "n": 3}
    assert SCRUBBER.clean(counts) == {"[email]": 1, "[email] 2": 2, "n": 3}


def test_installed_packages_keep_their_versions() -> None:
    error = Error(payload={"modules": {"secretstorage": "3.3.1", "pyjwt": "2.0", "token": "1"}})
    assert SCRUBBER.scrub(error) is error


def test_what_a_client_has_filtered_keeps_its_label() -> None:
    value = {"password": "[Filtered]", "token": "[token]"}
    assert SCRUBBER.clean(value) is value


@pytest.mark.parametrize(
    "user",
    [
        "42",
        "3f9ac01d-1234-4abc-8def-0123456789ab",
        "507f1f77bcf86cd799439011",
        "user_12",
        "cus_9s6XK",
    ],
)
def test_an_opaque_user_id_stays(user: str) -> None:
    assert SCRUBBER.scrub(Error(user=user)) == Error(user=user)


@pytest.mark.parametrize("user", ["alice@example.com", "alice", "+447700900123", "10.0.0.7"])
def test_a_user_who_could_be_known_becomes_a_stable_hash(user: str) -> None:
    error, activity = (
        SCRUBBER.scrub(Error(user=user)),
        SCRUBBER.scrub(Activity(name="a", user=user)),
    )
    assert isinstance(error, Error)
    assert isinstance(activity, Activity)
    assert error.user == activity.user
    assert error.user
    assert error.user.startswith("user_")
    assert len(error.user) == 17
    assert SCRUBBER.scrub(error) is error


def test_the_hash_of_a_user_depends_on_the_key_and_not_on_case() -> None:
    mine, same = SCRUBBER.scrub(Error(user="Alice")), SCRUBBER.scrub(Error(user="alice"))
    other = Scrubber(key=b"another").scrub(Error(user="alice"))
    assert isinstance(mine, Error)
    assert mine == same
    assert mine != other


def test_the_user_of_the_payload_has_the_same_hash_as_the_error() -> None:
    user = {"id": "alice@example.com", "email": "alice@example.com", "username": "al", "name": "Al"}
    error = SCRUBBER.scrub(Error(user="alice@example.com", payload={"user": user}))
    assert isinstance(error, Error)
    hashed = error.payload["user"]
    assert hashed["id"] == error.user
    assert hashed["email"] == "[email]"
    assert hashed["username"].startswith("user_")
    assert hashed["name"] == "[name]"


def test_a_session_cookie_becomes_a_stable_hash() -> None:
    error = SCRUBBER.scrub(Error(session="k3jq9x8w7v6u5t4s", tags={"session": "k3jq9x8w7v6u5t4s"}))
    assert isinstance(error, Error)
    assert error.session
    assert error.session.startswith("session_")
    assert error.tags["session"] == error.session


@pytest.mark.parametrize(
    "signal",
    [
        Error(
            message="alice@example.com", query="SELECT 'alice@example.com'", tags={"password": "x"}
        ),
        Status(status="down", message="login alice@example.com failed"),
        Metric(name="m", value=1.0, tags={"mail": "alice@example.com"}),
        Checkin(monitor="m", status="ok", tags={"token": "alice@example.com"}),
        Activity(name="click", url="/x?mail=alice@example.com"),
        Span(name="GET /users/alice@example.com"),
        Change(kind="deploy", summary="by alice@example.com", author="alice@example.com"),
    ],
    ids=lambda signal: type(signal).__name__,
)
def test_text_and_tags_of_every_kind_are_scrubbed(signal: Any) -> None:
    assert b"alice@example.com" not in msgspec.json.encode(SCRUBBER.scrub(signal))


def test_addresses_are_kept_unless_the_policy_masks_them() -> None:
    text = "from 203.0.113.7:443 and 2001:db8::1 at 12:34:56, version 1.2.3"
    assert SCRUBBER.clean(text) == text
    assert STRICT.clean(text) == "from [ip]:443 and [ip] at 12:34:56, version 1.2.3"


def test_the_policy_can_keep_emails_phones_and_users() -> None:
    keeping = Scrubber(ScrubPolicy(emails="keep", phones="keep", users="keep"), key=KEY)
    error = Error(message="alice@example.com +447700900123", user="alice", session="k3jq9x8w7v6u")
    assert keeping.scrub(error) is error


def test_a_disabled_policy_keeps_everything() -> None:
    off = Scrubber(ScrubPolicy(enabled=False), key=KEY)
    error, item = Error(payload={"password": "x"}), RawItem(type="log", body=b'{"password":"x"}')
    assert off.scrub(error) is error
    assert off.scrub_item(item) is item


def test_the_policy_adds_keys_in_any_spelling_also_inside_texts() -> None:
    policy = Scrubber(ScrubPolicy(sensitive_keys=("employee_no",)), key=KEY)
    assert policy.clean({"employeeNo": "7", "Employee-No": 7, "t": "employee_no=7 x=1"}) == {
        "employeeNo": "[secret]",
        "Employee-No": "[secret]",
        "t": "employee_no=[secret] x=1",
    }


def test_the_policy_adds_patterns() -> None:
    policy = Scrubber(ScrubPolicy(patterns={"employee": r"\bEMP-\d{6}$"}), key=KEY)
    value = {"a": ["see EMP-123456"], "b": "EMP-123456 x", "é": "bob@example.com"}
    expected = {"a": ["see [employee]"], "b": "EMP-123456 x", "é": "[email]"}
    assert policy.clean(value) == expected
    assert policy.clean(value) == expected


def test_a_pattern_that_is_none_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"'employee'.*found '\('.*expected a google-re2"):
        Scrubber(ScrubPolicy(patterns={"employee": "("}), key=KEY)


def test_the_policy_allows_keys_and_paths() -> None:
    policy = Scrubber(
        ScrubPolicy(allow=("pin", "request.headers.X-Token-Kind", "extra.*.mail")), key=KEY
    )
    payload = {
        "request": {"headers": {"X-Token-Kind": "opaque", "X-Token": "abc"}},
        "extra": {"contact": {"mail": "a@example.com", "pin": "north", "other": "a@example.com"}},
    }
    cleaned = policy.scrub(Error(payload=payload))
    assert isinstance(cleaned, Error)
    assert cleaned.payload == {
        "request": {"headers": {"X-Token-Kind": "opaque", "X-Token": "[token]"}},
        "extra": {"contact": {"mail": "a@example.com", "pin": "north", "other": "[email]"}},
    }


def test_the_policy_reads_from_plain_data_and_refuses_unknown_keys() -> None:
    policy = msgspec.convert({"emails": "keep", "allow": ["pin"]}, ScrubPolicy)
    assert policy.emails == "keep"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"email": "keep"}, ScrubPolicy)


def item(body: bytes, **headers: Any) -> RawItem:
    return RawItem(type="attachment", headers=headers, body=body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"password": "x", "n": 1}', b'{"password":"[password]","n":1}'),
        (b'{"password":"x","password":null}', b'{"password":null}'),
        (b'{"\\u0070assword":"x"}', b'{"password":"[password]"}'),
        (b'{"a":1}\n[{"token":"x"}]', b'{"a":1}\n[{"token":"[token]"}]'),
        (b'{"token":"x"}\n\x00\xff\x01token=x', b'{"token":"[token]"}\n\x00\xff\x01token=x'),
        (b"\x89PNG\r\n\x1a\n\x00token=x", b"\x89PNG\r\n\x1a\n\x00token=x"),
        (b"INFO ok\nWARN password=x", b"INFO ok\nWARN password=[password]"),
        (b"", b""),
        (b"[NaN, {\"password\": \"x\"}]", b"[NaN, {\"password\": \"[password]\"}]"),
    ],
    ids=("json", "duplicate", "escaped", "lines", "replay", "binary", "log", "empty", "malformed"),
)  # fmt: skip
def test_a_raw_body_is_scrubbed_where_it_is_text(body: bytes, expected: bytes) -> None:
    assert SCRUBBER.scrub_item(item(body)).body == expected


def test_the_user_of_a_raw_event_is_hashed_as_everywhere() -> None:
    error = SCRUBBER.scrub(Error(user="alice"))
    body = SCRUBBER.scrub_item(item(b'{"user":{"username":"alice"}}')).body
    assert isinstance(error, Error)
    assert body == msgspec.json.encode({"user": {"username": error.user}})


def test_the_headers_of_a_raw_item_are_scrubbed() -> None:
    assert SCRUBBER.scrub_item(item(b"", token="x")).headers == {"token": "[token]"}


def nested(depth: int, inner: Any) -> Any:
    for _ in range(depth):
        inner = {"a": [inner]}
    return inner


def test_depth_beyond_the_bound_is_cut_off_and_never_raises() -> None:
    cleaned = SCRUBBER.clean(nested(5000, {"password": "x"}))
    assert cleaned["a"][0]["a"]
    shallow = nested(MAX_DEPTH // 2 - 2, {"password": "hunter2"})
    assert b"hunter2" not in msgspec.json.encode(SCRUBBER.clean(shallow))


@pytest.mark.parametrize(
    "value",
    ["\ud800 password=x", {"\ud800": "password=x"}, [float("nan"), 2**200], {"a": "\0"}],
    ids=("surrogate", "surrogate key", "numbers", "nul"),
)
def test_odd_values_never_raise(value: Any) -> None:
    assert "=x" not in repr(SCRUBBER.clean({"v": value, "password": "y"}))


HOSTILE = {
    "ssn in a word": "123-45-6789-",
    "pem": "-----BEGIN PRIVATE KEY-----",
    "userinfo": "a://b:c",
    "jwt": "eyJ0123456789.",
    "pairs": "password=",
    "neutral pairs": "token_count=x",
    "quotes": 'password="\\',
    "emails": "a@123-45-6789.",
    "digits": "4444 ",
    "long digits": "4",
    "iban": "GB00 AAAA ",
    "colons": "1:",
    "dots": "1.2.3.",
    "pluses": "+1 2 3",
    "slashes": "\\",
    "bearer": "bearer ",
    "key and hit": "password123-45-6789",
    "brackets": "password=[",
    "options": "--password ",
    "elements": "<token>",
    "marked elements": "<token><![CDATA[",
    "spoken": 'password \\"',
    "pairs in brackets": "('password', \\'",
    "commands": "mysql curl -u a:",
    "slashed": "postgres://a:b/",
    "encoded": "%3A%2F%2Fa%3A",
    "hashes": "$2y$10$",
    "encoded pairs": "token%3D",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    """Four times the length may take about four times as long, not sixteen."""

    def spent(size: int) -> float:
        value = {"a": piece * (size // len(piece))}
        times = []
        for _ in range(3):
            start = time.process_time()
            STRICT.clean(value)
            times.append(time.process_time() - start)
        return min(times)

    spent(1_000)
    assert spent(80_000) < 9 * max(spent(20_000), 0.002)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    ["password", "apiKey", "X-Api-Key", "token", "note", "session", "value", "name", "auth", "pin"]
)
texts = st.lists(
    st.sampled_from(
        [
            *(
                "password",
                "token",
                "=",
                ": ",
                '"',
                "'",
                "\\",
                "\n",
                " ",
                "{",
                "}",
                "[",
                "]",
                "api_key",
            ),
            *("4111111111111111", "4111 1111 1111 1111", "alice@example.com", "123-45-6789", "x"),
            *(
                "postgres://u:p@h",
                "--token ",
                "<password>",
                "</password>",
                "password is ",
                "%3D",
                "%26",
                "$2y$10$abcdefghijklmnop",
                "curl -u a:",
                "Bearer ",
                "abc123",
                JWT,
                PEM,
                "+447700900123",
                "10.0.0.1",
                "::1",
            ),
            *(
                *PROVIDER_KEYS.values(),
                "GB82WEST12345698765432",
                "é",
                "[token]",
                "cookie",
                "&",
                ",",
                ";",
                "auth",
                "sid",
                "-",
            ),
        ]
    ),
    max_size=8,
).map("".join)
tricky = st.recursive(
    texts | st.integers(min_value=0, max_value=10**19) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names | texts, inner, max_size=4)
    ),
    max_leaves=10,
)  # fmt: skip
scrubbers = st.sampled_from([SCRUBBER, STRICT])


@given(json_values | tricky, scrubbers)
@settings(max_examples=examples(200), deadline=None)
def test_no_json_value_raises_and_looking_everywhere_finds_no_more(
    value: Any, scrubber: Scrubber
) -> None:
    everywhere = scrubber.clean_everywhere(value)
    assert repr(scrubber.clean(value)) == repr(everywhere)


@given(tricky, scrubbers)
@settings(max_examples=examples(200), deadline=None)
def test_scrubbing_twice_is_scrubbing_once(value: Any, scrubber: Scrubber) -> None:
    once = scrubber.clean(value)
    assert scrubber.clean(once) == once


SECRETS = {
    "card": "4111111111111111",
    "token": JWT,
    "password": "correcthorse9",
    "email": "alice.smith@example.com",
    **PROVIDER_KEYS,
}
PLACES = {
    "message": lambda text: Error(message=text),
    "extra": lambda text: Error(payload={"extra": {"deep": [{"note": text}]}}),
    "key": lambda text: Error(payload={"extra": {text: 1}}),
    "crumb": lambda text: Error(payload={"breadcrumbs": {"values": [{"message": text}]}}),
    "source": lambda text: Error(payload={"context_line": f'x = "{text}"'}),
    "json": lambda text: Error(payload={"data": msgspec.json.encode({"n": text}).decode()}),
    "double json": lambda text: Error(
        payload={"data": msgspec.json.encode(msgspec.json.encode({"n": text}).decode()).decode()}
    ),
    "tag": lambda text: Error(tags={"note": text}),
    "url": lambda text: Error(url=f"https://acme.example/?q={text}"),
}


@given(
    st.sampled_from(sorted(SECRETS)),
    st.sampled_from(sorted(PLACES)),
    st.text(alphabet="ab cdé.,;()\n\t", max_size=8),
    st.text(alphabet=" ,;()\n\t", min_size=1, max_size=4),
)
@settings(max_examples=examples(200), deadline=None)
def test_a_planted_secret_never_survives(name: str, place: str, before: str, gap: str) -> None:
    secret = SECRETS[name]
    label = "password=" if name == "password" else ""
    planted = f"{before}{gap[:1]}{label}{secret}{gap}"
    if place == "source" and label:
        planted = f"{label}'{secret}'"
    cleaned = SCRUBBER.scrub(PLACES[place](planted))
    assert secret.encode() not in msgspec.json.encode(cleaned)
