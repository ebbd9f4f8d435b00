"""A port for this machine alone: one request, one answer, whatever comes."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from plausch.base.errors import OperatorError
from plausch.base.http import HEAD_BYTES, Answer, BadRequest, Request
from plausch.local import loopback
from plausch.local.loopback import (
    MOST_CONNECTIONS,
    Answered,
    HeadTooLong,
    LoopbackPort,
    announced_bytes,
    media_type,
    read_head,
)


async def read(reader: asyncio.StreamReader) -> Request:
    try:
        return await read_head(reader)
    except HeadTooLong:
        raise Answered(Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, {}, b"long")) from None
    except BadRequest:
        raise Answered(Answer(HTTPStatus.BAD_REQUEST, {}, b"bad")) from None


@pytest.fixture
async def port() -> AsyncIterator[LoopbackPort[Request]]:
    async def answer(request: Request) -> Answer:
        said = f"{opened.host_of(request)} {announced_bytes(request)} {media_type(request)}"
        return Answer(HTTPStatus.OK, {}, said.encode())

    opened = LoopbackPort(read, answer)
    await opened.start(0, "--port")
    yield opened
    opened.close()


async def told(port: LoopbackPort[Request], raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port.url.rpartition(":")[2]))
    writer.write(raw)
    try:
        return await reader.read()
    except ConnectionError:  # closed with something unread
        return b""
    finally:
        writer.close()


def head(*lines: str) -> bytes:
    return "\r\n".join(("POST /x HTTP/1.1", *lines, "", "")).encode()


async def test_a_request_is_answered_under_its_own_names_alone(
    port: LoopbackPort[Request],
) -> None:
    host = port.url.removeprefix("http://")
    for own in (host, host.replace("127.0.0.1", "LocalHost")):
        assert (await told(port, head(f"Host: {own}"))).endswith(f"{own.lower()} None ".encode())
    for other in (["Host: evil.example"], [], [f"Host: {host}", f"Host: {host}"]):
        assert (await told(port, head(*other))).endswith(b"None None ")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["Content-Length: 7"], b"7 "),
        (["Content-Length: 7", "Content-Type: Text/Plain; charset=x"], b"7 text/plain"),
        (["Content-Length: 7", "Content-Length: 7"], b"None "),
        (["Content-Length: +7"], b"None "),
        (["Content-Length: 9999999999"], b"None "),
        (["Content-Length: 7", "Transfer-Encoding: chunked"], b"None "),
    ],
)
async def test_a_body_is_as_long_as_it_is_plainly_said(
    port: LoopbackPort[Request], lines: list[str], said: bytes
) -> None:
    assert (await told(port, head(*lines))).endswith(b"None " + said)


async def test_what_is_no_request_is_answered_too(port: LoopbackPort[Request]) -> None:
    assert (await told(port, b"nonsense\r\n\r\n")).endswith(b"bad")
    assert (await told(port, b"GET /" + b"x" * HEAD_BYTES * 2)).endswith(b"long")


async def test_who_says_nothing_is_let_go(
    port: LoopbackPort[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loopback, "REQUEST_TIMEOUT_S", 0.05)
    assert await told(port, b"GET") == b""


async def test_only_so_many_at_once(port: LoopbackPort[Request]) -> None:
    number = int(port.url.rpartition(":")[2])
    silent = [await asyncio.open_connection("127.0.0.1", number) for _ in range(MOST_CONNECTIONS)]
    assert await told(port, head()) == b""
    for _, writer in silent:
        writer.close()


async def test_a_port_that_is_taken_names_the_option(port: LoopbackPort[Request]) -> None:
    other = LoopbackPort(read, lambda _: asyncio.sleep(0, Answer(HTTPStatus.OK, {}, b"")))
    with pytest.raises(OperatorError, match="choose another with --api"):
        await other.start(int(port.url.rpartition(":")[2]), "--api")
