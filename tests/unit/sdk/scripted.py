"""Servers of a test's own on real sockets: they say and do what no honest server would."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha1

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from plausch.wire import frames as f
from plausch.wire.codec import decode_client, encode

HELLO = f.Hello(f.PROTOCOL_VERSION, "localhost", b"n" * 32, "open")

Answer = Callable[[f.ClientFrame], list[f.ServerFrame]]


class Peer(WSListener):
    """A server's end: says what the test tells it to, keeps what it hears."""

    def __init__(self, greeting: tuple[f.ServerFrame, ...], answer: Answer) -> None:
        self.greeting = greeting
        self.answer = answer
        self.heard: list[f.ClientFrame] = []
        self.gone = asyncio.Event()
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        for frame in self.greeting:
            self.say(frame)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type is WSMsgType.BINARY:
            heard = decode_client(frame.get_payload_as_bytes())
            self.heard.append(heard)
            for one in self.answer(heard):
                self.say(one)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.gone.set()

    def say(self, frame: f.ServerFrame) -> None:
        self.say_bytes(encode(frame))

    def say_bytes(self, raw: bytes, kind: WSMsgType = WSMsgType.BINARY, fin: bool = True) -> None:
        assert self.transport is not None
        self.transport.send(kind, raw, fin)


class Scripted:
    """A server of one's own on a real socket. Devices that ask for it are logged in."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.url = ""
        self.greeting: tuple[f.ServerFrame, ...] = (HELLO,)
        self.connected = asyncio.Event()
        self.answer: Answer = lambda _: []

    def make_peer(self) -> Peer:
        peer = Peer(self.greeting, self._answer)
        self.peers.append(peer)
        self.connected.set()
        return peer

    def _answer(self, frame: f.ClientFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Login):
            return [f.LoggedIn(frame.id, 0, 0, False)]
        if isinstance(frame, f.Resume):
            return [f.Resumed(frame.id, [], 0, False)]
        return self.answer(frame)


@asynccontextmanager
async def scripted(greeting: tuple[f.ServerFrame, ...] = (HELLO,)) -> AsyncIterator[Scripted]:
    script = Scripted()
    script.greeting = greeting
    server = await ws_create_server(lambda _: script.make_peer(), "127.0.0.1", 0)
    script.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/socket"
    try:
        yield script
    finally:
        for peer in script.peers:
            if peer.transport is not None:
                peer.transport.disconnect(graceful=False)
        server.close()


def upgraded(request: bytes) -> bytes:
    """What a server answers to a WebSocket's request, and its Hello."""
    head = request.split(b"\r\n")
    (key,) = [one[19:] for one in head if one.lower().startswith(b"sec-websocket-key: ")]
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    greeting = encode(HELLO)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n\x82" + bytes([len(greeting)]) + greeting
    )


@asynccontextmanager
async def deaf_server() -> AsyncIterator[str]:
    """It greets, and then reads nothing any more."""
    async with AsyncExitStack() as stack:
        hang = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(upgraded(await reader.readuntil(b"\r\n\r\n")))
            await hang.wait()
            writer.close()

        url = await stack.enter_async_context(tcp_server(serve))
        stack.callback(hang.set)
        yield f"ws{url}"


@asynccontextmanager
async def tcp_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """A server that is no WebSocket's; its URL without the scheme's first letters."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=1 << 14)
    try:
        yield f"://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/socket"
    finally:
        server.close()
