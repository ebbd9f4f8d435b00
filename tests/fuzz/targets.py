"""What hostile bytes are given to, one function for each room of parsers, and how each may refuse.

A target reads bytes and does with the outcome what the program would do first. What it raises
beside its documented refusals is a fault, and so is one input that takes longer or more memory
than LONGEST_S and MOST_BYTES allow (run.py lets libFuzzer watch over both).
"""

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

from full_store import fill_store
from fuzz.services import loop, requests_to_services, services
from plausch.base.http import BadRequest, accepted_encodings, parse_request, preferred_language
from plausch.base.ids import NameRefused
from plausch.content import cards, cbor, mimi, rpc, team
from plausch.content.attachment import attachments_of
from plausch.content.conversation import facts_of
from plausch.content.errors import ContentError
from plausch.content.fork import mark_of
from plausch.content.join_request import join_request_of
from plausch.content.picture import check_picture
from plausch.content.purpose import purpose_of
from plausch.content.status import statuses_of
from plausch.content.text import language_of, mentions_in, reactions_of, readable_text
from plausch.db.interface import Transaction
from plausch.db.sqlite import open_sqlite
from plausch.domain.json_ld import json_ld, script_text
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import encode_profile, parse_body
from plausch.domain.vcard import vcard
from plausch.identity.certificate import parse_certificate
from plausch.identity.device_list import parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey
from plausch.identity.profile import parse_profile
from plausch.mls import framing, handshake
from plausch.mls.errors import ProtocolError, SavedStateRefused
from plausch.mls.group_info import parse_group_info
from plausch.mls.key_package import parse_key_package
from plausch.mls.proposal import proposal_from_bytes
from plausch.mls.saved import SavedGroup
from plausch.mls.saved import decode as decode_saved
from plausch.mls.welcome import parse_welcome
from plausch.mls.welcome_header import welcome_references
from plausch.sdk.handover import read_handover
from plausch.sdk.pairing import PairingRefused, parse_message
from plausch.server import signals
from plausch.server.dump import write_dump
from plausch.server.dump_file import DumpRefused, read_dump
from plausch.server.local_blobs import LocalBlobs
from plausch.wire import codec
from plausch.wire.session import ClientSession, ServerSession, State
from unit.mls.group_players import Scene
from unit.wire.samples import CLIENT, SERVER

LONGEST_S = 10
MOST_BYTES = 1024 * 1024 * 1024
INPUT_BYTES = 64 * 1024

_ROOT = Path(__file__).parents[2]
_HEX = re.compile(rb'"((?:[0-9a-f]{2}){2,})"')


@dataclass(frozen=True)
class Target:
    """`run` may raise `refusals` and nothing else; `seeds` are inputs that lead far into it."""

    run: Callable[[bytes], None]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]

    def takes(self, raw: bytes) -> bool:
        """Whether it read the input; raises what is a fault."""
        try:
            self.run(raw)
        except self.refusals:
            return False
        return True


def in_vectors(*names: str) -> list[bytes]:
    """Every string of bytes that these vectors of spec/vectors hold."""
    found = {
        bytes.fromhex(one.decode())
        for name in names
        for one in _HEX.findall((_ROOT / "spec" / "vectors" / f"{name}.json").read_bytes())
    }
    return sorted(one for one in found if len(one) <= INPUT_BYTES)


def chosen(raw: bytes, readers: Sequence[Callable[[bytes], object]]) -> None:
    """The first byte says which reader gets the rest."""
    if raw:
        readers[raw[0] % len(readers)](raw[1:])


def for_each(count: int, inputs: Sequence[bytes]) -> list[bytes]:
    """Each input for each of so many readers."""
    return [bytes((number,)) + one for number in range(count) for one in inputs]


# --- wire ------------------------------------------------------------------------------------


def session(raw: bytes) -> None:
    """Messages, each after two bytes of length, to both ends of a connection as it goes on."""
    server, client = ServerSession(), ClientSession()
    server.state = (
        (State.OPENING, State.RESUMED, State.PAIRING)[raw[0] % 3] if raw else server.state
    )
    at = 1
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 2], "big")
        message, at = raw[at + 2 : at + 2 + size], at + 2 + size
        for end in (server, client):
            try:
                frame = end.receive_bytes(message)
            except codec.WireError:
                continue
            assert codec.encode(frame) is not None


def sessions() -> list[bytes]:
    single = [codec.encode(one) for one in (*CLIENT, *SERVER)]
    framed = [len(one).to_bytes(2, "big") + one for one in single]
    hello = codec.encode(SERVER[0])
    greeted = len(hello).to_bytes(2, "big") + hello
    return [bytes((state,)) + greeted + one for one in framed for state in range(3)]


def bus(raw: bytes) -> None:
    for signal in signals.decode(raw):
        assert signal is not None


def on_the_bus() -> list[bytes]:
    device = "mimi://localhost/d/anna/0123456789abcdef"
    said: list[signals.Signal] = [
        signals.Told([device], b"frame"),
        signals.Sought("gateway", [device]),
        signals.Here([device]),
        signals.Entered("gateway", device, 1_800_000_000_000),
        signals.Ended(device, "device_removed", "Gone."),
        signals.Beat("gateway", leaves=True),
        signals.Replaced(device),
    ]
    return [signals.encode(said), *(signals.encode([one]) for one in said)]


def http(raw: bytes) -> None:
    request = parse_request(raw)
    accepted_encodings(request.headers)
    preferred_language(request.headers, ("en", "de"), "en")


def requests() -> list[bytes]:
    head = b"GET /linde?card HTTP/1.1\r\nHost: localhost:7480\r\nAccept-Encoding: br;q=0.5, gzip"
    return [
        head + b"\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8",
        b"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
        b'HEAD / HTTP/1.0\r\nIf-None-Match: W/"x"\r\nContent-Length: 3',
    ]


# --- mls -------------------------------------------------------------------------------------

BLIND: tuple[Callable[[bytes], object], ...] = (
    framing.header,
    framing.parse_public_message,
    framing.parse_private_message,
    handshake.parse_commit,
    handshake.parse_proposal,
    handshake.check_first_group_info,
    parse_key_package,
    parse_welcome,
    welcome_references,
    parse_group_info,
    proposal_from_bytes,
)


@cache
def scene() -> Scene:
    """A group of three; who processes is Bela, and nothing that she processes is accepted."""
    return Scene.of("anna", "bela", "cora")


@cache
def handshakes() -> list[bytes]:
    """Everything that members say."""
    anna, newcomer = scene()["anna"], scene().newcomer("dora")
    bundle = newcomer.bundle()
    pending = anna.commit(adds=[bundle.message], removes=[2])
    said = [pending.commit, pending.group_info, pending.welcome or b"", bundle.message]
    pending.drop()
    said += [anna.group.encrypt(b"Hello!"), anna.group.group_info(), anna.group.propose_remove(2)]
    return [one for one in said if one]


def mls(raw: bytes) -> None:
    chosen(raw, BLIND)


def member(raw: bytes) -> None:
    bela = scene()["bela"]
    bela.stage(raw)


def saved(raw: bytes) -> None:
    """The bytes of a group at rest: sealed in the vault, but a vault may be damaged."""
    size = int.from_bytes(raw[:3], "big")
    decode_saved(SavedGroup(raw[3 : 3 + size], raw[3 + size :]))


def at_rest() -> list[bytes]:
    one = scene()["bela"].group.save()
    return [len(one.epoch_state).to_bytes(3, "big") + one.epoch_state + one.ratchet_state]


# --- content ---------------------------------------------------------------------------------


def content(raw: bytes) -> None:
    """A decrypted message, and all that is read out of it."""
    found = mimi.decode(raw)
    readers: tuple[Callable[[mimi.MimiContent], object], ...] = (
        purpose_of,
        readable_text,
        language_of,
        reactions_of,
        mentions_in,
        mark_of,
        attachments_of,
        facts_of,
        statuses_of,
        rpc.rpc_of,
        team.fact_of,
        join_request_of,
        cards.card_of,
    )
    for read in readers:
        try:
            read(found)
        except ContentError:
            continue
    assert mimi.decode(found.encode()) == found


def spoken(raw: bytes) -> None:
    """A call or notice of the team, with what nobody has read of it yet."""
    found = rpc.decode_rpc(raw)
    if isinstance(found, rpc.Notice):
        rpc.piece_of(found)


PARTS: tuple[Callable[[bytes], object], ...] = (
    cards.decode_card,
    cbor.decode,
    team.decode_fact,
    spoken,
    check_picture,
)


def parts(raw: bytes) -> None:
    chosen(raw, PARTS)


# --- identity, profiles, links ---------------------------------------------------------------

OWN_KEY = SigningKey.from_bytes(bytes([4]) * 32)
SIGNED: tuple[Callable[[bytes], object], ...] = (
    parse_certificate,
    parse_device_list,
    parse_profile,
    parse_message,
    lambda raw: read_handover(raw, OWN_KEY, "example.org", 1_800_000_060),
)


def signed(raw: bytes) -> None:
    chosen(raw, SIGNED)


def profile(raw: bytes) -> None:
    found = parse_body(raw)
    for language in ("de", "en"):
        vcard(found, "https://example.org/linde", "mimi://example.org/u/linde", language)
        script_text(json_ld(found, "https://example.org/linde", language, date(2027, 1, 1)))
    assert parse_body(encode_profile(found)) == found


# --- a dump ----------------------------------------------------------------------------------


def dump(raw: bytes) -> None:
    """The file of a backup, which somebody may have had his hands on."""
    found = loop().run_until_complete(read_dump(BytesIO(raw), Path("backup.tar")))
    for table in found.tables:
        for rows in found.rows(table):
            assert rows


async def without_large_rows(tx: Transaction) -> None:
    for table in ("mailbox", "welcome", "proposal", "group_info"):
        await tx.execute(f"DELETE FROM {table}")


async def whole_dump(folder: Path) -> bytes:
    """A backup with a few rows in every table."""
    database, file = open_sqlite(folder / "store.db"), BytesIO()
    await fill_store(database, envelopes=20)
    await database.transact(without_large_rows)
    blobs = LocalBlobs(folder / "blobs")  # empty: the file would be megabytes of noise
    blobs.prepare()
    await write_dump(database, blobs, file, 1, lambda *_: None)
    await database.close()
    return file.getvalue()


@cache
def dumps() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        return [loop().run_until_complete(whole_dump(Path(folder)))]


TARGETS: dict[str, Target] = {
    "session": Target(session, (), sessions),
    "bus": Target(bus, (), on_the_bus),
    "http": Target(http, (BadRequest,), requests),
    "mls": Target(mls, (ProtocolError,), lambda: for_each(len(BLIND), handshakes())),
    "member": Target(member, (ProtocolError,), handshakes),
    "saved": Target(saved, (SavedStateRefused,), at_rest),
    "content": Target(content, (ContentError,), lambda: in_vectors("content", "attachment")),
    "parts": Target(
        parts, (ContentError,), lambda: for_each(len(PARTS), in_vectors("cards", "team"))
    ),
    "signed": Target(
        signed,
        (IdentityRefused, PairingRefused, NameRefused),
        lambda: for_each(len(SIGNED), in_vectors("identity", "linking")),
    ),
    "profile": Target(profile, (ProfileRefused,), lambda: in_vectors("profile")),
    "services": Target(services, (), requests_to_services),
    "dump": Target(dump, (DumpRefused,), dumps),
}
