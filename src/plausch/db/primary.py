"""Which of several PostgreSQL servers may be written to, and what a connection has to show before
it is used. The dangers, and what stands against each:

- **The standby is asked.** Of the servers of a URL, one in recovery or read-only is passed over.
- **An old primary is back** beside the one that took over. Each takeover begins a new *timeline*,
  counted upwards: of two that may be written to the one on the higher timeline is right, and a
  server on a lower one than was ever seen here is refused. (These two are of URLs with several
  servers: one that is named alone is meant, be it a standby to read from.)
- **A commit that only the primary has.** It waits for its standby, nobody was told, and the primary
  breaks down: after that it is to be read like any other. Whoever answers from it promises what
  the standby does not have. So where there is a synchronous standby, a new connection is used only
  after a transaction of its own, which writes one record and nothing else, has come to its end:
  then the standby has all that was there before. An old primary without a standby never gets here.
- **Somebody cancels that waiting.** PostgreSQL reports such a COMMIT as done, with a WARNING. So
  warnings are heard (`warnings_of`), and what was done with one counts as uncertain.
- **A machine falls silent.** The kernel notices it (keep-alive), and a server that does not answer
  costs no more than its own time: the others are asked at the same moment.
"""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from plausch.base.errors import LocalError

log = logging.getLogger("plausch.db")

SERVER_TIMEOUT_S = 2.5
"""How long one server of several may take to answer."""

STANDBY_TIMEOUT_S = 4.0
"""How long its standby may take to confirm what is there. Whoever waits for a connection waits for
the last known server, for all of them, and for the standby: together less than that may take."""

SILENT_MS = 8_000
"""A connection is given up after so long without a sign of the other end."""

KEEP_ALIVE = {"idle": 5, "interval": 1, "count": 3}
"""Seconds, and how often: one that waits for an answer is given up after as long."""

_KERNEL = (
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 1),
    ("TCP_KEEPIDLE", socket.IPPROTO_TCP, KEEP_ALIVE["idle"]),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, KEEP_ALIVE["interval"]),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, KEEP_ALIVE["count"]),
    ("TCP_USER_TIMEOUT", socket.IPPROTO_TCP, SILENT_MS),
)

_WRITABLE = ("read-write", "primary")
_ATTRIBUTE = "target_session_attrs="

_STANDING = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
  CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_walfile_name(pg_current_wal_lsn()) END,
  current_setting('synchronous_standby_names') <> ''
"""
_SYNCHRONOUS = """
SELECT current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery()
  AND NOT current_setting('transaction_read_only')::boolean
"""
_RECORD = "SELECT pg_logical_emit_message(true, 'plausch', '')"


class NoPrimary(ConnectionError):
    """No server that was asked may be used now. It may be otherwise in a moment."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a server is just now."""

    is_read_only: bool
    timeline: int
    is_synchronous: bool


def servers_of(url: str) -> tuple[str, ...]:
    """A URL for each server that a URL names (`postgresql://u@one:5432,two:5432/db`).

    Raises LocalError when it names several, and wants others than those that can be written to.
    """
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return (url,)
    settings = parts.query.split("&") if parts.query else []
    wanted = [one.partition("=")[2] for one in settings if one.startswith(_ATTRIBUTE)]
    if any(one not in _WRITABLE for one in wanted):
        raise LocalError(
            f"The database URL names several servers: {_ATTRIBUTE}read-write is the only way in "
            "which they are used; for a standby name it alone."
        )
    query = "&".join(one for one in settings if not one.startswith(_ATTRIBUTE))
    return tuple(
        urlunsplit(parts._replace(netloc=f"{user}{at}{one.strip()}", query=query))
        for one in hosts.split(",")
    )


@contextmanager
def warnings_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Iterator[list[str]]:
    """What the server warns of meanwhile; complete as soon as the answer has come."""
    heard: list[str] = []

    def hear(_: object, message: Any) -> None:
        if message.severity_en == "WARNING":
            heard.append(str(message.message))

    connection.add_log_listener(hear)
    try:
        yield heard
    finally:
        with suppress(asyncpg.InterfaceError):  # it is lost, and with it whoever listened
            connection.remove_log_listener(hear)


class Primary:
    """Connects to the server that may be written to; after a takeover to the next one."""

    def __init__(self, servers: tuple[str, ...]) -> None:
        self._servers = servers
        self._current = ""
        self._timeline = 0
        self._was_synchronous = True

    async def connect(self, *_: object, **settings: Any) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection that may be used. `settings` as `asyncpg.connect` has them.

        Raises NoPrimary, and what asyncpg raises.
        """
        if len(self._servers) == 1:
            connection = await asyncpg.connect(self._servers[0], **settings)
        else:
            connection = await self._of_several(settings)
        try:
            _notice_silence(connection)
            if await connection.fetchval(_SYNCHRONOUS):
                await _demand_standby(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _of_several(self, settings: dict[str, Any]) -> "asyncpg.Connection[asyncpg.Record]":
        found = await self._ask([self._current], settings) if self._current else []
        if not found:
            found = await self._ask(list(self._servers), settings)
        standing, connection, server = max(found, key=lambda one: one[0].timeline)
        for _, other, _ in found:
            if other is not connection:
                other.terminate()
        if self._current and server != self._current:
            log.warning("PostgreSQL is another server now (timeline %d).", standing.timeline)
        if self._was_synchronous and not standing.is_synchronous:
            log.warning(
                "PostgreSQL has no synchronous standby now (synchronous_standby_names is empty): "
                "if its disk is lost, so is what was acknowledged meanwhile."
            )
        self._current, self._timeline = server, standing.timeline
        self._was_synchronous = standing.is_synchronous
        return connection

    async def _ask(
        self, servers: list[str], settings: dict[str, Any]
    ) -> list[tuple[Standing, "asyncpg.Connection[asyncpg.Record]", str]]:
        """Those that may be written to, of all. None of one server; raises NoPrimary of several."""
        asking = [asyncio.ensure_future(_visit(one, settings)) for one in servers]
        try:
            await asyncio.wait(asking)
        except BaseException:
            for one in asking:
                one.cancel()
            for late in await asyncio.gather(*asking, return_exceptions=True):
                if not isinstance(late, BaseException):
                    late[1].terminate()
            raise
        fit, why = [], []
        for task in asking:
            failure = task.exception()
            if failure is not None:
                why.append(str(failure) or type(failure).__name__)
                continue
            standing, connection, server = task.result()
            objection = self._objection(standing)
            if not objection:
                fit.append((standing, connection, server))
                continue
            connection.terminate()
            why.append(objection)
        if not fit and len(servers) > 1:
            raise NoPrimary("none of its servers may be written to: " + "; ".join(why))
        return fit

    def _objection(self, standing: Standing) -> str:
        if standing.is_read_only:
            return "one is a standby or read-only"
        if standing.timeline < self._timeline:
            return (
                f"one is an old primary (timeline {standing.timeline}, and {self._timeline} was "
                "seen), which must be stopped and made a standby anew"
            )
        return ""


async def _visit(
    server: str, settings: dict[str, Any]
) -> tuple[Standing, "asyncpg.Connection[asyncpg.Record]", str]:
    """A connection to one server, and what it is."""
    async with asyncio.timeout(SERVER_TIMEOUT_S):
        connection = await asyncpg.connect(server, **settings)
        try:
            is_read_only, file, is_synchronous = await connection.fetchrow(_STANDING)
        except BaseException:
            connection.terminate()
            raise
    # The name of a file of the log begins with the timeline, in eight hexadecimal digits.
    timeline = int(file[:8], 16) if file else 0
    return Standing(is_read_only, timeline, is_synchronous), connection, server


async def _demand_standby(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Return when the standby has all that is here. Raises NoPrimary.

    To cancel this waiting does no harm, for the connection is not used then.
    """
    with warnings_of(connection) as heard:
        try:
            async with asyncio.timeout(STANDBY_TIMEOUT_S):
                await connection.execute(_RECORD)
        except TimeoutError:
            raise NoPrimary(
                "it waits for a synchronous standby, of which none is there; without one nothing "
                "may be acknowledged: see synchronous_standby_names"
            ) from None
    if heard:
        raise NoPrimary(f"its standby was not waited for: {heard[0]}")


def _notice_silence(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A machine that says nothing more ends the connection in seconds; by itself the kernel gives
    up after a quarter of an hour. asyncpg has no setting for it."""
    stream = connection._transport.get_extra_info("socket")
    if stream is None or stream.family == socket.AF_UNIX:
        return
    for name, level, value in _KERNEL:
        if hasattr(socket, name):  # not every system has all of them
            stream.setsockopt(level, getattr(socket, name), value)
