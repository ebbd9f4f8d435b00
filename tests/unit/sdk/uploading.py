"""Anna, who sends files, and the server between her and Cem."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

from cast import PATIENCE_S, Town, message
from crooked import Crooked
from plausch.sdk import Client, Conversation, SentMessage
from plausch.sdk.vault.uploads import FOLDER
from plausch.wire import frames as f
from unit.sdk.tunnel import device_of

CONTENT = secrets.token_bytes(700_000)


async def pair(town: Town, wire: Crooked) -> tuple[Client, Client, Conversation]:
    """Anna behind the proxy, Cem, and their conversation."""
    cem = await town.person("cem")
    anna = await town.person("anna", url=wire.url)
    talk = await anna.conversation_with("cem@localhost")
    await talk.ready()
    return anna, cem, talk


def puts(wire: Crooked) -> list[f.PutBlobChunk]:
    return [frame for frame in wire.sent if isinstance(frame, f.PutBlobChunk)]


def sealed_files(town: Town, name: str = "anna") -> list[Path]:
    folder = town.home(name) / FOLDER
    return list(folder.iterdir()) if folder.exists() else []


async def fetched(client: Client, folder: Path) -> bytes:
    incoming = await message(client)
    path = await incoming.conversation.download(incoming, folder)
    return path.read_bytes()


def refusing(
    wire: Crooked, kind: type[f.ClientFrame], code: str, fault: str, *, times: int, wait_ms: int = 0
) -> None:
    """The server refuses so many requests of a kind."""
    left = [times]

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, kind) and left[0] > 0:
            left[0] -= 1
            refusal = f.Refused(frame.id, code, "Not now.", fault, wait_ms)  # type: ignore[union-attr]
            wire.push(refusal)
            return []
        return [frame]

    wire.to_server = to_server


def stop_after(wire: Crooked, chunks: int) -> None:
    """The server is silent from the next chunk on."""

    def to_server(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        return [] if isinstance(frame, f.PutBlobChunk) and len(puts(wire)) > chunks else [frame]

    wire.to_server = to_server


async def gone(town: Town, client: Client) -> None:
    """Nothing of an upload is left."""
    async with asyncio.timeout(PATIENCE_S):
        while sealed_files(town) or await device_of(client).uploads._table.all():
            await asyncio.sleep(0.01)


async def waiting_upload(wire: Crooked, talk: Conversation) -> "asyncio.Future[SentMessage]":
    """An upload in the middle of its way."""
    stop_after(wire, 1)
    sending = asyncio.ensure_future(talk.send_file(CONTENT))
    while len(puts(wire)) < 2:
        await asyncio.sleep(0.01)
    return sending
