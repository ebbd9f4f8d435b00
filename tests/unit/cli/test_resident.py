"""The control socket: who may ask, what comes back, and what hostile bytes do to it (nothing)."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from typing import cast

import msgspec
import pytest

from plausch.base.errors import Fault
from plausch.cli import resident as module
from plausch.cli.records import DoneRecord
from plausch.cli.requests import Ping, Send
from plausch.cli.resident import (
    GREETING,
    SOCKET_NAME,
    Reply,
    ResidentError,
    ask_resident,
    peer_uid,
    resident,
)
from plausch.sdk import Client

NOBODY = cast(Client, object())
"""Ping needs nothing of its client, so that these tests need no account."""


async def raw_exchange(home: Path, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(home / SOCKET_NAME))
    writer.write(raw)
    writer.write_eof()
    try:
        return (await reader.read()).removeprefix(GREETING)
    except ConnectionResetError:  # closed while our bytes were still unread
        return b""
    finally:
        writer.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a path longer than sockaddr_un could hold."""
    folder = tmp_path / ("a" * 120)
    folder.mkdir(mode=0o700)
    return folder


async def test_a_request_is_carried_out(home: Path) -> None:
    async with resident(NOBODY, home):
        assert await ask_resident(home, Ping()) == DoneRecord()
        assert await ask_resident(home, Ping()) == DoneRecord()


async def test_the_socket_is_for_its_owner_alone(home: Path) -> None:
    old_mask = os.umask(0)
    try:
        async with resident(NOBODY, home):
            mode = (home / SOCKET_NAME).stat().st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o600
            assert os.umask(0) == 0
    finally:
        os.umask(old_mask)


async def test_the_socket_is_gone_afterwards(home: Path) -> None:
    async with resident(NOBODY, home):
        pass
    assert list(home.iterdir()) == []


async def test_what_a_dead_process_left_is_replaced(home: Path) -> None:
    (home / SOCKET_NAME).write_text("left over")
    async with resident(NOBODY, home):
        assert await ask_resident(home, Ping()) == DoneRecord()


async def test_nobody_there_is_one_sentence(home: Path) -> None:
    with pytest.raises(ResidentError, match="takes no requests; wait until it") as caught:
        await ask_resident(home, Ping())
    assert caught.value.code == "vault_busy"
    assert caught.value.fault is Fault.LOCAL


async def test_a_file_in_its_place_is_not_asked(home: Path) -> None:
    (home / SOCKET_NAME).write_text("no socket")
    with pytest.raises(ResidentError, match="takes no requests"):
        await ask_resident(home, Ping())


@pytest.mark.parametrize(
    "raw",
    [
        b"{}\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"type":"no_such"}\n',
        b'{"type":"send","target":7}\n',
        b'{"type":"send","target":"anna"}\n',
        b"[" * 5000 + b"\n",
        b"no line end",
    ],
)
async def test_hostile_bytes_get_a_sentence_and_change_nothing(tmp_path: Path, raw: bytes) -> None:
    async with resident(NOBODY, tmp_path):
        reply = json.loads(await raw_exchange(tmp_path, raw))
        assert "asked something unknown" in reply["sentence"]
        assert await ask_resident(tmp_path, Ping()) == DoneRecord()


async def test_a_line_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINE_BYTES", 1000)
    async with resident(NOBODY, tmp_path):
        assert await raw_exchange(tmp_path, b"x" * 5000 + b"\n") == b""
        assert await ask_resident(tmp_path, Ping()) == DoneRecord()


async def test_an_empty_visit_is_no_visit(tmp_path: Path) -> None:
    async with resident(NOBODY, tmp_path):
        assert await raw_exchange(tmp_path, b"") == b""
        assert await ask_resident(tmp_path, Ping()) == DoneRecord()


async def test_another_user_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with resident(NOBODY, tmp_path):
        monkeypatch.setattr(module, "peer_uid", lambda _: os.getuid() + 1)
        assert await raw_exchange(tmp_path, msgspec.json.encode(Ping()) + b"\n") == b""


def test_the_kernel_says_who_is_there() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        assert peer_uid(here) == os.getuid()


async def replying(home: Path, line: bytes) -> asyncio.Server:
    """Something else that listens on the control socket."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readline()
        writer.write(line)
        writer.close()

    return await asyncio.start_unix_server(reply, path=str(home / SOCKET_NAME))


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"null\n", b'{"answer":{"done":7}}\n', b"[]\n"])
async def test_an_answer_that_is_none_is_said(tmp_path: Path, line: bytes) -> None:
    async with await replying(tmp_path, line):
        with pytest.raises(ResidentError, match="ended without an answer; look at the history"):
            await ask_resident(tmp_path, Ping())


async def test_what_went_wrong_there_is_told_here(tmp_path: Path) -> None:
    reply = Reply(code="unreachable", fault="operator", sentence="The server is away; wait.")
    async with await replying(tmp_path, msgspec.json.encode(reply) + b"\n"):
        with pytest.raises(ResidentError, match="The server is away; wait") as caught:
            await ask_resident(tmp_path, Send(target="anna", text="hi"))
    assert caught.value.code == "unreachable"
    assert caught.value.fault is Fault.OPERATOR


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ResidentError, match=r"cannot be made \(No such file"):
        async with resident(NOBODY, tmp_path / "absent"):
            pass


async def test_many_ask_at_once(tmp_path: Path) -> None:
    async with resident(NOBODY, tmp_path):
        answers = await asyncio.gather(*(ask_resident(tmp_path, Ping()) for _ in range(20)))
    assert answers == [DoneRecord()] * 20


class Slow(Ping, frozen=True, kw_only=True, tag="slow"):
    """A request that is under way until the test lets it end."""

    async def carry_out(self, client: Client) -> DoneRecord:
        begun, go_on = cast(tuple[asyncio.Event, asyncio.Event], client)
        begun.set()
        await go_on.wait()
        return DoneRecord()


async def test_what_was_begun_is_finished_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(module, "decode_request", lambda _: Slow())
    async with resident(cast(Client, (begun, go_on)), tmp_path):
        asking = asyncio.ensure_future(ask_resident(tmp_path, Ping()))
        await begun.wait()
        asyncio.get_running_loop().call_soon(go_on.set)
    assert await asking == DoneRecord()


async def test_what_never_ends_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()
    monkeypatch.setattr(module, "decode_request", lambda _: Slow())
    monkeypatch.setattr(module, "GRACE_S", 0.01)
    async with resident(cast(Client, (begun, asyncio.Event())), tmp_path):
        asking = asyncio.ensure_future(ask_resident(tmp_path, Ping()))
        await begun.wait()
    with pytest.raises(ResidentError, match="ended without an answer"):
        await asking


async def test_who_does_not_greet_is_handed_nothing(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        heard.append(await reader.read())

    async with await asyncio.start_unix_server(silent, path=str(tmp_path / SOCKET_NAME)):
        with pytest.raises(ResidentError, match="takes no requests") as caught:
            await ask_resident(tmp_path, Ping())
    assert caught.value.code == "vault_busy"
    assert heard == [b""]
