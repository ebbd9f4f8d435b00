"""A device that speaks the raw wire protocol, for tests of the server and for bench/.

Real keys, certificates, logins and MLS groups; no vault, no outbox, no manners.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import picows

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.identity.login import sign_login
from plausch.mls.credential import PLAUSCH, Credential, Role
from plausch.mls.group import Group
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_128_X25519_AES128
from plausch.wire import frames as f
from plausch.wire.session import ClientSession, State

DAY_S = 86_400
HANDSHAKE_TIMEOUT_S = 10.0
"""The SDK's patience."""

Answer = TypeVar("Answer", bound=f.Frame)


class WasRefused(Exception):
    """The server answered `Refused`."""

    def __init__(self, frame: f.Refused) -> None:
        super().__init__(f"{frame.code}: {frame.sentence}")
        self.frame = frame


@dataclass
class Person:
    """An account with one device, and all its secrets."""

    address: AccountAddress
    identity: SigningKey
    device: DeviceAddress
    key: SigningKey
    certificate: bytes
    device_list: bytes

    @classmethod
    def new(cls, name: str, domain: str = "localhost", now_s: int | None = None) -> Self:
        now_s = int(time.time()) if now_s is None else now_s
        address = AccountAddress(name, domain)
        device = DeviceAddress(address, secrets.token_hex(8))
        identity, key = SigningKey.generate(), SigningKey.generate()
        certificate = DeviceCertificate.issue(
            identity, device, key.public, now_s - 60, now_s + 90 * DAY_S
        )
        devices = [(device.device, key.public)]
        device_list = DeviceList.issue(identity, address, devices, now_s)
        return cls(address, identity, device, key, certificate, device_list)

    def next_device(self) -> "Person":
        """The same account on a second device; its certificate is not published yet."""
        now_s = int(time.time())
        device = DeviceAddress(self.address, secrets.token_hex(8))
        key = SigningKey.generate()
        certificate = DeviceCertificate.issue(
            self.identity, device, key.public, now_s - 60, now_s + 90 * DAY_S
        )
        return Person(self.address, self.identity, device, key, certificate, self.device_list)

    def next_list(self, devices: Sequence[DeviceAddress], keys: Sequence[SigningKey]) -> bytes:
        """The account's next device list, which from now on is the newest."""
        entries = [(one.device, key.public) for one, key in zip(devices, keys, strict=True)]
        self.device_list = DeviceList.issue(
            self.identity, self.address, entries, int(time.time()), self.device_list
        )
        return self.device_list

    @property
    def credential(self) -> Credential:
        return Credential(PLAUSCH, self.certificate)

    def key_package(self, suite_id: int = MLS_128_X25519_AES128) -> KeyPackageBundle:
        return KeyPackageBundle.create(
            suite_id, self.credential, self.key.to_bytes(), int(time.time()), 28 * DAY_S
        )

    def group(self, conversation: bytes, suite_id: int = MLS_128_X25519_AES128) -> Group:
        return Group.create(
            suite_id,
            conversation,
            self.credential,
            self.key.to_bytes(),
            accept_anyone,
            now_s=int(time.time()),
        )


def accept_anyone(credential: Credential, signature_key: bytes, role: Role) -> None:
    """A judge for tests that are not about identity."""


class WireDevice(picows.WSListener):  # type: ignore[misc]
    """One connection of one person's device."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.session = ClientSession()
        self.transport: picows.WSTransport | None = None
        self.pushes: list[f.ServerFrame] = []
        self.closing: f.Closing | None = None
        self.close_code = 0
        self._greeted: asyncio.Future[f.Hello] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._moved = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[f.ServerFrame]] = {}

    # --- connection ----------------------------------------------------------------------

    @classmethod
    async def connect(cls, url: str, person: Person, origin: str = "", local: str = "") -> Self:
        """Open the WebSocket and await Hello (or Closing); `local` is the address it comes from."""
        device = cls(person)
        await device.dial(url, local, origin)
        return device

    async def dial(self, url: str, local: str = "", origin: str = "") -> None:
        """Open the WebSocket and await Hello. Raises ConnectionError after Closing."""
        socket_url = url.replace("http", "ws", 1) + "/v1/socket"
        await picows.ws_connect(
            lambda: self,
            socket_url,
            extra_headers={"Origin": origin} if origin else None,
            logger_name=Silent(),
            read_buffer_init_size=2048,
            max_frame_size=4 * 1024 * 1024,
            use_aiofastnet=False,
            local_addr=(local, 0) if local else None,
            websocket_handshake_timeout=HANDSHAKE_TIMEOUT_S,
        )
        if self.transport is None:  # cut off before the upgrade, which picows takes for an end
            raise ConnectionError("the connection ended")
        await self._greeted

    @classmethod
    async def register(cls, url: str, person: Person, kind: str = "person") -> Self:
        """Connect, register, log in."""
        device = await cls.connect(url, person)
        await device.ask(
            f.Done,
            f.Register(
                device.session.next_id(),
                person.address.name,
                kind,
                "",
                person.certificate,
                person.device_list,
            ),
        )
        await device.log_in()
        return device

    @classmethod
    async def open(cls, url: str, person: Person, local: str = "") -> Self:
        """Connect, log in, resume."""
        device = await cls.connect(url, person, local=local)
        await device.log_in()
        await device.resume()
        return device

    async def log_in(self) -> f.LoggedIn:
        hello = self.session.hello
        assert hello is not None
        signature = sign_login(self.person.key, hello.domain, hello.nonce, self.person.device)
        login = f.Login(self.session.next_id(), self.person.device.uri, signature)
        return await self.ask(f.LoggedIn, login)

    async def resume(self, after: bytes = b"") -> f.Resumed:
        return await self.ask(f.Resumed, f.Resume(self.session.next_id(), after))

    async def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect()
            await self._gone.wait()

    async def gone(self) -> None:
        """Wait until the connection has ended."""
        await self._gone.wait()

    # --- out -----------------------------------------------------------------------------

    def send(self, frame: f.ClientFrame) -> None:
        if self.closing is not None:
            raise ConnectionError(f"the server is closing this connection: {self.closing.code}")
        self.send_raw(self.session.send_frame(frame))

    def send_raw(self, raw: bytes) -> None:
        assert self.transport is not None
        self.transport.send(picows.WSMsgType.BINARY, raw)

    def begin(self, frame: f.ClientFrame) -> "asyncio.Future[f.ServerFrame]":
        """Send a request; the future of its answer. Raises ConnectionError."""
        if self._gone.is_set():  # nobody would ever answer
            raise ConnectionError("the connection has ended")
        future: asyncio.Future[f.ServerFrame] = asyncio.get_running_loop().create_future()
        self._waiting[frame.id] = future  # type: ignore[union-attr]
        self.send(frame)
        return future

    async def ask(self, kind: type[Answer], frame: f.ClientFrame) -> Answer:
        """Send a request and await its answer. Raises WasRefused, ConnectionError."""
        answer = await self.begin(frame)
        if isinstance(answer, f.Refused):
            raise WasRefused(answer)
        assert isinstance(answer, kind)
        return answer

    async def append(
        self, conversation: bytes, epoch: int, message: bytes, idempotency_id: bytes = b""
    ) -> f.Appended:
        frame = f.Append(
            self.session.next_id(),
            conversation,
            epoch,
            f.APPLICATION,
            message,
            idempotency_id or secrets.token_bytes(16),
        )
        return await self.ask(f.Appended, frame)

    async def read_log(self, conversation: bytes, after: int = 0) -> list[f.Envelope]:
        """The whole log after a position."""
        found: list[f.Envelope] = []
        while True:
            frame = f.Read(self.session.next_id(), conversation, after, 500)
            answer = await self.ask(f.Envelopes, frame)
            found += answer.envelopes
            if not answer.envelopes or answer.envelopes[-1].seq >= answer.head:
                return found
            after = answer.envelopes[-1].seq

    async def offer_key_package(self, bundle: KeyPackageBundle) -> None:
        frame = f.UploadKeyPackages(self.session.next_id(), [bundle.message], b"")
        await self.ask(f.Done, frame)

    async def converse(self, others: Sequence[KeyPackageBundle], uris: Sequence[str]) -> Group:
        """Create a conversation and add the given devices in its first commit."""
        conversation = secrets.token_bytes(16)
        suite_id = others[0].suite_id if others else MLS_128_X25519_AES128
        group = self.person.group(conversation, suite_id)
        create = f.CreateConversation(self.session.next_id(), conversation, group.group_info())
        await self.ask(f.Done, create)
        if others:
            await self.add(group, others, uris)
        return group

    async def add(
        self, group: Group, others: Sequence[KeyPackageBundle], uris: Sequence[str]
    ) -> f.Appended:
        """Add devices by a Commit."""
        pending = group.commit(
            accept_anyone, int(time.time()), adds=[one.message for one in others]
        )
        frame = f.AppendCommit(
            self.session.next_id(),
            group.group_id,
            group.epoch,
            pending.commit,
            secrets.token_bytes(16),
            pending.group_info,
            pending.welcome,
            list(uris),
        )
        appended = await self.ask(f.Appended, frame)
        pending.accept()
        return appended

    # --- in ------------------------------------------------------------------------------

    async def pushed(self, kind: type[Answer], count: int = 1) -> list[Answer]:
        """Wait until `count` pushes of this kind have come since the connection began."""
        while True:
            found = [one for one in self.pushes if isinstance(one, kind)]
            if len(found) >= count:
                return found
            if self._gone.is_set():
                raise ConnectionError(f"gone with {len(found)} of {count} {kind.__name__}")
            self._moved.clear()
            await self._moved.wait()

    async def moved(self) -> None:
        """Wait until something more has come. Raises ConnectionError at the end."""
        if self._gone.is_set():
            raise ConnectionError("the connection ended")
        self._moved.clear()
        await self._moved.wait()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            self.close_code = int(frame.get_close_code())
            transport.disconnect()
        elif frame.msg_type == picows.WSMsgType.BINARY and self.session.state is not State.CLOSED:
            self.receive(self.session.receive_bytes(frame.get_payload_as_bytes()))

    def receive(self, frame: f.ServerFrame) -> None:
        """One frame from the server."""
        if isinstance(frame, f.Hello):
            self._greeted.set_result(frame)
        elif isinstance(frame, f.Closing):
            self.closing = frame
            if not self._greeted.done():
                self._greeted.set_exception(ConnectionError(frame.code))
                self._greeted.exception()  # it may come when nobody waits for it any more
        else:
            future = self._waiting.pop(getattr(frame, "id", 0), None)
            if future is None:
                self.pushes.append(frame)
            elif not future.done():
                future.set_result(frame)
        self._moved.set()

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        for future in [*self._waiting.values(), self._greeted]:
            if not future.done():
                future.set_exception(ConnectionError("the connection ended"))
                future.exception()  # whoever awaits it sees it; nobody has to
        self._waiting.clear()
        self._gone.set()
        self._moved.set()


class Silent:
    """A logger for picows that says nothing."""

    def isEnabledFor(self, level: int) -> bool:
        return False

    def info(self, message: str, *values: object) -> None:
        pass

    debug = warning = error = exception = info

    def log(self, level: int, message: str, *values: object) -> None:
        pass
