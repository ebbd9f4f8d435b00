"""What the services know, as values that nobody changes under another's hands."""

import dataclasses

import pytest

from plausch.base.ids import ConversationId
from plausch.server.records import (
    BUSINESS,
    KINDS,
    PERSON,
    Accepted,
    AccountRecord,
    DeviceRecord,
    Member,
    Roster,
)

MEMBERS = {
    1: Member(1, "uri:a1", 10, 0, b"A" * 32),
    2: Member(2, "uri:a2", 10, 1, b"B" * 32),
    3: Member(3, "uri:b", 20, 2, b"C" * 32),
}
ROSTER = Roster(
    1, ConversationId(b"C" * 16), 4, 1, MEMBERS, ("uri:a1", "uri:a2", "uri:b"), frozenset({10, 20})
)
RECORDS = (
    Accepted(7, 1_800_000_000_000),
    AccountRecord(1, "anna", PERSON, b"I" * 32, b"list"),
    DeviceRecord(1, "uri:a1", 10, "anna", PERSON, b"A" * 32, b"I" * 32),
    MEMBERS[1],
    ROSTER,
)


def test_kinds_of_accounts_are_the_wires_words() -> None:
    assert KINDS == (PERSON, BUSINESS) == ("person", "business")


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: type(one).__name__)
def test_a_record_is_a_value(record: object) -> None:
    assert dataclasses.is_dataclass(record)
    assert not hasattr(record, "__dict__")  # a server holds many thousands
    fields = [one.name for one in dataclasses.fields(record)]
    for name in fields:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)
    values = {name: getattr(record, name) for name in fields}
    assert type(record)(**values) == record
    for name in fields:
        assert type(record)(**{**values, name: None}) != record


def test_members_with_another_leaf_or_key_are_others() -> None:
    """A Commit compares members to see who moved."""
    one = MEMBERS[1]
    assert dataclasses.replace(one, leaf_index=5) != one
    assert dataclasses.replace(one, signature_key=b"D" * 32) != one
