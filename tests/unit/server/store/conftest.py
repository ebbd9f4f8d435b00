"""Rows to begin with: two accounts with a device each, one conversation."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from engines import postgres
from plausch.db.interface import Body, Database
from plausch.server.store import account, conversation, device
from plausch.server.store.schema import prepare

__all__ = ["postgres", "rows"]

T = TypeVar("T")


@dataclass
class Rows:
    """Keys of the rows, and how to run a body."""

    run: Callable[[Body[T]], Awaitable[T]]
    anna: int = 0
    cem: int = 0
    phone: int = 0
    till: int = 0
    conversation: int = 0


@pytest.fixture
async def rows(memory: Database) -> AsyncIterator[Rows]:
    await prepare(memory)
    made = Rows(memory.transact)

    async def body(tx):  # type: ignore[no-untyped-def]
        made.anna = await account.add(tx, "anna", "person", b"I" * 32, b"list", 1)
        made.cem = await account.add(tx, "cem", "business", b"J" * 32, b"list", 2)
        made.phone = await device.add(tx, made.anna, "uri:phone", b"K" * 32, b"certificate", 3)
        made.till = await device.add(tx, made.cem, "uri:till", b"L" * 32, b"certificate", 4)
        made.conversation = await conversation.add(tx, b"C" * 16, 1, b"digest", made.phone, 5)

    await memory.transact(body)
    yield made
