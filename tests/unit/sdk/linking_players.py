"""Persons before the two devices of a linking, and what they say to what they are shown."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cast import PATIENCE_S, Town
from crooked import Crooked
from plausch.base.errors import PlauschError
from plausch.sdk import Client
from plausch.sdk.pairing import PairingMessage, message_bytes, parse_message
from plausch.wire import frames as f


class Screen:
    """What a device shows, for whoever looks at it."""

    def __init__(self) -> None:
        self._link: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._digits: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def show(self, link: str) -> None:
        self._link.set_result(link)

    async def compare(self, digits: str) -> None:
        self._digits.set_result(digits)

    async def link(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.shield(self._link)

    async def digits(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.shield(self._digits)


class Newcomer(Screen):
    """Before the new device. `answer`: whether it is to be a device of that account."""

    def __init__(self, answer: bool = True) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[str] = []
        self.wondering: asyncio.Event | None = None

    async def wants(self, account: str) -> bool:
        self.asked.append(account)
        if self.wondering is not None:
            await self.wondering.wait()
        return self.answer


class Owner(Screen):
    """Before the device that has the account: types what the other screen shows."""

    def __init__(self, other: Screen | None = None, typed: Sequence[str | None] = ()) -> None:
        super().__init__()
        self.other = other
        self.typed = list(typed)
        self.asked: list[tuple[str, int]] = []

    async def agrees(self, name: str, attempt: int) -> str | None:
        self.asked.append((name, attempt))
        if self.typed:
            return self.typed.pop(0)
        assert self.other is not None
        digits = await self.other.digits()
        return f"{digits[:3]} {digits[3:]}"


@dataclass
class Linking:
    """A linking under way: both devices, both persons."""

    town: Town
    client: Client
    newcomer: Newcomer = field(default_factory=Newcomer)
    owner: Owner = field(default_factory=Owner)
    home: str = "tablet"
    name: str = "Tablet"
    is_staff: bool = False

    def __post_init__(self) -> None:
        self.owner.other = self.owner.other or self.newcomer

    async def by_the_new_ones_code(self) -> Client:
        """The new device shows the code, the other one is given its link."""
        joining = asyncio.ensure_future(self.join(""))
        giving = asyncio.ensure_future(self.give(await self.newcomer.link()))
        return await both(joining, giving)

    async def by_the_existing_ones_code(self) -> Client:
        """The device that has the account shows the code."""
        giving = asyncio.ensure_future(self.give(""))
        joining = asyncio.ensure_future(self.join(await self.owner.link()))
        return await both(joining, giving)

    async def join(self, link: str) -> Client:
        return await Client.link(
            self.town.home(self.home),
            self.client.server_url,
            self.newcomer,
            link=link,
            name=self.name,
        )

    async def give(self, link: str) -> object:
        return await self.client.link_device(self.owner, link=link, is_staff=self.is_staff)


async def both(joining: "asyncio.Future[Client]", giving: "asyncio.Future[object]") -> Client:
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait({joining, giving})
    giving.result()
    return joining.result()


async def codes_of(*steps: "asyncio.Future[object]") -> list[str]:
    """How each of them ended; "" is well."""
    async with asyncio.timeout(PATIENCE_S):
        ended = await asyncio.gather(*steps, return_exceptions=True)
    return [one.code if isinstance(one, PlauschError) else repr(one) for one in ended]


def swapping(
    wire: Crooked, kind: type[PairingMessage], swap: Callable[[PairingMessage], PairingMessage]
) -> None:
    """The server puts its own in the place of each message of this kind."""

    def altered(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if not isinstance(frame, f.SendPairing):
            return [frame]
        message = parse_message(frame.message)
        if isinstance(message, kind):
            message = swap(message)
        return [f.SendPairing(frame.id, frame.number, message_bytes(message))]

    wire.to_server = altered
