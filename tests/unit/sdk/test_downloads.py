"""Files on their way in: whole and proven, or not there; gone on with after whatever breaks."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cast import Town, message
from crooked import Crooked, willing
from plausch.content.attachment import Attachment
from plausch.content.errors import ContentError
from plausch.sdk import (
    Client,
    Conversation,
    FileDescription,
    FileRefused,
    IncomingMessage,
    SdkError,
    ServerRefused,
    Unreachable,
)
from plausch.sdk import downloads as module
from plausch.sdk.downloads import ATTEMPTS, WINDOW, download
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from unit.sdk.tunnel import core_of

CONTENT = secrets.token_bytes(2_500_000)
"""Three chunks of the file, 20 of the wire."""


@dataclass
class Post:
    """A file that Cem has sent, and Anna behind the proxy who has its message."""

    anna: Client
    cem: Client
    incoming: IncomingMessage
    wire: Crooked
    folder: Path

    @property
    def attachment(self) -> Attachment:
        assert self.incoming.attachment is not None
        return self.incoming.attachment

    @property
    def talk(self) -> Conversation:
        return self.incoming.conversation

    async def fetch(self, to: Path | None = None) -> Path:
        return await self.talk.download(self.incoming, to or self.folder)

    def gets(self) -> list[f.GetBlobChunk]:
        return [frame for frame in self.wire.sent if isinstance(frame, f.GetBlobChunk)]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
async def post(town: Town, wire: Crooked, tmp_path: Path) -> AsyncIterator[Post]:
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem")
    talk = await cem.conversation_with("anna@localhost")
    await (await talk.send_file(CONTENT, FileDescription(name="menu.pdf"))).accepted()
    folder = tmp_path / "received"
    folder.mkdir()
    yield Post(anna, cem, await message(anna), wire, folder)


def silent_after(post: Post, pieces: int) -> None:
    """The server answers so many pieces and no more."""
    left = [pieces]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.BlobChunk):
            left[0] -= 1
            return [frame] if left[0] >= 0 else []
        return [frame]

    post.wire.to_device = to_device


# --- where it goes -------------------------------------------------------------------------


async def test_a_file_goes_into_a_folder_under_its_own_name(post: Post) -> None:
    for name in ("menu.pdf", "menu (2).pdf"):
        assert await post.fetch() == post.folder / name
        assert (post.folder / name).read_bytes() == CONTENT
    assert post.names() == ["menu (2).pdf", "menu.pdf"]


async def test_a_file_goes_to_a_path_and_replaces_what_is_there(post: Post) -> None:
    target = post.folder / "here.bin"
    target.write_bytes(b"old")
    assert await post.fetch(target) == target
    assert target.read_bytes() == CONTENT
    assert post.names() == ["here.bin"]


async def test_a_folder_that_is_not_there_is_a_sentence(post: Post) -> None:
    with pytest.raises(FileRefused, match="cannot be used"):
        await post.fetch(post.folder / "absent" / "x")


async def test_a_hostile_name_stays_in_the_folder(post: Post) -> None:
    hostile = replace(post.attachment, name="../../.bashrc")
    path = await download(core_of(post.anna), hostile, post.folder)
    assert path == post.folder / "_.._.bashrc"


async def test_progress_goes_up_to_all(post: Post) -> None:
    seen: list[tuple[int, int]] = []
    await post.talk.download(
        post.incoming, post.folder, lambda done, total: seen.append((done, total))
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (post.attachment.layout.sealed_bytes,) * 2


async def test_the_sender_may_fetch_it_too(post: Post) -> None:
    mine = post.cem.conversation(post.talk.id)
    (sent,) = await mine.history()
    path = await mine.download(sent, str(post.folder))
    assert path.read_bytes() == CONTENT


async def test_a_few_pieces_are_under_way_and_no_more(post: Post) -> None:
    under_way = most = 0

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        nonlocal under_way, most
        under_way += isinstance(frame, f.GetBlobChunk)
        most = max(most, under_way)
        return [frame]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        nonlocal under_way
        under_way -= isinstance(frame, f.BlobChunk)
        return [frame]

    post.wire.to_server, post.wire.to_device = to_server, to_device
    await post.fetch()
    assert most == WINDOW
    asked = [(one.offset, one.limit) for one in post.gets()]
    assert all(limit <= BLOB_CHUNK_BYTES for _, limit in asked)
    assert sum(limit for _, limit in asked) == post.attachment.layout.sealed_bytes


@pytest.mark.parametrize("size", [0, 1, 1024, 1_048_576, 1_048_577])
async def test_files_of_every_size_arrive(post: Post, size: int) -> None:
    content = secrets.token_bytes(size)
    talk = post.cem.conversation(post.talk.id)
    await (await talk.send_file(content, FileDescription(name="x.bin"))).accepted()
    incoming = await message(post.anna)
    path = await post.talk.download(incoming, post.folder)
    assert path.read_bytes() == content


# --- what breaks ---------------------------------------------------------------------------


async def test_a_download_goes_on_after_a_lost_connection(post: Post) -> None:
    left = [3]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.BlobChunk) and left[0] and len(post.gets()) > 5 * (4 - left[0]):
            left[0] -= 1
            post.wire.cut()
            return []
        return [frame]

    post.wire.to_device = to_device
    assert (await post.fetch()).read_bytes() == CONTENT
    assert left == [0]
    assert len(post.gets()) < 20 + 4 * WINDOW  # nothing that had arrived was asked for again


async def test_a_download_that_was_interrupted_goes_on_later(post: Post) -> None:
    silent_after(post, 14)  # one chunk of the file and some of the second
    fetching = asyncio.ensure_future(post.fetch())
    while len(post.gets()) < 14 + WINDOW:
        await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    (part,) = post.names()
    assert part.startswith(".") and part.endswith(".part")
    before = len(post.gets())
    post.wire.to_device = lambda frame: [frame]
    assert (await post.fetch()).read_bytes() == CONTENT
    again = post.gets()[before:]
    assert again[0].offset == post.attachment.layout.sealed_before(1)
    assert post.names() == ["menu.pdf"]


async def test_a_download_goes_on_in_another_process(post: Post, town: Town) -> None:
    silent_after(post, 14)
    fetching = asyncio.ensure_future(post.fetch())
    while len(post.gets()) < 14 + WINDOW:
        await asyncio.sleep(0.01)
    await post.anna.close()
    with pytest.raises(Unreachable):
        await fetching
    post.wire.to_device = lambda frame: [frame]
    async with await Client.open(town.home("anna")) as again:
        await again.synchronize()
        talk = again.conversation(post.talk.id)
        (stored,) = await talk.history()
        before = len(post.gets())
        path = await talk.download(stored, post.folder)
        assert path.read_bytes() == CONTENT
        assert post.gets()[before].offset > 0


async def test_who_finds_no_connection_is_told(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.wire.to_device = lambda frame: (
        post.wire.cut() or [] if isinstance(frame, f.BlobChunk) else [frame]  # type: ignore[func-returns-value]
    )
    with pytest.raises(Unreachable):
        await post.fetch()
    assert 1 < len(post.gets()) <= ATTEMPTS * WINDOW


@pytest.mark.parametrize(("code", "fault"), [("rate_limited", "local"), ("internal", "operator")])
async def test_what_is_refused_for_a_while_is_asked_again(
    post: Post, code: str, fault: str
) -> None:
    left = [2]

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.GetBlobChunk) and left[0]:
            left[0] -= 1
            post.wire.push(f.Refused(frame.id, code, "Not now.", fault, 1))
            return []
        return [frame]

    post.wire.to_server = to_server
    assert (await post.fetch()).read_bytes() == CONTENT


async def test_what_is_refused_again_and_again_is_told(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "jittered_delay_s", lambda attempt: 0.0)

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.GetBlobChunk):
            refusal = f.Refused(frame.id, "storage_unavailable", "Not now.", "operator", 1)
            post.wire.push(refusal)
            return []
        return [frame]

    post.wire.to_server = to_server
    with pytest.raises(ServerRefused, match="Not now"):
        await post.fetch()
    post.wire.to_server = willing
    assert (await post.fetch()).read_bytes() == CONTENT


async def test_a_file_that_has_left_the_server_is_a_sentence(post: Post) -> None:
    talk = post.cem.conversation(post.talk.id)
    (sent,) = await talk.history()
    await (await talk.delete(sent.message_id)).accepted()
    post.wire.sent.clear()
    async with asyncio.timeout(20):
        while True:  # it is dropped in the background
            try:
                (await post.fetch()).unlink()
            except ServerRefused as error:
                assert error.code == "unknown_blob"
                break


# --- whom it does not believe ----------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        lambda one: f.BlobChunk(one.id, one.length, bytes(len(one.chunk))),
        lambda one: f.BlobChunk(one.id, one.length, one.chunk[:-1] + bytes((one.chunk[-1] ^ 1,))),
        lambda one: f.BlobChunk(one.id, one.length, one.chunk[:-1]),
        lambda one: f.BlobChunk(one.id, one.length, b""),
        lambda one: f.BlobChunk(one.id, one.length + 1, one.chunk),
        lambda one: f.BlobChunk(one.id, one.length - 1, one.chunk),
    ],
    ids=["zeros", "last byte", "shorter", "empty", "longer in all", "shorter in all"],
)
async def test_a_server_that_delivers_something_else_is_not_believed(
    post: Post, lie: Callable[[f.BlobChunk], f.BlobChunk]
) -> None:
    post.wire.to_device = lambda one: [lie(one)] if isinstance(one, f.BlobChunk) else [one]
    with pytest.raises(ContentError, match="not the one that was sent"):
        await post.fetch()
    assert post.names() == []
    post.wire.to_device = lambda one: [one]
    assert (await post.fetch()).read_bytes() == CONTENT


async def test_pieces_in_another_order_are_not_believed(post: Post) -> None:
    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.GetBlobChunk) and frame.offset < 2 * BLOB_CHUNK_BYTES:
            other = BLOB_CHUNK_BYTES - frame.offset
            return [f.GetBlobChunk(frame.id, frame.blob, other, frame.limit)]
        return [frame]

    post.wire.to_server = to_server
    with pytest.raises(ContentError):
        await post.fetch()
    assert post.names() == []


async def test_a_blob_that_opens_but_is_another_one_is_not_believed(post: Post) -> None:
    """A member who has the key could seal something else for the same place."""
    forged = replace(post.attachment, digest=bytes(32))
    with pytest.raises(ContentError):
        await download(core_of(post.anna), forged, post.folder)
    assert post.names() == []


async def test_a_part_that_somebody_changed_is_begun_anew(post: Post) -> None:
    silent_after(post, 14)
    fetching = asyncio.ensure_future(post.fetch())
    while len(post.gets()) < 14 + WINDOW:
        await asyncio.sleep(0.01)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    (part,) = post.folder.iterdir()
    with part.open("r+b") as file:
        file.write(b"forged")
    post.wire.to_device = lambda frame: [frame]
    with pytest.raises(ContentError):
        await post.fetch()
    assert (await post.fetch()).read_bytes() == CONTENT


async def test_nothing_is_fetched_from_another_server(post: Post) -> None:
    elsewhere = replace(post.attachment, domain="evil.example")
    with pytest.raises(SdkError, match=r"lies at evil\.example"):
        await download(core_of(post.anna), elsewhere, post.folder)
    assert post.gets() == []


async def test_one_download_of_a_file_at_a_time(post: Post) -> None:
    silent_after(post, 3)
    fetching = asyncio.ensure_future(post.fetch())
    while len(post.gets()) < 4:
        await asyncio.sleep(0.01)
    with pytest.raises(SdkError, match="being fetched already"):
        await post.fetch()
    post.wire.to_device = lambda frame: [frame]
    post.wire.cut()
    assert (await fetching).read_bytes() == CONTENT


async def test_a_message_without_a_file_has_none(post: Post) -> None:
    talk = post.cem.conversation(post.talk.id)
    await (await talk.send_text("no file")).accepted()
    incoming = await message(post.anna)
    assert incoming.attachment is None
    with pytest.raises(SdkError, match="has no file"):
        await post.talk.download(incoming, post.folder)
