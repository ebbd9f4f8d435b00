"""Who is online, and waking them after a commit (habit 7: wake, then read the log).

A push is encoded once and the same bytes go to every member. Nothing here is the truth: a push
that is lost or comes late is repaired by the device, which reads the log after its cursor.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from plausch.server.records import DeviceRecord
from plausch.wire import frames as f
from plausch.wire.codec import encode

ENVELOPE_OVERHEAD_BYTES = 128
NOBODY = ""


class Listening(Protocol):
    """What the hub needs of a logged-in connection."""

    def push(self, message: bytes) -> None:
        """Send a prepared WebSocket message, if the device has resumed and keeps up."""
        ...

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        """Say why, then close."""
        ...


class Membership(Protocol):
    """Where the hub learns the member devices of a conversation."""

    def members_known(self, public_id: bytes) -> tuple[str, ...] | None:
        """The member devices' URIs, if they are in memory."""
        ...

    async def members(self, public_id: bytes) -> tuple[str, ...]:
        """The member devices' URIs; none when there is no such conversation."""
        ...


class Hub:
    """The devices online on this server process, by URI. Used from the event loop only."""

    def __init__(self, membership: Membership, inline_bytes: int, cursor_members: int) -> None:
        self._membership = membership
        self._inline_bytes = inline_bytes
        self._cursor_members = cursor_members
        self._online: dict[str, Listening] = {}
        self._looking: dict[bytes, list[tuple[bytes, str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def enter(self, device: str, connection: Listening) -> None:
        """The device is online with this connection; an older one of the same device ends."""
        older = self._online.get(device)
        self._online[device] = connection
        if older is not None and older is not connection:
            older.close("replaced", "This device has connected again; this connection ends.")

    def leave(self, device: str, connection: Listening) -> None:
        """The connection is gone."""
        if self._online.get(device) is connection:
            del self._online[device]

    def appended(self, conversation: bytes, envelopes: Sequence[f.Envelope]) -> None:
        """The log grew by these envelopes (in order): tell the members, spare a lone sender."""
        first = envelopes[0].sender
        lone = first if all(one.sender == first for one in envelopes) else NOBODY
        for message in self._deliveries(conversation, envelopes):
            self.to_members(conversation, message, lone)

    def committed(self, conversation: bytes, envelope: f.Envelope, devices: Iterable[str]) -> None:
        """A Commit was accepted: tell the members before and after it, `devices`."""
        others = [one for one in devices if one != envelope.sender]
        for message in self._deliveries(conversation, (envelope,)):
            self.to_devices(others, message)

    def mailbox_moved(self, device: str, item: int) -> None:
        """A Welcome lies in the device's mailbox."""
        self.to_devices((device,), websocket_message(encode(f.MailboxMoved(item))))

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        """The device acknowledged up to `seq`: tell the members of other accounts."""
        members = self._membership.members_known(conversation)
        if members is None or len(members) > self._cursor_members:
            return
        account = device.rpartition("/")[0]
        others = [
            uri for uri in members if uri in self._online and uri.rpartition("/")[0] != account
        ]
        if others:
            moved = encode(f.CursorMoved(conversation, device, seq))
            self.to_devices(others, websocket_message(moved))

    def ephemeral(self, conversation: bytes, device: DeviceRecord, message: bytes) -> None:
        """Pass a message on that is stored nowhere."""
        frame = encode(f.Ephemeral(conversation, device.uri, message))
        self.to_members(conversation, websocket_message(frame), device.uri)

    def device_list_moved(self, name: str, devices: Iterable[str]) -> None:
        """The account has a new device list: tell these devices, which share a conversation."""
        self.to_devices(devices, websocket_message(encode(f.DeviceListMoved(name))))

    def disconnect(self, device: str, code: str, sentence: str) -> None:
        """End the device's connection, if it has one."""
        connection = self._online.get(device)
        if connection is not None:
            connection.close(code, sentence)

    def to_members(self, conversation: bytes, message: bytes, sender: str) -> None:
        """Send a prepared message to all members online but the sender, in the order of calls."""
        waiting = self._looking.get(conversation)
        if waiting is not None:
            waiting.append((message, sender))
            return
        members = self._membership.members_known(conversation)
        if members is None:
            self._looking[conversation] = [(message, sender)]
            task = asyncio.get_running_loop().create_task(self._look_up(conversation))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        online = self._online.get
        for device in members:
            connection = online(device)
            if connection is not None and device != sender:
                connection.push(message)

    def to_devices(self, devices: Iterable[str], message: bytes) -> None:
        """Send a prepared message to those of the devices that are online."""
        for device in devices:
            connection = self._online.get(device)
            if connection is not None:
                connection.push(message)

    async def _look_up(self, conversation: bytes) -> None:
        members: tuple[str, ...] = ()
        try:
            members = await self._membership.members(conversation)
        finally:
            for message, sender in self._looking.pop(conversation):
                self.to_devices((one for one in members if one != sender), message)

    def _deliveries(self, conversation: bytes, envelopes: Sequence[f.Envelope]) -> Iterable[bytes]:
        """The envelopes in as few frames as the inline limit allows, ready to send."""
        start = size = 0
        for place, envelope in enumerate(envelopes):
            bytes_more = len(envelope.message) + ENVELOPE_OVERHEAD_BYTES
            if place > start and size + bytes_more > self._inline_bytes:
                yield self._delivery(conversation, envelopes[start:place], size)
                start, size = place, 0
            size += bytes_more
        yield self._delivery(conversation, envelopes[start:], size)

    def _delivery(self, conversation: bytes, envelopes: Sequence[f.Envelope], size: int) -> bytes:
        inline = list(envelopes) if size <= self._inline_bytes else []
        return websocket_message(encode(f.Delivery(conversation, envelopes[-1].seq, inline)))


def websocket_message(payload: bytes) -> bytes:
    """An unmasked, unfragmented binary WebSocket message (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65536:
        return bytes((0x82, 126, size >> 8, size & 0xFF)) + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload
