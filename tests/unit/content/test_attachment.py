"""Files in messages: written, read, and what is passed over."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import MessageId
from plausch.content.attachment import (
    ANY_TYPE,
    FACTS,
    PREVIEW_BYTES,
    SHA_256,
    STREAM_AES_256_GCM,
    WAVEFORM_BYTES,
    Attachment,
    Facts,
    Preview,
    attachment_message,
    attachments_of,
    blob_uri,
    parse_blob_uri,
    plain_type,
)
from plausch.content.cbor import Value
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    Disposition,
    ExternalPart,
    MimiContent,
    MultiPart,
    Part,
    Semantics,
    SinglePart,
    decode,
)
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.stream import Layout, StreamKey
from plausch.content.text import readable_text, text_part

SALT = bytes(16)
BLOB = bytes(range(32))
PLAIN = Attachment(
    domain="example.org",
    blob=BLOB,
    secret=StreamKey(bytes(range(32)), bytes(range(7))),
    digest=bytes(range(32, 64)),
    size_bytes=12_345,
    content_type="image/png",
    name="Karte.png",
    description="Eine Karte",
)
FULL = replace(
    PLAIN,
    preview=Preview("image/jpeg", b"tiny"),
    facts=Facts(width=640, height=480, duration_ms=9000, waveform=b"\x01\xff", voice=True),
)


def external(**changes: Any) -> ExternalPart:
    part = attachment_message(PLAIN, salt=SALT).part
    assert isinstance(part, ExternalPart)
    return replace(part, **changes)


def message(*parts: Part, facts: Value = None) -> MimiContent:
    part = (
        parts[0]
        if len(parts) == 1
        else MultiPart(semantics=Semantics.PROCESS_ALL, parts=tuple(parts))
    )
    extensions = {} if facts is None else {FACTS: facts}
    return decode(MimiContent(salt=SALT, part=part, extensions=extensions).encode())


@pytest.mark.parametrize("attachment", [PLAIN, FULL, replace(FULL, size_bytes=0)])
@pytest.mark.parametrize("caption", ["", "Schau *mal*"])
def test_a_message_brings_its_file_along(attachment: Attachment, caption: str) -> None:
    content = attachment_message(attachment, salt=SALT, caption=caption)
    assert attachments_of(decode(content.encode())) == (attachment,)
    assert purpose_of(content) is Purpose.SHOW


def test_a_file_reads_as_its_description_or_name_and_a_preview_as_nothing() -> None:
    assert readable_text(attachment_message(FULL, salt=SALT)) == "[Eine Karte]"
    captioned = attachment_message(replace(FULL, description=""), salt=SALT, caption="Schau")
    assert readable_text(captioned) == "[Karte.png]\nSchau"


def test_a_file_may_answer_a_message() -> None:
    first = MessageId(b"\1" * 32)
    assert attachment_message(PLAIN, salt=SALT, in_reply_to=first).in_reply_to == first


def test_a_file_without_facts_has_no_extension() -> None:
    assert attachment_message(PLAIN, salt=SALT).extensions == {}


def test_only_what_is_said_is_written() -> None:
    for facts, said in [
        (Facts(width=1, height=2), {"width": 1, "height": 2}),
        (Facts(duration_ms=3), {"duration_ms": 3}),
        (Facts(waveform=b"w"), {"waveform": b"w"}),
        (Facts(voice=True), {"voice": True}),
    ]:
        written = attachment_message(replace(PLAIN, facts=facts), salt=SALT)
        assert written.extensions == {FACTS: (said,)}


def test_the_layout_of_a_file_is_that_of_its_length() -> None:
    assert PLAIN.layout == Layout(12_345)


def test_a_key_is_in_no_text_about_the_file() -> None:
    assert repr(PLAIN.secret.key) not in repr(PLAIN)


def test_several_files_have_each_their_own_preview_and_facts() -> None:
    preview = SinglePart(
        content_type="image/webp", content=b"small", disposition=Disposition.PREVIEW
    )
    found = attachments_of(
        message(
            external(filename="one"),
            preview,
            external(filename="two"),
            external(filename="three"),
            facts=({"duration_ms": 1}, {"duration_ms": 2}),
        )
    )
    assert [one.name for one in found] == ["one", "two", "three"]
    assert [one.facts.duration_ms for one in found] == [1, 2, 0]
    assert [one.preview is not None for one in found] == [False, True, False]


def test_a_foreign_file_keeps_its_place_among_the_facts() -> None:
    found = attachments_of(
        message(external(encryption=1), external(), facts=({"voice": True}, {"duration_ms": 5}))
    )
    assert [one.facts for one in found] == [Facts(duration_ms=5)]


# --- what is no attachment of ours ---------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://example.org/b/" + BLOB.hex()},
        {"url": "mimi://example.org/b/" + BLOB.hex().upper()},
        {"url": "mimi://example.org/b/" + BLOB.hex()[:-1]},
        {"url": "mimi://example.org/b/" + BLOB.hex() + "0"},
        {"url": "mimi://example.org/b/" + BLOB.hex() + "\n"},
        {"url": "mimi://EXAMPLE.org/b/" + BLOB.hex()},
        {"url": "mimi://anna@example.org/b/" + BLOB.hex()},
        {"url": "mimi:///b/" + BLOB.hex()},
        {"url": "mimi://example.org/r/" + BLOB.hex()},
        {"url": ""},
        {"encryption": 0},
        {"encryption": 2},
        {"key": bytes(31)},
        {"key": b""},
        {"nonce": bytes(12)},
        {"authenticated": b"x"},
        {"hash_algorithm": 0},
        {"hash_algorithm": 2},
        {"content_hash": bytes(31)},
        {"size_bytes": 2**39 + 1},
        {"size_bytes": 2**64 - 1},
    ],
    ids=str,
)
def test_what_breaks_a_rule_is_passed_over(changes: dict[str, Any]) -> None:
    assert attachments_of(message(external(**changes))) == ()


def test_words_are_no_file() -> None:
    assert attachments_of(message(text_part("x"))) == ()


def test_hostile_names_and_types_are_made_harmless() -> None:
    (found,) = attachments_of(
        message(external(filename="../\u202ex\x00.exe", content_type="text/html\r\nx: y"))
    )
    assert found.name == "_x.exe"
    assert found.content_type == ANY_TYPE


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (1, Facts()),
        ("facts", Facts()),
        ({}, Facts()),
        ((), Facts()),
        ((1,), Facts()),
        (({"width": 5},), Facts()),
        (({"width": 5, "height": 70_000},), Facts()),
        (({"width": -5, "height": 5},), Facts()),
        (({"width": True, "height": True},), Facts()),
        (({"width": "5", "height": 5},), Facts()),
        (({"duration_ms": -1},), Facts()),
        (({"duration_ms": 2**31},), Facts()),
        (({"duration_ms": 1.5},), Facts()),
        (({"waveform": bytes(257)},), Facts()),
        (({"waveform": "text"},), Facts()),
        (({"voice": 1},), Facts()),
        (({"voice": True, "later": (1, 2)},), Facts(voice=True)),
    ],
    ids=str,
)
def test_malformed_facts_are_none_and_the_file_stays(facts: Value, wanted: Facts) -> None:
    (found,) = attachments_of(message(external(), facts=facts))
    assert found.facts == wanted


@pytest.mark.parametrize(
    "changes",
    [
        {"content_type": "image/svg+xml"},
        {"content_type": "text/html"},
        {"content": b""},
        {"content": bytes(PREVIEW_BYTES + 1)},
        {"disposition": Disposition.RENDER},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_malformed_preview_is_none_and_the_file_stays(changes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "content_type": "image/png",
        "content": b"x",
        "disposition": Disposition.PREVIEW,
    }
    (found,) = attachments_of(message(SinglePart(**(fields | changes)), external()))
    assert found.preview is None


def test_a_preview_belongs_to_the_file_behind_it_only() -> None:
    preview = SinglePart(content_type="image/png", content=b"x", disposition=Disposition.PREVIEW)
    for parts in ((external(), preview), (preview, text_part("x"), external())):
        (found,) = attachments_of(message(*parts))
        assert found.preview is None


@given(
    st.builds(
        ExternalPart,
        content_type=st.text(max_size=40),
        url=st.one_of(st.just(blob_uri("example.org", BLOB)), st.text(max_size=90)),
        size_bytes=st.integers(0, 2**64 - 1),
        encryption=st.sampled_from([0, 1, 2, STREAM_AES_256_GCM]),
        key=st.sampled_from([b"", bytes(31), bytes(32)]),
        nonce=st.sampled_from([b"", bytes(7), bytes(12)]),
        hash_algorithm=st.sampled_from([0, SHA_256, 255]),
        content_hash=st.sampled_from([b"", bytes(32)]),
        filename=st.text(max_size=40),
        description=st.text(max_size=40),
    )
)
def test_reading_never_fails(part: ExternalPart) -> None:
    for one in attachments_of(MimiContent(salt=SALT, part=part)):
        assert one.layout.sealed_bytes > 0
        assert one.name


# --- pieces --------------------------------------------------------------------------------


def test_a_uri_names_server_and_blob() -> None:
    assert parse_blob_uri(blob_uri("localhost:7480", BLOB)) == ("localhost:7480", BLOB)
    with pytest.raises(ContentError, match="expected mimi://DOMAIN/b/ID"):
        parse_blob_uri("mimi://-/b/" + BLOB.hex())


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("image/JPEG", "image/jpeg"),
        ("text/plain;charset=utf-8", "text/plain"),
        (" application/vnd.x+y ; a=b", "application/vnd.x+y"),
        ("", ANY_TYPE),
        ("image", ANY_TYPE),
        ("image/", ANY_TYPE),
        ("image/png\n", "image/png"),
        ("image/p ng", ANY_TYPE),
        ("a" * 65 + "/x", ANY_TYPE),
        ("<b>/x", ANY_TYPE),
    ],
)
def test_a_type_is_bare_or_any(given: str, plain: str) -> None:
    assert plain_type(given) == plain


@pytest.mark.parametrize(
    ("content_type", "size"),
    [("image/gif", 1), ("image/png", 0), ("image/png", PREVIEW_BYTES + 1), ("", 1)],
)
def test_a_preview_that_cannot_be_one_is_refused(content_type: str, size: int) -> None:
    with pytest.raises(ContentError, match="A preview is"):
        Preview(content_type, bytes(size))


@pytest.mark.parametrize(
    "facts",
    [
        {"width": 1},
        {"height": 1},
        {"width": 65_536, "height": 1},
        {"width": -1, "height": -1},
        {"duration_ms": 2**31},
        {"duration_ms": -1},
        {"waveform": bytes(WAVEFORM_BYTES + 1)},
    ],
    ids=str,
)
def test_facts_that_cannot_be_are_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(ContentError, match="sides of 1 to 65535"):
        Facts(**facts)


def test_a_preview_of_full_size_with_all_facts_fits_into_a_message() -> None:
    largest = replace(
        FULL,
        preview=Preview("image/png", bytes(PREVIEW_BYTES)),
        facts=Facts(width=65_535, height=65_535, waveform=bytes(WAVEFORM_BYTES)),
    )
    assert len(attachment_message(largest, salt=SALT).encode()) < 6_000
