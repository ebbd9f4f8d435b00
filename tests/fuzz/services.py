"""A whole server in this process, asked by a device that is logged in and hostile: every request,
with the input in place of one of its byte strings. Its answer may be anything but `internal`.
"""

import asyncio
import dataclasses
import secrets
import tempfile
import time
from functools import cache
from pathlib import Path

import msgspec

from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
from plausch.wire.codec import encode
from plausch.wire.session import ALLOWED, State
from unit.wire.samples import CLIENT
from wire_device import Person, WireDevice

PATIENCE_S = 60.0
MUCH = 10**9
COUNTED = ("_per_hour", "_per_day", "_per_minute", "_per_device", "_per_account", "_per_address")


def without_rates() -> Limits:
    """Nothing is refused for its number: what is inside shall be looked at."""
    changes = {one.name: MUCH for one in dataclasses.fields(Limits) if one.name.endswith(COUNTED)}
    return dataclasses.replace(Limits(), **changes)


@dataclasses.dataclass
class Hostile:
    """The device, its server, and what it has that is genuine."""

    url: str
    person: Person
    device: WireDevice
    conversation: bytes
    genuine: dict[type[f.Frame], list[bytes]]
    folder: tempfile.TemporaryDirectory[str]
    """Removed with this."""

    @classmethod
    async def make(cls) -> "Hostile":
        folder = tempfile.TemporaryDirectory(prefix="plausch-fuzz-")
        server = Server(ServerConfig(Path(folder.name), port=0, limits=without_rates()))
        url = await server.start()
        person = Person.new("mallory")
        device = await WireDevice.register(url, person)
        await device.resume()
        group, package = await device.converse([], []), person.key_package()
        pending = group.commit(lambda *_: None, int(time.time()))
        genuine: dict[type[f.Frame], list[bytes]] = {
            f.UploadKeyPackages: [package.message],
            f.CreateConversation: [person.group(secrets.token_bytes(16)).group_info()],
            f.Append: [group.group_id],
            f.AppendCommit: [pending.commit, pending.group_info, group.group_id],
            f.PublishDeviceList: [person.device_list, person.certificate],
        }
        return cls(url, person, device, group.group_id, genuine, folder)

    async def ask(self, raw: bytes) -> bool:
        """Whether there was an answer that is no refusal."""
        frame = replaced(raw, self.conversation)
        if self.device.closing is not None or self.device.transport is None:
            self.device = await WireDevice.open(self.url, self.person)
        device = self.device
        try:
            async with asyncio.timeout(PATIENCE_S):
                if "id" not in frame.__struct_fields__:
                    device.send_raw(encode(frame))
                    frame = f.GetWakeUpKey(1)
                number = device.session.next_id()
                answer = await device.begin(msgspec.structs.replace(frame, id=number))
        except ConnectionError:  # closed with a reason: what was sent is no frame
            self.device = await WireDevice.open(self.url, self.person)
            return False
        if isinstance(answer, f.Refused):
            assert answer.code != "internal", f"{type(frame).__name__} failed: see the log above"
            return False
        return True


def asked() -> list[f.ClientFrame]:
    return [one for one in CLIENT if type(one) in ALLOWED[State.RESUMED]]


def places(frame: f.ClientFrame) -> list[str]:
    """The fields that hold bytes, or a list of them."""
    found = []
    for name in frame.__struct_fields__:
        value = getattr(frame, name)
        if isinstance(value, bytes) or (isinstance(value, list) and isinstance(value[0], bytes)):
            found.append(name)
    return found


def replaced(raw: bytes, conversation: bytes) -> f.ClientFrame:
    """Two bytes choose request and field, the rest is what the field holds."""
    head = raw[:2].ljust(2, b"\0")
    frame = asked()[head[0] % len(asked())]
    if "conversation" in frame.__struct_fields__:
        frame = msgspec.structs.replace(frame, conversation=conversation)
    fields = places(frame)
    if not fields:
        return frame
    name = fields[head[1] % len(fields)]
    value = raw[2:] if isinstance(getattr(frame, name), bytes) else [raw[2:]]
    return msgspec.structs.replace(frame, **{name: value})


@cache
def loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def hostile() -> Hostile:
    return loop().run_until_complete(Hostile.make())


def services(raw: bytes) -> None:
    loop().run_until_complete(hostile().ask(raw))


def requests_to_services() -> list[bytes]:
    found = []
    for number, frame in enumerate(asked()):
        given = hostile().genuine.get(type(frame), [b"", bytes(16), bytes(32)])
        for place in range(max(1, len(places(frame)))):
            found += [bytes((number, place)) + one for one in given]
    return found
