"""The business as it is now: from its TOML file until its people set it otherwise.

The book is the authority. The file is read when there is nothing in the book yet, and again when
it has changed since it was read last: whoever edits it means it. What the operations set goes into
the book and never into the file ([0019](docs/decisions/0019-the-book-is-the-authority.md)).
"""

import hashlib
from collections.abc import Callable
from typing import Self

import msgspec

from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.operations.business_form import business_of, shown
from plausch.agent.operations.views import BusinessView
from plausch.db.interface import Transaction
from plausch.domain.business import Business

BUSINESS = "business"
FILE_DIGEST = "business_file"


class Premises:
    """The present business; `business` is what everybody asks."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self._raw = b""
        self._followers: list[Callable[[Business], None]] = []

    @classmethod
    async def of(cls, book: Book, from_file: Business, raw_file: bytes) -> Self:
        """What the book says, or the file, whichever was said last.

        `from_file` is what the file holds. Raises StorageUnavailable.
        """
        digest = hashlib.sha256(raw_file).digest()

        async def work(transaction: Transaction) -> None:
            if await ledger.setting(transaction, FILE_DIGEST) != digest:
                await ledger.keep_setting(transaction, FILE_DIGEST, digest)
                await keep_business(transaction, from_file)

        await book.transact(work)
        premises = cls(from_file)
        await premises.refresh(book)
        return premises

    async def refresh(self, book: Book) -> None:
        """Look whether the business was set otherwise meanwhile. Raises StorageUnavailable."""

        async def work(transaction: Transaction) -> bytes | None:
            return await ledger.setting(transaction, BUSINESS)

        raw = await book.read(work)
        if raw is not None and raw != self._raw:
            self.business = business_of(
                msgspec.json.decode(raw, type=BusinessView), like=self.business
            )
            self._raw = raw
            for follower in self._followers:
                follower(self.business)

    def follow(self, follower: Callable[[Business], None]) -> None:
        """Called with the business whenever it was set otherwise."""
        self._followers.append(follower)


async def keep_business(transaction: Transaction, business: Business) -> None:
    """The business is this from now on."""
    await ledger.keep_setting(transaction, BUSINESS, msgspec.json.encode(shown(business)))
