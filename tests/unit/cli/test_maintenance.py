"""Maintenance is ordered beside a running server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import server
from plausch.server.administration import MINUTE_MS, MOST_MINUTES

from .conftest import Plausch


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with server(tmp_path / "server"):
        yield tmp_path / "server"


def test_maintenance_goes_on_and_off(plausch: Plausch, folder: Path) -> None:
    at = ("--data", folder)
    assert plausch("maintenance", "status", *at).out == "No maintenance: everything is taken.\n"
    begun = plausch("maintenance", "on", *at, "--minutes", 5, "--text", "Wir ziehen um.")
    assert begun.out.startswith("Maintenance since ")
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
