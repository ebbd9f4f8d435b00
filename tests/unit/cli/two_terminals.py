"""A command that asks, and a person who reads what it says and types."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from subprocess import PIPE

from plausch.cli.stage.company import command_line

PATIENCE_S = 40.0


class Terminal:
    """One command under way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def line(self, part: str) -> str:
        """The next line of standard error that has this in it."""
        assert self._process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while raw := await self._process.stderr.readline():
                self.said.append(raw.decode().rstrip("\n"))
                if part in self.said[-1]:
                    return self.said[-1]
        raise AssertionError(f"{part!r} was not said: {self.said}")

    def types(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())

    async def end(self) -> tuple[int, str, str]:
        """Exit code, standard output, and what was still said."""
        async with asyncio.timeout(PATIENCE_S):
            out, err = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def at_terminal(*arguments: object) -> AsyncIterator[Terminal]:
    """`plausch ARGUMENTS` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *command_line([str(one) for one in arguments]),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"},
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
