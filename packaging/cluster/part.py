"""One process of the cluster: started until it answers, watched, killed, started anew."""

import asyncio
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from plausch.base.errors import OperatorError

START_S = 120.0
"""How long a part may take until it answers, on a machine that is busy with other things."""

END_S = 20.0
LOOK_AGAIN_S = 0.05
TAIL_LINES = 3
PLACES = ("/usr/sbin", "/usr/bin", "/usr/local/sbin")
_DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)

Answers = Callable[[], Awaitable[bool]]
"""Whether a part does its work already."""


class ProgramMissing(OperatorError):
    """A program that the cluster needs is not on this machine."""

    code = "program_missing"


class PartFailed(OperatorError):
    """A part of the cluster did not start."""

    code = "part_failed"


def program(name: str, target: str) -> str:
    """Where a program is. Raises ProgramMissing, with the target of make that installs it."""
    found = shutil.which(name)
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    usual = [str(path) for path in newest]
    usual += [f"{place}/{name}" for place in PLACES if Path(place, name).exists()]
    # PostgreSQL's own folder first: what Debian puts on the path are wrappers.
    if newest or not found:
        found = usual[-1] if usual else None
    if found is None:
        raise ProgramMissing(f"The program {name} is not on this machine: make {target}")
    return found


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on there just now."""
    with socket.socket() as asking:
        asking.bind((address, 0))
        port: int = asking.getsockname()[1]
        return port


def unprivileged() -> pwd.struct_passwd | None:
    """Who runs PostgreSQL when we are root, which it refuses to be run by."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ProgramMissing("PostgreSQL does not run as root, and there is no user 'nobody'.")


def _die_with_parent() -> None:
    _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


async def begin(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    user: pwd.struct_passwd | None = None,
) -> Process:
    """A process whose words go to `log`. It hears no Ctrl-C, and does not outlive this one."""
    as_user = (
        {}
        if user is None
        else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [user.pw_gid]}
    )
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            cwd="/",
            start_new_session=True,
            preexec_fn=_die_with_parent,
            **as_user,
        )


async def speaks_http(port: int, path: str, statuses: Sequence[int]) -> bool:
    """Whether something answers there, with one of these."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
                head = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return len(head) > 1 and head[1].decode() in map(str, statuses)


async def listens(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class Part:
    """A process under a name and a port that it keeps."""

    def __init__(
        self,
        name: str,
        port: int,
        command: Sequence[str],
        folder: Path,
        answers: Answers,
        environment: Mapping[str, str] | None = None,
        user: pwd.struct_passwd | None = None,
    ) -> None:
        self.name, self.port = name, port
        self.log = folder / f"{name.replace(' ', '')}.log"
        self._command, self._answers, self._user = command, answers, user
        self._environment = environment or {}
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """Of the process, or of the last one."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it, and wait until it does its work. Raises PartFailed."""
        self._process = await begin(self._command, self.log, self._environment, self._user)
        try:
            async with asyncio.timeout(START_S):
                while not await self._answers():
                    if not self.is_alive:
                        raise PartFailed(f"{self.name} ended at once: {self.last_words()}")
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            self.kill()
            raise PartFailed(f"{self.name} did not begin its work: {self.last_words()}") from None

    async def ended(self) -> None:
        """Return when the process is gone."""
        if self._process is not None:
            await self._process.wait()

    def kill(self) -> None:
        """SIGKILL, to it and to what it has started."""
        if not self.is_alive:
            return
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; after a while kill it."""
        if not self.is_alive:
            return
        os.kill(self.pid, number)
        try:
            async with asyncio.timeout(END_S):
                await self.ended()
        except TimeoutError:
            self.kill()
            await self.ended()

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-TAIL_LINES:]) or "it said nothing"
