"""Calls, answers and notices as messages; what is none; long answers in pieces."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from plausch.content.errors import ContentError
from plausch.content.mimi import MimiContent, SinglePart, decode
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.rpc import (
    MAX_PIECES,
    MAX_RPC_BYTES,
    PIECE_BYTES,
    RPC_TYPE,
    Answer,
    Call,
    Fault,
    Notice,
    RpcRefused,
    answer_messages,
    decode_rpc,
    piece_of,
    rpc_message,
    rpc_of,
)
from plausch.content.text import text_message

SALT = bytes(range(16))
ID = "0123456789abcdef"
CALL = Call("2.0", ID, "bookings.plan", Raw(b'{"from":"2026-12-24","days":1}'))


@pytest.mark.parametrize(
    "rpc",
    [
        CALL,
        Call("2.0", ID, "agent.status"),
        Answer("2.0", ID, result=Raw(b'{"a":1}')),
        Answer("2.0", ID, error=Fault(-32000, "The table is taken.", {"code": "full"})),
        Notice("2.0", "changed", Raw(b'{"what":"bookings","dates":[]}')),
    ],
)
def test_what_is_said_comes_back(rpc: Call | Answer | Notice) -> None:
    message = rpc_message(rpc, salt=SALT)
    assert rpc_of(decode(message.encode())) == rpc
    assert purpose_of(message) is Purpose.RPC


def test_other_messages_are_none() -> None:
    assert rpc_of(text_message('{"jsonrpc":"2.0","method":"x"}', salt=SALT)) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"1.0","id":"0123456789","method":"agent.status"}',
        b'{"jsonrpc":"2.0","id":7,"method":"agent.status"}',
        b'{"jsonrpc":"2.0","id":"short","method":"agent.status"}',
        b'{"jsonrpc":"2.0","id":"0123456789","method":"Agent Status"}',
        b'{"jsonrpc":"2.0","id":"0123456789","method":"agent.status","extra":1}',
        b'{"jsonrpc":"2.0","id":"0123456789"}',
        b'{"jsonrpc":"2.0","id":"0123456789","result":1,"error":{"code":1,"message":"x"}}',
        b'{"jsonrpc":"2.0","id":"0123456789","error":{"code":"x","message":"x"}}',
        b'{"a":' * 5_000,
        b"[" * 40_000,
        b'{"jsonrpc":"2.0","method":"changed","params":"' + b"x" * MAX_RPC_BYTES + b'"}',
    ],
)
def test_what_is_no_rpc_is_refused(raw: bytes) -> None:
    with pytest.raises(RpcRefused):
        decode_rpc(raw)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(raw: bytes) -> None:
    message = MimiContent(salt=SALT, part=SinglePart(content_type=RPC_TYPE, content=raw))
    try:
        rpc_of(message)
    except ContentError as error:
        assert str(error)


def test_a_call_that_is_too_long_is_not_said() -> None:
    with pytest.raises(RpcRefused):
        rpc_message(Notice("2.0", "changed", Raw(b'"' + b"x" * MAX_RPC_BYTES + b'"')), salt=SALT)


@pytest.mark.parametrize("filling", ["x", "ä", "🙂", '"', "\\", "\u2028"])
def test_a_long_answer_travels_in_pieces(filling: str) -> None:
    answer = Answer("2.0", ID, result=Raw(json.dumps([filling * 40_000]).encode()))
    messages = answer_messages(answer, itertools.repeat(SALT))
    assert len(messages) > 2
    texts = []
    for number, message in enumerate(messages):
        notice = rpc_of(decode(message.encode()))
        assert isinstance(notice, Notice)
        piece = piece_of(notice)
        assert piece is not None
        assert (piece.id, piece.number, piece.of) == (ID, number, len(messages))
        texts.append(piece.text)
    whole = json.loads("".join(texts))
    assert whole == {"jsonrpc": "2.0", "id": ID, "result": [filling * 40_000]}


def test_a_short_answer_is_one_message() -> None:
    answer = Answer("2.0", ID, result=Raw(b"{}"))
    (message,) = answer_messages(answer, itertools.repeat(SALT))
    assert rpc_of(message) == answer
    assert answer.error is UNSET


def test_an_answer_without_end_is_refused() -> None:
    endless = Answer("2.0", ID, result=Raw(b'"' + b"x" * PIECE_BYTES * MAX_PIECES + b'"'))
    with pytest.raises(RpcRefused, match="fewer days"):
        answer_messages(endless, itertools.repeat(SALT))


@pytest.mark.parametrize(
    "params",
    [
        b"{}",
        b'{"id":"0123456789","number":2,"of":2,"text":""}',
        b'{"id":"0123456789","number":-1,"of":2,"text":""}',
        b'{"id":"0123456789","number":0,"of":1000,"text":""}',
        b'{"id":"0123456789","number":0,"of":2,"text":"' + b"x" * (PIECE_BYTES + 1) + b'"}',
        b'{"id":"0123456789","number":0,"of":2,"text":"\x80"}',
        b"[" * 40_000,
    ],
)
def test_what_is_no_piece_is_refused(params: bytes) -> None:
    with pytest.raises(RpcRefused):
        piece_of(Notice("2.0", "piece", Raw(params)))


def test_other_notices_are_no_pieces() -> None:
    assert piece_of(Notice("2.0", "changed")) is None
