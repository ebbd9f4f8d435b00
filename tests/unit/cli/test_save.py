"""Files that somebody sent, fetched into a folder or to a path."""

import json
from pathlib import Path

import pytest

from .conftest import Person, Plausch


@pytest.fixture
def received(plausch: Plausch, anna: Person, cem: Person, tmp_path: Path) -> list[str]:
    """Anna sends three messages, two with a file; their ids."""
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(f"the content of {name}")
        ran = plausch("send", cem.address, "--file", tmp_path / name, "--home", anna.home)
        assert ran.code == 0
    plausch("send", cem.address, "no file", "--home", anna.home)
    ran = plausch("history", anna.address, "--home", cem.home, "--json")
    return [one["message_id"] for one in json.loads(ran.out)]


def test_the_newest_file_goes_into_a_folder(
    plausch: Plausch, anna: Person, cem: Person, received: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    ran = plausch("save", anna.address, "--to", folder, "--home", cem.home)
    assert ran.code == 0
    assert ran.out == f"{folder / 'two.txt'} (22 bytes, from {anna.address})\n"
    assert (folder / "two.txt").read_text() == "the content of two.txt"


def test_without_a_place_it_is_this_folder(
    plausch: Plausch,
    anna: Person,
    cem: Person,
    received: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert plausch("save", anna.address, "--home", cem.home).code == 0
    assert (tmp_path / "here" / "two.txt").read_text() == "the content of two.txt"


def test_a_message_is_named_by_how_its_id_begins(
    plausch: Plausch, anna: Person, cem: Person, received: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    arguments = ("--message", received[0][:16].upper(), "--to", target, "--home", cem.home)
    ran = plausch("save", anna.address, *arguments, "--json")
    record = json.loads(ran.out)
    assert record["path"] == str(target)
    assert record["message_id"] == received[0]
    assert (record["from"], record["size_bytes"]) == (anna.address, 22)
    assert record["content_type"] == "text/plain"
    assert target.read_text() == "the content of one.txt"


def test_a_message_without_a_file_is_a_sentence(
    plausch: Plausch, anna: Person, cem: Person, received: list[str], tmp_path: Path
) -> None:
    ran = plausch("save", anna.address, "--message", received[2], "--home", cem.home)
    assert ran.code == 1
    assert "No file was sent here whose message has an id like" in ran.sentence


def test_a_conversation_without_files_is_a_sentence(
    plausch: Plausch, anna: Person, cem: Person
) -> None:
    plausch("send", cem.address, "hello", "--home", anna.home)
    ran = plausch("save", cem.address, "--home", anna.home)
    assert ran.code == 1
    assert "none with a file" in ran.sentence
    ran = plausch("save", "nobody", "--home", anna.home)
    assert "There is no conversation with" in ran.sentence


def test_a_folder_that_is_not_there_is_a_sentence(
    plausch: Plausch, anna: Person, cem: Person, received: list[str], tmp_path: Path
) -> None:
    ran = plausch("save", anna.address, "--to", tmp_path / "absent" / "x", "--home", cem.home)
    assert ran.code == 1
    assert "cannot be used" in ran.sentence
