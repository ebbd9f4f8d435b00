"""A login becomes a connection that speaks for a device (dispatch.py)."""

import asyncio
from typing import TYPE_CHECKING

from plausch.base.clock import Clock
from plausch.server.devices import Devices
from plausch.server.errors import SUSPENDED, Refusal
from plausch.server.hub import Hub
from plausch.server.regime import Regime
from plausch.wire import frames as f
from plausch.wire.session import State

if TYPE_CHECKING:
    from plausch.server.connection import Connection

AT_ONCE = 32
"""Logins are carried out at the same time: when very many devices come back at once, the others
wait, and not what connected devices do."""

ROOM = 2 * AT_ONCE
"""Logins that have come and are not answered, before no more devices are let in for theirs
(turnstile.py): enough for the next ones to be there when these are done. Who was let in and has
said nothing yet is not counted, or a few hundred silent ones would keep everybody out."""


class Logins:
    """The logins of one server process."""

    def __init__(self, devices: Devices, regime: Regime, hub: Hub, clock: Clock) -> None:
        self._devices, self._regime, self._hub, self._clock = devices, regime, hub, clock
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unanswered = 0

    def room(self) -> int:
        """For how many more devices there is room; 0 or less: too many wait."""
        return ROOM - self._unanswered

    async def log_in(self, connection: "Connection", frame: f.Login) -> f.ServerFrame | None:
        """None: the connection has ended. Raises Refusal as `Devices.login` and `Devices.seen`, and
        `account_suspended`."""
        self._unanswered += 1
        try:
            return await self._log_in(connection, frame)
        finally:
            self._unanswered -= 1

    async def _log_in(self, connection: "Connection", frame: f.Login) -> f.ServerFrame | None:
        async with self._gate:
            if has_ended(connection):
                return None
            device = await self._devices.login(frame.device, connection.nonce, frame.signature)

            def enter() -> None:
                if not has_ended(connection) and not self._regime.is_suspended(device.account_key):
                    connection.logged_in(device)
                    self._hub.enter(device.uri, connection, self._clock.now_ms())

            # Last: a list without the device, published meanwhile, found no connection to end.
            left = await self._devices.seen(device, enter)
        if has_ended(connection):
            return None
        if connection.device is None:  # suspended in this moment
            raise Refusal(*SUSPENDED)
        return f.LoggedIn(frame.id, self._clock.now_ms(), left.single, left.has_last_resort)


def has_ended(connection: "Connection") -> bool:
    """Whether it has ended meanwhile."""
    return connection.session.state is State.CLOSED
