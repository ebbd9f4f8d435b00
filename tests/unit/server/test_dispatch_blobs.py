"""Blobs over the wire: frames in, frames out, and messages that do not wait for other people's
files."""

import asyncio
import hashlib
import secrets
import threading
from pathlib import Path

import pytest

from plausch.server.config import ServerConfig
from plausch.server.connection import STALL_BYTES, Connection
from plausch.server.limits import Limits
from plausch.server.local_blobs import LocalBlobs
from plausch.server.main import Server
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from plausch.wire.codec import encode
from wire_device import Person, WasRefused, WireDevice


def url_of(server: Server) -> str:
    assert server.edge is not None
    return f"http://127.0.0.1:{server.edge.port}"


async def device_of(server: Server, name: str) -> WireDevice:
    return await WireDevice.register(url_of(server), Person.new(name))


def begin(device: WireDevice, blob: bytes, content: bytes) -> f.BeginBlob:
    digest = hashlib.sha256(content).digest()
    return f.BeginBlob(device.session.next_id(), blob, len(content), digest)


def chunks(device: WireDevice, blob: bytes, content: bytes) -> list[f.PutBlobChunk]:
    return [
        f.PutBlobChunk(
            device.session.next_id(), blob, offset, content[offset : offset + BLOB_CHUNK_BYTES]
        )
        for offset in range(0, len(content), BLOB_CHUNK_BYTES)
    ]


async def upload(device: WireDevice, content: bytes) -> bytes:
    blob = secrets.token_bytes(32)
    await device.ask(f.BlobStands, begin(device, blob, content))
    for chunk in chunks(device, blob, content):
        await device.ask(f.BlobStands, chunk)
    return blob


async def piece(device: WireDevice, blob: bytes, offset: int, limit: int) -> f.BlobChunk:
    frame = f.GetBlobChunk(device.session.next_id(), blob, offset, limit)
    return await device.ask(f.BlobChunk, frame)


async def test_a_blob_goes_up_and_comes_down(server: Server) -> None:
    anna, cem = [await device_of(server, name) for name in ("anna", "cem")]
    content = secrets.token_bytes(300_000)
    blob = secrets.token_bytes(32)
    first = await anna.ask(f.BlobStands, begin(anna, blob, content))
    assert (first.offset, first.length) == (0, 300_000)
    answers = [await anna.ask(f.BlobStands, one) for one in chunks(anna, blob, content)]
    assert [one.offset for one in answers] == [131_072, 262_144, 300_000]
    found = [await piece(cem, blob, at, BLOB_CHUNK_BYTES) for at in (0, 131_072, 262_144)]
    assert b"".join(one.chunk for one in found) == content
    assert {one.length for one in found} == {300_000}
    await anna.ask(f.Done, f.DropBlob(anna.session.next_id(), blob))
    with pytest.raises(WasRefused, match="unknown_blob"):
        await piece(cem, blob, 0, 1)


async def test_chunks_need_not_wait_for_each_others_answers(server: Server) -> None:
    anna = await device_of(server, "anna")
    content, blob = secrets.token_bytes(20 * BLOB_CHUNK_BYTES), secrets.token_bytes(32)
    waiting = [anna.begin(begin(anna, blob, content))]
    waiting += [anna.begin(one) for one in chunks(anna, blob, content)]
    answers = await asyncio.gather(*waiting)
    assert answers[-1] == f.BlobStands(answers[-1].id, len(content), len(content))  # type: ignore[union-attr]


async def test_an_upload_goes_on_over_a_new_connection_and_another_device(server: Server) -> None:
    anna = await device_of(server, "anna")
    content, blob = secrets.token_bytes(200_000), secrets.token_bytes(32)
    await anna.ask(f.BlobStands, begin(anna, blob, content))
    first, second = chunks(anna, blob, content)
    await anna.ask(f.BlobStands, first)
    await anna.close()
    again = await WireDevice.open(url_of(server), anna.person)
    assert (await again.ask(f.BlobStands, begin(again, blob, content))).offset == 131_072
    chunk = f.PutBlobChunk(again.session.next_id(), blob, 131_072, second.chunk)
    assert (await again.ask(f.BlobStands, chunk)).offset == 200_000


async def test_refusals_have_their_words(tmp_path: Path) -> None:
    limits = Limits(blob_bytes=1000, blob_bytes_per_account=1500, blob_uploads_per_account=1)
    server = Server(ServerConfig(tmp_path, port=0, limits=limits))
    await server.start()
    anna, cem = [await device_of(server, name) for name in ("anna", "cem")]
    blob = await upload(anna, bytes(1000))

    async def refused(device: WireDevice, frame: f.ClientFrame) -> str:
        answer = await device.begin(frame)
        assert isinstance(answer, f.Refused)
        assert answer.sentence.endswith(".")
        return answer.code

    other = secrets.token_bytes(32)
    assert await refused(anna, begin(anna, other, bytes(1001))) == "too_large"
    assert await refused(anna, begin(anna, other, bytes(501))) == "quota_exceeded"
    assert await refused(cem, begin(cem, blob, bytes(1000))) == "blob_exists"
    await anna.ask(f.BlobStands, begin(anna, other, bytes(100)))
    third = secrets.token_bytes(32)
    assert await refused(anna, begin(anna, third, bytes(100))) == "too_many_uploads"
    bad = f.PutBlobChunk(anna.session.next_id(), other, 0, b"x" * 100)
    assert await refused(anna, bad) == "bad_blob"
    beyond = f.PutBlobChunk(anna.session.next_id(), other, 1, b"x" * 100)
    assert await refused(anna, beyond) == "bad_request"
    assert await refused(cem, f.PutBlobChunk(1_000, other, 0, b"x")) == "unknown_blob"
    await server.stop()


async def test_a_device_that_has_not_logged_in_has_no_blobs(server: Server) -> None:
    stranger = await WireDevice.connect(url_of(server), Person.new("eve"))
    stranger.send_raw(encode(f.GetBlobChunk(1, bytes(32), 0, 1)))
    await stranger.gone()
    assert stranger.closing is not None
    assert stranger.closing.code == "wrong_state"


# --- fairness --------------------------------------------------------------------------------


async def test_messages_of_others_do_not_wait_for_a_slow_disk(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, cem = [await device_of(server, name) for name in ("anna", "cem")]
    group = await cem.converse([], [])
    released, write = threading.Event(), LocalBlobs._write

    def slow(self: LocalBlobs, name: bytes, offset: int, chunk: bytes) -> int:
        assert released.wait(60)
        return write(self, name, offset, chunk)

    monkeypatch.setattr(LocalBlobs, "_write", slow)
    content, blob = bytes(4 * BLOB_CHUNK_BYTES), secrets.token_bytes(32)
    await anna.ask(f.BlobStands, begin(anna, blob, content))
    waiting = [anna.begin(one) for one in chunks(anna, blob, content)]
    for number in range(50):
        appended = await cem.append(group.group_id, 0, group.encrypt(b"%d" % number))
        assert appended.seq == number + 1
    assert not any(one.done() for one in waiting)
    released.set()
    await asyncio.gather(*waiting)


async def test_a_message_waits_for_the_chunks_before_it_and_no_others(server: Server) -> None:
    anna = await device_of(server, "anna")
    group = await anna.converse([], [])
    content, blob = secrets.token_bytes(4 * BLOB_CHUNK_BYTES), secrets.token_bytes(32)
    await anna.ask(f.BlobStands, begin(anna, blob, content))
    first, second, third, fourth = chunks(anna, blob, content)
    order: list[str] = []

    async def noted(name: str, answer: "asyncio.Future[f.ServerFrame]") -> None:
        await answer
        order.append(name)

    message = f.Append(
        anna.session.next_id(), group.group_id, 0, f.APPLICATION, group.encrypt(b"x"), bytes(16)
    )
    frames = [("1", first), ("2", second), ("message", message), ("3", third), ("4", fourth)]
    waiting = [(name, anna.begin(frame)) for name, frame in frames]
    await asyncio.gather(*(noted(name, answer) for name, answer in waiting))
    assert order == ["1", "2", "message", "3", "4"]


async def test_a_download_stops_while_nobody_reads_it(server: Server) -> None:
    """However many pieces are asked for, the server holds a few of them."""
    anna, cem = [await device_of(server, name) for name in ("anna", "cem")]
    content = secrets.token_bytes(BLOB_CHUNK_BYTES)
    blob = await upload(anna, content)
    assert server.edge is not None and cem.transport is not None
    (connection,) = [
        one
        for bucket in server.edge._wheel
        for one in bucket
        if one.device is not None and one.device.name == "cem"
    ]
    cem.transport.underlying_transport.pause_reading()
    waiting = [
        cem.begin(f.GetBlobChunk(cem.session.next_id(), blob, 0, BLOB_CHUNK_BYTES))
        for _ in range(100)
    ]
    await stalled(connection)
    assert buffered(connection) <= STALL_BYTES + 2 * BLOB_CHUNK_BYTES
    assert not waiting[-1].done()
    cem.transport.underlying_transport.resume_reading()
    answers = await asyncio.gather(*waiting)
    assert {one.chunk for one in answers} == {content}  # type: ignore[union-attr]


async def stalled(connection: Connection) -> None:
    """Wait until the device's side takes no more, and nothing is under way for it."""
    while not connection._stalled or connection._running:
        await asyncio.sleep(0.01)


def buffered(connection: Connection) -> int:
    assert connection._stream is not None
    return connection._stream.get_write_buffer_size()


async def test_what_waits_of_an_upload_is_bounded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that sends and sends is not read while its chunks wait for the disk; picows has
    by then read at most about two of the largest messages."""
    anna = await device_of(server, "anna")
    released, write, most = threading.Event(), LocalBlobs._write, 0

    def slow(self: LocalBlobs, name: bytes, offset: int, chunk: bytes) -> int:
        nonlocal most
        assert released.wait(60)
        (connection,) = [one for bucket in edge._wheel for one in bucket]
        most = max(most, len(connection._queue or ()))
        return write(self, name, offset, chunk)

    assert server.edge is not None
    edge = server.edge
    monkeypatch.setattr(LocalBlobs, "_write", slow)
    content, blob = bytes(200 * BLOB_CHUNK_BYTES), secrets.token_bytes(32)
    await anna.ask(f.BlobStands, begin(anna, blob, content))
    waiting = [anna.begin(one) for one in chunks(anna, blob, content)]
    for _ in range(100):
        await asyncio.sleep(0)
    released.set()
    assert (await waiting[-1]).offset == len(content)  # type: ignore[union-attr]
    assert most * BLOB_CHUNK_BYTES <= 5 * 1024 * 1024
