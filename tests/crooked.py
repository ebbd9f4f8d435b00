"""A server that lies: it stands before the real one and alters the frames of one device.

`to_device` and `to_server` take one frame and return what is passed on: none, one or many.
Everything that went either way is kept, as the operator of such a server could keep it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
    ws_create_server,
)

from plausch.identity.certificate import CREDENTIAL_TYPE
from plausch.mls.credential import Credential
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_256_XWING
from plausch.sdk import Client
from plausch.sdk.account import make_own
from plausch.sdk.vault.own import Own
from plausch.wire import frames as f
from plausch.wire.codec import decode_client, decode_server, encode

ToDevice = Callable[[f.ServerFrame], Sequence[f.ServerFrame]]
ToServer = Callable[[f.ClientFrame], Sequence[f.ClientFrame]]


def honest(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
    return [frame]


def willing(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
    return [frame]


class _Upstream(WSListener):
    """The proxy's connection to the real server."""

    def __init__(self, device: "_Device") -> None:
        self.device = device
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY:
            self.device.from_server(decode_server(frame.get_payload_as_bytes()))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.device.drop()


class _Device(WSListener):
    """A device's connection to the proxy."""

    def __init__(self, crooked: "Crooked") -> None:
        self.crooked = crooked
        self.transport: WSTransport | None = None
        self.upstream: _Upstream | None = None
        self._early: list[f.ClientFrame] = []
        self._task: asyncio.Task[None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        self.crooked.devices.append(self)
        self._task = asyncio.get_running_loop().create_task(self._reach())

    async def _reach(self) -> None:
        _, upstream = await ws_connect(lambda: _Upstream(self), self.crooked.socket_url)
        assert isinstance(upstream, _Upstream)
        self.upstream = upstream
        early, self._early = self._early, []
        for frame in early:
            self.forward(frame)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.BINARY:
            return
        sent = decode_client(frame.get_payload_as_bytes())
        self.crooked.sent.append(sent)
        for passed in self.crooked.to_server(sent):
            self.forward(passed)

    def forward(self, frame: f.ClientFrame) -> None:
        if self.upstream is None or self.upstream.transport is None:
            self._early.append(frame)
        else:
            self.upstream.transport.send(WSMsgType.BINARY, encode(frame))

    def from_server(self, frame: f.ServerFrame) -> None:
        self.crooked.received.append(frame)
        for passed in self.crooked.to_device(frame):
            self.send(passed)

    def send(self, frame: f.ServerFrame) -> None:
        if self.transport is not None and not self.transport.is_disconnected:
            self.transport.send(WSMsgType.BINARY, encode(frame))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.drop()

    def drop(self) -> None:
        """Both sides are gone."""
        if self in self.crooked.devices:
            self.crooked.devices.remove(self)
        if self.transport is not None:
            self.transport.disconnect(graceful=False)
        if self.upstream is not None and self.upstream.transport is not None:
            self.upstream.transport.disconnect(graceful=False)


class Crooked:
    """The lying server; honest until `to_device` or `to_server` is replaced."""

    def __init__(self, real_url: str) -> None:
        self.socket_url = real_url.replace("http://", "ws://") + "/v1/socket"
        self.to_device: ToDevice = honest
        self.to_server: ToServer = willing
        self.sent: list[f.ClientFrame] = []
        self.received: list[f.ServerFrame] = []
        self.devices: list[_Device] = []
        self.url = ""

    def push(self, frame: f.ServerFrame) -> None:
        """Say something that the real server never said."""
        for device in list(self.devices):
            device.send(frame)

    def cut(self) -> None:
        """Drop every connection."""
        for device in list(self.devices):
            device.drop()

    def envelopes(self) -> list[f.Envelope]:
        """Every envelope that the real server delivered, pushed or read."""
        return [
            envelope
            for frame in self.received
            if isinstance(frame, f.Delivery | f.Envelopes)
            for envelope in frame.envelopes
        ]

    def appends(self) -> list[f.Append]:
        """Everything that the device appended."""
        return [frame for frame in self.sent if isinstance(frame, f.Append)]


@asynccontextmanager
async def crooked_before(real_url: str) -> AsyncIterator[Crooked]:
    """A proxy before a real server."""
    crooked = Crooked(real_url)
    server = await ws_create_server(lambda _: _Device(crooked), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    crooked.url = f"http://127.0.0.1:{port}"
    try:
        yield crooked
    finally:
        crooked.cut()
        server.close()
        await server.wait_closed()


def alter_envelopes(
    frame: f.ServerFrame, change: Callable[[list[f.Envelope]], list[f.Envelope]]
) -> Sequence[f.ServerFrame]:
    """The frame with its envelopes changed; the head is moved along."""
    if isinstance(frame, f.Delivery):
        envelopes = change(list(frame.envelopes))
        head = max([frame.head, *(envelope.seq for envelope in envelopes)])
        return [f.Delivery(frame.conversation, head, envelopes)]
    if isinstance(frame, f.Envelopes):
        envelopes = change(list(frame.envelopes))
        head = max([frame.head, *(envelope.seq for envelope in envelopes)])
        return [f.Envelopes(frame.id, frame.conversation, envelopes, head)]
    return [frame]


def moved(envelope: f.Envelope, seq: int) -> f.Envelope:
    """The same envelope at another place."""
    return msgspec.structs.replace(envelope, seq=seq)


# --- false identities ---------------------------------------------------------------------


def impostor(client: Client) -> Own:
    """The same account and device, with keys that the server made up."""
    own = client._device.core.own
    made = make_own(own.server_url, own.device.account, own.kind, client._device.core.now_s())
    return replace(made, device=own.device)


def account_of(own: Own, request_id: int) -> f.Account:
    """What the server says of an account, with these keys."""
    assert own.identity is not None
    return f.Account(
        request_id, own.device.account.name, own.kind, own.identity.public, own.device_list
    )


def key_package_of(own: Own, now_s: int) -> bytes:
    """A key package of a device that has these keys."""
    credential = Credential(CREDENTIAL_TYPE, own.certificate)
    return KeyPackageBundle.create(
        MLS_256_XWING, credential, own.device_key.to_bytes(), now_s, 3600
    ).message
