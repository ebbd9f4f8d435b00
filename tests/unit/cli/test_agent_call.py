"""`plausch agent call`: without an agent, and with answers that are none."""

from pathlib import Path

from plausch.agent.operations.doors import TOKEN_FILE, URL_FILE
from plausch.cli.agent_call import refusal_in

from .conftest import Plausch


def test_without_an_agent_it_says_how_to_start_one(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("agent", "call", "agent.status", "--home", tmp_path)
    assert ran.code == 1
    assert "agent run" in ran.sentence
    (tmp_path / TOKEN_FILE).write_text("token")
    (tmp_path / URL_FILE).write_text("http://127.0.0.1:1\n")
    assert plausch("agent", "call", "agent.status", "--home", tmp_path).code == 1
    (tmp_path / URL_FILE).write_text("http://127.0.0.1:x\n")
    assert plausch("agent", "call", "agent.status", "--home", tmp_path).code == 1


def test_a_refusal_is_told_with_its_code() -> None:
    told = refusal_in(b'{"code":"full","sentence":"Everything is taken then."}')
    assert (told.code, str(told)) == ("full", "Everything is taken then.")
    for raw in (b"", b"{", b"[]", b'{"code":"x"}', b"\xff"):
        assert "cannot be read" in str(refusal_in(raw))
