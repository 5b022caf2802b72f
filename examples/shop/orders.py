"""Orders in SQLite, a connection for each piece of work."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

PRODUCTS = {"tea": 450, "coffee": 620, "cake": 380}
TENANTS = ("acme", "globex")
PHONES = {"alice": "+15005550010", "bob": "+15005550011"}


class Order(NamedTuple):
    """`price` is in cents."""

    id: int
    tenant: str
    customer: str
    product: str
    price: int

    @property
    def phone(self) -> str:
        return PHONES[self.customer]


class Orders:
    def __init__(self, path: str) -> None:
        self._path = path
        with self._connection() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, tenant TEXT,"
                " customer TEXT, product TEXT, price INTEGER)"
            )

    def place(self, tenant: str, customer: str, product: str) -> Order:
        price = PRODUCTS[product]
        with self._connection() as connection:
            cursor = connection.execute(
                "INSERT INTO orders (tenant, customer, product, price) VALUES (?, ?, ?, ?)",
                (tenant, customer, product, price),
            )
        return Order(cursor.lastrowid or 0, tenant, customer, product, price)

    def find(self, tenant: str, id: int) -> Order | None:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT id, tenant, customer, product, price FROM orders"
                " WHERE tenant = ? AND id = ?",
                (tenant, id),
            ).fetchone()
        return Order(*row) if row else None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            yield connection
