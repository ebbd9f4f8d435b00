"""Framing: what is read is what was written, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import Reader, parse_whole
from plausch.mls.errors import CodecError, ProtocolError, ValidationError
from plausch.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    PrivateMessage,
    PublicMessage,
    Sender,
    SenderType,
    WireFormat,
    body_bytes,
    content_type_of,
    header,
    member,
    mls_message,
    open_message,
    parse_private_message,
    parse_public_message,
    to_be_signed,
)
from plausch.mls.proposal import Commit, Remove
from plausch.mls.suite import suite

CONTEXT = b"the group context"


def content(sender: Sender, body: bytes | Remove | Commit = b"hello") -> FramedContent:
    return FramedContent.of(b"group", 7, sender, b"clear", body)


SENDERS = [
    member(3),
    Sender(SenderType.EXTERNAL, 1),
    Sender(SenderType.NEW_MEMBER_PROPOSAL),
    Sender(SenderType.NEW_MEMBER_COMMIT),
]


@pytest.mark.parametrize("sender", SENDERS)
def test_senders_come_back(sender: Sender) -> None:
    assert parse_whole(Sender.read, sender.to_bytes()) == sender


@pytest.mark.parametrize("raw", [b"\0", b"\5", b"\1\0\0\0", b""])
def test_senders_that_are_none(raw: bytes) -> None:
    with pytest.raises(CodecError):
        parse_whole(Sender.read, raw)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("body", [b"hello", Remove(5), Commit((Remove(1),), None)])
def test_public_messages_come_back(sender: Sender, body: bytes | Remove | Commit) -> None:
    tag = b"c" * 32 if isinstance(body, Commit) else b""
    message = PublicMessage(
        AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content(sender, body), b"sig", tag),
        b"m" * 32 if sender.type == SenderType.MEMBER else b"",
    )
    raw = message.to_message()
    assert parse_public_message(raw) == message
    assert parse_public_message(raw).to_message() == raw
    with pytest.raises(CodecError):
        parse_public_message(raw + b"\0")
    with pytest.raises(CodecError):
        parse_private_message(raw)


def test_authenticated_content_comes_back() -> None:
    for wire in (WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE):
        message = AuthenticatedContent(wire, content(member(0), Remove(1)), b"sig")
        assert AuthenticatedContent.from_bytes(message.to_bytes()) == message
        assert message.content.content_type == ContentType.PROPOSAL


def test_the_framing_is_part_of_what_is_signed() -> None:
    one = to_be_signed(WireFormat.PUBLIC_MESSAGE, content(member(0)), CONTEXT)
    two = to_be_signed(WireFormat.PRIVATE_MESSAGE, content(member(0)), CONTEXT)
    assert one != two


@pytest.mark.parametrize("sender", SENDERS)
def test_those_who_know_the_group_sign_its_context(sender: Sender) -> None:
    signed = to_be_signed(WireFormat.PUBLIC_MESSAGE, content(sender), CONTEXT)
    knows = sender.type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT)
    assert signed.endswith(CONTEXT) == knows


def test_a_reference_names_the_whole_proposal() -> None:
    crypto = suite(1)
    message = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content(member(0), Remove(1)), b"s")
    other = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content(member(0), Remove(1)), b"t")
    assert message.reference(crypto) != other.reference(crypto)
    assert len(message.reference(crypto)) == crypto.hash_length


def test_private_messages_come_back() -> None:
    message = PrivateMessage(b"group", 9, ContentType.COMMIT, b"clear", b"s" * 28, b"c" * 100)
    raw = message.to_message()
    assert parse_private_message(raw) == message
    assert message.content_aad().startswith(message.sender_aad())
    with pytest.raises(CodecError):
        parse_private_message(raw[:-1])


def test_headers() -> None:
    private = PrivateMessage(b"group", 9, ContentType.APPLICATION, b"", b"s", b"c").to_message()
    seen = header(private)
    assert (seen.wire_format, seen.group_id, seen.epoch, seen.content_type, seen.sender) == (
        WireFormat.PRIVATE_MESSAGE,
        b"group",
        9,
        ContentType.APPLICATION,
        None,
    )
    public = PublicMessage(
        AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content(member(2), Remove(1)), b"sig"),
        b"m" * 32,
    ).to_message()
    seen = header(public)
    assert (seen.sender, seen.content_type, seen.epoch) == (member(2), ContentType.PROPOSAL, 7)


def test_other_versions_and_formats() -> None:
    raw = mls_message(WireFormat.WELCOME, b"")
    with pytest.raises(CodecError, match="WELCOME"):
        header(raw)
    with pytest.raises(ValidationError) as caught:
        header(b"\0\2\0\1" + b"rest")
    assert caught.value.check == "version"
    with pytest.raises(CodecError):
        open_message(b"\0\1\0\x09", WireFormat.PUBLIC_MESSAGE)
    assert open_message(raw, WireFormat.WELCOME)[0] == WireFormat.WELCOME


def test_bodies() -> None:
    assert content_type_of(b"") == ContentType.APPLICATION
    assert content_type_of(Remove(1)) == ContentType.PROPOSAL
    assert content_type_of(Commit((), None)) == ContentType.COMMIT
    assert body_bytes(b"ab") == b"\2ab"
    assert body_bytes(Remove(1)) == b"\0\3\0\0\0\1"
    with pytest.raises(CodecError):
        FramedContent.read(Reader(content(member(1)).encoded.replace(b"\1\5hello", b"\4\5hello")))


@given(st.binary(max_size=200))
def test_random_bytes_raise_the_rooms_own_error(raw: bytes) -> None:
    for parse in (header, parse_public_message, parse_private_message):
        for start in (b"", b"\0\1\0\1", b"\0\1\0\2"):
            try:
                parse(start + raw)
            except ProtocolError:
                continue
