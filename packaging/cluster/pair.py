"""PostgreSQL with a synchronous standby, and what is done when one of the two dies.

A commit is acknowledged when the standby has it on disk, so that the standby may take over at any
moment; but only then. `is_synchronous` says that everything which was acknowledged is on both, and
is false before anything is done that could change that:

- primary dies, `is_synchronous`: the standby is promoted. The old primary's processes are killed
  first (that is the fencing, which on one machine is this easy), its files are thrown away.
- primary dies, not `is_synchronous`: it is started again; nobody else has all that it has.
- standby dies: the primary goes on alone, and is told to (`synchronous_standby_names` empty);
  a new one is copied, catches up, and is waited for again.
"""

import asyncio
import secrets
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg

from cluster.part import Part, PartFailed, begin, free_port, program, unprivileged

ADMIN, OWNER, DATABASE = "postgres", "plausch", "plausch"
AGAIN_S = 1.0
LOOK_AGAIN_S = 0.05
PROMOTING_S = 60
JOINING_S = 120.0
ASKING_S = 90.0

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "hot_standby": "on",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "500ms",
    "tcp_keepalives_idle": "10",
}

FAILURES = (PartFailed, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What may go wrong while one of the two dies under our hands; then it is looked at anew."""

Told = Callable[..., None]
"""Hears what happens: a phrase's key, and its values."""


class Node:
    """One PostgreSQL: its files, its port, its process."""

    def __init__(self, name: str, folder: Path, password: str) -> None:
        self.name, self.port = name, free_port()
        self._folder, self._password = folder, password
        self._user = unprivileged()
        self._files = folder / name
        command = [program("postgres", "postgres"), "-D", str(self._files)]
        for key, value in {
            **_SETTINGS,
            "port": str(self.port),
            "cluster_name": name.replace(" ", ""),
        }.items():
            command += ["-c", f"{key}={value}"]
        self.part = Part(name, self.port, command, folder, self._answers, _LOCALE, self._user)

    async def create(self) -> None:
        """New files. Raises PartFailed."""
        secret = self._folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if self._user is not None:
            shutil.chown(secret, self._user.pw_uid, self._user.pw_gid)
        self._make_room()
        arguments = ["-U", ADMIN, "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8"]
        await self._run("initdb", "-D", str(self._files), *arguments, "--no-sync")
        secret.unlink()

    async def copy(self, primary: "Node") -> None:
        """The primary's files, with the order to follow it. Raises PartFailed."""
        self._make_room()
        where = f"host=127.0.0.1 port={primary.port} user={ADMIN}"
        arguments = ["-D", str(self._files), "-d", where, "-R", "-c", "fast", "--no-sync"]
        await self._run("pg_basebackup", *arguments)

    async def ask(self, sql: str, database: str = ADMIN) -> object:
        """The first column of the first row. Raises what FAILURES has."""
        async with asyncio.timeout(ASKING_S):
            connection = await asyncpg.connect(self.url(database, user=ADMIN))
            try:
                return await connection.fetchval(sql)
            finally:
                connection.terminate()

    def url(self, database: str = DATABASE, *, user: str = OWNER) -> str:
        """How a client connects to this one alone."""
        return f"postgresql://{user}:{self._password}@127.0.0.1:{self.port}/{database}"

    @property
    def password(self) -> str:
        """Of both roles."""
        return self._password

    async def _answers(self) -> bool:
        try:
            return await self.ask("SELECT 1") == 1
        except FAILURES:
            return False

    def _make_room(self) -> None:
        shutil.rmtree(self._files, ignore_errors=True)
        self._files.mkdir(mode=0o700)
        if self._user is not None:
            shutil.chown(self._files, self._user.pw_uid, self._user.pw_gid)

    async def _run(self, name: str, *arguments: str) -> None:
        log = self.part.log
        environment = {**_LOCALE, "PGPASSWORD": self._password}
        command = [program(name, "postgres"), *arguments]
        process = await begin(command, log, environment, self._user)
        try:
            if await process.wait() != 0:
                raise PartFailed(f"{name} failed: {self.part.last_words()}")
        finally:
            if process.returncode is None:
                process.kill()


_LOCALE = {"LC_ALL": "C.UTF-8"}


class Pair:
    """Two nodes, one of which is the primary just now."""

    def __init__(self, folder: Path, told: Told) -> None:
        password = secrets.token_urlsafe(24)
        self.primary, self.standby = (
            Node(f"postgres {number}", folder, password) for number in (1, 2)
        )
        self.nodes = (self.primary, self.standby)
        self.is_synchronous = False
        """Whether everything that was acknowledged is on both."""

        self.changed = asyncio.Event()
        """Set whenever the roles or `is_synchronous` have changed; whoever waits clears it."""

        self._told = told
        self._is_copied = False
        self._is_promoted = True

    @property
    def url(self) -> str:
        """How a server connects: to whichever of the two may be written to."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        credentials = f"{OWNER}:{self.primary.password}"
        return f"postgresql://{credentials}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    async def start(self) -> None:
        """Both of them, in step. Raises what FAILURES has."""
        await self.primary.create()
        await self.primary.part.start()
        password = self.primary.password
        await self.primary.ask(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{password}'")
        await self.primary.ask(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0")
        await self._join()

    async def stop(self) -> None:
        """Both of them, the standby first."""
        for node in (self.standby, self.primary):
            await node.part.stop(signal.SIGINT)  # "fast": whoever is connected is sent away

    async def watch(self) -> None:
        """Mend what breaks, until cancelled."""
        while True:
            try:
                await self._mend()
            except FAILURES as error:
                self._told("mending", reason=str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_S)
                continue
            ends = [asyncio.ensure_future(node.part.ended()) for node in self.nodes]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ends:
                    one.cancel()

    async def promote(self) -> None:
        """Let the standby take over. Raises what FAILURES has."""
        old, new = self.primary, self.standby
        old.part.kill()  # nothing of it may go on
        await old.part.ended()
        # From here on there is no way back: whatever fails, the new one has to be the primary.
        self.primary, self.standby = new, old
        self.is_synchronous = self._is_copied = False
        self._is_promoted = False
        await self._take_over()

    async def _take_over(self) -> None:
        new = self.primary
        sql = f"SELECT NOT pg_is_in_recovery() OR pg_promote(true, {PROMOTING_S})"
        if not await new.ask(sql):
            raise PartFailed(f"{new.name} was not promoted in {PROMOTING_S} s.")
        self._is_promoted = True
        self.changed.set()
        self._told("promoted", name=new.name, old=self.standby.name)

    async def _mend(self) -> None:
        if not self.primary.part.is_alive:
            self._told("died", name=self.primary.name)
            if self.is_synchronous and self.standby.part.is_alive:
                await self.promote()
            else:
                self.is_synchronous = False
                await self.primary.part.start()
                self._told("back", name=self.primary.name, pid=self.primary.part.pid)
        if not self._is_promoted:
            await self._take_over()
        if self.is_synchronous and not self.standby.part.is_alive:
            self._told("died", name=self.standby.name)
            self.is_synchronous = False
        if not self.is_synchronous:
            await self._join()

    async def _join(self) -> None:
        """Bring the standby in step, and have it waited for."""
        primary, standby = self.primary, self.standby
        self.is_synchronous = False
        if not standby.part.is_alive:
            await self._wait_for("")
            if not self._is_copied:
                await standby.copy(primary)
                self._is_copied = True
            try:
                await standby.part.start()
            except PartFailed:
                self._is_copied = False
                raise
        name = standby.name.replace(" ", "")
        follows = f"FROM pg_stat_replication WHERE application_name = '{name}'"
        async with asyncio.timeout(JOINING_S):
            await _until(primary, f"SELECT state = 'streaming' {follows}")
            await self._wait_for(name)
            await _until(primary, f"SELECT sync_state = 'sync' {follows}")
            # It is the checkpointer that lets commits wait: now it has read the new setting too.
            await primary.ask("CHECKPOINT")
            # What was acknowledged before is in the log up to here.
            here = await primary.ask("SELECT pg_current_wal_insert_lsn()::text")
            await _until(primary, f"SELECT flush_lsn >= '{here}' {follows}")
        self.is_synchronous = True
        self.changed.set()
        self._told("in_step", name=standby.name, primary=primary.name)

    async def _wait_for(self, standby: str) -> None:
        """Let commits wait for this standby, or for nobody."""
        await self.primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        await self.primary.ask("SELECT pg_reload_conf()")
        await _until(
            self.primary, f"SELECT current_setting('synchronous_standby_names') = '{standby}'"
        )


async def _until(node: Node, sql: str) -> None:
    while True:
        if await node.ask(sql):
            return
        await asyncio.sleep(LOOK_AGAIN_S)
