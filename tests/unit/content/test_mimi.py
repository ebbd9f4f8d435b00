from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import MessageId
from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    MAX_CONTENT_BYTES,
    MAX_PARTS,
    TEXT_PLAIN,
    Disposition,
    Expiration,
    ExternalPart,
    MimiContent,
    MultiPart,
    NullPart,
    Part,
    Semantics,
    SinglePart,
    check_origin,
    decode,
    leaves,
    salt_of,
)

SALT = bytes(range(16))
ID = MessageId(bytes([1]) * 32)
WORDS = SinglePart(content_type=TEXT_PLAIN, content=b"guten Tag")
FILE = ExternalPart(
    content_type="image/png",
    url="https://example.org/x",
    expires_s=2**32 - 1,
    size_bytes=2**64 - 1,
    encryption=2,
    key=bytes(32),
    nonce=bytes(12),
    authenticated=b"a",
    hash_algorithm=1,
    content_hash=bytes(32),
    description="a picture",
    filename="x.png",
    language="de",
)
FULL = MimiContent(
    salt=SALT,
    replaces=ID,
    topic_id=b"topic",
    expires=Expiration(relative=True, time_s=60),
    in_reply_to=ID,
    extensions={1: "mimi://example.org/u/anna", -7: ((1, b"x"),), "name": {"k": 1.5}},
    part=MultiPart(semantics=Semantics.PROCESS_ALL, parts=(WORDS, FILE, NullPart())),
)


def plain(part: Any = (1, "", 1, TEXT_PLAIN, b"x"), **changed: Any) -> bytes:
    """Encoded content as somebody else might write it."""
    fields = {
        "salt": SALT,
        "replaces": None,
        "topic_id": b"",
        "expires": None,
        "in_reply_to": None,
        "extensions": {},
        "part": part,
    }
    return cbor.encode(tuple((fields | changed).values()))


def nested(depth: int) -> Part:
    part: Part = WORDS
    for _ in range(depth - 1):
        part = MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(part, WORDS))
    return part


def code_of(raw: bytes) -> str:
    with pytest.raises(ContentError) as caught:
        decode(raw)
    return caught.value.code


def test_everything_comes_back() -> None:
    assert decode(FULL.encode()) == FULL


def test_the_salt_is_read_from_the_bytes_alone() -> None:
    raw = FULL.encode()
    assert salt_of(raw) == SALT == decode(raw).salt
    for other in (raw[:17], raw[1:], bytes(40), b""):
        with pytest.raises(ContentError, match="salt of 16 bytes"):
            salt_of(other)


def test_the_smallest_message() -> None:
    content = MimiContent(salt=SALT, part=NullPart(disposition=0))
    assert content.encode().hex() == "87" + "50" + SALT.hex() + "f6" + "40" + "f6f6a0" + "83006000"
    assert decode(content.encode()) == content


EXTERNAL: tuple[Any, ...] = (
    6,
    "",
    2,
    "a/b",
    "https://x",
    0,
    0,
    0,
    b"",
    b"",
    b"",
    0,
    b"",
    "",
    "",
)


def external(place: int, value: Any) -> tuple[Any, ...]:
    return (*EXTERNAL[:place], value, *EXTERNAL[place + 1 :])


def test_the_external_example_itself_is_good() -> None:
    assert isinstance(decode(plain(EXTERNAL)).part, ExternalPart)


PAIR = ((1, "", 0), (1, "", 0))
BAD = {
    "no array": cbor.encode({}),
    "too few fields": cbor.encode((SALT, None, b"", None, None, {})),
    "too many fields": cbor.encode((SALT, None, b"", None, None, {}, (1, "", 0), 1)),
    "short salt": plain(salt=bytes(15)),
    "long salt": plain(salt=bytes(17)),
    "salt as text": plain(salt="0123456789abcdef"),
    "short replaces": plain(replaces=bytes(31)),
    "replaces as text": plain(replaces="x" * 32),
    "long in_reply_to": plain(in_reply_to=bytes(33)),
    "topic as null": plain(topic_id=None),
    "expires as integer": plain(expires=60),
    "expires of one": plain(expires=(True,)),
    "expires of three": plain(expires=(True, 1, 1)),
    "expires with integer for bool": plain(expires=(1, 1)),
    "expires negative": plain(expires=(True, -1)),
    "expires of 33 bits": plain(expires=(True, 2**32)),
    "expires as float": plain(expires=(True, 1.5)),
    "extensions as array": plain(extensions=()),
    "extension key 0": plain(extensions={0: 1}),
    "extension key empty": plain(extensions={"": 1}),
    "extension key too long": plain(extensions={"x" * 256: 1}),
    "extension key too long in UTF-8": plain(extensions={"ü" * 128: 1}),
    "extension key of bytes": plain(extensions={b"x": 1}),
    "sender as bytes": plain(extensions={1: b"mimi://x/u/y"}),
    "room as null": plain(extensions={2: None}),
    "part as text": plain("words"),
    "part empty": plain(()),
    "part of two": plain((1, "")),
    "disposition 256": plain((256, "", 0)),
    "disposition negative": plain((-1, "", 0)),
    "disposition as bool": plain((True, "", 0)),
    "language as bytes": plain((1, b"", 0)),
    "cardinality 4": plain((1, "", 4)),
    "cardinality negative": plain((1, "", -1, TEXT_PLAIN, b"")),
    "null part with more": plain((1, "", 0, 0)),
    "single part with less": plain((1, "", 1, TEXT_PLAIN)),
    "single part with text": plain((1, "", 1, TEXT_PLAIN, "x")),
    "single part with more": plain((1, "", 1, TEXT_PLAIN, b"x", 0)),
    "multi part of none": plain((1, "", 3, 0, ())),
    "multi part of one": plain((1, "", 3, 0, ((1, "", 0),))),
    "multi part of no array": plain((1, "", 3, 0, {})),
    "multi part semantics 3": plain((1, "", 3, 3, PAIR)),
    "multi part semantics as bool": plain((1, "", 3, False, PAIR)),
    "external with less": plain(EXTERNAL[:-1]),
    "external with more": plain((*EXTERNAL, 0)),
    "external type": plain(external(3, b"a/b")),
    "external url": plain(external(4, None)),
    "external expires": plain(external(5, 2**32)),
    "external expires negative": plain(external(5, -1)),
    "external size negative": plain(external(6, -1)),
    "external encAlg": plain(external(7, 2**16)),
    "external key": plain(external(8, "")),
    "external nonce": plain(external(9, None)),
    "external aad": plain(external(10, 0)),
    "external hashAlg": plain(external(11, 256)),
    "external hash": plain(external(12, "")),
    "external description": plain(external(13, None)),
    "external filename": plain(external(14, b"")),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_what_is_not_in_the_grammar_is_refused(raw: bytes) -> None:
    assert code_of(raw) == "bad_content"


def test_four_levels_of_parts_and_not_five() -> None:
    content = MimiContent(salt=SALT, part=nested(4))
    assert decode(content.encode()) == content
    with pytest.raises(ContentError) as caught:
        MimiContent(salt=SALT, part=nested(5)).encode()
    assert caught.value.code == "too_deep"
    part: Any = (1, "", 0)
    for _ in range(4):
        part = (1, "", 3, 0, (part, part[:3] if part[2] == 0 else (1, "", 0)))
    assert code_of(plain(part)) == "too_deep"


def test_four_levels_of_extensions_and_not_five() -> None:
    allowed: cbor.Value = ((b"\x12", cbor.Tag(32, "http://example.com")), (b"\x34", 5771))
    assert decode(plain(extensions={256: allowed})).extensions == {256: allowed}
    assert code_of(plain(extensions={256: (allowed,)})) == "too_deep"
    assert code_of(plain(extensions={256: ((({1: 1},),),)})) == "too_deep"
    assert code_of(plain(extensions={256: {1: {1: {1: {}}}}})) == "too_deep"


def test_an_extension_has_at_most_4095_bytes() -> None:
    assert decode(plain(extensions={"x": bytes(4092)}))
    assert code_of(plain(extensions={"x": bytes(4093)})) == "too_large"


def test_a_message_has_at_most_its_size_in_both_directions() -> None:
    content = MimiContent(
        salt=SALT, part=SinglePart(content_type=TEXT_PLAIN, content=bytes(MAX_CONTENT_BYTES))
    )
    with pytest.raises(ContentError) as caught:
        content.encode()
    assert caught.value.code == "too_large"
    assert code_of(bytes(MAX_CONTENT_BYTES + 1)) == "too_large"


def test_a_message_has_at_most_its_number_of_parts() -> None:
    def of(count: int) -> MimiContent:
        return MimiContent(
            salt=SALT,
            part=MultiPart(semantics=Semantics.PROCESS_ALL, parts=(NullPart(),) * count),
        )

    assert decode(of(MAX_PARTS - 1).encode())
    with pytest.raises(ContentError) as caught:
        of(MAX_PARTS).encode()
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "wrong",
    [
        {"salt": b""},
        {"replaces": MessageId(b"x")},
        {"in_reply_to": MessageId(b"x")},
        {"expires": Expiration(relative=False, time_s=-1)},
        {"extensions": {0: 1}},
        {"extensions": {True: 1}},
        {"extensions": {"\ud800": 1}},
        {"part": NullPart(disposition=300)},
        {"part": MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(WORDS,))},
        {"part": replace(FILE, encryption=-1)},
    ],
)
def test_wrong_fields_are_not_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContentError):
        replace(FULL, **wrong).encode()


def test_unknown_dispositions_and_private_extensions_are_kept() -> None:
    raw = plain((200, "", 0), extensions={77777: b"\x01", -1: None, "x.example": (1, 2)})
    assert decode(raw).part == NullPart(disposition=200)
    assert decode(raw).encode() == raw


def test_leaves_come_in_the_order_of_part_indices() -> None:
    inner = MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(FILE, NullPart()))
    outer = MultiPart(semantics=Semantics.PROCESS_ALL, parts=(WORDS, inner, WORDS))
    assert leaves(outer) == [WORDS, FILE, NullPart(), WORDS]
    assert leaves(WORDS) == [WORDS]


@pytest.mark.parametrize(
    ("extensions", "good"),
    [
        ({}, True),
        ({1: "mimi://example.org/u/anna"}, True),
        ({1: "mimi://example.org/u/anna", 2: "mimi://example.org/r/00"}, True),
        ({1: "mimi://example.org/u/ben"}, False),
        ({2: "mimi://example.org/r/01"}, False),
    ],
)
def test_a_message_cannot_name_another_sender_or_room(
    extensions: dict[cbor.Key, cbor.Value], good: bool
) -> None:
    content = MimiContent(salt=SALT, part=WORDS, extensions=extensions)
    if good:
        check_origin(content, "mimi://example.org/u/anna", "mimi://example.org/r/00")
        return
    with pytest.raises(ContentError) as caught:
        check_origin(content, "mimi://example.org/u/anna", "mimi://example.org/r/00")
    assert caught.value.code == "wrong_origin"


def test_dispositions_are_those_of_the_registry() -> None:
    assert [each.name.lower() for each in Disposition] == [
        "unspecified",
        "render",
        "reaction",
        "profile",
        "inline",
        "icon",
        "attachment",
        "session",
        "preview",
    ]


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_the_rooms_error(raw: bytes) -> None:
    with pytest.raises(ContentError):
        decode(raw)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_damaged_messages_are_refused_or_say_exactly_what_they_are(
    position: int, damage: bytes
) -> None:
    raw = FULL.encode()
    place = position % len(raw)
    changed = raw[:place] + damage + raw[place + len(damage) :]
    try:
        content = decode(changed)
    except ContentError:
        return
    assert content.encode() == changed


@given(st.binary(max_size=300))
def test_random_tails_after_a_good_beginning_are_refused_cleanly(tail: bytes) -> None:
    raw = b"\x87\x50" + SALT + b"\xf6\x40\xf6\xf6\xa0" + tail
    try:
        assert decode(raw).encode() == raw
    except ContentError:
        return
