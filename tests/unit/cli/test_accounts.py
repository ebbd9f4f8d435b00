"""What an operator sees and orders, beside a running server."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from company import plausch as as_a_process
from company import server

from .conftest import Plausch


@pytest.fixture
def folder(plausch: Plausch, tmp_path: Path) -> Iterator[Path]:
    """A server's folder, with two people on it."""
    folder = tmp_path / "server"
    with server(folder) as url:
        for name in ("anna", "cem"):
            plausch("register", name, "--server", url, "--home", tmp_path / name)
        yield folder


def test_accounts_are_listed_shown_suspended_and_removed(plausch: Plausch, folder: Path) -> None:
    at = ("--data", folder)
    listed = plausch("accounts", "list", *at, "--limit", 1)
    assert listed.out.split("\t")[0] == "anna"
    assert "--after anna" in listed.err
    both = json.loads(plausch("accounts", "list", *at, "--json").out)["accounts"]
    assert [(one["name"], one["state"], one["devices"]) for one in both] == [
        ("anna", "open", 1),
        ("cem", "open", 1),
    ]
    ran = plausch("--language", "de", "accounts", "suspend", "cem", *at)
    assert "cem ist gesperrt" in ran.out
    assert ran.out.endswith(f"plausch accounts unsuspend cem --data {folder}\n"), "to be pasted"
    found = plausch("accounts", "list", *at, "--suspended")
    assert (found.out.count("\n"), "suspended" in found.out) == (1, True)
    home = folder.with_name("cem")
    refused = plausch("send", "anna", "hi", "--home", home)
    assert (refused.code, "suspended" in refused.sentence) == (1, True)
    shown = json.loads(plausch("accounts", "show", "cem", *at, "--json").out)
    assert shown["state"] == "suspended"
    assert [len(one["id"]) for one in shown["device_list"]] == [16]
    assert len(plausch("accounts", "show", "cem", *at).out.splitlines()) == 2
    assert plausch("accounts", "unsuspend", "cem", *at).out.startswith("cem may log in")
    removed = plausch("accounts", "remove", "cem", *at, "--yes", "--json")
    assert json.loads(removed.out)["state"] == "removed"
    again = plausch("accounts", "unsuspend", "cem", *at)
    assert (again.code, "for good" in again.sentence) == (1, True)
    totals = json.loads(plausch("accounts", "totals", *at, "--json").out)
    assert (totals["people"], totals["suspended"], totals["devices"]) == (2, 1, 1)
    words = plausch("--language", "de", "accounts", "totals", *at).out
    assert "Konten von Personen\t2" in words


def test_an_account_is_shown_with_what_it_had_lately(plausch: Plausch, folder: Path) -> None:
    at = ("--data", folder)
    assert json.loads(plausch("accounts", "show", "anna", *at, "--json").out)["rates"] == []
    sent = plausch("send", "cem", "hi", "--home", folder.with_name("anna"))
    assert sent.code == 0
    rates = json.loads(plausch("accounts", "show", "anna", *at, "--json").out)["rates"]
    (messages,) = [one for one in rates if one["kind"] == "envelopes"]
    assert 0 < messages["drawn"] < messages["most"] == 1_000_000
    shown = plausch("--language", "de", "accounts", "show", "anna", *at).out
    assert f"Nachrichten\t{messages['drawn']}\t1000000\t" in shown


def test_times_that_no_calendar_has_are_shown_as_unknown(plausch: Plausch, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "plausch.db")) as store:
        store.execute("UPDATE device SET seen_at_ms = ?", (2**62,))
        store.commit()
    at = ("--data", folder)
    for ran in (plausch("accounts", "show", "anna", *at), plausch("accounts", "list", *at)):
        assert ran.code == 0, ran.err
        assert "\tunknown" in ran.out
    assert "unbekannt" in plausch("--language", "de", "accounts", "show", "anna", *at).out
    with closing(sqlite3.connect(folder / "plausch.db")) as store:
        store.execute("UPDATE device SET seen_at_ms = 0")
        store.commit()
    assert plausch("accounts", "show", "anna", *at).out.count("\tnever") == 2


def test_what_is_not_there_or_not_confirmed_changes_nothing(plausch: Plausch, folder: Path) -> None:
    ran = as_a_process("accounts", "remove", "cem", "--data", folder, typed="n\n")
    assert (ran.code, "for good?" in ran.err) == (130, True)
    assert "cem" in plausch("accounts", "list", "--data", folder).out
    ran = plausch("accounts", "list", "--data", folder, "--kind", "business")
    assert (ran.code, ran.out, ran.err) == (0, "", "There are no such accounts.\n")
    ran = plausch("accounts", "show", "nobody", "--data", folder)
    assert (ran.code, "no account nobody" in ran.sentence) == (1, True)
