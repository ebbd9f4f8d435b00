"""Delivery marks and statuses only ever grow."""

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.content.status import Status
from plausch.sdk.vault.marks import Marks
from plausch.sdk.vault.vault import Vault

ROOM = ConversationId(b"r" * 16)
ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")
MESSAGE = MessageId(b"1" * 32)


async def test_marks_by_account(vault: Vault) -> None:
    marks = Marks(vault)
    await vault.write(
        [marks.reach(ROOM, ANNA, 4), marks.reach(ROOM, CEM, 2), marks.reach(ROOM, ANNA, 3)]
    )
    assert await marks.reached(ROOM) == {ANNA.uri: 4, CEM.uri: 2}
    assert await marks.reached(ConversationId(b"o" * 16)) == {}


async def test_read_is_not_taken_back_by_delivered(vault: Vault) -> None:
    marks = Marks(vault)
    await vault.write(
        [
            marks.report(MESSAGE, ANNA, Status.READ, 1),
            marks.report(MESSAGE, ANNA, Status.DELIVERED, 2),
            marks.report(MESSAGE, CEM, Status.DELIVERED, 3),
        ]
    )
    assert await marks.reports([MESSAGE, MessageId(b"2" * 32)]) == {
        MESSAGE: {ANNA.uri: Status.READ, CEM.uri: Status.DELIVERED}
    }
