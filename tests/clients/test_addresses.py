"""Each address has one form, and what is none is refused without being repeated unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.clients.addresses import KINDS, clean_name, normalised
from sentinel.errors import Invalid

U_UMLAUT = "\N{LATIN SMALL LETTER U WITH DIAERESIS}"
SLACK = "https://hooks.slack.com/services/T0/B0/x"


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("email", " Alice@Example.COM ", "alice@example.com"),
        ("email", "alice+news@sub.example.co.uk", "alice+news@sub.example.co.uk"),
        ("email", f"alice@b{U_UMLAUT}cher.example", "alice@xn--bcher-kva.example"),
        # A look-alike: the first letter is Cyrillic.
        ("email", "alice@\N{CYRILLIC SMALL LETTER A}cme.example", "alice@xn--cme-5cd.example"),
        ("email", f"J{U_UMLAUT}rgen@example.com", f"j{U_UMLAUT}rgen@example.com"),
        ("sms", "+44 (0) 20-7946 0018", "+442079460018"),
        ("sms", "0044 20 7946.0018", "+442079460018"),
        ("sms", "\N{FULLWIDTH PLUS SIGN}442079460018", "+442079460018"),
        ("webhook", "https://Example.com", "https://example.com/"),
        ("webhook", "https://example.com:443/a?b=C", "https://example.com/a?b=C"),
        ("webhook", "https://example.com:8443/a", "https://example.com:8443/a"),
        ("slack", SLACK.replace("hooks", "Hooks"), SLACK),
    ],
)
def test_an_address_has_one_form(kind: str, text: str, kept: str) -> None:
    assert normalised(kind, text) == kept
    assert normalised(kind, kept) == kept


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "alice"),
        ("email", "alice@example"),
        ("email", "@example.com"),
        ("email", "alice@"),
        ("email", "a@b@example.com"),
        ("email", "Alice <alice@example.com>"),
        ("email", "alice@example.com,bob@example.com"),
        ("email", "alice@example.com\r\nBcc: bob@example.com"),
        ("email", "alice..b@example.com"),
        ("email", ".alice@example.com"),
        ("email", '"alice b"@example.com'),
        ("email", "alice@[127.0.0.1]"),
        ("email", "alice@127.0.0.1"),
        ("email", "alice@-example.com"),
        ("email", "a" * 65 + "@example.com"),
        ("email", "alice@" + "a." * 200 + "com"),
        ("email", "alice\N{ZERO WIDTH SPACE}@example.com"),
        ("email", "\N{RIGHT-TO-LEFT OVERRIDE}moc.elpmaxe@ecila"),
        ("sms", "020 7946 0018"),
        ("sms", "+0 123 456 789"),
        ("sms", "+44123"),
        ("sms", "+" + "1" * 16),
        ("sms", "+44 20 7946 0018 ext 5"),
        ("sms", "+\N{ARABIC-INDIC DIGIT FOUR}42079460018"),
        ("webhook", "http://example.com/"),
        ("webhook", "https://alice:secret@example.com/"),
        ("webhook", "https://example.com/#a"),
        ("webhook", "https://localhost/"),
        ("webhook", "https://printer.local/"),
        ("webhook", "https://intranet/"),
        ("webhook", "https://127.0.0.1/"),
        ("webhook", "https://127.1/"),
        ("webhook", "https://2130706433/"),
        ("webhook", "https://0x7f000001/"),
        ("webhook", "https://10.1.2.3/"),
        ("webhook", "https://169.254.169.254/latest/meta-data"),
        ("webhook", "https://[::1]/"),
        ("webhook", "https://[fe80::1]/"),
        ("webhook", "https://[::ffff:192.168.0.1]/"),
        ("webhook", "https://example.com:99999/"),
        ("webhook", "https://example.com\\@10.0.0.1/"),
        ("webhook", "file:///etc/passwd"),
        ("slack", "https://example.com/services/T0/B0/x"),
        ("slack", "https://hooks.slack.com.example.com/services/T0/B0/x"),
        ("fax", "+442079460018"),
    ],
)
def test_what_is_none_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Invalid, match=r"^expected "):
        normalised(kind, text)


@given(kind=st.sampled_from(KINDS), text=st.text(max_size=400))
def test_whatever_is_typed_is_an_address_or_refused(kind: str, text: str) -> None:
    try:
        address = normalised(kind, text)
    except Invalid:
        return
    assert address.isprintable()
    assert not set(address) & set(" \t\r\n<>,")
    assert normalised(kind, address) == address


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\N{RIGHT-TO-LEFT OVERRIDE}b", "a" * 101])
def test_a_name_is_one_short_line(text: str) -> None:
    with pytest.raises(Invalid):
        clean_name(text)


def test_spaces_of_a_name_are_put_in_order() -> None:
    assert clean_name("  Alice \t  B ") == "Alice B"
