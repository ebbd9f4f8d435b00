"""Several server processes on one port of one machine: `plausch serve --workers N`.

The kernel spreads new connections over the processes that listen (SO_REUSEPORT). This process
serves nobody: it starts the workers, starts one anew that died, and ends them. SIGHUP replaces
them one after the other without a moment in which nobody listens: each worker loads the program and
reads the settings' file for itself, so that a new version of either comes in (but for the port, and
for this process). Workers outlive this process by no more than it takes to stop: a next one would
find the port open to it, and nobody would keep them.
"""

import asyncio
import dataclasses
import logging
import multiprocessing
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import uvloop

from plausch.base.errors import OperatorError, PlauschError
from plausch.server.config import MOST_DRAIN_MS, ConfigRefused, ServerConfig
from plausch.server.errors import cannot_listen
from plausch.server.logs import log_to_stderr
from plausch.server.main import serve

log = logging.getLogger("plausch.server")

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
"""For what a worker does when it stops beside `drain_ms`. Each step has a bound (Edge.stop, the
bus, the database's own time-outs), which together are less than this."""

AGAIN_S = 1.0
"""After a worker has died, before the next one starts: what kills it may be lasting."""

_SPAWN = multiprocessing.get_context("spawn")


Settings = Callable[[], ServerConfig]
"""How a process learns its settings. Raises ConfigRefused."""


class _Stopped(Exception):
    """Everything ends while a worker starts."""


class WorkerFailed(OperatorError):
    """A worker did not come up: the sentence is its own, if it said one."""

    code = "worker_failed"


class Worker:
    """One server process."""

    def __init__(self, settings: Settings, place: int, port: int) -> None:
        self._said, heard = _SPAWN.Pipe(duplex=False)
        given = (settings, place, port, heard)
        self._process: SpawnProcess = _SPAWN.Process(target=_work, args=given)
        self._process.start()
        heard.close()
        self._drain_ms = MOST_DRAIN_MS
        self.ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._end)

    async def ready(self) -> str:
        """What it prints when it accepts. Raises WorkerFailed."""
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._said.fileno(), came.set)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await came.wait()
            is_up, line, self._drain_ms = self._said.recv()
        except TimeoutError:
            raise WorkerFailed("A worker did not come up within a minute.") from None
        except EOFError:
            raise WorkerFailed("A worker died while it started: its reason is above.") from None
        finally:
            loop.remove_reader(self._said.fileno())
            self._said.close()
        if not is_up:
            raise WorkerFailed(str(line))
        return str(line)

    @property
    def patience_s(self) -> float:
        """How long it may take to stop."""
        return self._drain_ms / 1000 + STOP_TIMEOUT_S

    async def stop(self) -> None:
        """SIGTERM; SIGKILL for one that does not end in the time that its settings give it."""
        if not self.ended.is_set():
            self._process.terminate()
            try:
                async with asyncio.timeout(self.patience_s):
                    await self.ended.wait()
            except TimeoutError:
                self._process.kill()
                await self.ended.wait()
        self._process.join()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self.ended.set()


def _work(settings: Settings, place: int, port: int, told: Connection) -> None:
    """A worker's whole life."""
    # Ctrl-C reaches all processes of a terminal; the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log_to_stderr()

    def announce(line: str) -> None:
        with suppress(BrokenPipeError):  # who started it is gone, and it stops in a moment
            told.send((True, line, config.drain_ms))
        told.close()

    parent = multiprocessing.parent_process()
    keeper = None if parent is None else parent.sentinel

    try:
        config = settings()
        metrics_port = config.metrics_port + place if config.metrics_port else 0
        config = dataclasses.replace(config, port=port, shares_port=True, metrics_port=metrics_port)
        uvloop.run(serve(config, announce, on_interrupt=False, keeper=keeper))
    except PlauschError as error:
        if told.closed:
            log.error("A worker ended: %s", error)
        else:
            told.send((False, str(error), 0))


class Workers:
    """All of them, from beginning to end."""

    def __init__(self, settings: Settings, count: int) -> None:
        """Raises ConfigRefused (several need NATS), OperatorError (the port is taken)."""
        config = settings()
        if not config.nats_url:
            raise ConfigRefused("workers: several server processes need NATS: nats_url.")
        self._settings = settings
        self._place = _reserve(config)
        self._workers: list[Worker | None] = [None] * count
        self._stopping = asyncio.Event()
        self._renewing = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises WorkerFailed when one cannot start at first."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._renewing.set)
        try:
            lines = [await self._start(place) for place in range(len(self._workers))]
            print(lines[0], flush=True)
            await self._keep()
        except _Stopped:
            return
        finally:
            await asyncio.gather(*(one.stop() for one in self._workers if one is not None))
            self._place.close()

    async def _start(self, place: int) -> str:
        """A worker in this place; what it prints. Raises WorkerFailed; _Stopped when everything
        ends meanwhile."""
        worker = Worker(self._settings, place, self._place.getsockname()[1])
        coming = asyncio.ensure_future(worker.ready())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((coming, stopping), return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                raise _Stopped
            line = coming.result()
        except (WorkerFailed, _Stopped):
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await worker.stop()
            raise
        finally:
            stopping.cancel()
        self._workers[place] = worker
        return line

    async def _keep(self) -> None:
        """Start anew who has died, and replace all when asked to."""
        while not self._stopping.is_set():
            for place, worker in enumerate(self._workers):
                if worker is None or worker.ended.is_set():
                    log.error("Worker %d has ended; another one is started.", place + 1)
                    await self._again(place)
            if self._renewing.is_set():
                self._renewing.clear()
                await self._renew()
            await self._something()

    async def _again(self, place: int) -> None:
        await self._pause()
        if self._stopping.is_set():
            return
        try:
            await self._start(place)
        except WorkerFailed as error:
            self._workers[place] = None
            log.error("It did not come up: %s", error)
        except _Stopped:
            return

    async def _renew(self) -> None:
        """The new one listens before the old one stops."""
        for place, old in enumerate(self._workers):
            try:
                await self._start(place)
            except WorkerFailed as error:
                log.error("The old worker stays, the new one did not come up: %s", error)
                return
            except _Stopped:
                return
            if old is not None:
                await old.stop()
        log.warning("All workers were replaced.")

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(AGAIN_S):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _something(self) -> None:
        """Wait for a signal, or for a worker's end; a place that is empty is not waited for."""
        if any(worker is None for worker in self._workers):
            return
        waits = [self._stopping.wait(), self._renewing.wait()]
        waits += [worker.ended.wait() for worker in self._workers if worker is not None]
        tasks = [asyncio.ensure_future(one) for one in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


def _reserve(config: ServerConfig) -> socket.socket:
    """The port, held for as long as workers come and go. Raises OperatorError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM
        )[0]
        place = socket.socket(family, socket.SOCK_STREAM)
        # As the workers do; after another server, connections of it may still be fading.
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        place.bind(address)
    except OSError as error:
        raise cannot_listen(config.host, config.port, error) from error
    return place


def run(settings: Settings, count: int) -> None:
    """`Workers.run`, blocking. `settings` is called in each process, and has to be picklable.

    Raises PlauschError when they cannot start.
    """

    async def work() -> None:
        await Workers(settings, count).run()

    asyncio.run(work())
