"""From the operator's words to a database."""

from pathlib import Path

import pytest

from plausch.base.errors import LocalError
from plausch.db.interface import StorageUnavailable
from plausch.db.open import file_of, open_database
from postgres_cluster import Cluster


async def test_a_path_is_a_sqlite_file(tmp_path: Path) -> None:
    for where in (tmp_path / "a.db", str(tmp_path / "b.db"), ":memory:"):
        database = await open_database(where)
        assert database.engine == "sqlite"
        await database.close()
    assert sorted(one.name for one in tmp_path.glob("*.db")) == ["a.db", "b.db"]


async def test_a_url_is_a_postgresql_server(postgres: Cluster) -> None:
    database = await open_database(postgres.url())
    assert database.engine == "postgresql"
    await database.close()


async def test_what_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await open_database(tmp_path / "no" / "folder.db")
    with pytest.raises(LocalError):
        await open_database("postgresql://host:port/x")


@pytest.mark.parametrize("where", [":memory:", "postgresql://host/x", "postgres://host/x"])
def test_what_is_no_file_has_no_path(where: str) -> None:
    assert file_of(where) is None


def test_a_file_has_its_path(tmp_path: Path) -> None:
    assert file_of(tmp_path / "a.db") == tmp_path / "a.db" == file_of(str(tmp_path / "a.db"))
