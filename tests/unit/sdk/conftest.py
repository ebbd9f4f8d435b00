"""What the tests of the SDK share: vaults in temporary folders."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plausch.sdk.vault.vault import Vault


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def vault(home: Path) -> AsyncIterator[Vault]:
    opened = await Vault.open(home, make=True)
    yield opened
    await opened.close()
