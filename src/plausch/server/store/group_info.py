"""The current epoch's GroupInfo of each conversation, apart because it is large."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE group_info (
        conversation_id BIGINT PRIMARY KEY REFERENCES conversation (id),
        message {bytes} NOT NULL
    )""",
)


async def add(tx: Transaction, conversation_key: int, message: bytes) -> None:
    """The first epoch's."""
    await tx.execute(
        "INSERT INTO group_info (conversation_id, message) VALUES ($1, $2)",
        conversation_key,
        message,
    )


async def replace(tx: Transaction, conversation_key: int, message: bytes) -> None:
    """The next epoch's."""
    await tx.execute(
        "UPDATE group_info SET message = $2 WHERE conversation_id = $1", conversation_key, message
    )


async def get(tx: Transaction, conversation_key: int) -> bytes:
    """The MLSMessage."""
    rows = await tx.fetch(
        "SELECT message FROM group_info WHERE conversation_id = $1", conversation_key
    )
    return bytes(rows[0][0])
