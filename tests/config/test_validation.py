"""Records held against their schemas."""

from sentinel.config.schema_clients import TenantContact
from sentinel.config.validation import schema_of


def test_a_schema_is_made_once_however_many_records_are_read_by_it() -> None:
    assert schema_of(TenantContact) is schema_of(TenantContact)
