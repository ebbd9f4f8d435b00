"""The command line, called in this process, and how its two streams are read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from company import server
from plausch.cli.main import call
from plausch.sdk import Client

Result = TypeVar("Result")


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error; fails when there is a trace or more than one line."""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


Plausch = Callable[..., Ran]


@pytest.fixture
def plausch(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Plausch]:
    """`plausch("send", "anna", "hi")` as a person would call it, with an empty environment."""
    for name in ("PLAUSCH_HOME", "PLAUSCH_LANGUAGE", "PLAUSCH_PASSPHRASE_FILE", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        code = call([str(one) for one in arguments])
        streams = capfd.readouterr()
        return Ran(code, streams.out, streams.err)

    yield run


@dataclass(frozen=True)
class Person:
    """Somebody with an account on the town's server."""

    home: Path
    address: str


class Town:
    """A real server in a process of its own, and the people who have accounts there."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self._numbers = count(1)

    def free_name(self, name: str) -> str:
        """A name that nobody has."""
        return f"{name}-{next(self._numbers)}"

    def empty_home(self, name: str) -> Path:
        """A place for a vault that is not there yet."""
        return self._folder / f"{self.free_name(name)}-home"

    def person(self, name: str) -> Person:
        """Somebody new, whose name begins with `name`."""
        full = self.free_name(name)
        home = self._folder / full

        async def register() -> str:
            client = await Client.register(home, self.url, full)
            address = str(client.address)
            await client.close()
            return address

        return Person(home, asyncio.run(register()))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One server for all tests of this process; everybody in them is somebody new."""
    folder = tmp_path_factory.mktemp("town")
    with server(folder / "server") as url:
        yield Town(url, folder)


@pytest.fixture
def anna(town: Town) -> Person:
    return town.person("anna")


@pytest.fixture
def cem(town: Town) -> Person:
    return town.person("cem")


@pytest.fixture
def olga(town: Town) -> Person:
    return town.person("olga")


def with_client(person: Person, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """What comes of work with somebody's client, which has read everything."""

    async def opened() -> Result:
        async with await Client.open(person.home) as client:
            await client.synchronize()
            return await work(client)

    return asyncio.run(opened())
