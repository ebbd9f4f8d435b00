"""The tables exist, once, and nothing readable is in a sealed column's name."""

import re

from plausch.sdk.vault.schema import STEPS
from plausch.sdk.vault.vault import Vault

TABLES = {
    "own",
    "key_package",
    "account",
    "conversation",
    "message",
    "outbox",
    "mark",
    "status",
    "problem",
    "upload",
}


async def test_all_tables_are_made(vault: Vault) -> None:
    rows = await vault.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {row[0] for row in rows} >= TABLES


async def test_the_steps_are_remembered(vault: Vault) -> None:
    rows = await vault.fetch("SELECT number, name FROM schema_step ORDER BY number")
    assert rows == [(step.number, step.name) for step in STEPS]


def test_secrets_and_contents_are_marked_as_sealed() -> None:
    text = "\n".join(statement for step in STEPS for statement in step.statements)
    sealed = set(re.findall(r"(\w+) \{bytes\} NOT NULL,? -- sealed", text))
    assert sealed == {
        "identity_secret",
        "device_secret",
        "bundle",
        "title",
        "epoch_state",
        "ratchet_state",
        "content",
        "intent",
    }
