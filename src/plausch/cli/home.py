"""Opening a device for a command: the vault itself, or the process that already has it open."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from plausch.cli.console import Screen
from plausch.cli.options import read_passphrase
from plausch.cli.requests import Answer, Request
from plausch.cli.resident import ResidentError, ask_resident, resident
from plausch.sdk import Client, VaultBusy, WrongPassphrase

Result = TypeVar("Result")

ATTEMPTS = 50
RETRY_S = 0.1

TERMINATED = 143
"""Exit code after SIGTERM (128 + 15), as shells count."""


class Terminated(click.exceptions.Exit):
    """SIGTERM: everything was closed in order."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's coroutine to its end; SIGTERM ends it as Ctrl-C does, vault closed."""

    async def guarded() -> Result:
        task = asyncio.ensure_future(work)
        ended: list[int] = []

        def end() -> None:
            ended.append(1)
            task.cancel()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, end)
        loop.set_exception_handler(without_trace)
        try:
            return await task
        except asyncio.CancelledError:
            if ended:
                raise Terminated from None
            raise

    return asyncio.run(guarded())


def without_trace(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's reports, save those of a connection that failed: its user raises that anyway."""
    if not ("transport" in context and isinstance(context.get("exception"), OSError)):
        loop.default_exception_handler(context)


async def open_client(home: Path, passphrase_file: Path | None, screen: Screen) -> Client:
    """The vault in `home`, opened; asks for a passphrase on a terminal when one is needed.

    Raises VaultMissing, VaultBusy, WrongPassphrase, click.UsageError.
    """
    passphrase = read_passphrase(passphrase_file)
    try:
        return await Client.open(home, passphrase=passphrase)
    except WrongPassphrase:
        if passphrase is not None or not sys.stdin.isatty():
            raise
    asked = click.prompt(screen.phrase("passphrase", home=home), hide_input=True, err=True)
    return await Client.open(home, passphrase=asked)


@asynccontextmanager
async def owned(home: Path, passphrase_file: Path | None, screen: Screen) -> AsyncIterator[Client]:
    """The opened client, connected, taking requests of other commands meanwhile.

    Waits for a command that is about to be done with the vault. Raises as `open_client`.
    """
    client = await _once_free(home, passphrase_file, screen)
    async with client, resident(client, home):
        yield client


async def _once_free(home: Path, passphrase_file: Path | None, screen: Screen) -> Client:
    for _ in range(ATTEMPTS - 1):
        try:
            return await open_client(home, passphrase_file, screen)
        except VaultBusy:
            await asyncio.sleep(RETRY_S)
    return await open_client(home, passphrase_file, screen)


async def perform(
    request: Request[Answer], home: Path, passphrase_file: Path | None, screen: Screen
) -> Answer:
    """Carry a request out: here, or by the process that has the vault open.

    Raises what the SDK and `ask_resident` raise.
    """
    for attempt in range(ATTEMPTS):
        try:
            client = await open_client(home, passphrase_file, screen)
        except VaultBusy:
            try:
                return await ask_resident(home, request)
            except ResidentError as error:
                # Its owner may just be opening or closing the vault.
                if error.code != VaultBusy.code or attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(RETRY_S)
        else:
            async with client, resident(client, home):
                return await request.carry_out(client)
    raise AssertionError("the last attempt returns or raises")
