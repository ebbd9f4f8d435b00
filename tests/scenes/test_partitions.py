"""The network between a gateway and PostgreSQL, NATS or its devices breaks without a word: packets
vanish. What was acknowledged stays, who writes through the other gateway goes on, who is cut off
is told "later", and all is well by itself once packets come through again (docs/faults.md).
"""

import asyncio
import contextlib
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cast import acquainted, history, texts, until
from islands import Island, island
from load import Ledger, Pair, new_pair
from nats_server import NatsServer
from plausch.sdk import Client
from plausch.wire import frames as f
from postgres_cluster import running_cluster
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WasRefused, WireDevice

PATIENCE_S = 90.0
"""For what is stated to happen within 25 s, on a machine that is busy."""

PAUSE_S = 0.05
"""Between two messages of a writer: these scenes are long, and not about load."""

LIMITS = f"{OPEN_LIMITS}silence_ms = 4000\n"
"""A round of the edge's wheel, in which devices are compared with the log after a doubt."""

LONG = "PLAUSCH_FAULTS" in os.environ
"""The forms that `make soak` runs besides."""


@dataclass
class Writer:
    """Writes on and on, whatever the server says, and keeps what it was promised."""

    person: Person
    url: str
    ledger: Ledger
    acknowledged: int = 0
    refusals: list[f.Refused] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        while True:
            with contextlib.suppress(ConnectionError, OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    device = await self._open()
                try:
                    await self._write(device)
                finally:
                    device.transport.disconnect()  # type: ignore[union-attr]
            await asyncio.sleep(0.2)

    async def _open(self) -> WireDevice:
        try:
            return await WireDevice.open(self.url, self.person)
        except WasRefused as refusal:
            self._refused(refusal)
            raise ConnectionError("not now") from refusal

    async def _write(self, device: WireDevice) -> None:
        mine = [
            (message, known)
            for message, (sender, known) in self.ledger.uncertain.items()
            if sender == self.person.device.uri
        ]
        for written, idempotency_id in mine:
            await self._append(device, written, idempotency_id)
        while True:
            message, idempotency_id = self.ledger.new_message(), secrets.token_bytes(16)
            self.ledger.uncertain[message] = (self.person.device.uri, idempotency_id)
            await self._append(device, message, idempotency_id)
            await asyncio.sleep(PAUSE_S)

    async def _append(self, device: WireDevice, message: bytes, idempotency_id: bytes) -> None:
        ledger = self.ledger
        while True:
            try:
                answer = await device.append(
                    ledger.conversation, ledger.epoch, message, idempotency_id
                )
            except WasRefused as refusal:
                self._refused(refusal)
                await asyncio.sleep(0.2)
                continue
            known = ledger.promised.setdefault(message, answer.seq)
            assert known == answer.seq, "a retry was given another place in the log"
            del ledger.uncertain[message]
            self.acknowledged += 1
            self.moved.set()
            return

    def _refused(self, refusal: WasRefused) -> None:
        assert refusal.frame.code == "storage_unavailable", refusal
        assert refusal.frame.fault == "operator"
        assert refusal.frame.retry_after_ms > 0
        self.refusals.append(refusal.frame)
        self.moved.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self.moved.clear()
                await self.moved.wait()

    async def acknowledges(self, more: int) -> None:
        """Wait for so many answers from now on."""
        enough = self.acknowledged + more
        await self.until(lambda: self.acknowledged >= enough)

    async def is_refused(self) -> None:
        before = len(self.refusals)
        await self.until(lambda: len(self.refusals) > before)


@dataclass
class Coast:
    """One gateway on an island, one on this machine, and PostgreSQL and NATS here."""

    island: Island
    near: ServerProcess
    far: ServerProcess
    pair: Pair

    def writers(self) -> tuple[Writer, Writer]:
        one, other = self.pair.people
        ledger = self.pair.ledger
        return Writer(one, self.far.url, ledger), Writer(other, self.near.url, ledger)

    async def ready(self) -> bool:
        """Whether the gateway on the island wants to be sent work."""

        def ask() -> bool:
            try:
                with urllib.request.urlopen(f"{self.far.url}/readyz", timeout=PATIENCE_S):
                    return True
            except urllib.error.HTTPError as error:
                assert error.code == 503
                return False

        return await asyncio.to_thread(ask)


@pytest.fixture
async def coast(tmp_path: Path) -> AsyncIterator[Coast]:
    with island("people", "database", "nats") as sea:
        database, nats = sea.here("database"), sea.here("nats")
        with running_cluster(database) as cluster, NatsServer(tmp_path / "nats", nats) as line:
            url = await cluster.create_database("coast")
            settings = f'nats_url = "{line.url}"\nblobs_dir = "{tmp_path}/blobs"\n'
            near = ServerProcess(tmp_path / "near", database_url=url, config=settings + LIMITS)
            settings += f'host = "{sea.there("people")}"\n{LIMITS}'
            far = ServerProcess(
                tmp_path / "far", database_url=url, config=settings, prefix=sea.prefix
            )
            with near, far:
                yield Coast(sea, near, far, await new_pair(near.url))
            assert "Traceback" not in near.log() + far.log(), near.log() + far.log()


ON_DEMAND = pytest.mark.skipif(not LONG, reason="the long form: make soak")
HOW = [
    pytest.param("deafen", id="answers vanish"),
    pytest.param("cut", id="everything vanishes", marks=ON_DEMAND),
]


@pytest.mark.parametrize("how", HOW)
async def test_a_gateway_cut_off_from_postgresql(coast: Coast, how: str) -> None:
    far, near = coast.writers()
    tasks = [asyncio.create_task(one.run()) for one in (far, near)]
    await asyncio.gather(far.acknowledges(5), near.acknowledges(5))
    assert await coast.ready()
    getattr(coast.island, how)("database")
    await far.is_refused()
    assert not await coast.ready()
    # Whoever is cut off holds nobody else's conversation up, and is told so again, sooner.
    await asyncio.gather(near.acknowledges(20), far.is_refused())
    assert not near.refusals
    coast.island.mend("database")
    await asyncio.gather(far.acknowledges(10), near.acknowledges(10))
    assert await coast.ready()
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, asyncio.CancelledError), result
    assert await coast.pair.check(coast.near.url) > 40


@pytest.fixture
async def apps(coast: Coast, tmp_path: Path) -> AsyncIterator[tuple[Client, Client]]:
    """Anna's at the gateway on the island, and Ben's at the other one."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for name, gateway in (("anna", coast.far), ("ben", coast.near)):
            client = await Client.register(tmp_path / name, gateway.url, name)
            clients.append(await stack.enter_async_context(client))
            await client.synchronize()
        yield clients[0], clients[1]


@pytest.mark.parametrize("bridge", ["database", pytest.param("people", marks=ON_DEMAND)])
async def test_apps_go_on_by_themselves_once_the_network_does(
    coast: Coast, apps: tuple[Client, Client], bridge: str
) -> None:
    """What was written on either side meanwhile arrives once, in the same order for both; nobody
    taps anything. With the bridge of the people the app has to notice by itself that nobody is
    there any more."""
    anna, ben = apps
    annas, bens = await acquainted(anna, ben)
    coast.island.cut(bridge)
    for number in range(3):
        await annas.send_text(f"Hörst du mich? {number}")
        await (await bens.send_text(f"Bist du noch da? {number}")).accepted()
    if bridge == "people":
        await until(lambda: not anna.online, anna)
    else:
        async with asyncio.timeout(PATIENCE_S):
            while await coast.ready():
                await asyncio.sleep(0.2)
    assert not any("Hörst" in text for text in await history(bens))
    coast.island.mend(bridge)
    assert await texts(ben, 3) == [f"Hörst du mich? {number}" for number in range(3)]
    assert await texts(anna, 3) == [f"Bist du noch da? {number}" for number in range(3)]
    await (await annas.send_text("Ja!")).accepted()
    assert await texts(ben, 1) == ["Ja!"]
    said = await history(bens)
    assert len(said) == len(set(said)) == 9
    assert await history(annas) == said


@ON_DEMAND
async def test_a_gateway_cut_off_from_nats(coast: Coast) -> None:
    """The other gateways are behind NATS: being cut off from them is the same."""
    ledger = coast.pair.ledger
    far = await WireDevice.open(coast.far.url, coast.pair.people[0])
    near = await WireDevice.open(coast.near.url, coast.pair.people[1])
    await far.append(ledger.conversation, ledger.epoch, ledger.new_message())
    await asyncio.wait_for(near.pushed(f.Delivery), PATIENCE_S)
    coast.island.cut("nats")
    promised = ledger.new_message()
    answer = await far.append(ledger.conversation, ledger.epoch, promised)
    ledger.promised[promised] = answer.seq
    # Taken at once, and in the log for everybody; only the push waits.
    log = await near.read_log(ledger.conversation)
    assert log[-1].message == promised
    await asyncio.wait_for(pushed_up_to(near, ledger.promised[promised]), 2 * PATIENCE_S)
    coast.island.mend("nats")
    before = len(near.pushes)
    while len(near.pushes) == before:  # whatever is said from here on comes at once again
        await far.append(ledger.conversation, ledger.epoch, ledger.new_message())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(near.moved(), 0.5)
    for device in (far, near):
        await device.close()


async def pushed_up_to(device: WireDevice, seq: int) -> None:
    """Wait until the device was told that the log has this."""
    while not any(isinstance(one, f.Delivery) and one.head >= seq for one in device.pushes):
        await device.moved()
