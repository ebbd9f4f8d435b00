"""Asking to join: what travels, and what is no request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import ConversationId
from plausch.content import cbor
from plausch.content.join_request import (
    JOIN_REQUEST_TYPE,
    JoinRequest,
    join_request_message,
    join_request_of,
)
from plausch.content.mimi import MimiContent, SinglePart, decode
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.text import readable_text, text_message

SALT = bytes(range(16))
REQUEST = JoinRequest(ConversationId(bytes(range(16))), bytes(range(16, 32)))


def said(body: bytes) -> MimiContent:
    return MimiContent(salt=SALT, part=SinglePart(content_type=JOIN_REQUEST_TYPE, content=body))


def test_a_request_comes_back_and_other_clients_can_read_it() -> None:
    content = decode(join_request_message(REQUEST, "May I join?", salt=SALT).encode())
    assert join_request_of(content) == REQUEST
    assert readable_text(content) == "May I join?"
    assert purpose_of(content) is Purpose.SHOW


def test_other_messages_ask_for_nothing() -> None:
    assert join_request_of(text_message("May I join?", salt=SALT)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"conversation": bytes(16)},
        {"secret": bytes(16)},
        {"conversation": bytes(15), "secret": bytes(16)},
        {"conversation": bytes(16), "secret": bytes(17)},
        {"conversation": "x" * 16, "secret": bytes(16)},
    ],
)
def test_what_names_no_group_is_no_request(fields: dict[cbor.Key, cbor.Value]) -> None:
    assert join_request_of(said(cbor.encode(fields))) is None


@given(st.binary(max_size=60))
def test_random_bodies_are_none(body: bytes) -> None:
    assert join_request_of(said(body)) is None
