"""One WebSocket connection: frames out, answers matched, pushes handed on; thin around picows."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from plausch.base.errors import Fault
from plausch.sdk.errors import ServerMisbehaved, ServerRefused, Unreachable
from plausch.wire import frames as f
from plausch.wire.codec import BUNDLE_BYTES, WireError
from plausch.wire.session import PUSHES, ClientSession

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0
PING_AFTER_S = 20.0
PONG_WITHIN_S = 20.0
GOODBYE_S = 2.0
"""How long a server may take to read what was sent before the connection is dropped."""
_FRAME_OVERHEAD_BYTES = 64

A = TypeVar("A", bound=f.Frame)
Push = f.Delivery | f.MailboxMoved | f.CursorMoved | f.Ephemeral | f.DeviceListMoved


class Connection(WSListener):
    """From connecting to disconnecting. `lost` is resolved with the reason when it is over."""

    def __init__(self, on_push: Callable[[Push], None]) -> None:
        loop = asyncio.get_running_loop()
        self.hello: asyncio.Future[f.Hello] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.closing_code = ""
        """The server's word for why it closed the connection, if it said one."""
        self.rest_ms = 0
        """How long it wants to be left alone then."""
        self._session = ClientSession()
        self._answers: dict[int, asyncio.Future[f.Frame]] = {}
        self._on_push = on_push
        self._transport: WSTransport | None = None
        self._reason = "the connection was closed"
        self._unwanted = False

    # --- called by picows --------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._transport = transport
        if self._unwanted:
            self.abandon()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One WebSocket frame; the server never fragments."""
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
            return
        if frame.msg_type in (WSMsgType.PING, WSMsgType.PONG):
            return  # pings are answered by picows; a pong may come unasked (RFC 6455, 5.5.3)
        if frame.msg_type is not WSMsgType.BINARY or not frame.fin:
            self._abandon("the server sent something other than whole binary messages")
            return
        try:
            received = self._session.receive_bytes(frame.get_payload_as_bytes())
        except WireError as error:
            self._abandon(f"the server broke the protocol ({error})")
            return
        self._take(received)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Over: everybody who waits is told."""
        if not self.lost.done():
            self.lost.set_result(self._reason)
        for answer in self._answers.values():
            _end(answer, self._reason)
        self._answers.clear()
        _end(self.hello, self._reason)

    # --- used by transport -------------------------------------------------------------------

    async def ask(self, build: Callable[[int], f.ClientFrame], answer: type[A]) -> A:
        """Send a request and wait for its answer.

        Raises ServerRefused, Unreachable (lost or silent), ServerMisbehaved.
        """
        request_id = self._session.next_id()
        future: asyncio.Future[f.Frame] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = future
        try:
            self._send(build(request_id))
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                received = await future
        except TimeoutError as error:
            self._abandon(f"the server gave no answer within {ANSWER_TIMEOUT_S:.0f} seconds")
            raise _gone(self._reason) from error
        finally:
            self._answers.pop(request_id, None)
        if isinstance(received, f.Refused):
            raise _refusal(received)
        if not isinstance(received, answer):
            raise ServerMisbehaved(
                f"The server answered with {type(received).__name__} instead of {answer.__name__}."
            )
        return received

    def tell(self, frame: f.ClientFrame) -> None:
        """Send a frame that has no answer. Raises Unreachable."""
        self._send(frame)

    async def disconnect(self) -> None:
        """Say goodbye and wait until the socket is closed."""
        if self._transport is None or self.lost.done():
            return
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        try:
            await asyncio.wait([self.lost], timeout=GOODBYE_S)
        finally:  # who reads nothing must not keep us
            self.abandon()
        await asyncio.wait([self.lost])

    def abandon(self) -> None:
        """Close the socket at once, or as soon as there is one; what is not sent yet is lost."""
        self._unwanted = True
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # --- inside ------------------------------------------------------------------------------

    def _send(self, frame: f.ClientFrame) -> None:
        if self._transport is None or self._transport.is_disconnected or self.lost.done():
            raise _gone(self._reason)
        self._transport.send(WSMsgType.BINARY, self._session.send_frame(frame))

    def _take(self, frame: f.ServerFrame) -> None:
        if isinstance(frame, f.Hello):
            self.hello.set_result(frame)
        elif isinstance(frame, f.Closing):
            self.closing_code = frame.code
            self.rest_ms = frame.retry_after_ms
            self._abandon(f"the server closed the connection: {frame.sentence}")
        elif type(frame) in PUSHES:
            self._on_push(frame)  # type: ignore[arg-type]  # PUSHES are exactly these
        else:
            future = self._answers.get(frame.id)  # type: ignore[union-attr]
            if future is not None and not future.done():
                future.set_result(frame)

    def _abandon(self, reason: str) -> None:
        self._reason = reason
        self.abandon()


def _end(future: "asyncio.Future[A]", reason: str) -> None:
    if not future.done():
        future.set_exception(_gone(reason))
        future.exception()  # retrieved: nobody may be waiting


def _gone(reason: str) -> Unreachable:
    return Unreachable(f"There is no connection to the server: {reason}.")


def _refusal(refused: f.Refused) -> ServerRefused:
    try:
        fault = Fault(refused.fault)
    except ValueError:
        fault = Fault.REMOTE
    return ServerRefused(
        refused.sentence,
        code=refused.code,
        fault=fault,
        retry_after_ms=refused.retry_after_ms,
        epoch=refused.epoch,
        head=refused.head,
    )


async def connect(url: str, on_push: Callable[[Push], None]) -> tuple[Connection, f.Hello]:
    """Connect and wait for the server's Hello.

    `url` is ws:// or wss://; certificates of wss are verified against the system's authorities.
    Raises Unreachable with the reason.
    """
    tls = ssl.create_default_context() if url.startswith("wss://") else None
    connection = Connection(on_push)
    hello: f.Hello | None = None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, listener = await ws_connect(
                lambda: connection,
                url,
                ssl_context=tls,
                websocket_handshake_timeout=CONNECT_TIMEOUT_S,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_AFTER_S,
                auto_ping_reply_timeout=PONG_WITHIN_S,
                max_frame_size=BUNDLE_BYTES + _FRAME_OVERHEAD_BYTES,
                max_redirects=0,
            )
            if listener is None:  # picows does not call this an error
                raise ConnectionResetError("it hung up during the handshake")
            hello = await connection.hello
            return connection, hello
    except TimeoutError as error:
        raise Unreachable(
            f"The server at {url} did not answer within {CONNECT_TIMEOUT_S:.0f} seconds: check "
            "the address and the network."
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"The certificate of {url} cannot be verified ({error.verify_message}): check the "
            "address."
        ) from error
    except (OSError, WSError, UnicodeError) as error:  # UnicodeError: no name that DNS can have
        raise Unreachable(
            f"The server at {url} cannot be reached ({_short(error)}): check the address, the "
            "network, and that the server runs."
        ) from error
    finally:
        if hello is None:  # refused, too late, or the caller was cancelled
            connection.abandon()


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:200]
