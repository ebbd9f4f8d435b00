"""What the tests of the SDK share: vaults in temporary folders, a town with a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cast import Town, town
from crooked import Crooked, crooked_before
from plausch.sdk.vault.vault import Vault

__all__ = ["town"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def vault(home: Path) -> AsyncIterator[Vault]:
    opened = await Vault.open(home, make=True)
    yield opened
    await opened.close()


@pytest.fixture
async def wire(town: Town) -> AsyncIterator[Crooked]:
    """What lies between a device and the town's server; it can be cut, and made to lie."""
    async with crooked_before(town.url) as proxy:
        yield proxy
