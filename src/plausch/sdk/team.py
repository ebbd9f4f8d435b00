"""The team conversation: where the devices of a business talk among themselves.

It is the group without a title whose only participant is the account itself; of several, which
two devices may begin at the same moment, the one with the lowest id is spoken in, and all are
listened to. It is machinery: not in the list of conversations, and what is said in it is no
message (spec/agent.md).
"""

from collections import deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from plausch.base.ids import DeviceAddress
from plausch.content.mimi import MimiContent, decode
from plausch.content.rpc import Rpc, rpc_of
from plausch.content.team import Fact, Key, fact_of, fold
from plausch.sdk.beginning import begin
from plausch.sdk.composing import compose
from plausch.sdk.core import Core, Live
from plausch.sdk.device import Device
from plausch.sdk.message import SentMessage
from plausch.sdk.vault.spoken import KEPT, SpokenRow

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Said:
    """What another device of this account said: by MLS it was that device, in this place of the
    log, taken by the server at that time. `is_staff`: the device manages nothing, by the account's
    list of devices as it is now."""

    device: DeviceAddress
    seq: int
    accepted_at_ms: int
    rpc: Rpc
    is_staff: bool = False


class Team:
    """The team conversation of this device's account. Get it from `Client.team`."""

    def __init__(self, device: Device, live: Live) -> None:
        self._device = device
        self._live = live
        self._held: dict[Key, Fact] = {}
        self._read_until = 0

    @property
    def members(self) -> tuple[DeviceAddress, ...]:
        """The devices in it, this one included."""
        return self._live.kept.members

    async def say(self, content: MimiContent) -> SentMessage:
        """Say something. On return it is in the outbox on disk. Raises as `Conversation.send`."""
        return await compose(self._device.core, self._device.outbox, self._live, content)

    async def certificate_ends(self) -> dict[DeviceAddress, int]:
        """Until when the certificates are good that the devices in it show, in seconds.

        Raises VaultDamaged, ConversationBroken.
        """
        core = self._device.core
        async with core.changing(self._live):
            shown = [one.credential for one in (await core.group(self._live)).members()]
        found = [core.trust.certificate(one) for one in shown]
        return {one.device: one.expires_s for one in found}

    async def facts(self) -> Collection[Fact]:
        """What the team has said, as it stands. Raises VaultDamaged."""
        rows = await self._device.core.messages.facts_after(self._read_until)
        facts = [fact_of(decode(row.content)) for row in rows]
        self._held = fold([*self._held.values(), *(one for one in facts if one is not None)])
        self._read_until = max([self._read_until, *(row.position for row in rows)])
        return self._held.values()

    async def unheard(self) -> list[Said]:
        """What nobody has dealt with yet; it stays so."""
        rows = await self._device.core.spoken.oldest(KEPT)
        told = [_said(self._device.core, row) for row in rows]
        return [said for said in told if said is not None]

    def said(self) -> "Listening":
        """What other devices say by RPC, oldest first, each until it was dealt with."""
        return Listening(self._device.core)


class Listening(AsyncIterator[Said]):
    """The iterator behind `Team.said`: what was handed out last is dealt with when the next one
    is asked for."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._events = core.feed.listen()
        self._waiting: deque[tuple[int, Said]] = deque()
        self._position = 0

    async def __anext__(self) -> Said:
        await self.settle()
        while not self._waiting:
            self._events.drain()
            await self._look()
            if not self._waiting:
                await anext(self._events)
        self._position, said = self._waiting.popleft()
        return said

    async def waiting(self) -> bool:
        """Whether something is there already."""
        if not self._waiting:
            await self._look()
        return bool(self._waiting)

    async def settle(self) -> None:
        """What was handed out last was dealt with."""
        if self._position:
            await self._core.vault.write([self._core.spoken.forget_until(self._position)])
            self._position = 0

    async def _look(self) -> None:
        for row in await self._core.spoken.oldest(AT_ONCE):
            said = _said(self._core, row)
            if said is not None and row.position > self._position:
                self._waiting.append((row.position, said))


def _said(core: Core, row: SpokenRow) -> Said | None:
    rpc = rpc_of(decode(row.content))
    if rpc is None:
        return None
    is_staff = core.trust.device_list(core.address).is_staff(row.device)
    return Said(row.device, row.seq, row.accepted_at_ms, rpc, is_staff)


async def team_of(device: Device) -> Team:
    """The account's team conversation; begun if there is none. Raises SdkError, Unreachable."""
    found = device.directory.teams()
    if found:
        return Team(device, found[0])
    live, _ = await begin(device.core, [], is_group=True)
    device.outbox.kick(live)
    return Team(device, live)
