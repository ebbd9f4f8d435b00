"""Maintenance is ordered beside a running server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import server
from plausch.base.durations import MINUTE_MS
from plausch.server.administration import MOST_MINUTES

from .conftest import Plausch, Ran


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with server(tmp_path / "server") as url:
        (tmp_path / "url").write_text(url)
        yield tmp_path / "server"


def url_of(tmp_path: Path) -> str:
    return (tmp_path / "url").read_text()


def acquainted(plausch: Plausch, tmp_path: Path) -> Path:
    """Anna's home; she has written to Ben."""
    url = url_of(tmp_path)
    for name in ("anna", "ben"):
        assert plausch("register", name, "--server", url, "--home", tmp_path / name).code == 0
    assert plausch("send", "ben", "Hallo!", "--home", tmp_path / "anna").code == 0
    return tmp_path / "anna"


def until_seen(plausch: Plausch, home: Path, said: str) -> Ran:
    """Send until the server, which looks every two seconds, does not take it and says why."""
    for _ in range(100):
        ran = plausch("send", "ben", "Noch da?", "--timeout", 0.3, "--home", home)
        if said in ran.err:
            return ran
    raise AssertionError(ran)


def test_who_sends_is_told_what_the_operator_says(
    plausch: Plausch, folder: Path, tmp_path: Path
) -> None:
    home, at = acquainted(plausch, tmp_path), ("--data", folder)
    plausch("maintenance", "on", *at, "--minutes", 5, "--text", "Wir ziehen um.")
    ran = until_seen(plausch, home, "Wir ziehen um.")
    assert ran.code == 3
    kept, says = ran.err.splitlines()
    assert kept.startswith("Kept in the outbox for ")
    assert says.startswith("The server says: This server takes nothing new at the moment. (until ")
    sent = plausch("send", "ben", "x", "--timeout", 0.5, "--home", home, "--json")
    assert "Wir ziehen um." in json.loads(sent.out)["why"]
    assert plausch("history", "--home", home).err == ""  # reading is not hindered
    refused = plausch("register", "cem", "--server", url_of(tmp_path), "--home", tmp_path / "cem")
    assert refused.sentence.endswith("Wir ziehen um.")


def test_who_is_suspended_is_told_so(plausch: Plausch, folder: Path, tmp_path: Path) -> None:
    home = acquainted(plausch, tmp_path)
    assert plausch("accounts", "suspend", "anna", "--data", folder).code == 0
    suspended = "The server says: The operator of this server has suspended this account: "
    until_seen(plausch, home, suspended)
    german = plausch("--language", "de", "history", "ben", "--home", home)
    assert "Hallo!" in german.out
    not_let_in, says = german.err.splitlines()
    assert not_let_in.startswith("Der Server lässt dieses Gerät nicht fragen")
    assert says.startswith("Der Server sagt: The operator of this server has suspended")
    heard = plausch("listen", "--timeout", 3, "--home", home)
    assert [line for line in heard.err.splitlines() if line.startswith(suspended)] != []


def test_maintenance_goes_on_and_off(plausch: Plausch, folder: Path) -> None:
    at = ("--data", folder)
    assert plausch("maintenance", "status", *at).out == "No maintenance: everything is taken.\n"
    begun = plausch("maintenance", "on", *at, "--minutes", 5, "--text", "Wir ziehen um.")
    assert begun.out.startswith("Maintenance since ")
    assert f"plausch maintenance off --data {folder}\n" in begun.out, "to be pasted"
    assert "People are told: Wir ziehen um." in begun.out
    assert "within 3 seconds" in begun.err
    found = json.loads(plausch("maintenance", "status", *at, "--json").out)
    assert (found["maintenance"], found["text"]) == (True, "Wir ziehen um.")
    assert found["until_ms"] - found["since_ms"] <= 5 * MINUTE_MS
    german = plausch("--language", "de", "maintenance", "off", *at)
    assert german.out == "Keine Wartung: alles wird angenommen.\n"
    ended = json.loads(plausch("maintenance", "status", *at, "--json").out)
    assert ended == {"maintenance": False, "since_ms": None, "until_ms": None, "text": ""}
    ran = plausch("maintenance", "on", *at, "--text", "x" * 501)
    assert (ran.code, "500 characters" in ran.sentence) == (1, True)
    for minutes in (0, MOST_MINUTES + 1):
        assert plausch("maintenance", "on", *at, "--minutes", minutes).code == 2
    assert plausch("maintenance", "status", *at).out.startswith("No maintenance")
