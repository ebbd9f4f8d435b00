"""Opening a device: the vault, or whoever has it; and what SIGTERM does."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import click
import pytest

from plausch.cli import home as module
from plausch.cli.console import Screen
from plausch.cli.home import TERMINATED, Terminated, open_client, owned, perform, run
from plausch.cli.records import ConversationsRecord
from plausch.cli.requests import Conversations, Ping
from plausch.cli.resident import ResidentError
from plausch.sdk import Client, VaultBusy, VaultMissing, WrongPassphrase

from .conftest import Person, Town

SCREEN = Screen("en")


def test_a_coroutine_is_run_to_its_end() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert run(work()) == 7


def test_its_error_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(work())


def test_sigterm_ends_it_in_order() -> None:
    closed: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    with pytest.raises(Terminated) as caught:
        run(work())
    assert closed == ["closed"]
    assert caught.value.exit_code == TERMINATED == 143


def test_a_cancellation_of_its_own_is_no_sigterm() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(work())


async def test_an_empty_folder_has_no_vault(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing):
        await open_client(tmp_path, None, SCREEN)


def test_a_request_opens_the_vault_and_closes_it_again(anna: Person) -> None:
    for _ in range(2):
        answer = asyncio.run(perform(Conversations(), anna.home, None, SCREEN))
        assert answer == ConversationsRecord(conversations=[], fresh=True)


def test_a_request_goes_to_whoever_has_the_vault(anna: Person) -> None:
    async def work() -> ConversationsRecord:
        async with owned(anna.home, None, SCREEN):
            with pytest.raises(VaultBusy):
                await Client.open(anna.home)
            return await perform(Conversations(), anna.home, None, SCREEN)

    assert asyncio.run(work()).fresh


def test_many_requests_at_once_all_get_through(anna: Person) -> None:
    async def work() -> list[ConversationsRecord]:
        asked = (perform(Conversations(), anna.home, None, SCREEN) for _ in range(6))
        return await asyncio.gather(*asked)

    assert len(asyncio.run(work())) == 6


def test_an_owner_that_takes_no_requests_is_said(
    anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    monkeypatch.setattr(module, "RETRY_S", 0.0)

    async def work() -> None:
        async with await Client.open(anna.home):
            await perform(Ping(), anna.home, None, SCREEN)

    with pytest.raises(ResidentError, match="takes no requests"):
        asyncio.run(work())


def test_a_new_owner_waits_for_a_command_that_is_about_to_be_done(
    anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        before = await Client.open(anna.home)
        tries: list[float] = []

        async def pause(seconds: float) -> None:
            tries.append(seconds)
            await before.close()

        monkeypatch.setattr(module.asyncio, "sleep", pause)
        client = await module._once_free(anna.home, None, SCREEN)
        monkeypatch.undo()
        await client.close()
        assert tries == [module.RETRY_S]

    asyncio.run(work())


def test_an_owner_that_stays_is_said_to_the_next_one(
    anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 2)

    async def work() -> None:
        async with owned(anna.home, None, SCREEN), owned(anna.home, None, SCREEN):
            pass

    with pytest.raises(VaultBusy):
        asyncio.run(work())


def sealed(town: Town) -> Path:
    home = town.empty_home("sealed")

    async def register() -> None:
        name = town.free_name("anna")
        client = await Client.register(home, town.url, name, passphrase="correct horse")
        await client.close()

    asyncio.run(register())
    return home


def test_without_a_terminal_nobody_is_asked_for_a_passphrase(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    home = sealed(town)
    with pytest.raises(WrongPassphrase):
        asyncio.run(open_client(home, None, SCREEN))


def test_on_a_terminal_a_person_is_asked(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sealed(town)
    asked: list[str] = []

    def prompt(text: str, **_: object) -> str:
        asked.append(text)
        return "correct horse"

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", prompt)

    async def work() -> None:
        await (await open_client(home, None, SCREEN)).close()

    asyncio.run(work())
    assert asked == [f"Passphrase of {home}"]


def test_a_connection_that_failed_is_not_reported_with_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The transport's user raises it; asyncio's own report would be a trace on the terminal."""

    async def work() -> None:
        report = asyncio.get_running_loop().call_exception_handler
        report({"message": "SSL handshake failed", "exception": OSError(), "transport": object()})
        assert not caplog.records
        report({"message": "a task was forgotten", "exception": OSError()})
        report({"message": "a fault of ours", "exception": ValueError(), "transport": object()})

    run(work())
    told = [one.message.splitlines()[0] for one in caplog.records]
    assert told == ["a task was forgotten", "a fault of ours"]
