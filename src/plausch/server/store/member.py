"""Members: the devices that are leaves in a conversation's current epoch."""

from collections.abc import Sequence

from plausch.db.interface import Bulk, Transaction
from plausch.server.records import Member

TABLES = (
    """CREATE TABLE member (
        conversation_id BIGINT NOT NULL REFERENCES conversation (id),
        device_id BIGINT NOT NULL REFERENCES device (id),
        leaf_index BIGINT NOT NULL,
        signature_key {bytes} NOT NULL,
        PRIMARY KEY (conversation_id, device_id)
    )""",
    "CREATE INDEX member_device ON member (device_id)",
)

_ADD = Bulk(
    "INSERT INTO member (conversation_id, device_id, leaf_index, signature_key) {rows}",
    ("int", "int", "int", "bytes"),
)


async def add(tx: Transaction, conversation_key: int, members: Sequence[Member]) -> None:
    """Devices that are now members. Raises ConstraintViolated when one is already."""
    await tx.fetch_bulk(
        _ADD,
        [(conversation_key, one.device_key, one.leaf_index, one.signature_key) for one in members],
    )


async def remove(tx: Transaction, conversation_key: int, device_keys: Sequence[int]) -> None:
    """Devices that are members no longer."""
    for device_key in device_keys:
        await tx.execute(
            "DELETE FROM member WHERE conversation_id = $1 AND device_id = $2",
            conversation_key,
            device_key,
        )


async def of(tx: Transaction, conversation_key: int) -> list[Member]:
    """The members, by leaf."""
    rows = await tx.fetch(
        "SELECT m.device_id, d.uri, d.account_id, m.leaf_index, m.signature_key, d.listed "
        "FROM member m JOIN device d ON d.id = m.device_id WHERE m.conversation_id = $1 "
        "ORDER BY m.leaf_index",
        conversation_key,
    )
    return [Member(row[0], row[1], row[2], row[3], bytes(row[4]), bool(row[5])) for row in rows]


async def sharing_with(tx: Transaction, account_key: int) -> list[str]:
    """URIs of the devices that share a conversation with a device of this account."""
    rows = await tx.fetch(
        "SELECT DISTINCT d.uri FROM device o JOIN member m ON m.device_id = o.id "
        "JOIN member n ON n.conversation_id = m.conversation_id JOIN device d "
        "ON d.id = n.device_id WHERE o.account_id = $1 AND d.listed = 1 ORDER BY d.uri",
        account_key,
    )
    return [str(row[0]) for row in rows]
