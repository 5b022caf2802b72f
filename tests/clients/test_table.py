"""Contacts as CSV: in, out, and around again."""

import csv
import io
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel.clients import preferences, subscribing, table
from sentinel.clients.preferences import Choice, checked
from sentinel.clients.subscribing import THE_CONTACT
from sentinel.clients.sync import synchronise
from sentinel.clients.table import Row, Step
from sentinel.store import clients

from .test_sync import ALICE as LISTED
from .test_sync import of

HEAD = "tenant,name,email,sms,digest,components,severity,quiet\n"


def rows(text: str) -> list[Row]:
    found, problems = table.read(text.encode(), ["en", "de"], "UTC")
    assert problems == []
    return found


def take(conn: sqlite3.Connection, text: str) -> list[Step]:
    planned = table.plan(conn, rows(text))
    taken = table.take(conn, rows(text), "admin", 1.0)
    assert [(one.line, one.what) for one in planned] == [(one.line, one.what) for one in taken]
    return taken


def test_a_row_becomes_a_contact(conn: sqlite3.Connection) -> None:
    text = (
        HEAD + "acme,Alice,alice@example.com,+44 20 79460018,08:00,sms;mail,warning,22:00-07:00\n"
    )
    assert [one.what for one in take(conn, text)] == ["new"]
    reached = clients.contacts(conn)[0]
    wanted = preferences.of(reached)
    assert [one.kind for one in reached.live] == ["email", "sms"]
    assert (wanted.digest, wanted.components, wanted.severity) == (480, ("sms", "mail"), "warning")
    assert clients.tenant(conn, "acme") is not None


def test_the_same_file_again_changes_nothing(conn: sqlite3.Connection) -> None:
    text = HEAD + "acme,Alice,alice@example.com,,,,,\nacme,,bob@example.com,,,,,\n"
    take(conn, text)
    before = list(conn.iterdump())
    assert [one.what for one in take(conn, text)] == ["same", "same"]
    assert list(conn.iterdump()) == before


def test_another_address_is_added_and_the_old_one_stays(conn: sqlite3.Connection) -> None:
    take(conn, HEAD + "acme,Alice,alice@example.com,,,,,\n")
    steps = take(conn, HEAD + "acme,alice,a2@example.com,,,,,\n")
    assert [(one.what, one.detail) for one in steps] == [("changed", "new: a2@example.com")]
    assert len(clients.contacts(conn)[0].live) == 2


def test_what_a_contact_chose_stands_against_a_file(conn: sqlite3.Connection) -> None:
    take(conn, HEAD + "acme,Alice,alice@example.com,,,,,\n")
    wanted = checked(Choice(severity="critical"), ["en"])
    preferences.choose(conn, clients.contacts(conn)[0], wanted, THE_CONTACT, 2.0)
    assert [one.what for one in take(conn, HEAD + "acme,Alice,alice@example.com,,,,info,\n")] == [
        "same"
    ]


def test_who_unsubscribed_is_not_imported_again(conn: sqlite3.Connection) -> None:
    text = HEAD + "acme,Alice,alice@example.com,,,,,\n"
    take(conn, text)
    subscribing.unsubscribe(conn, clients.contacts(conn)[0].live[0].id, THE_CONTACT, 2.0)
    steps = take(conn, text)
    assert [(one.what, one.detail) for one in steps] == [
        ("refused", "alice@example.com wants nothing")
    ]


def test_a_contact_of_the_configuration_is_left_to_it(conn: sqlite3.Connection) -> None:
    synchronise(conn, of(acme=(LISTED,)), 1.0)
    steps = take(conn, HEAD + "acme,Alice,a2@example.com,,,,,\n")
    assert [one.what for one in steps] == ["refused"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "a header"),
        ("tenant,name\nacme,Alice\n", 1, "a column of email"),
        ("tenant,mail\nacme,a@example.com\n", 1, "found 'mail'"),
        ("email,email\na@example.com,b@example.com\n", 1, "each once"),
        ("email\nalice@example.com\nnope\n", 3, "found 'nope'"),
        ("email\nalice@example.com,x\n", 2, "expected 1 cells, found 2"),
        ("email,severity\na@example.com,fatal\n", 2, "severity"),
        ("email,quiet\na@example.com,22:00\n", 2, "quiet hours"),
        ("email,language\na@example.com,fr\n", 2, "one of en, de"),
        ("email,name,severity\na@example.com,A,\nb@example.com,a,critical\n", 3, "line 2"),
        ('email,name\na@example.com,"A\nb@example.com,B\n', 1, "not closed"),
        ('email,name\na@example.com,"A" B\n', 1, "not doubled"),
        ("email,first name\na@example.com,A\n", 1, "found 'first name'"),
        ("e-mail\na@example.com\n", 1, "did you mean email?"),
        ('email,name\na@example.com,"A\nB"\n', 2, "can't be seen"),
        ('email\n"' + "x" * 6000 + "\n", 1, "not closed"),
        ('email\n"' + "x" * 200_000 + '"\n', 1, "line 2"),
        ("email\na\0@example.com\n", 1, "NUL"),
        ("email\n\n\nnope\n", 4, "found 'nope'"),
    ],
)
def test_a_mistake_is_told_by_its_line(text: str, line: int, said: str) -> None:
    found, problems = table.read(text.encode(), ["en", "de"], "UTC")
    assert problems[0].line == line
    assert said in problems[0].text
    assert not [row for row in found if row.line == line]


def test_every_mistake_is_told_at_once() -> None:
    _, problems = table.read(b"email\nx\nalice@example.com\ny\n", ["en"], "UTC")
    assert [one.line for one in problems] == [2, 4]


def test_bytes_that_are_no_text_are_told_by_their_line() -> None:
    _, problems = table.read(b"email\nalice@example.com\n\xff\xfe\n", ["en"], "UTC")
    assert "UTF-8" in problems[0].text
    assert "line 3" in problems[0].text


def test_a_file_of_a_spreadsheet_is_read() -> None:
    found, problems = table.read(
        b"\xef\xbb\xbfEmail;Name\r\na@example.com;Alice\r\n", ["en"], "UTC"
    )
    assert (len(found), problems) == (1, [])


def test_a_bomb_is_refused() -> None:
    _, problems = table.read(b"email\n" + b"a@example.com\n" * 60_000, ["en"], "UTC")
    assert any("at most" in one.text for one in problems)
    _, problems = table.read(b"x" * (table.LARGEST + 1), ["en"], "UTC")
    assert "bytes" in problems[0].text


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil")', "+1", "-1+1", "@SUM(A1)"])
def test_no_spreadsheet_runs_what_is_exported(conn: sqlite3.Connection, name: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([name, "alice@example.com", "+442079460018"])
    take(conn, "name,email,sms\n" + out.getvalue())
    text = "".join(table.written(iter(clients.contacts(conn))))
    for cells in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    # And it comes in again as it was.
    assert [one.what for one in take(conn, text)] == ["same"]
    assert clients.contacts(conn)[0].contact.name == name


@given(data=st.binary(max_size=400))
def test_whatever_is_uploaded_is_read_or_told(data: bytes) -> None:
    found, problems = table.read(b"email,name\n" + data, ["en"], "UTC")
    assert isinstance(found, list)
    assert all(one.line >= 1 and one.text for one in problems)


JURGEN = "tenant,name,email\nacme,Jürgen,j@example.com\n"


@pytest.mark.parametrize(
    "data",
    [
        JURGEN.encode("utf-8-sig"),
        JURGEN.replace(",", "\t").encode("utf-16"),
        JURGEN.replace(",", ";").replace("\n", "\r\n").encode(),
        f"sep=;\r\n{JURGEN.replace(',', ';')}".encode("utf-8-sig"),
        JURGEN.replace("\n", "\r").encode(),
        JURGEN.replace("\n", ",,\n").encode() + b",,,,\n\n",
        b'"tenant","name","email"\nacme,"J\xc3\xbcrgen"," J@Example.com "\n',
    ],
    ids=["bom", "unicode text", "semicolons", "named separator", "mac", "empty cells", "quoted"],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    found, problems = table.read(data, ["en"], "UTC")
    assert problems == []
    assert [(one.draft.tenant, one.draft.name, one.draft.addresses) for one in found] == [
        ("acme", "Jürgen", (("email", "j@example.com"),))
    ]


def test_another_encoding_is_told_with_how_to_save_it() -> None:
    _, problems = table.read(JURGEN.encode("cp1252"), ["en"], "UTC")
    assert "in line 2: save it as “CSV UTF-8”" in problems[0].text


def test_a_contact_with_several_addresses_of_a_kind_goes_out_and_comes_in(
    conn: sqlite3.Connection,
) -> None:
    text = HEAD + "acme,Alice,alice@example.com,,,,,\nacme,Alice,a2@example.com,,,,,\n"
    assert [one.what for one in take(conn, text)] == ["new"]
    out = "".join(table.written(clients.every(conn)))
    assert out.count("Alice") == 2
    assert [one.what for one in take(conn, out)] == ["same"]


@pytest.mark.parametrize("name", ["=1+1", "x;=HYPERLINK(A1)", "x;+1", "@SUM(A1)", "-2+3;-1"])
def test_no_name_is_a_formula_to_any_spreadsheet(conn: sqlite3.Connection, name: str) -> None:
    take(conn, f'name,email\n"{name}",a@example.com\n')
    [_, line] = "".join(table.written(clients.every(conn))).splitlines()
    for separator in ",;\t":
        cells = next(csv.reader([line], delimiter=separator))
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    [row] = rows("".join(table.written(clients.every(conn))))
    assert row.draft.name == name
