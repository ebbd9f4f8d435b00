"""Pushes that were lost are made good: devices are compared with their logs.

Each turn of the edge's wheel brings some of its connections here. After a doubt (Hub, Bus) each
turn's connections are owed one comparison, in the course of a round, `silence_ms`, so that they do
not ask the database all at once; a turn stays owed until it has succeeded. Beside other gateways
every tenth round is owed without any doubt, for what nobody noticed.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from plausch.base.errors import PlauschError
from plausch.server.delivery import Delivery
from plausch.server.hub import Hub
from plausch.server.pushes import websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import encode
from plausch.wire.session import State

if TYPE_CHECKING:
    from plausch.server.connection import Connection

log = logging.getLogger("plausch.server")

EVERY_ROUNDS = 10
AT_ONCE = 4
"""Devices that are compared at the same time; the database has other work."""


class Repairs:
    """When which devices are compared, and how. Used from the event loop only."""

    def __init__(self, hub: Hub, delivery: Delivery) -> None:
        self._hub, self._delivery = hub, delivery
        self._doubts = self._rounds = 0
        self._owed: set[int] = set()
        self._missed: set[str] = set()
        self._is_running = False

    def due(self, turn: int, turns: int) -> bool:
        """Whether the connections of this turn of `turns` a round, or single devices, may have
        missed a push, and nobody is being compared just now."""
        self._rounds += turn == 0
        self._missed |= self._hub.take_missed()
        doubts = self._hub.doubts
        by_habit = self._hub.has_others and turn == 0 and self._rounds % EVERY_ROUNDS == 0
        if doubts != self._doubts or by_habit:
            self._doubts = doubts
            self._owed = set(range(turns))
        return (turn in self._owed or bool(self._missed)) and not self._is_running

    async def run(self, turn: int, connections: Sequence["Connection"]) -> None:
        """Tell who is owed it what logs and mailboxes hold beyond the cursors."""
        is_owed, missed = turn in self._owed, self._missed
        visited = list(connections) if is_owed else []
        seen = {one.device.uri for one in visited if one.device is not None}
        # What the hub has are the edge's connections.
        single = cast("list[Connection]", self._hub.connected(missed - seen))
        self._owed.discard(turn)
        self._missed = set()
        self._is_running = True
        try:
            await self._compare_all([*visited, *single])
        except PlauschError as error:
            self._missed |= missed
            if is_owed:
                self._owed.add(turn)
            log.error("Devices could not be compared with their logs: %s", error)
        finally:
            self._is_running = False

    async def _compare_all(self, connections: Sequence["Connection"]) -> None:
        for start in range(0, len(connections), AT_ONCE):
            await asyncio.gather(*map(self._compare, connections[start : start + AT_ONCE]))

    async def _compare(self, connection: "Connection") -> None:
        if connection.device is None or connection.session.state is not State.RESUMED:
            return
        after = b""
        while True:
            standing = await self._delivery.resume(connection.device, after)
            for moved in standing.moved:
                wake = f.Delivery(moved.conversation, moved.head, [])
                connection.push(websocket_message(encode(wake)))
            if not standing.more:
                break
            after = standing.moved[-1].conversation
        if standing.mailbox:
            connection.push(websocket_message(encode(f.MailboxMoved(standing.mailbox))))
