"""Key packages that were handed out, by their ref, until they expire: one whose upload is repeated
(the answer was lost, and meanwhile somebody claimed it) must not be handed out a second time."""

from plausch.db.interface import Transaction

TABLES = (
    """CREATE TABLE claimed_key_package (
        ref {bytes} PRIMARY KEY,
        device_id BIGINT NOT NULL REFERENCES device (id),
        expires_s BIGINT NOT NULL
    )""",
    "CREATE INDEX claimed_key_package_device ON claimed_key_package (device_id)",
)


async def remember(tx: Transaction, device_key: int, ref: bytes, expires_s: int) -> None:
    """A package of the device is being handed out. Raises ConstraintViolated when it was before."""
    await tx.execute(
        "INSERT INTO claimed_key_package (ref, device_id, expires_s) VALUES ($1, $2, $3)",
        ref,
        device_key,
        expires_s,
    )


async def of(tx: Transaction, device_key: int) -> set[bytes]:
    """The refs of the device's packages that were handed out."""
    rows = await tx.fetch("SELECT ref FROM claimed_key_package WHERE device_id = $1", device_key)
    return {bytes(row[0]) for row in rows}


async def forget_expired(tx: Transaction, device_key: int, now_s: int) -> None:
    """Forget those that would be refused anyway."""
    await tx.execute(
        "DELETE FROM claimed_key_package WHERE device_id = $1 AND expires_s <= $2",
        device_key,
        now_s,
    )
