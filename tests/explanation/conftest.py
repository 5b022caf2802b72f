import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from sentinel.engine.book import Book
from tests.explanation.stored import Stored, book_of


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Read once: catalog and plugins take half a second."""
    return book_of(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def stored(book: Book) -> Iterator[Stored]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.row_factory = sqlite3.Row
        yield Stored(conn, book)
