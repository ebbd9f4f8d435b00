"""Rosters."""

from plausch.base.ids import ConversationId
from plausch.server.records import Member, Roster


def test_participants_are_the_members_accounts() -> None:
    members = {
        1: Member(1, "uri:a1", 10, 0, b""),
        2: Member(2, "uri:a2", 10, 1, b""),
        3: Member(3, "uri:b", 20, 2, b""),
    }
    roster = Roster(1, ConversationId(b"C" * 16), 0, 1, members, ("uri:a1", "uri:a2", "uri:b"))
    assert roster.accounts == {10, 20}
