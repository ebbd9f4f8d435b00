"""A port of this machine for its owner's programs and browser: one request, one answer, the end.

It listens on the loopback address alone. That keeps other machines out and nobody else: whoever
answers there looks at the Host (DNS rebinding), and at a secret of its own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from plausch.base.errors import OperatorError
from plausch.base.http import HEAD_BYTES, HEAD_END, Answer, BadRequest, Request, parse_request

T = TypeVar("T")

HOST: Final = "127.0.0.1"
REQUEST_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0
MOST_CONNECTIONS = 64


class Answered(Exception):
    """The request gets this answer, and nothing more is done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status.phrase)
        self.answer = answer


class HeadTooLong(BadRequest):
    """The head of the request is longer than HEAD_BYTES."""


class LoopbackPort(Generic[T]):
    """Reads each request with `read`, in bounded time, and answers it with `answer`; both may raise
    Answered."""

    def __init__(
        self,
        read: Callable[[asyncio.StreamReader], Awaitable[T]],
        answer: Callable[[T], Awaitable[Answer]],
    ) -> None:
        self._read, self._answer = read, answer
        self._hosts: frozenset[str] = frozenset()
        self._server: asyncio.Server | None = None
        self._open = 0
        self.url = ""

    async def start(self, port: int, option: str) -> None:
        """Listen on a port, 0 for a free one. Raises OperatorError when it is taken, naming the
        option that chooses another."""
        try:
            self._server = await asyncio.start_server(self._serve, HOST, port, limit=HEAD_BYTES)
        except OSError as error:
            raise OperatorError(
                f"Port {port} cannot be listened on ({error.strerror}): choose another with "
                f"{option}.",
                code="port_taken",
            ) from error
        taken = self._server.sockets[0].getsockname()[1]
        self._hosts = frozenset({f"{HOST}:{taken}", f"localhost:{taken}"})
        self.url = f"http://{HOST}:{taken}"

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def host_of(self, request: Request) -> str | None:
        """The name of this port under which the request came; None: it was another one's."""
        hosts = [one.lower() for one in request.headers.getall("host", [])]
        return hosts[0] if len(hosts) == 1 and hosts[0] in self._hosts else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                await self._talk(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                came = await self._read(reader)
            answer = await self._answer(came)
        except Answered as answered:
            answer = answered.answer
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            writer.write(answer.head() + answer.body)
            await writer.drain()


async def read_head(reader: asyncio.StreamReader) -> Request:
    """The head of the request. Raises BadRequest, HeadTooLong."""
    try:
        head = await reader.readuntil(HEAD_END)
    except asyncio.LimitOverrunError:
        sentence = f"The head of a request has at most {HEAD_BYTES // 1024} KiB."
        raise HeadTooLong(sentence) from None
    return parse_request(head[: -len(HEAD_END)])


def announced_bytes(request: Request) -> int | None:
    """How long the body is; None when that is not said, or not said once and plainly."""
    lengths = request.headers.getall("content-length", [])
    is_said = len(lengths) == 1 and re.fullmatch(r"[0-9]{1,9}", lengths[0])
    return int(lengths[0]) if is_said and "transfer-encoding" not in request.headers else None


def media_type(request: Request) -> str:
    """What the body is said to be, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
