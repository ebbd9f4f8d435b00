"""Very many devices in a store, written there directly: registering them is not what is measured.

All have one key: a server verifies each signature all the same.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

import fleet
from delivery_world import opaque_message
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.db.interface import Bulk, Database, Transaction
from plausch.db.open import open_database
from plausch.identity.keys import SigningKey
from plausch.server.store.schema import prepare
from wire_device import Person

ROWS = 5_000
"""In one transaction."""

ACCOUNTS = Bulk(
    "INSERT INTO account (name, kind, identity_key, device_list, created_at_ms) {rows}",
    ("text", "text", "bytes", "bytes", "int"),
)
DEVICES = Bulk(
    "INSERT INTO device (account_id, uri, signature_key, certificate, listed, listed_at_ms, "
    "seen_at_ms, mailbox_head) {rows}",
    ("int", "text", "bytes", "bytes", "int", "int", "int", "int"),
)
CONVERSATIONS = Bulk(
    "INSERT INTO conversation (public_id, suite, epoch, head, kept_from, first_digest, created_by, "
    "created_at_ms) {rows}",
    ("bytes", "int", "int", "int", "int", "bytes", "int", "int"),
)
MEMBERS = Bulk(
    "INSERT INTO member (conversation_id, device_id, leaf_index, signature_key) {rows}",
    ("int", "int", "int", "bytes"),
)
STAYS = Bulk(
    "INSERT INTO stay (conversation_id, device_id, first_seq, last_seq) {rows}",
    ("int", "int", "int", "int"),
)
CURSORS = Bulk(
    "INSERT INTO device_cursor (conversation_id, device_id, seq, until_seq) {rows}",
    ("int", "int", "int", "int"),
)
HEAD = 40


@dataclass(frozen=True)
class Crowd:
    """Who is there: persons, and the keys of their devices' rows."""

    persons: list[Person]
    keys: list[int]
    signing: SigningKey


async def gather_crowd(database_url: str, accounts: int, devices_each: int = 1) -> Crowd:
    """Accounts with devices. The store is made if it is not there."""
    signing = SigningKey.generate()
    prefix = secrets.token_hex(3)
    names = [f"c{prefix}{number}" for number in range(accounts)]
    database = await open_database(database_url)
    try:
        await prepare(database)
        now_ms = int(time.time() * 1000)
        rows = [(name, "person", signing.public, b"", now_ms) for name in names]
        await insert(database, ACCOUNTS, rows)
        found = await database.read(_accounts)
        persons = [_person(name, signing) for name in names for _ in range(devices_each)]
        await insert(
            database,
            DEVICES,
            [
                (found[one.address.name], one.device.uri, signing.public, b"", 1, now_ms, now_ms, 0)
                for one in persons
            ],
        )
        keys = await database.read(_devices)
        return Crowd(persons, [keys[one.device.uri] for one in persons], signing)
    finally:
        await database.close()


async def let_talk(
    database_url: str, crowd: Crowd, groups: Sequence[Sequence[int]], moved: int = 0
) -> list[bytes]:
    """A conversation for each group of places in the crowd, with all read; in each of the first
    `moved` one message is not. Their ids."""
    ids = [secrets.token_bytes(16) for _ in groups]
    database = await open_database(database_url)
    try:
        now_ms = int(time.time() * 1000)
        creator = crowd.keys[0]
        await insert(
            database,
            CONVERSATIONS,
            [(one, 1, 1, HEAD, 1, b"", creator, now_ms) for one in ids],
        )
        found = await database.read(_conversations)
        members, stays, cursors = [], [], []
        for number, (public_id, group) in enumerate(zip(ids, groups, strict=True)):
            key, seq = found[public_id], HEAD - (number < moved)
            for leaf, place in enumerate(group):
                device = crowd.keys[place]
                members.append((key, device, leaf, crowd.signing.public))
                stays.append((key, device, 1, -1))
                cursors.append((key, device, seq, -1))
        await insert(database, MEMBERS, members)
        await insert(database, STAYS, stays)
        await insert(database, CURSORS, cursors)
        return ids
    finally:
        await database.close()


async def insert(database: Database, bulk: Bulk, rows: Sequence[Sequence[object]]) -> None:
    """Many rows, some in each transaction."""
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]

        async def body(tx: Transaction, some: Sequence[Sequence[object]] = some) -> None:
            await tx.fetch_bulk(bulk, some)  # type: ignore[arg-type]

        await database.transact(body)


def _person(name: str, signing: SigningKey) -> Person:
    address = AccountAddress(name, "localhost")
    device = DeviceAddress(address, secrets.token_hex(8))
    return Person(address, signing, device, signing, b"", b"")


async def _accounts(tx: Transaction) -> dict[str, int]:
    return {row[0]: row[1] for row in await tx.fetch("SELECT name, id FROM account")}


async def _devices(tx: Transaction) -> dict[str, int]:
    return {row[0]: row[1] for row in await tx.fetch("SELECT uri, id FROM device")}


async def _conversations(tx: Transaction) -> dict[bytes, int]:
    return {
        bytes(row[0]): row[1] for row in await tx.fetch("SELECT public_id, id FROM conversation")
    }


async def connected(
    url: str, persons: Sequence[Person], at_once: int = 64, addresses: int = 1
) -> list[fleet.LoadDevice]:
    """Log these in and resume, each from one of so many addresses of this machine."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int, person: Person) -> fleet.LoadDevice:
        async with gate:
            return await fleet.LoadDevice.open(url, person, local=address_of(number % addresses))

    return list(await asyncio.gather(*(one(*pair) for pair in enumerate(persons))))


def opaque(conversation: bytes, size: int) -> bytes:
    """The beginning of a message of a conversation's first epoch, without the 8 bytes of its time:
    the server looks at the outside only."""
    return opaque_message(conversation, 1, size)[: size - 8]


def address_of(number: int) -> str:
    """One of this machine's 16 million, for each number another one: 127.1.0.0 and those after."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 0xFF}.{number & 0xFF}"
