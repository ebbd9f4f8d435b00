"""An agent with its doors open: what is where in its home, and how it ends."""

import asyncio
import http.client
import stat
from pathlib import Path

import pytest

from cast import PATIENCE_S, Town
from linde import restaurant
from plausch.agent.book import Book
from plausch.agent.ical.feed import feed_path, feed_secret
from plausch.agent.ical.sync_store import Edit, Sent, SyncStore
from plausch.agent.ical.tasks import STORE_FILE
from plausch.agent.operations.doors import TOKEN_FILE, URL_FILE, Doors, first_of, token_in
from plausch.agent.operations.lease import AnotherAgent
from plausch.base.clock import ManualClock, SystemClock
from plausch.db.interface import StorageUnavailable
from plausch.sdk import PrivateAccount


async def test_the_doors_open_and_close(
    town: Town, book: Book, clock: ManualClock, tmp_path: Path
) -> None:
    clock.advance(SystemClock().now_ms() - clock.now_ms())
    client = await town.person("linde", kind="business")
    doors = Doors(client, restaurant(), b"file", book, clock)
    async with doors.open(tmp_path, 0) as opened:
        assert (tmp_path / URL_FILE).read_text().strip() == opened.url
        token = token_in(tmp_path)
        assert len(token) >= 32
        host, _, port = opened.url.removeprefix("http://").partition(":")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def ask() -> int:
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            connection.request("POST", "/v1/agent.status", b"{}", headers)
            return connection.getresponse().status

        def fetch() -> bytes:
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            connection.request("GET", feed_path(feed_secret(tmp_path)))
            return connection.getresponse().read()

        assert await asyncio.to_thread(ask) == 200
        assert b"X-WR-CALNAME:Zur Linde" in await asyncio.to_thread(fetch)
        running = asyncio.create_task(opened.run())
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    with pytest.raises(ConnectionError):
        await asyncio.to_thread(ask)
    async with doors.open(tmp_path, None) as quiet:
        assert quiet.url == ""


async def test_an_agent_of_a_private_account_does_not_begin(
    town: Town, book: Book, clock: ManualClock, tmp_path: Path
) -> None:
    anna = await town.person("anna")
    with pytest.raises(PrivateAccount, match=r"^anna@localhost is a private account"):
        async with Doors(anna, restaurant(), b"file", book, clock).open(tmp_path, None):
            pass


async def test_what_the_book_forgot_while_the_agent_was_off_goes_at_its_start(
    town: Town, book: Book, clock: ManualClock, tmp_path: Path
) -> None:
    clock.advance(SystemClock().now_ms() - clock.now_ms())
    store = await SyncStore.open(tmp_path / STORE_FILE, "https://calendar.example/")
    sent = Sent("b-gone", "b-gone.ics", "", "", 0)
    await store.found_edit(Edit("b-gone", 1, "SUMMARY:Anna"), sent)
    client = await town.person("linde", kind="business")
    async with Doors(client, restaurant(), b"file", book, clock).open(tmp_path, None) as opened:
        running = asyncio.create_task(opened.run())
        async with asyncio.timeout(PATIENCE_S):
            while await store.edits():
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await store.close()


def test_the_token_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    token = token_in(tmp_path)
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600
    (tmp_path / TOKEN_FILE).chmod(0o644)
    assert token_in(tmp_path) == token
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600


def test_of_many_errors_the_one_that_says_something_is_told() -> None:
    told = AnotherAgent("Another one.")
    group = BaseExceptionGroup("x", [asyncio.CancelledError(), ExceptionGroup("y", [told])])
    assert first_of(group) is told
    disk = StorageUnavailable("Full.")
    assert first_of(ExceptionGroup("x", [disk, told])) is disk
    alone = BaseExceptionGroup("x", [asyncio.CancelledError()])
    assert isinstance(first_of(alone), asyncio.CancelledError)
