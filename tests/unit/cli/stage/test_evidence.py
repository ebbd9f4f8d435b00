"""What the server saw: its log as it is; and a search that would find a plaintext."""

import asyncio
import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company import server
from plausch.base.ids import ConversationId
from plausch.cli.stage.evidence import SHORTEST, search, seen_by_server, spellings
from plausch.sdk import Client

SECRET = "Anna Berger"


@pytest.mark.parametrize(
    "raw",
    [
        SECRET.encode(),
        b"\x00\x01" + SECRET.encode() + b"\xff",
        SECRET.encode("utf-16-le"),
        SECRET.encode().hex().encode(),
        base64.b64encode(SECRET.encode()),
        base64.b64encode(b"x" + SECRET.encode() + b"yz"),
        base64.b64encode(b"xy" + SECRET.encode() + b"z"),
        json.dumps({"name": SECRET}).encode(),
    ],
)
def test_a_plaintext_is_found_however_it_lies_there(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(raw)
    (tmp_path / "other").write_bytes(b"nothing")
    result = search(tmp_path, [SECRET])
    assert result.found == ((tmp_path / "deep" / "file", SECRET),)
    assert (result.files, result.texts) == (2, 1)
    assert result.size_bytes == len(raw) + 7


@given(st.text(min_size=6, max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_any_text_in_base64_is_found(text: str, before: bytes, after: bytes) -> None:
    if len(text.encode()) < 9:
        return
    lying = base64.b64encode(before + text.encode() + after)
    assert any(one in lying for one in spellings(text))


def test_what_is_too_short_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"2 two zwei")
    result = search(tmp_path, ["2", "two", "zwei", "x" * SHORTEST])
    assert (result.texts, result.found) == (1, ())


def test_a_folder_without_the_text_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 100)
    assert search(tmp_path, [SECRET]).found == ()
    assert search(tmp_path / "absent", [SECRET]).files == 0


def test_the_servers_log_is_told_as_it_is(tmp_path: Path) -> None:
    """A real conversation: the log has its envelopes in order, and the text is nowhere."""
    folder = tmp_path / "server"
    text = "a secret that nobody else may read"

    async def talk(url: str) -> ConversationId:
        cem = await Client.register(tmp_path / "cem", url, "cem")
        anna = await Client.register(tmp_path / "anna", url, "anna")
        async with cem, anna:
            conversation = await anna.conversation_with("cem@localhost")
            await (await conversation.send_text(text)).accepted()
            await (await conversation.send_text(text)).accepted()
            return conversation.id

    with server(folder) as url:
        conversation_id = asyncio.run(talk(url))
        seen = asyncio.run(seen_by_server(str(folder / "plausch.db"), conversation_id))
    assert [one.seq for one in seen] == list(range(1, len(seen) + 1))
    assert "commit" in {one.kind for one in seen}
    assert len([one for one in seen if one.kind == "message"]) >= 2
    assert all(one.sender.startswith("mimi://localhost/d/") for one in seen)
    assert all(one.size_bytes > 100 and one.accepted_at_ms > 0 for one in seen)
    result = search(folder, [text])
    assert (result.texts, result.found) == (1, ())
    assert result.size_bytes > 10_000
    assert search(tmp_path, ["mimi://localhost/d/anna"]).found, "the search itself works"


def test_a_conversation_that_is_not_there_has_no_log(tmp_path: Path) -> None:
    with server(tmp_path / "server"):
        pass
    database = str(tmp_path / "server" / "plausch.db")
    assert asyncio.run(seen_by_server(database, ConversationId(bytes(16)))) == []
