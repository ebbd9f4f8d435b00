"""Anna is molested in a group and reports it; Olga, who runs the server, reads that and no more."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from company import did, plausch, server

OFFER = "Gewinne 1.000 Euro, nur heute!"
THREAT = "Antworte, sonst passiert etwas."
PRIVATE = "Mama, ich komme um sechs."


@dataclass(frozen=True)
class House:
    """Olga's server, with the homes of those who have an account on it."""

    folder: Path
    homes: Path

    def home(self, name: str) -> Path:
        return self.homes / name

    def reports(self, *options: str) -> list[dict[str, Any]]:
        listed = did("reports", "list", "--data", self.folder, "--json", *options).json
        found: list[dict[str, Any]] = listed["reports"]
        return found

    def history(self, name: str, target: str) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = did(
            "history", target, "--home", self.home(name), "--json"
        ).json
        return said

    def everything(self) -> bytes:
        """All bytes of the server's files."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "server"
    with server(folder) as url:
        made = House(folder, tmp_path)
        for name in ("anna", "cem", "spammer"):
            did("register", name, "--server", url, "--home", made.home(name))
        yield made


def test_the_operator_reads_what_was_reported_and_nothing_else(house: House) -> None:
    spammer, anna = house.home("spammer"), house.home("anna")
    did("group", "create", "Club", "anna", "cem", "--home", spammer)
    did("history", "Club", "--home", anna)
    did("history", "Club", "--home", house.home("cem"))
    for text in (OFFER, THREAT):
        did("send", "Club", text, "--home", spammer)
    did("send", "cem", PRIVATE, "--home", anna)
    said = house.history("anna", "Club")
    (threat,) = [one["message_id"] for one in said if one["text"] == THREAT]
    assert not any(words.encode() in house.everything() for words in (OFFER, THREAT, PRIVATE))

    note = "Das geht seit Tagen so."
    done = did(
        *("report", "Club", threat[:10], "--reason", "abuse", "--note", note),
        *("--home", anna, "--json"),
    ).json
    assert done == {"about": "spammer@localhost", "reason": "abuse", "messages": 1}

    (report,) = house.reports()
    assert (report["from"], report["about"], report["reason"]) == ("anna", "spammer", "abuse")
    shown = did("reports", "show", report["id"], "--data", house.folder, "--json").json
    assert shown["note"] == note
    (message,) = shown["disclosed"]
    assert message["text"] == THREAT
    assert message["device"].startswith("mimi://localhost/d/spammer/")
    assert message["accepted_at_ms"] == next(
        one["sent_at_ms"] for one in said if one["message_id"] == threat
    )
    kept = house.everything()
    assert not any(words.encode() in kept for words in (OFFER, PRIVATE)), "only what was chosen"

    german = did("--language", "de", "reports", "show", report["id"], "--data", house.folder).out
    assert THREAT in german
    did("reports", "close", report["id"], "--data", house.folder)
    assert house.reports() == []
    (closed,) = house.reports("--closed")
    assert closed["messages"] == 0


def test_who_is_reported_learns_nothing(house: House) -> None:
    spammer, anna = house.home("spammer"), house.home("anna")
    did("send", "anna", OFFER, "--home", spammer)
    (offer,) = house.history("anna", "spammer")
    before = house.history("spammer", "anna")
    did("report", "spammer", offer["message_id"], "--reason", "spam", "--yes", "--home", anna)
    assert house.history("spammer", "anna") == before
    heard = plausch("listen", "--home", spammer, "--json", "--count", 1, "--timeout", 1)
    assert heard.out == ""


def test_a_vault_that_was_tampered_with_reports_nothing_false(house: House) -> None:
    """Anna may do with her own files what she likes: the server believes its own stamp only."""
    spammer, anna = house.home("spammer"), house.home("anna")
    did("send", "anna", OFFER, "--home", spammer)
    (offer,) = house.history("anna", "spammer")
    arguments = ("report", "spammer", offer["message_id"], "--reason", "spam", "--yes")
    changes = (
        "stamped_at_ms = stamped_at_ms - 86400000",
        "stamped_device = replace(stamped_device, substr(stamped_device, -4), '0000')",
        "stamp = zeroblob(32)",
    )
    for change in changes:
        vault = sqlite3.connect(anna / "vault.db")
        (kept,) = vault.execute("SELECT stamp, stamped_device, stamped_at_ms FROM message")
        with vault:
            vault.execute(f"UPDATE message SET {change}")
        ran = plausch(*arguments, "--home", anna)
        assert ran.code == 1
        assert "not what was sent" in ran.err
        with vault:
            vault.execute(
                "UPDATE message SET stamp = ?, stamped_device = ?, stamped_at_ms = ?", kept
            )
        vault.close()
    assert house.reports() == []
    did(*arguments, "--home", anna)
    assert len(house.reports()) == 1
