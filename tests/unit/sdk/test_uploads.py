"""Files on their way out: once, whatever breaks; and never in the way of messages."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cast import PATIENCE_S, Town, event, history, message, settled
from crooked import Crooked, willing
from plausch.content.stream import MAX_CONTENT_BYTES
from plausch.sdk import (
    Client,
    FileDescription,
    FileRefused,
    NotParticipant,
    ProblemFound,
    SdkError,
    ServerMisbehaved,
    ServerRefused,
    State,
    Unreachable,
)
from plausch.sdk.outgoing import PLAIN_FILE, outgoing_file
from plausch.sdk.uploads import AT_ONCE, WINDOW, Uploads
from plausch.sdk.vault.uploads import FOLDER
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES
from unit.sdk.full_disk import nothing_written
from unit.sdk.tunnel import core_of, device_of
from unit.sdk.uploading import (
    CONTENT,
    fetched,
    gone,
    pair,
    puts,
    refusing,
    sealed_files,
    stop_after,
    waiting_upload,
)

# --- what it does --------------------------------------------------------------------------


async def test_a_file_arrives_with_everything_that_was_said_of_it(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    _, cem, talk = await pair(town, wire)
    sent = await talk.send_file(
        CONTENT, FileDescription(name="Karte.png", alt="A map"), caption="Look"
    )
    assert await sent.accepted() > 0
    incoming = await message(cem)
    attachment = incoming.attachment
    assert attachment is not None
    assert (attachment.name, attachment.content_type) == ("Karte.png", "image/png")
    assert incoming.text == "[A map]\nLook"
    path = await incoming.conversation.download(incoming, tmp_path)
    assert path.read_bytes() == CONTENT
    assert sealed_files(town) == []
    (mine,) = await talk.history()
    assert mine.attachment == attachment


async def test_what_the_server_sees_is_neither_content_nor_key_nor_name(
    town: Town, wire: Crooked
) -> None:
    _, cem, talk = await pair(town, wire)
    await (await talk.send_file(b"secret " * 100, FileDescription(name="secret.txt"))).accepted()
    attachment = (await message(cem)).attachment
    assert attachment is not None
    seen = b"".join(frame.chunk for frame in puts(wire))
    assert hashlib.sha256(seen).digest() == attachment.digest
    assert len(seen) == attachment.layout.sealed_bytes
    everything = repr(wire.sent).encode() + seen
    for hidden in (b"secret", attachment.secret.key, repr(attachment.secret.key).encode()[2:-1]):
        assert hidden not in everything


async def test_progress_goes_from_nothing_to_all(town: Town, wire: Crooked) -> None:
    _, _, talk = await pair(town, wire)
    seen: list[tuple[int, int]] = []
    await talk.send_file(CONTENT, on_progress=lambda done, total: seen.append((done, total)))
    done = [one for one, _ in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert len({total for _, total in seen}) == 1
    assert seen[-1][0] == seen[-1][1] > len(CONTENT)


async def test_a_few_chunks_are_under_way_and_no_more(town: Town, wire: Crooked) -> None:
    """A text of the same device waits for these at most."""
    _, _, talk = await pair(town, wire)
    under_way = most = 0

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        nonlocal under_way, most
        under_way += isinstance(frame, f.PutBlobChunk)
        most = max(most, under_way)
        return [frame]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        nonlocal under_way
        under_way -= isinstance(frame, f.BlobStands) and frame.offset > 0
        return [frame]

    wire.to_server, wire.to_device = to_server, to_device
    await talk.send_file(secrets.token_bytes(20 * BLOB_CHUNK_BYTES))
    assert most == WINDOW
    assert all(len(frame.chunk) <= BLOB_CHUNK_BYTES for frame in puts(wire))


async def test_texts_go_ahead_of_a_file_that_is_being_uploaded(town: Town, wire: Crooked) -> None:
    _, cem, talk = await pair(town, wire)
    held: list[f.ClientFrame] = []

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.PutBlobChunk):
            held.append(frame)
            return []
        return [frame]

    wire.to_server = to_server
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    while not held:
        await asyncio.sleep(0.01)
    await (await talk.send_text("ahead")).accepted()
    assert (await message(cem)).text == "ahead"
    wire.to_server = willing
    wire.cut()  # what was held is sent again
    await (await sending).accepted()
    assert (await message(cem)).attachment is not None


async def test_two_uploads_go_at_once_and_the_others_after_them(town: Town, wire: Crooked) -> None:
    _, cem, talk = await pair(town, wire)
    most = 0

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        nonlocal most
        begun = {one.blob for one in wire.sent if isinstance(one, f.BeginBlob)}
        most = max(most, len(begun) - ended[0])
        return [frame]

    ended = [0]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        ended[0] += isinstance(frame, f.BlobStands) and frame.offset == frame.length
        return [frame]

    wire.to_server, wire.to_device = to_server, to_device
    sizes = range(200_000, 800_000, 100_000)
    sent = await asyncio.gather(*(talk.send_file(secrets.token_bytes(size)) for size in sizes))
    for one in sent:
        await one.accepted()
    found = [(await message(cem)).attachment for _ in sizes]
    assert {one.size_bytes for one in found if one is not None} == set(sizes)
    assert most <= AT_ONCE


# --- what breaks ---------------------------------------------------------------------------


@pytest.mark.parametrize("cuts", [1, 3])
async def test_an_upload_goes_on_after_a_lost_connection(
    town: Town, wire: Crooked, tmp_path: Path, cuts: int
) -> None:
    _, cem, talk = await pair(town, wire)
    left = [cuts]

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        half_way = isinstance(frame, f.BlobStands) and 0 < frame.offset < frame.length
        if half_way and left[0]:
            left[0] -= 1
            wire.cut()
            return []
        return [frame]

    wire.to_device = to_device
    await (await talk.send_file(CONTENT)).accepted()
    assert await fetched(cem, tmp_path) == CONTENT
    assert sum(len(frame.chunk) for frame in puts(wire)) < 2 * len(CONTENT)


async def test_an_upload_goes_on_after_a_restart_of_the_device(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    cem = await town.person("cem")
    anna = await town.register("anna", url=wire.url)
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    async with anna:
        talk = await anna.conversation_with("cem@localhost")
        await talk.ready()
        stop_after(wire, 2)
        sending = asyncio.ensure_future(talk.send_file(source))
        while len(puts(wire)) < 3:
            await asyncio.sleep(0.01)
    with pytest.raises(Unreachable, match="goes on next time"):
        await sending
    assert len(sealed_files(town)) == 1
    source.write_bytes(b"something else by now")
    wire.to_server = willing
    async with await Client.open(town.home("anna")) as again:
        assert await fetched(cem, tmp_path) == CONTENT
        await settled(again)
        offsets = [frame.offset for frame in puts(wire)]
        assert offsets.count(0) == 1
        assert sealed_files(town) == []
        (only,) = await again.conversation(talk.id).history()
        assert only.state in (State.SENT, State.DELIVERED)


async def test_a_file_that_is_sent_in_a_tunnel_goes_out_afterwards(
    town: Town, tmp_path: Path
) -> None:
    cem = await town.person("cem")
    async with await town.register("anna") as anna:
        talk = await anna.conversation_with("cem@localhost")
        await talk.ready()
    anna = await Client.open(town.home("anna"))  # not connected
    talk = anna.conversation(talk.id)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await talk.send_file(CONTENT)
    assert len(sealed_files(town)) == 1
    await town.connect(anna)
    assert await fetched(cem, tmp_path) == CONTENT


async def test_a_server_that_forgot_some_of_it_is_sent_that_again(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    _, cem, talk = await pair(town, wire)
    folder = town.server.config.blobs / "uploads"
    torn = [1]

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.PutBlobChunk) and frame.offset >= 4 * BLOB_CHUNK_BYTES and torn[0]:
            torn[0] = 0
            (file,) = folder.iterdir()
            with file.open("r+b") as opened:
                opened.truncate(100_000)
        return [frame]

    wire.to_server = to_server
    await (await talk.send_file(CONTENT)).accepted()
    assert await fetched(cem, tmp_path) == CONTENT
    assert 100_000 in {frame.offset for frame in puts(wire)}


@pytest.mark.parametrize("kind", [f.BeginBlob, f.PutBlobChunk])
@pytest.mark.parametrize(
    ("code", "fault", "wait_ms"),
    [
        ("rate_limited", "local", 1),
        ("storage_unavailable", "operator", 1),
        ("internal", "operator", 0),
    ],
)
async def test_what_is_refused_for_a_while_is_tried_again(
    town: Town,
    wire: Crooked,
    tmp_path: Path,
    kind: type[f.ClientFrame],
    code: str,
    fault: str,
    wait_ms: int,
) -> None:
    _, cem, talk = await pair(town, wire)
    refusing(wire, kind, code, fault, times=2, wait_ms=wait_ms)
    await (await talk.send_file(CONTENT)).accepted()
    assert await fetched(cem, tmp_path) == CONTENT


@pytest.mark.parametrize("code", ["too_large", "quota_exceeded", "too_many_uploads", "bad_blob"])
async def test_what_is_refused_for_good_is_given_up(town: Town, wire: Crooked, code: str) -> None:
    anna, _, talk = await pair(town, wire)
    kind = f.PutBlobChunk if code == "bad_blob" else f.BeginBlob
    refusing(wire, kind, code, "local", times=1)
    with pytest.raises(ServerRefused, check=lambda error: error.code == code):
        await talk.send_file(CONTENT)
    await gone(town, anna)
    assert await history(talk) == []
    assert await anna.problems() == ["Not now."]
    async with asyncio.timeout(PATIENCE_S):
        while not any(isinstance(frame, f.DropBlob) for frame in wire.sent):
            await asyncio.sleep(0.01)
    await (await talk.send_text("on we go")).accepted()


@pytest.mark.parametrize(
    "lie",
    [
        lambda one: f.BlobStands(one.id, one.offset, one.length + 1),
        lambda one: f.BlobStands(one.id, one.length + 1, one.length),
        lambda one: f.BlobStands(one.id, 0, one.length),
    ],
    ids=["another length", "more than all", "never more"],
)
async def test_a_server_that_lies_about_an_upload_is_not_believed(
    town: Town,
    wire: Crooked,
    tmp_path: Path,
    lie: Callable[[f.BlobStands], f.BlobStands],
) -> None:
    anna, cem, talk = await pair(town, wire)
    wire.to_device = lambda one: [lie(one)] if isinstance(one, f.BlobStands) else [one]
    with pytest.raises(ServerMisbehaved):
        await talk.send_file(CONTENT)
    assert len(await anna.problems()) == 1
    wire.to_device = lambda one: [one]
    wire.cut()  # the next connection goes on
    assert await fetched(cem, tmp_path) == CONTENT


async def test_a_caller_that_is_cancelled_has_its_file_sent_all_the_same(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    _, cem, talk = await pair(town, wire)
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    while not puts(wire):
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await fetched(cem, tmp_path) == CONTENT


async def test_who_left_sends_no_file(town: Town, wire: Crooked) -> None:
    anna, _, talk = await pair(town, wire)
    await talk.leave()
    with pytest.raises(NotParticipant):
        await talk.send_file(CONTENT)
    assert sealed_files(town) == []
    assert anna.online


async def test_a_file_whose_conversation_was_left_meanwhile_is_given_up(
    town: Town, wire: Crooked
) -> None:
    anna, _, talk = await pair(town, wire)
    stop_after(wire, 1)
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    while len(puts(wire)) < 2:
        await asyncio.sleep(0.01)
    await talk.leave()
    wire.to_server = willing
    wire.cut()
    with pytest.raises(NotParticipant):
        await sending
    await gone(town, anna)


async def test_a_vault_that_takes_nothing_keeps_no_sealed_bytes(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, talk = await pair(town, wire)
    with nothing_written(town.home("anna")), pytest.raises(Exception, match="did not take"):
        await talk.send_file(CONTENT)
    assert sealed_files(town) == []
    assert puts(wire) == []


async def test_a_vault_that_is_full_when_the_upload_ends_says_the_message_later(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    anna, cem, talk = await pair(town, wire)
    full = nothing_written(town.home("anna"))

    def to_device(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.BlobStands) and frame.offset == frame.length:
            wire.to_device = lambda one: [one]
            full.__enter__()
        return [frame]

    wire.to_device = to_device
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    found = await event(anna, ProblemFound)
    assert found.code == "storage_unavailable"
    full.__exit__(None, None, None)
    await (await sending).accepted()
    assert await fetched(cem, tmp_path) == CONTENT


async def test_sealed_bytes_that_are_gone_are_a_problem(town: Town, wire: Crooked) -> None:
    anna, _, talk = await pair(town, wire)
    stop_after(wire, 1)
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    while len(puts(wire)) < 2:
        await asyncio.sleep(0.01)
    (file,) = sealed_files(town)
    file.unlink()
    wire.to_server = willing
    wire.cut()
    with pytest.raises(FileRefused):
        await sending
    await gone(town, anna)


async def test_sealed_bytes_that_belong_to_nothing_are_removed(town: Town, wire: Crooked) -> None:
    anna, _, talk = await pair(town, wire)
    folder = town.home("anna") / FOLDER
    folder.mkdir()
    (folder / secrets.token_hex(16)).write_bytes(b"of a crash")
    held = await waiting_upload(wire, talk)
    await device_of(anna).uploads.kick_all()
    assert len(sealed_files(town)) == 1  # the one that is needed
    wire.to_server = willing
    wire.cut()
    await held
    assert sealed_files(town) == []


# --- what is refused at once ---------------------------------------------------------------


async def test_what_cannot_be_sent_is_refused_before_anything_is_read(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    _, _, talk = await pair(town, wire)
    with pytest.raises(FileRefused):
        await talk.send_file(tmp_path / "absent")
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(MAX_CONTENT_BYTES + 1)
    with pytest.raises(SdkError, match="A file has 0 to"):
        await talk.send_file(huge)
    assert sealed_files(town) == []


async def test_a_caption_that_is_too_long_leaves_nothing(town: Town, wire: Crooked) -> None:
    _, _, talk = await pair(town, wire)
    with pytest.raises(SdkError, check=lambda error: error.code == "too_large"):
        await talk.send_file(b"x", caption="x" * 70_000)
    assert sealed_files(town) == []


async def test_a_file_that_changes_while_it_is_read_is_not_sent(
    town: Town, wire: Crooked, tmp_path: Path
) -> None:
    anna, _, talk = await pair(town, wire)
    source = tmp_path / "growing"
    source.write_bytes(b"x" * 1000)
    outgoing = outgoing_file(core_of(anna), source, PLAIN_FILE)
    source.write_bytes(b"x" * 1001)
    with pytest.raises(SdkError, match="changed while it was read"):
        await device_of(anna).uploads.send(talk._live, outgoing)
    shorter = replace(outgoing, attachment=replace(outgoing.attachment, size_bytes=2000))
    with pytest.raises(SdkError, match="changed while it was read"):
        await device_of(anna).uploads.send(talk._live, shorter)
    assert sealed_files(town) == []
    assert isinstance(device_of(anna).uploads, Uploads)
