import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.content import cbor
from plausch.content.conversation import (
    CONVERSATION_TYPE,
    MAX_TITLE_CHARACTERS,
    SECRET_BYTES,
    Facts,
    check_title,
    facts_message,
    facts_of,
    title_message,
    title_of,
)
from plausch.content.errors import ContentError
from plausch.content.mimi import Disposition, MimiContent, SinglePart, decode
from plausch.content.text import readable_text, text_message
from unit.content.pictures import PNG

SALT = bytes(range(16))


def said(body: bytes) -> MimiContent:
    return MimiContent(salt=SALT, part=SinglePart(content_type=CONVERSATION_TYPE, content=body))


def test_a_title_comes_back_and_other_clients_can_read_it() -> None:
    content = decode(title_message("Kegelclub „Alle Neune“", salt=SALT).encode())
    assert title_of(content) == "Kegelclub „Alle Neune“"
    assert readable_text(content) == "Kegelclub „Alle Neune“"
    assert content.part.disposition == Disposition.PROFILE


def test_other_messages_change_no_title() -> None:
    assert title_of(text_message("Kegelclub", salt=SALT)) is None


def test_unknown_fields_are_left_alone() -> None:
    assert title_of(said(cbor.encode({"title": "a", "topic": (1, 2)}))) == "a"
    assert title_of(said(cbor.encode({"topic": 1}))) is None


@pytest.mark.parametrize(
    "title", ["", " ", "a\nb", "a\x00", "\u202egnp", "x" * (MAX_TITLE_CHARACTERS + 1)]
)
def test_what_is_no_title_is_neither_sent_nor_read(title: str) -> None:
    with pytest.raises(ContentError):
        title_message(title, salt=SALT)
    with pytest.raises(ContentError):
        title_of(said(cbor.encode({"title": title})))


def test_the_longest_title() -> None:
    assert check_title("ü" * MAX_TITLE_CHARACTERS)


@given(st.binary(max_size=60))
def test_random_bodies_raise_nothing_but_the_rooms_error(body: bytes) -> None:
    try:
        assert title_of(said(body)) is None
    except ContentError:
        return


def test_picture_and_link_come_back() -> None:
    facts = Facts(picture=PNG, link=bytes(SECRET_BYTES))
    content = decode(facts_message(facts, "Kegelclub", salt=SALT).encode())
    assert facts_of(content) == facts
    assert title_of(content) is None
    assert readable_text(content) == "Kegelclub"
    gone = decode(facts_message(Facts(picture=b"", link=b""), "Kegelclub", salt=SALT).encode())
    assert facts_of(gone) == Facts(picture=b"", link=b"")
    assert facts_of(text_message("Kegelclub", salt=SALT)) is None
    assert facts_of(said(cbor.encode({}))) == Facts()


@pytest.mark.parametrize(
    "fields",
    [
        {"link": bytes(15)},
        {"link": "x" * 16},
        {"picture": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
        {"picture": "x"},
        {"title": 1},
        {"title": "fine", "picture": b"GIF89a" + bytes(40)},
    ],
)
def test_what_is_no_picture_and_no_link_is_refused(fields: dict[cbor.Key, cbor.Value]) -> None:
    with pytest.raises(ContentError):
        facts_of(said(cbor.encode(fields)))
