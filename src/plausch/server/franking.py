"""Stamps: the server's word, to itself alone, about a message that it cannot read.

A stamp follows from the frank in the message, from who handed it in, where and when, and from the
server's key. So it is kept nowhere: whoever reads the log gets it made anew, and who reports a
message brings it back.
"""

import hmac
import secrets

from plausch.base.errors import OperatorError
from plausch.db.interface import Database, Transaction
from plausch.server.store import report
from plausch.server.store.envelope import StoredEnvelope
from plausch.wire import frames as f
from plausch.wire.franking import Stamper, frank, frank_of

KEY_BYTES = 32


class ReportingKeyDamaged(OperatorError):
    """What the database has as the server's key for stamps is none."""

    code = "reporting_key_damaged"


class Franking:
    """Makes and checks the stamps of one server. `key` never leaves it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ReportingKeyDamaged(
                "The server's key for stamps in the table reporting_key is no key: delete that "
                "row, then a new one is made; messages that were stamped before can then not be "
                "reported any more."
            )
        self._stamper = Stamper(key)

    def envelope(self, conversation: bytes, stored: StoredEnvelope) -> f.Envelope:
        """What the device gets of an envelope: with a stamp if its message has a frank."""
        _, _, kind, at_ms, sender, message = stored
        franked = frank_of(message) if kind == f.APPLICATION else b""
        made = franked and self._stamper.stamp(franked, conversation, sender, at_ms)
        return f.Envelope(*stored, made)

    def is_genuine(self, one: f.ReportedMessage) -> bool:
        """Whether that device handed in exactly this content, there and then."""
        franked = frank(one.key, one.content)
        made = self._stamper.stamp(franked, one.conversation, one.sender, one.accepted_at_ms)
        return hmac.compare_digest(made, one.stamp)


async def open_franking(database: Database) -> Franking:
    """By what this server's processes stamp: one key, made at the first start.

    Raises ReportingKeyDamaged, StorageUnavailable.
    """
    fresh = secrets.token_bytes(KEY_BYTES)

    async def body(tx: Transaction) -> bytes:
        return await report.secret(tx, fresh)

    return Franking(await database.transact(body, repeatable=True))
