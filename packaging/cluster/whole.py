"""All parts together: started in order, watched, ended."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cluster.pair import Pair, Told
from cluster.part import Part, PartFailed, free_port, listens, program, speaks_http

GATEWAYS = 2
AGAIN_S = 0.5
"""After a part has died: what kills it may be lasting."""

BALANCER = Path(__file__).resolve().parents[2] / "docs" / "haproxy.cfg"


def _quiet(_: str, **__: object) -> None:
    """Nobody listens."""


class Cluster:
    """Two gateways, NATS, PostgreSQL with its standby, HAProxy before them."""

    def __init__(self, folder: Path, port: int, told: Told = _quiet, settings: str = "") -> None:
        """`settings`: lines for the gateways' configuration. Raises ProgramMissing."""
        self._told = told
        self.pair = Pair(folder, told)
        token, nats_port = os.urandom(16).hex(), free_port()
        config = folder / "nats.conf"
        config.touch(mode=0o600)
        # In quotes: 12e4... would be a number.
        access = f'authorization {{ token: "{token}" }}'
        config.write_text(f"host: 127.0.0.1\nport: {nats_port}\n{access}\n")
        nats = [program("nats-server", "cluster-programs"), "-c", str(config)]
        self.nats = Part("nats", nats_port, nats, folder, lambda: listens(nats_port))
        environment = {
            "PLAUSCH_DATABASE": self.pair.url,
            "PLAUSCH_NATS": f"nats://{token}@127.0.0.1:{nats_port}",
        }
        front = port or free_port()
        # Browsers come under the balancer's port, which a gateway cannot know by itself.
        hosts = ("localhost", "127.0.0.1")
        origins = f"origins = {[f'http://{host}:{front}' for host in hosts]}\n"
        self.gateways = [
            _gateway(folder, number, environment, origins + settings)
            for number in range(1, GATEWAYS + 1)
        ]
        self.balancer = _balancer(folder, front, self.gateways)

    @property
    def url(self) -> str:
        """The one address, under a name for which browsers have cryptography."""
        return f"http://localhost:{self.balancer.port}"

    @property
    def parts(self) -> list[Part]:
        """All processes, those that others need first."""
        nodes = [self.pair.primary.part, self.pair.standby.part]
        return [*nodes, self.nats, *self.gateways, self.balancer]

    async def start(self) -> None:
        """Everything. Raises PartFailed, ProgramMissing."""
        if await listens(self.balancer.port):
            raise PartFailed(
                f"Somebody listens on port {self.balancer.port} already: give another PORT."
            )
        self._told("starting", name="PostgreSQL")
        await self.pair.start()
        for parts in ([self.nats], self.gateways, [self.balancer]):
            self._told("starting", name=", ".join(part.name for part in parts))
            await asyncio.gather(*(part.start() for part in parts))

    async def watch(self) -> None:
        """Start anew what dies, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.pair.watch())
            for part in (self.nats, *self.gateways, self.balancer):
                tasks.create_task(self._keep(part))

    async def stop(self) -> None:
        """Everything, those that need others first."""
        for parts in ([self.balancer], self.gateways, [self.nats]):
            await asyncio.gather(*(part.stop() for part in parts))
        await self.pair.stop()

    async def _keep(self, part: Part) -> None:
        while True:
            await part.ended()
            self._told("died", name=part.name)
            while not part.is_alive:
                await asyncio.sleep(AGAIN_S)
                try:
                    await part.start()
                except (PartFailed, OSError) as error:
                    self._told("mending", reason=str(error))
            self._told("back", name=part.name, pid=part.pid)


def _gateway(folder: Path, number: int, environment: dict[str, str], settings: str) -> Part:
    name, port = f"gateway {number}", free_port()
    config = folder / f"gateway{number}.toml"
    config.write_text(f'blobs_dir = "{folder}/blobs"\nbehind_proxy = true\n{settings}')
    command = [sys.executable, "-m", "plausch.cli", "serve", "--config", str(config)]
    command += ["--data", str(folder / name.replace(" ", "")), "--port", str(port)]
    return Part(
        name, port, command, folder, lambda: speaks_http(port, "/readyz", (200,)), environment
    )


def _balancer(folder: Path, port: int, gateways: list[Part]) -> Part:
    environment = {"PLAUSCH_BIND": f"127.0.0.1:{port}"}
    for number, gateway in enumerate(gateways, 1):
        environment[f"PLAUSCH_GATEWAY_{number}"] = f"127.0.0.1:{gateway.port}"
    command = [program("haproxy", "cluster-programs"), "-f", str(BALANCER), "-db"]
    return Part(
        "haproxy",
        port,
        command,
        folder,
        lambda: speaks_http(port, "/readyz", (200, 503)),
        environment,
    )


def new_folder() -> Path:
    """Where a cluster lives. PostgreSQL may run as somebody else, and has its folders in here."""
    folder = Path(tempfile.mkdtemp(prefix="plausch-cluster-"))
    folder.chmod(0o711)
    return folder


@asynccontextmanager
async def running(port: int = 0, told: Told = _quiet, settings: str = "") -> AsyncIterator[Cluster]:
    """A cluster that is started, watched, and gone afterwards with its files.

    Raises PartFailed, ProgramMissing.
    """
    folder = new_folder()
    try:
        cluster = Cluster(folder, port, told, settings)
        try:
            await cluster.start()
            watching = asyncio.create_task(cluster.watch())
            try:
                yield cluster
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching  # whatever has ended it before is said
        finally:
            await cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
