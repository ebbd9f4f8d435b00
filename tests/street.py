"""Several gateways of one PostgreSQL, with a real NATS between them, and people at their doors."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from haproxy import Haproxy
from nats_server import NatsServer
from plausch.sdk import Client
from postgres_cluster import Cluster
from server_process import ServerProcess

OPEN = "registrations_per_address_per_hour = 100000\n"


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
