"""The examples of draft-ietf-mimi-content: every one decodes, re-encodes, and has its id."""

import hashlib
import re
from pathlib import Path

import pytest

from plausch.content import cbor
from plausch.content.message_id import message_id
from plausch.content.mimi import (
    ROOM_URI,
    SENDER_URI,
    Disposition,
    Expiration,
    ExternalPart,
    MultiPart,
    Semantics,
    SinglePart,
    check_origin,
    decode,
    leaves,
)
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.text import mentions_in, reactions_of, readable_text

MESSAGES = [
    "attachment",
    "conferencing",
    "delete",
    "edit",
    "expiring",
    "mention",
    "mention-html",
    "multipart-1",
    "multipart-2",
    "multipart-3",
    "original",
    "reaction",
    "reply",
    "unlike",
]
IMPLIED = "implied-original"

_STATED_ID = re.compile(r"message ID = h'([0-9a-f]+)\s*#\s*([0-9a-f]+)'")


@pytest.fixture(scope="module")
def folder(vectors: Path) -> Path:
    return vectors / "mimi-content"


def stated_id(folder: Path, name: str) -> str:
    match = _STATED_ID.search((folder / f"{name}.edn").read_text(encoding="utf-8"))
    assert match is not None
    return match[1] + match[2]


def computed_id(folder: Path, name: str) -> bytes:
    raw = (folder / f"{name}.cbor").read_bytes()
    extensions = decode(raw).extensions
    sender, room = extensions[SENDER_URI], extensions[ROOM_URI]
    assert isinstance(sender, str)
    assert isinstance(room, str)
    check_origin(decode(raw), sender, room)
    return message_id(raw, sender, room)


def test_no_example_is_left_out(folder: Path) -> None:
    found = {file.stem for file in folder.glob("*.cbor")}
    assert found == {*MESSAGES, IMPLIED}


@pytest.mark.parametrize("name", MESSAGES)
def test_decodes_and_encodes_to_the_same_bytes(folder: Path, name: str) -> None:
    raw = (folder / f"{name}.cbor").read_bytes()
    assert decode(raw).encode() == raw


@pytest.mark.parametrize("name", MESSAGES)
def test_the_message_id_is_the_stated_one(folder: Path, name: str) -> None:
    assert computed_id(folder, name).hex() == stated_id(folder, name)


@pytest.mark.parametrize(
    ("name", "replaces", "in_reply_to"),
    [
        ("reply", None, "original"),
        ("reaction", None, "original"),
        ("mention", None, "original"),
        ("mention-html", None, "original"),
        ("edit", "reply", "original"),
        ("delete", "reply", "original"),
        ("unlike", "reaction", "original"),
    ],
)
def test_references_are_the_ids_of_the_examples(
    folder: Path, name: str, replaces: str | None, in_reply_to: str
) -> None:
    content = decode((folder / f"{name}.cbor").read_bytes())
    assert content.replaces == (computed_id(folder, replaces) if replaces else None)
    assert content.in_reply_to == computed_id(folder, in_reply_to)


def test_the_implied_values_are_those_of_the_original(folder: Path) -> None:
    """Its .edn states the original's id; its .cbor has the one of draft 06, without lengths."""
    raw = (folder / f"{IMPLIED}.cbor").read_bytes()
    values = cbor.expect_array(cbor.decode(raw), "implied values")
    assert cbor.encode(values) == raw
    message, accepted_at_ms, _, leaf_index, _, sender, room = values
    stated = re.sub(r"\s", "", (folder / f"{IMPLIED}.edn").read_text(encoding="utf-8"))
    assert f"h'{stated_id(folder, 'original')}'" in stated
    assert (accepted_at_ms, leaf_index) == (1644387225019, 4)
    content = (folder / "original.cbor").read_bytes()
    original = decode(content)
    assert isinstance(sender, str)
    assert isinstance(room, str)
    unprefixed = sender.encode() + room.encode() + content + original.salt
    assert message == b"\x01" + hashlib.sha256(unprefixed).digest()[:31]
    assert original.extensions == {SENDER_URI: sender, ROOM_URI: room}


READS_AS = {
    "original": "Hi everyone, we just shipped release 2.0. __Good  work__!",
    "reply": "Right on! _Congratulations_ 'all!",
    "edit": "Right on! _Congratulations_ y'all!",
    "mention": "Kudos to @Alice Smith for making the release happen!",
    "mention-html": "[text/html;charset=utf-8]",
    "reaction": "❤",
    "delete": "",
    "attachment": "[2 hours of key signing video]",
    "conferencing": "[Join the Foo 118 conference]",
    "multipart-1": "# Welcome!",
}


@pytest.mark.parametrize(("name", "text"), READS_AS.items())
def test_each_reads_as_text(folder: Path, name: str, text: str) -> None:
    assert readable_text(decode((folder / f"{name}.cbor").read_bytes())) == text


PURPOSES = {
    "original": Purpose.SHOW,
    "reply": Purpose.SHOW,
    "reaction": Purpose.REACTION,
    "edit": Purpose.EDIT,
    "delete": Purpose.DELETE,
    "unlike": Purpose.DELETE,
    "attachment": Purpose.SHOW,
    "multipart-3": Purpose.SHOW,
}


@pytest.mark.parametrize(("name", "purpose"), PURPOSES.items())
def test_each_has_its_purpose(folder: Path, name: str, purpose: Purpose) -> None:
    assert purpose_of(decode((folder / f"{name}.cbor").read_bytes())) is purpose


def test_single_fields_of_the_examples(folder: Path) -> None:
    def read(name: str) -> bytes:
        return (folder / f"{name}.cbor").read_bytes()

    attachment = decode(read("attachment")).part
    assert isinstance(attachment, ExternalPart)
    assert attachment.disposition == Disposition.ATTACHMENT
    assert (attachment.size_bytes, attachment.encryption) == (708234961, 1)
    assert decode(read("expiring")).expires == Expiration(relative=False, time_s=1644390004)
    assert decode(read("conferencing")).topic_id == b"Foo 118"
    assert [str(account) for account in mentions_in(decode(read("mention")))] == [
        "alice-smith@example.com"
    ]
    assert reactions_of(decode(read("multipart-2"))) == ("❤", "🥳", "🤞")


def test_the_nested_example_has_its_structure(folder: Path) -> None:
    part = decode((folder / "multipart-3.cbor").read_bytes()).part
    assert isinstance(part, MultiPart)
    assert part.semantics is Semantics.CHOOSE_ONE
    types = [leaf.content_type for leaf in leaves(part) if isinstance(leaf, SinglePart)]
    html = "text/html;charset=utf-8"
    assert types == [html, html, "image/gif", html, html, "image/png"]
