"""The agent with its doors open: guests are answered, the team is, and programs of this machine."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from plausch.agent.book import Book
from plausch.agent.certificate_watch import keep_warning
from plausch.agent.ical.book_entries import feed_of
from plausch.agent.ical.feed import Feed, feed_path, feed_secret
from plausch.agent.ical.settings import load_settings
from plausch.agent.ical.tasks import STORE_FILE
from plausch.agent.ical.traces import Traces
from plausch.agent.operations.executor import Executor
from plausch.agent.operations.http_door import FeedNow, HttpDoor
from plausch.agent.operations.premises import Premises
from plausch.agent.operations.registry import OPERATIONS
from plausch.agent.operations.team_door import TeamDoor
from plausch.agent.run import Agent
from plausch.agent.team_facts import InTeam
from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.domain.business import Business
from plausch.sdk import Client, NotOwner, PrivateAccount, Team

TOKEN_FILE = "api.token"  # nosec B105: a file's name
URL_FILE = "api.url"
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Doors:
    """An agent that is about to open: `client` has caught up, `raw_file` is the business's file."""

    client: Client
    business: Business
    raw_file: bytes
    book: Book
    clock: Clock

    @asynccontextmanager
    async def open(self, home: Path, port: int | None) -> AsyncIterator["Opened"]:
        """The lease is this device's; with a port the HTTP door is open too.

        Raises PrivateAccount, NotOwner on a device of staff, AnotherAgent, Unreachable,
        TimeoutError, OperatorError, StorageUnavailable.
        """
        if not self.client.is_business:
            raise PrivateAccount(str(self.client.address))
        if self.client.is_staff:
            raise NotOwner  # nobody would believe its claim
        premises = await Premises.of(self.book, self.business, self.raw_file)
        traces = Traces(home / STORE_FILE, self.book)
        executor = Executor(OPERATIONS, self.book, premises, self.clock, traces)
        conversation = await self.client.team()
        team = TeamDoor(self.client, conversation, executor, self.book, premises, self.clock)
        await team.claim()
        colleagues = InTeam(conversation, self.client.device.uri, team.agents)
        agent = Agent(self.client, premises.business, self.book, self.clock, colleagues)

        def move_in(business: Business) -> None:
            agent.business = business

        premises.follow(move_in)
        executor.afterwards(agent.deliver)  # what a guest is told of it goes out at once
        http = HttpDoor(executor, "")
        try:
            if port is not None:
                http = HttpDoor(executor, token_in(home), self._feeds(home, premises))
                await http.start(port)
                (home / URL_FILE).write_text(f"{http.url}\n", encoding="utf-8")
            yield Opened(agent, team, traces, http.url, conversation, self.clock)
        finally:
            await http.close()
            await traces.close()
            with suppress(TimeoutError, PlauschError):
                await team.retire()

    def _feeds(self, home: Path, premises: Premises) -> Mapping[str, FeedNow]:
        """The calendar under its secret path, with guests' names if calendar.toml wants them."""
        names = load_settings(home).names

        async def bookings() -> Feed:
            now_s = self.clock.now_ms() // 1000
            return await feed_of(self.book, premises.business, names, now_s)

        return {feed_path(feed_secret(home)): bookings}


@dataclass(frozen=True, slots=True)
class Opened:
    """An agent at its doors; `url` is that of the HTTP door, or empty."""

    agent: Agent
    team: TeamDoor
    traces: Traces
    url: str
    conversation: Team
    clock: Clock

    async def run(self) -> None:
        """Answer until cancelled. Raises StorageUnavailable, AnotherAgent."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.agent.run())
                tasks.create_task(self.team.run())
                tasks.create_task(self.traces.run())
                tasks.create_task(keep_warning(self.conversation, self.clock))
        except BaseExceptionGroup as group:
            raise first_of(group) from group


def first_of(group: BaseExceptionGroup) -> BaseException:
    """The error behind groups of errors that people can do something about, if there is one."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        inner = found.exceptions
        found = next(
            (one for one in inner if not isinstance(one, asyncio.CancelledError)), inner[0]
        )
    return found


def token_in(home: Path) -> str:
    """The token of the HTTP door, made at the first time; only the owner reads its file."""
    file = home / TOKEN_FILE
    with suppress(FileExistsError):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as writing:
            writing.write(f"{secrets.token_urlsafe(TOKEN_BYTES)}\n")
    file.chmod(0o600)
    return file.read_text(encoding="utf-8").strip()
