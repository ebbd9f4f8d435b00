"""What the operator has ordered: maintenance, and which accounts are suspended.

The orders are rows of the database. Every process looks at them every two seconds (LOOK_S); nothing
has to be restarted. While the database does not answer, what was last seen stands.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from plausch.base.clock import Clock
from plausch.base.errors import Fault, PlauschError
from plausch.db.interface import Database, Transaction
from plausch.server.errors import SUSPENDED
from plausch.server.limits import Limits
from plausch.server.store import regime, suspension
from plausch.server.store.regime import RegimeRow
from plausch.wire import frames as f
from plausch.wire.maintenance import MAINTAINED, MAINTENANCE, leaves_something_new
from plausch.wire.session import refused

if TYPE_CHECKING:
    from plausch.server.connection import Connection

log = logging.getLogger("plausch.server")

LOOK_S = 2.0


class Regime:
    """The orders as this process has seen them last."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database, self._clock = database, clock
        self._retry_ms = limits.maintenance_retry_ms
        self._row = RegimeRow(revision=-1)
        self._suspended: frozenset[int] = frozenset()
        self._sentence = ""

    async def look(self) -> bool:
        """See what is ordered; whether suspensions may have changed. Raises StorageUnavailable."""
        known = self._row.revision

        async def body(tx: Transaction) -> tuple[RegimeRow, frozenset[int] | None]:
            row = await regime.get(tx)
            return row, None if row.revision == known else await suspension.keys(tx)

        self._row, suspended = await self._database.read(body)
        self._sentence = sentence_of(self._row)
        if suspended is None:
            return False
        self._suspended = suspended
        return True

    async def watch(self, connections: Callable[[], Sequence["Connection"]]) -> None:
        """Look again and again, for ever, and end the sessions of who is suspended by now."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                if await self.look():
                    self._close_suspended(connections())
            except PlauschError:
                continue  # requests fail as well, and the operator is told of those
            except Exception as error:  # a bug of ours: orders are looked at all the same
                log.error("The operator's orders could not be read.", exc_info=error)

    def is_suspended(self, account_key: int) -> bool:
        """Whether the account was suspended when this process last looked."""
        return account_key in self._suspended

    def _close_suspended(self, connections: Sequence["Connection"]) -> None:
        for connection in connections:
            device = connection.device
            if device is not None and self.is_suspended(device.account_key):
                connection.close(*SUSPENDED)

    def refusal(self, frame: f.ClientFrame) -> f.Refused | None:
        """What is answered to a frame that would leave something new, during maintenance. Devices
        try again, each after another while."""
        if not self._row.since_ms or not leaves_something_new(frame):
            return None
        request_id: int = getattr(frame, "id", 0)
        wait_ms = self._retry_ms + random.randrange(self._retry_ms + 1)  # nosec B311
        return refused(request_id, MAINTENANCE, self._sentence, Fault.OPERATOR, wait_ms)


def sentence_of(row: RegimeRow) -> str:
    """What devices are told; "" without maintenance."""
    if not row.since_ms:
        return ""
    parts = [MAINTAINED]
    if row.until_ms:
        until = datetime.fromtimestamp(row.until_ms / 1000, UTC)
        parts.append(f"(until {until:%Y-%m-%dT%H:%MZ})")
    if row.words:
        parts.append(row.words)
    return " ".join(parts)
