"""Handing incoming messages to a program, oldest first, each until it was dealt with."""

from collections import deque
from collections.abc import AsyncIterator

from plausch.sdk.conversation import Conversation
from plausch.sdk.device import Device
from plausch.sdk.history import SHOWN, stored
from plausch.sdk.message import IncomingMessage, State
from plausch.sdk.vault.messages import MessageRow

AT_ONCE = 100


class Inbox(AsyncIterator[IncomingMessage]):
    """The iterator behind `Client.messages()`.

    The message handed out last is `handled` when the next one is asked for. A program that dies
    in between finds it again.
    """

    def __init__(self, device: Device, *, changes: bool) -> None:
        self._device = device
        self._changes = changes
        self._events = device.core.feed.listen()
        self._rows: deque[MessageRow] = deque()
        self._position = 0

    async def __anext__(self) -> IncomingMessage:
        await self.settle()
        while True:
            while self._rows:
                row = self._rows.popleft()
                self._position = row.position
                if self._changes or row.kind in SHOWN:
                    return self._incoming(row)
                await self.settle()
            self._events.drain()
            self._rows.extend(await self._device.core.messages.unhandled(AT_ONCE))
            if not self._rows:
                await anext(self._events)

    async def settle(self) -> None:
        """The message handed out last was dealt with."""
        if self._position:
            await self._device.core.vault.write(
                [self._device.core.messages.handle_until(self._position)]
            )
            self._position = 0

    def close(self) -> None:
        """No more messages are wanted."""
        self._events.close()

    def _incoming(self, row: MessageRow) -> IncomingMessage:
        live = self._device.directory.preferred(self._device.core.lives[row.conversation])
        return IncomingMessage(Conversation(self._device, live.id), stored(row, State.RECEIVED))
