"""Push services of browsers, as the server calls them: one empty POST (RFC 8030), one verdict.

Its own small HTTP client over asyncio, because the address that was judged has to be the one that
is connected to: libraries look the name up a second time, and then it may be another. Nothing of
the answer is read but its head.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import NamedTuple

from plausch.server.endpoint import Address, Endpoint, is_public
from plausch.server.vapid import Signer

TTL_S = 7 * 24 * 3600
"""How long a push service keeps a wake-up for a device that is switched off."""

TIMEOUT_S = 10.0
HEAD_BYTES = 16 * 1024
MOST_RETRY_AFTER_S = 3600
MOST_ADDRESSES = 3

TOPIC = "plausch"
"""A later wake-up takes the place of one that has not reached the device yet."""


class Verdict(Enum):
    """What became of a wake-up."""

    TAKEN = auto()
    GONE = auto()
    """The endpoint is dead, or leads where the server does not go: forget it."""
    LATER = auto()
    """The push service could not be reached or is busy."""
    REFUSED = auto()
    """It does not take wake-ups of this server; trying again would change nothing."""


class Sent(NamedTuple):
    """A verdict, the HTTP status (0: there was no answer), how long to wait at least."""

    verdict: Verdict
    status: int = 0
    retry_after_s: int = 0


Resolve = Callable[[str, int], Awaitable[list[str]]]


async def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class PushServices:
    """Sends wake-ups. `private`: addresses within the operator's network are allowed too."""

    def __init__(
        self,
        signer: Signer,
        *,
        private: bool = False,
        resolve: Resolve = addresses_of,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._signer, self._private, self._resolve = signer, private, resolve
        self._tls = tls or ssl.create_default_context()
        self._timeout_s = timeout_s

    async def wake(self, endpoint: Endpoint) -> Sent:
        """Send one wake-up. Never raises for what the other side does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._resolve(endpoint.host, endpoint.port)
                allowed = [one for one in found if self._private or _is_public(one)]
                if found and not allowed:
                    return Sent(Verdict.GONE)
                if not allowed:
                    return Sent(Verdict.LATER)
                return await self._post(endpoint, allowed[:MOST_ADDRESSES])
        except (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError):
            return Sent(Verdict.LATER)

    async def _post(self, endpoint: Endpoint, addresses: list[str]) -> Sent:
        reader, writer = await self._connect(endpoint, addresses)
        try:
            writer.write(self._request(endpoint))
            return _judged(await reader.readuntil(b"\r\n\r\n"))
        finally:
            writer.transport.abort()  # a push service may take its time to say good-bye

    async def _connect(
        self, endpoint: Endpoint, addresses: list[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the first address that answers: a machine may have IPv6 that leads nowhere."""
        while True:
            try:
                return await asyncio.open_connection(
                    addresses[0],
                    endpoint.port,
                    limit=HEAD_BYTES,
                    ssl=self._tls if endpoint.secure else None,
                    server_hostname=endpoint.host if endpoint.secure else None,
                )
            except OSError:
                addresses = addresses[1:]
                if not addresses:
                    raise

    def _request(self, endpoint: Endpoint) -> bytes:
        lines = (
            f"POST {endpoint.target} HTTP/1.1",
            f"Host: {endpoint.authority}",
            f"Authorization: {self._signer.authorization(endpoint.origin)}",
            f"TTL: {TTL_S}",
            "Urgency: high",
            f"Topic: {TOPIC}",
            "Content-Length: 0",
            "Connection: close",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _is_public(text: str) -> bool:
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return is_public(address)


def _judged(head: bytes) -> Sent:
    """What the head of an answer means. Raises ValueError for what is none."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or not rest[:3].isdecimal():
        raise ValueError("no answer of HTTP")
    status = int(rest[:3])
    if 200 <= status < 300:
        return Sent(Verdict.TAKEN, status)
    if status in (404, 410):
        return Sent(Verdict.GONE, status)
    if status in (408, 425, 429) or status >= 500:
        return Sent(Verdict.LATER, status, _retry_after_s(lines))
    return Sent(Verdict.REFUSED, status)


def _retry_after_s(lines: list[str]) -> int:
    """Seconds; a date, which is rare, counts as nothing said."""
    for line in lines:
        name, _, value = line.partition(":")
        text = value.strip()
        if name.lower() == "retry-after" and len(text) < 9 and text.isdecimal() and text.isascii():
            return min(int(text), MOST_RETRY_AFTER_S)
    return 0
