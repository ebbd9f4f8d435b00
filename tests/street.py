"""Several gateways of one PostgreSQL, with a real NATS between them, and people at their doors."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cast import PATIENCE_S
from haproxy import Haproxy
from nats_server import NatsServer
from plausch.sdk import Client
from postgres_cluster import Cluster
from server_process import ServerProcess

OPEN = "registrations_per_address_per_hour = 100000\n"


class Screens:
    """A person before two devices, who types what the one shows into the other."""

    def __init__(self) -> None:
        self.link: asyncio.Queue[str] = asyncio.Queue()
        self.digits: asyncio.Queue[str] = asyncio.Queue()

    async def show(self, link: str) -> None:
        await self.link.put(link)

    async def compare(self, digits: str) -> None:
        await self.digits.put(digits)

    async def wants(self, account: str) -> bool:
        return True

    async def agrees(self, name: str, attempt: int) -> str | None:
        return await self.digits.get()


@dataclass
class Street:
    """The gateways of one database, and who is connected to one of them or to a balancer."""

    folder: Path
    cluster: Cluster
    database: str
    database_url: str
    nats: NatsServer
    limits: str
    behind_proxy: bool = False
    gateways: list[ServerProcess] = field(default_factory=list)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def opens(
        self,
        *,
        port: int = 0,
        prefix: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "plausch.server.main"),
    ) -> ServerProcess:
        """One more gateway, which is stopped at the end."""
        config = f'nats_url = "{self.nats.url}"\nblobs_dir = "{self.folder}/blobs"\n'
        config += f"behind_proxy = {str(self.behind_proxy).lower()}\n[limits]\n{self.limits}"
        gateway = ServerProcess(
            self.folder / f"gateway{len(self.gateways)}",
            database_url=self.database_url,
            config=config,
            port=port,
            prefix=prefix,
            program=program,
        )
        self.gateways.append(gateway)
        return gateway.start()

    async def person(self, name: str, at: ServerProcess | Haproxy) -> Client:
        """Somebody new, connected there until the end."""
        home = self.folder / "homes" / name
        client = await Client.register(home, f"http://localhost:{at.port}", name)
        await self.stack.enter_async_context(client)
        await client.synchronize()
        return client

    async def linked(
        self, client: Client, its: ServerProcess, name: str, at: ServerProcess
    ) -> Client:
        """Another device of somebody who is at `its` gateway, connected at `at` until the end."""
        screens, home = Screens(), self.folder / "homes" / name
        new = asyncio.create_task(
            Client.link(home, f"http://localhost:{at.port}", screens, name=name)
        )
        async with asyncio.timeout(PATIENCE_S):
            # A load balancer has one address for all; here the link is told the other one's.
            link = (await screens.link.get()).replace(str(at.port), str(its.port))
            linking = asyncio.create_task(client.link_device(screens, link=link))
            device = await new
            await linking
        await self.stack.enter_async_context(device)
        return device

    async def database_goes(self) -> None:
        """For good, with everybody who is connected to it."""
        await self.cluster.drop_database(self.database)


@asynccontextmanager
async def street_of(cluster: Cluster, folder: Path, limits: str = OPEN) -> AsyncIterator[Street]:
    """A street without a gateway yet, on an empty database. No gateway may have met a bug."""
    name = f"s{secrets.token_hex(6)}"
    url = await cluster.create_database(name)
    with NatsServer(folder / "nats") as nats:
        street = Street(folder, cluster, name, url, nats, limits)
        try:
            yield street
        finally:
            await street.stack.aclose()
            for gateway in street.gateways:
                gateway.stop()
    await cluster.drop_database(name)
    logs = [gateway.log() for gateway in street.gateways]
    assert not any("Traceback" in log for log in logs), logs
