"""The only wiring: opens the database, builds the services, opens the port, drains at the end."""

import argparse
import asyncio
import contextlib
import dataclasses
import gc
import logging
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from plausch.base.clock import Clock, SystemClock
from plausch.base.errors import OperatorError, PlauschError
from plausch.base.file_lock import FileLock
from plausch.db.interface import Database, StorageUnavailable
from plausch.db.open import file_of, open_database
from plausch.db.still import serve_from
from plausch.server.accounts import Accounts
from plausch.server.backups import Backups
from plausch.server.blob_store import BlobStore
from plausch.server.blobs import Blobs
from plausch.server.bus import Bus, root_of
from plausch.server.callers import Callers
from plausch.server.cards import Cards
from plausch.server.config import DEFAULT_PORT, ConfigRefused, ServerConfig, read_config
from plausch.server.conversations import Conversations
from plausch.server.delivery import Delivery
from plausch.server.devices import Devices
from plausch.server.dispatch import Dispatch
from plausch.server.edge import Edge
from plausch.server.errors import cannot_listen
from plausch.server.figures import Exposition, Figures
from plausch.server.franking import open_franking
from plausch.server.health import Health
from plausch.server.hub import Hub
from plausch.server.key_packages import KeyPackages
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.logs import log_to_stderr
from plausch.server.nats_line import NatsLine
from plausch.server.pairings import Pairings
from plausch.server.profiles import Profiles
from plausch.server.push_service import PushServices
from plausch.server.regime import Regime
from plausch.server.repairs import Repairs
from plausch.server.reports import Reports
from plausch.server.retention import Retention
from plausch.server.rosters import Rosters
from plausch.server.s3_address import S3Address
from plausch.server.s3_blobs import S3Blobs
from plausch.server.s3_bucket import S3Bucket
from plausch.server.services import Services
from plausch.server.site import Site, read_site
from plausch.server.store.schema import prepare
from plausch.server.store.shards import shards_of
from plausch.server.tracing import TracedDatabase, Traces
from plausch.server.wake_ups import WakeUps, open_signer
from plausch.server.waker import Waker

log = logging.getLogger("plausch.server")

SWEEP_PAUSE_S = 300.0
EXPOSE_AGAIN_S = 1.0

COLLECT_AFTER = 50_000
"""So many more objects than before, and the garbage collector looks at the young ones. A batch of
appends makes thousands that are gone a moment later without it."""


class Server:
    """A running server: `start`, then `stop`."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self._database: Database | None = None
        self._blobs: Blobs | None = None
        self._waker: Waker | None = None
        self._bus: Bus | None = None
        self._traces: Traces | None = None
        self._exposition: Exposition | None = None
        self._exposing: asyncio.Task[None] | None = None
        self.edge: Edge | None = None
        self.site: Site | None = None
        """The web app, once started; None when it is not built."""
        self._sweeping: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._serving: FileLock | None = None

    async def start(self) -> str:
        """Open everything; the URL under which it answers.

        Raises StorageUnavailable, SchemaRefused, StoreIncomplete, StoreBusy, SiteDamaged,
        OperatorError (the port is taken).
        """
        config = self.config
        self.site = read_site(config.web_dir)
        make_data_dir(config.data_dir)
        file = file_of(config.database)
        self._serving = None if file is None else serve_from(file)
        try:
            self._database = await open_database(config.database)
            if config.traces_url:
                self._traces = Traces(config.traces_url)
                self._database = TracedDatabase(self._database, self._traces.span)
            return await self._open(config, self._database)
        except BaseException:
            await self.stop()
            raise

    async def _open(self, config: ServerConfig, database: Database) -> str:
        await prepare(database)
        clock, limits, domain = SystemClock(), config.limits, config.domain
        self._blobs = Blobs(database, await open_store(config, database, clock), clock, limits)
        rosters = Rosters(database)
        conversations = Conversations(database, clock, limits, rosters)
        wake_ups = await self._open_wake_ups(config, database, clock)
        franking, shards = await open_franking(database), await shards_of(database)
        self._bus = self._open_bus(config)
        hub = Hub(rosters, limits.inline_bytes, limits.cursor_members, self._waker, self._bus)
        figures = Figures()
        services = Services(
            Accounts(database, clock, limits, domain, config.registration),
            Devices(database, clock, limits, domain),
            KeyPackages(database, clock, limits, domain),
            conversations,
            Delivery(database, clock, limits, rosters, franking, hub, figures, shards),
            self._blobs,
            wake_ups,
            Backups(database, clock),
            Reports(database, clock, limits, franking),
            Profiles(database, clock, limits, domain),
            Pairings(clock, limits, self._bus),
            Callers(database, clock, limits),
            await open_regime(database, clock, limits),
        )
        cards = Cards(services.profiles, self._blobs, clock, self._origin, self.site)
        dispatch = Dispatch(services, hub, clock, limits)
        if self._traces is not None:
            dispatch.span = self._traces.span
        if self._bus is not None:
            self._bus.begin(hub, dispatch.pairings)
        repairs = Repairs(hub, services.delivery)
        health = Health(database)
        self.edge = Edge(config, hub, dispatch, self.site, cards, repairs, health, figures)
        if config.metrics_port:
            figures.refused = dispatch.refused
            add_gauges(figures, self.edge, hub, self._bus)
            self._exposing = asyncio.get_running_loop().create_task(self._expose(figures))
            if not config.shares_port:
                await self._exposing
        try:
            port = await self.edge.start()
        except OSError as error:
            raise cannot_listen(config.host, config.port, error) from error
        self._watching = asyncio.get_running_loop().create_task(
            services.regime.watch(self.edge.open_connections)
        )
        self._sweeping = asyncio.get_running_loop().create_task(
            _sweep(Retention(database, clock, limits, blobs=self._blobs))
        )
        return f"http://{config.host}:{port}"

    async def _expose(self, figures: Figures) -> None:
        """Open the port for figures; beside other workers as soon as the one before this has let
        go of it. Raises OperatorError when it is taken."""
        config = self.config
        while self._exposition is None:
            try:
                self._exposition = Exposition(figures, config.metrics_host, config.metrics_port)
            except OperatorError:
                if not config.shares_port:
                    raise
                await asyncio.sleep(EXPOSE_AGAIN_S)

    def _open_bus(self, config: ServerConfig) -> Bus | None:
        """The way to the other gateways. Raises NatsMissing, ConfigRefused."""
        if not config.nats_url:
            return None
        if not config.database_url:
            raise ConfigRefused("nats_url: several server processes need PostgreSQL: database_url.")
        line = NatsLine(config.nats_url, root_of(config.domain))
        bus = Bus(line, config.domain, time.monotonic)
        line.begin(bus.take, bus.line_is_back, bus.lost, bus.unheard)
        return bus

    async def _open_wake_ups(
        self, config: ServerConfig, database: Database, clock: Clock
    ) -> WakeUps:
        private = config.private_push_services
        signer = await open_signer(database, clock, f"https://{config.domain}")
        wake_ups = WakeUps(database, clock, config.limits, signer.public, private=private)
        services = PushServices(signer, private=private)
        self._waker = Waker(wake_ups, services, config.limits, private=private)
        return wake_ups

    def _origin(self) -> str:
        return self.config.origin(0 if self.edge is None else self.edge.port)

    async def stop(self) -> None:
        """Stop accepting, answer what was begun, say good-bye, close the database; also of a start
        that did not come to its end."""
        await _end(self._sweeping)
        if self.edge is not None:
            await self.edge.stop()
        await _end(self._watching)  # orders hold to the end
        await _end(self._exposing)
        if self._exposition is not None:
            self._exposition.close()
        if self._bus is not None:
            await self._bus.close()
        if self._waker is not None:
            await self._waker.close()
        if self._blobs is not None:
            await self._blobs.close()
        if self._database is not None:
            await self._database.close()
        if self._traces is not None:
            await self._traces.close()
        if self._serving is not None:
            self._serving.release()


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def add_gauges(figures: Figures, edge: Edge, hub: Hub, bus: Bus | None) -> None:
    """What the parts of the server count by themselves."""
    figures.gauges["connections"] = "Open WebSockets.", lambda: edge.connections
    figures.gauges["devices_online"] = "Devices that are logged in.", lambda: hub.count
    figures.gauges["unread_bytes"] = "Written and unread.", lambda: edge.unread.total_bytes
    figures.counters["readers_cut"] = "Slow readers cut for all.", lambda: edge.unread.cut
    if bus is not None:
        figures.gauges["gateways_seen"] = "Other gateways heard lately.", lambda: bus.others
        figures.counters["signals_sent"] = "Signals to other gateways.", lambda: bus.sent
        figures.counters["signals_heard"] = "Signals of other gateways.", lambda: bus.heard
        figures.counters["doubts"] = "Times when signals may have been lost.", lambda: bus.doubts


async def open_store(config: ServerConfig, database: Database, clock: Clock) -> BlobStore:
    """Where blobs lie: a folder, or a bucket. A bucket that is away now may come back: messages
    need none. Raises OperatorError."""
    place = config.blobs
    if not isinstance(place, S3Address):
        local = LocalBlobs(place, config.limits.blob_reserve_bytes)
        local.prepare()
        return local
    if not place.encrypted:
        log.warning("The bucket %s is asked without TLS, as its endpoint says.", place.bucket)
    bucket = await S3Bucket(place).open()
    store = S3Blobs(database, bucket, clock)
    try:
        store.demand_parts(config.limits.blob_bytes)
        await bucket.check()
    except StorageUnavailable as error:
        log.warning("%s", error)
    except BaseException:
        await store.close()
        raise
    return store


async def open_regime(database: Database, clock: Clock, limits: Limits) -> Regime:
    """What the operator has ordered so far. Raises StorageUnavailable."""
    regime = Regime(database, clock, limits)
    await regime.look()
    return regime


async def _sweep(retention: Retention) -> None:
    """Let go of what everybody has, every few minutes for ever."""
    while True:
        await asyncio.sleep(SWEEP_PAUSE_S)
        try:
            await retention.sweep()
        except PlauschError as error:
            log.warning("The logs were not swept: %s", error)
        except Exception as error:  # a bug of ours: the next sweep comes all the same
            log.error("Sweeping failed unexpectedly.", exc_info=error)


def say(line: str) -> None:
    """Print it at once."""
    print(line, flush=True)


async def serve(
    config: ServerConfig,
    told: Callable[[str], None] = say,
    *,
    on_interrupt: bool = True,
    keeper: int | None = None,
) -> None:
    """Run a server until SIGTERM (or SIGINT); a second one ends `drain_ms`. Tells `ready
    http://HOST:PORT` when it accepts, and where the web app is, with the hash of its build.
    `keeper` is a pipe's end at which nothing comes but its end, with the process that keeps this
    one: then it stops as well.

    Raises PlauschError when it cannot start.
    """
    raise_open_files()
    server = Server(config)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set() and server.edge is not None:
            server.edge.hurry()
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT) if on_interrupt else (signal.SIGTERM,):
        loop.add_signal_handler(name, stop)

    def orphaned() -> None:
        assert keeper is not None  # nosec B101
        loop.remove_reader(keeper)
        log.error("The process that started this one is gone: this one stops, too.")
        stopping.set()

    if keeper is not None:
        loop.add_reader(keeper, orphaned)
    url = await server.start()
    collect_seldom()
    told(f"ready {url}\n{web_line(config, url, server.site)}")
    await stopping.wait()
    await server.stop()


def web_line(config: ServerConfig, url: str, site: Site | None) -> str:
    """Where the web app is and which one; or that it is not built, and what to do."""
    if site is None:
        return f"web app: not built (no build.json in {config.web_dir}); `make web` does it"
    return f"web app: {url}/ sha384:{site.root}"


def run(config: ServerConfig) -> None:
    """`serve` on uvloop, blocking. Raises PlauschError when it cannot start."""
    uvloop.run(serve(config))


def raise_open_files() -> None:
    """Each connection takes a file descriptor: allow as many as the system does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def collect_seldom() -> None:
    """What is here now lives as long as the server: the garbage collector need not look at it. With
    Python's own threshold, collecting takes a twelfth of the time of a busy server."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


def make_data_dir(path: Path) -> None:
    """Create the data directory, readable by its owner only. Raises OperatorError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"The data directory {path} cannot be made: {error.strerror or error}.",
            code="storage_unavailable",
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """`python -m plausch.server.main --data DIR`: a server without the command line's comforts."""
    parser = argparse.ArgumentParser(prog="plausch.server.main", description="Run a server.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help=f"port, 0 for any ({DEFAULT_PORT})")
    parser.add_argument("--domain", help="what addresses end in (localhost)")
    parser.add_argument("--database", dest="database_url", help="postgresql://...")
    parser.add_argument("--nats", dest="nats_url", help="nats://..., with several processes")
    parser.add_argument("--blobs", dest="blobs_url", help="s3://... instead of a folder")
    parser.add_argument("--config", type=Path, metavar="TOML")
    given = parser.parse_args(arguments)
    try:
        log_to_stderr()
        config = read_config(given.config, given.data) if given.config else ServerConfig(given.data)
        changes = {
            key: value
            for key in ("host", "port", "domain", "database_url", "nats_url", "blobs_url")
            if (value := getattr(given, key)) is not None
        }
        with contextlib.suppress(KeyboardInterrupt):
            run(dataclasses.replace(config, **changes))
    except PlauschError as error:
        print(str(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
