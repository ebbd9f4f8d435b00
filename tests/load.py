"""Pairs of devices that write to each other and remember every promise of the server.

For tests that kill things under load: whatever was acknowledged must be in the log at its place,
whatever was sent must be there at most once, and what was pushed must be what the log says.
"""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from itertools import cycle

from plausch.wire import frames as f
from wire_device import Person, WasRefused, WireDevice

OUTSTANDING = 8
MESSAGE_BYTES = 400


@dataclass
class Ledger:
    """What one conversation's devices know."""

    conversation: bytes
    epoch: int
    sample: bytes
    promised: dict[bytes, int] = field(default_factory=dict)
    """Message to the seq that was acknowledged."""

    uncertain: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    """Message to its sender and idempotency id, of appends whose answer never came."""

    shown: dict[int, bytes] = field(default_factory=dict)
    """Seq to message, as pushed to anybody."""

    def new_message(self) -> bytes:
        body = self.sample[:64] + secrets.token_bytes(16)
        return body.ljust(MESSAGE_BYTES, b"\0")

    def show(self, delivery: f.Delivery) -> None:
        """A push came: a seq never changes what it holds."""
        for envelope in delivery.envelopes:
            known = self.shown.setdefault(envelope.seq, envelope.message)
            assert known == envelope.message, f"seq {envelope.seq} was shown with two contents"

    def check(self, log: list[f.Envelope]) -> None:
        """The whole log against every promise."""
        seqs = [one.seq for one in log]
        assert seqs == list(range(1, len(log) + 1)), "the log has a gap"
        messages = {one.seq: one.message for one in log}
        written = [one.message for one in log if one.kind == f.APPLICATION]
        assert len(set(written)) == len(written), "a message is in the log twice"
        lost = {seq for message, seq in self.promised.items() if messages.get(seq) != message}
        assert not lost, f"{len(lost)} acknowledged messages are lost: {sorted(lost)[:5]}"
        unlike = {seq for seq, message in self.shown.items() if messages.get(seq) != message}
        assert not unlike, f"what was shown at {sorted(unlike)[:5]} is not in the log"


GREETING_S = 30.0
AGAIN_S = 90.0


@dataclass
class Pair:
    """Two people in one conversation, both writing as fast as they are answered."""

    people: tuple[Person, Person]
    ledger: Ledger

    async def write(self, *urls: str) -> None:
        """Connect both, to one server or to one each, retry what is uncertain, then write until
        the connection ends."""
        both = zip(self.people, cycle(urls), strict=False)
        await asyncio.gather(*(self._one(url, person) for person, url in both))

    async def _one(self, url: str, person: Person) -> None:
        # A server that dies in the middle of the greeting may leave a connection without an end.
        async with asyncio.timeout(GREETING_S):
            device = await WireDevice.open(url, person)
        await self._settle(device)
        writers = [self._write_on(device) for _ in range(OUTSTANDING)]
        await asyncio.gather(*writers, self._listen(device))

    async def _settle(self, device: WireDevice) -> None:
        """Send again what this device was never answered."""
        for message, (sender, idempotency_id) in list(self.ledger.uncertain.items()):
            if sender == device.person.device.uri:
                await self._append(device, message, idempotency_id)

    async def _write_on(self, device: WireDevice) -> None:
        while True:
            await self._append(device, self.ledger.new_message(), secrets.token_bytes(16))

    async def _append(self, device: WireDevice, message: bytes, idempotency_id: bytes) -> None:
        ledger = self.ledger
        ledger.uncertain[message] = (device.person.device.uri, idempotency_id)
        answer = await device.append(ledger.conversation, ledger.epoch, message, idempotency_id)
        known = ledger.promised.setdefault(message, answer.seq)
        assert known == answer.seq, "a retry was given another place in the log"
        del ledger.uncertain[message]

    async def _listen(self, device: WireDevice) -> None:
        taken = 0
        while True:
            await device.moved()
            pushes, taken = device.pushes[taken:], len(device.pushes)
            for push in pushes:
                if isinstance(push, f.Delivery):
                    self.ledger.show(push)
                    device.send(f.Acknowledge(push.conversation, push.head))

    async def write_again(self, url: str) -> None:
        """Return when the server has taken a message, however long it says "later"."""
        async with asyncio.timeout(AGAIN_S):
            while True:
                with contextlib.suppress(WasRefused, OSError):
                    device = await WireDevice.open(url, self.people[0])
                    try:
                        await self._append(
                            device, self.ledger.new_message(), secrets.token_bytes(16)
                        )
                        return
                    finally:
                        await device.close()
                await asyncio.sleep(0.1)

    async def check(self, url: str) -> int:
        """Finish what is uncertain, read the log as both devices; how many messages it holds."""
        log: list[f.Envelope] = []
        for person in (*self.people, self.people[0]):
            device = await WireDevice.open(url, person)
            await self._settle(device)
            log = await device.read_log(self.ledger.conversation)
            if person is self.people[1]:  # joined by the Commit, and reads from there
                log = await self._from_the_beginning(url, log)
            self.ledger.check(log)
            await device.close()
        return len(log)

    async def _from_the_beginning(self, url: str, log: list[f.Envelope]) -> list[f.Envelope]:
        first = await WireDevice.open(url, self.people[0])
        whole = await first.read_log(self.ledger.conversation)
        await first.close()
        assert whole[len(whole) - len(log) :] == log, "the two devices read different logs"
        return whole


async def new_pair(url: str) -> Pair:
    """Two new people and their conversation."""
    people = tuple(Person.new("k" + secrets.token_hex(6)) for _ in range(2))
    one = await WireDevice.register(url, people[0])
    other = await WireDevice.register(url, people[1])
    bundle = people[1].key_package()
    await other.offer_key_package(bundle)
    claim = f.ClaimKeyPackages(one.session.next_id(), people[1].address.name, bundle.suite_id, [])
    await one.ask(f.KeyPackages, claim)
    group = await one.converse([bundle], [people[1].device.uri])
    ledger = Ledger(group.group_id, group.epoch, group.encrypt(b"sample"))
    await one.close()
    await other.close()
    return Pair((people[0], people[1]), ledger)
