"""The demo's processes: the real server and the real agent, started, watched and ended."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from plausch.base.errors import OperatorError

START_S = 30.0
END_S = 10.0
TAIL_BYTES = 2000


class StageError(OperatorError):
    """One of the demo's processes did not do its part."""

    code = "stage"


def command_line(arguments: Sequence[str]) -> list[str]:
    """`plausch ARGUMENTS`, by this interpreter and this installation."""
    return [sys.executable, "-m", "plausch.cli", *arguments]


def last_words(log: Path) -> str:
    """The end of a process's log, for a person to read."""
    raw = log.read_bytes()[-TAIL_BYTES:]
    lines = raw.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


async def end(process: Process) -> None:
    """SIGTERM, a moment to finish, then SIGKILL."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def running(name: str, arguments: Sequence[str], ready: str, log: Path) -> AsyncIterator[str]:
    """`plausch ARGUMENTS` while the block runs; yields the output line that begins with `ready`.

    What the process says on standard error goes to `log`. Raises StageError when it ends or is
    silent before that line.
    """
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command_line(arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield await _first_words(process, name, ready, log)
    finally:
        await end(process)


async def _first_words(process: Process, name: str, ready: str, log: Path) -> str:
    output = cast(asyncio.StreamReader, process.stdout)  # asked for above
    try:
        async with asyncio.timeout(START_S):
            async for raw in output:
                line = raw.decode(errors="replace").rstrip()
                if line.startswith(ready):
                    return line
    except TimeoutError:
        raise StageError(
            f"The {name} was not ready within {START_S:.0f} s: {last_words(log)}"
        ) from None
    raise StageError(f"The {name} ended at once: {last_words(log)}")


async def done(name: str, arguments: Sequence[str]) -> str:
    """Run `plausch ARGUMENTS` to its end; its output. Raises StageError when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command_line(arguments), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        words = err.decode(errors="replace").strip().splitlines()
        raise StageError(f"{name} failed: {words[-1] if words else process.returncode}")
    return out.decode()
