"""Pushes that were lost between gateways are made good: devices are compared with their logs.

Each turn of the edge's wheel brings some of its connections here. After a doubt (Bus) all of them
are compared in the course of one round, `silence_ms`, so that they do not ask the database all at
once; without any doubt every tenth round, for what nobody noticed. A single process loses nothing,
and compares nothing.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from plausch.base.errors import PlauschError
from plausch.server.delivery import Delivery
from plausch.server.hub import Hub, websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import encode
from plausch.wire.session import State

if TYPE_CHECKING:
    from plausch.server.connection import Connection

log = logging.getLogger("plausch.server")

EVERY_ROUNDS = 10


class Repairs:
    """When which devices are compared, and how. Used from the event loop only."""

    def __init__(self, hub: Hub, delivery: Delivery) -> None:
        self._hub, self._delivery = hub, delivery
        self._doubts: int | None = 0
        self._turns_left = self._rounds = 0
        self._is_running = False

    def due(self, turn: int, turns: int) -> bool:
        """Whether the connections of this turn of `turns` a round may have missed a push, and
        nobody is being compared just now."""
        doubts = self._hub.doubts
        if doubts is None:
            return False
        self._rounds += turn == 0
        if doubts != self._doubts:
            self._doubts, self._turns_left = doubts, turns
        if self._is_running:
            return False  # the turns of a doubt are not used up by a slow database
        if self._turns_left:
            self._turns_left -= 1
            return True
        return self._rounds % EVERY_ROUNDS == 0

    async def run(self, connections: Iterable["Connection"]) -> None:
        """Tell devices what their logs and mailboxes hold beyond their cursors."""
        self._is_running = True
        try:
            for connection in connections:
                if connection.device is not None and connection.session.state is State.RESUMED:
                    await self._compare(connection)
        except PlauschError as error:
            log.error("Devices could not be compared with their logs: %s", error)
        finally:
            self._is_running = False

    async def _compare(self, connection: "Connection") -> None:
        assert connection.device is not None  # nosec B101
        standing = await self._delivery.resume(connection.device)
        for moved in standing.moved:
            wake = f.Delivery(moved.conversation, moved.head, [])
            connection.push(websocket_message(encode(wake)))
        if standing.mailbox:
            connection.push(websocket_message(encode(f.MailboxMoved(standing.mailbox))))
