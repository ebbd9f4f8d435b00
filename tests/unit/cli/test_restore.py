"""`plausch restore`: into an empty folder; everything else is one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import server

from .conftest import Plausch


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `town.tar`, of a server with one account."""
    from plausch.cli.main import call

    folder = tmp_path_factory.mktemp("made")
    with server(folder / "server") as url:
        assert call(["register", "anna", "--server", url, "--home", str(folder / "anna")]) == 0
        assert call(["backup", str(folder / "town.tar"), "--data", str(folder / "server")]) == 0
    return folder


@pytest.fixture
def dump(made: Path) -> Iterator[Path]:
    yield made / "town.tar"


def test_it_is_restored_and_a_server_goes_on(plausch: Plausch, dump: Path, tmp_path: Path) -> None:
    ran = plausch("restore", dump, "--data", tmp_path / "new")
    assert ran.code == 0, ran.err
    assert "account\t1\t" in ran.out
    assert "Restored and compared" in ran.err
    with server(tmp_path / "new") as url:
        registered = plausch("register", "anna", "--server", url, "--home", tmp_path / "other")
        assert registered.code == 1, "the name is taken"
        assert plausch("register", "cem", "--server", url, "--home", tmp_path / "cem").code == 0
        busy = plausch("restore", dump, "--data", tmp_path / "new")
        assert busy.code == 1
        assert "stop it first" in busy.sentence
    taken = plausch("restore", dump, "--data", tmp_path / "new")
    assert taken.code == 1
    assert "holds something already" in taken.sentence


def test_scripts_get_counts_and_hashes(plausch: Plausch, dump: Path, tmp_path: Path) -> None:
    record = json.loads(plausch("restore", dump, "--data", tmp_path / "new", "--json").out)
    assert record["blobs"] == record["left_out"] == 0
    assert record["tables"]["account"]["rows"] == 1
    assert len(record["tables"]["account"]["sha256"]) == 64
    quiet = plausch("restore", dump, "--data", tmp_path / "newer", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize("harm", ["cut", "bit", "foreign"])
def test_nothing_is_written_from_a_dump_that_is_not_whole(
    plausch: Plausch, dump: Path, tmp_path: Path, harm: str
) -> None:
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    harmed = {"cut": bytes(content[:-700]), "bit": bytes(content), "foreign": b"x" * 9_999}[harm]
    (tmp_path / "harmed.tar").write_bytes(harmed)
    ran = plausch("restore", tmp_path / "harmed.tar", "--data", tmp_path / "new")
    assert ran.code == 1
    assert any(said in ran.sentence for said in ("cut off", "damaged", "is no backup"))
    assert not (tmp_path / "new").exists()
