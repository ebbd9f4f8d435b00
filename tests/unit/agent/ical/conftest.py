"""A real CalDAV server with an empty calendar."""

from collections.abc import Iterator

import pytest

from plausch.agent.ical.dav import Collection, CollectionAddress
from radicale_server import PASSWORD, USER, Radicale


@pytest.fixture(scope="session")
def radicale_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    server = Radicale(tmp_path_factory.mktemp("radicale"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def radicale(radicale_process: Radicale) -> Iterator[Radicale]:
    """The server, with an empty calendar "bookings"."""
    radicale_process.make()
    yield radicale_process
    radicale_process.request("DELETE", f"/{USER}/bookings/")


@pytest.fixture
def address(radicale: Radicale) -> CollectionAddress:
    return CollectionAddress(radicale.url(), USER, PASSWORD)


@pytest.fixture
def collection(address: CollectionAddress) -> Collection:
    return Collection(address)
