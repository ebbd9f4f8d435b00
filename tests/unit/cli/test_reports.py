"""What the operator sees of reports."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from company import server
from plausch.cli.reports import text_of
from plausch.server.store.report import Disclosed

from .conftest import Plausch


@dataclass(frozen=True)
class Place:
    """A server's folder, with two people on it."""

    folder: Path
    anna: Path
    cem: Path


@pytest.fixture
def place(plausch: Plausch, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "server"
    with server(folder) as url:
        for name in ("anna", "cem"):
            plausch("register", name, "--server", url, "--home", tmp_path / name)
        yield Place(folder, tmp_path / "anna", tmp_path / "cem")


def report(plausch: Plausch, place: Place, *texts: str, note: str = "") -> None:
    """Cem writes, Anna reports all of it."""
    for text in texts:
        plausch("send", "anna", text, "--home", place.cem)
    said = json.loads(plausch("history", "cem", "--home", place.anna, "--json").out)
    ids = [one["message_id"] for one in said][-len(texts) :]
    arguments = ("--reason", "abuse", "--note", note, "--yes", "--home", place.anna)
    ran = plausch("report", "cem", *ids, *arguments)
    assert ran.code == 0, ran.err


def test_a_report_is_listed_shown_and_closed(plausch: Plausch, place: Place) -> None:
    report(plausch, place, "You will regret it.", "\x1b[31mSoon.", note="Every night.")
    at = ("--data", place.folder)
    listed = plausch("reports", "list", *at)
    assert [word in listed.out for word in ("cem", "anna", "abuse", "2")] == [True] * 4
    (one,) = json.loads(plausch("reports", "list", *at, "--json").out)["reports"]
    assert (one["from"], one["about"], one["messages"]) == ("anna", "cem", 2)
    shown = plausch("reports", "show", one["id"], *at)
    assert "cem@localhost: You will regret it." in shown.out
    assert "Every night." in shown.out
    assert "\x1b" not in shown.out, "what is shown does nothing to the terminal"
    assert "verified" in shown.err
    record = json.loads(plausch("reports", "show", one["id"], *at, "--json").out)
    assert record["disclosed"][0]["text"] == "You will regret it."
    assert plausch("reports", "close", one["id"], *at).out.startswith("Report ")
    assert plausch("reports", "list", *at).err == "There are no reports.\n"
    (closed,) = json.loads(plausch("reports", "list", "--closed", *at, "--json").out)["reports"]
    assert closed["closed_at_ms"] >= closed["reported_at_ms"]
    after = plausch("reports", "show", one["id"], *at)
    assert "deleted" in after.out
    assert "regret" not in after.out
    again = json.loads(plausch("reports", "close", one["id"], *at, "--json").out)
    assert again["closed_at_ms"] == closed["closed_at_ms"]


def test_it_is_said_in_german_too(plausch: Plausch, place: Place) -> None:
    report(plausch, place, "Kauf jetzt!")
    ran = plausch("--language", "de", "reports", "show", "1", "--data", place.folder)
    assert ran.out.startswith("Meldung 1 vom ")
    assert "Beleidigung" in ran.out


def test_a_report_that_there_is_not_is_said(plausch: Plausch, place: Place) -> None:
    for command in ("show", "close"):
        ran = plausch("reports", command, "7", "--data", place.folder)
        assert ran.code == 1
        assert "There is no report 7" in ran.sentence


def test_a_folder_without_a_server_is_said(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("reports", "list", "--data", tmp_path)
    assert ran.code == 2
    assert "There is no server" in ran.sentence


def test_what_is_no_content_is_shown_as_such() -> None:
    text, edited = text_of(Disclosed(bytes(16), "uri", 1, b"\x87nonsense"))
    assert text.startswith("(")
    assert not edited
