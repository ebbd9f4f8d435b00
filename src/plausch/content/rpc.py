"""What devices of one business ask its agent, and what it answers: JSON-RPC 2.0 as a message.

A part of our own, `application/vnd.plausch.rpc+json`, which is the whole message: one JSON object,
a call, an answer, or a notice that nobody answers. It is machinery: no client shows it, keeps it
in a history or counts it. Who may be obeyed is decided above (spec/agent.md).

An answer that is longer than one message may be travels as notices `piece`, whose texts make up
the answer's JSON.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from plausch.content.errors import ContentError
from plausch.content.mimi import Disposition, MimiContent, SinglePart

RPC_TYPE = "application/vnd.plausch.rpc+json"
MAX_RPC_BYTES = 48 * 1024
PIECE_BYTES = 16 * 1024
"""Of an answer's JSON in one piece; written into JSON once more it may become longer."""

MAX_PIECES = 128

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Method = Annotated[str, Meta(pattern=r"^[a-z]+(\.[A-Za-z]+)?$", max_length=64)]


class RpcRefused(ContentError):
    """The bytes are no object of JSON-RPC 2.0 as it is spoken here."""

    code = "bad_rpc"


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device asks for an operation; the same id is the same call, however often it comes."""

    jsonrpc: Literal["2.0"]
    id: Id
    method: Method
    params: Raw = Raw(b"{}")


class Fault(msgspec.Struct, frozen=True, rename={"details": "data"}):
    """Why nothing was done: `message` is one sentence, `details` (JSON-RPC's data) hold the code.

    `code` is JSON-RPC's number: -32601 unknown operation, -32602 params, -32000 all else.
    """

    code: int
    message: Annotated[str, Meta(max_length=2_000)]
    details: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The agent's answer to the call of this id: a result, or an error."""

    jsonrpc: Literal["2.0"]
    id: Id
    result: Raw | msgspec.UnsetType = msgspec.UNSET
    error: Fault | msgspec.UnsetType = msgspec.UNSET


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something is told; nobody answers."""

    jsonrpc: Literal["2.0"]
    method: Method
    params: Raw = Raw(b"{}")


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of the JSON of the answer to `id`: `number` of `of`, counted from 0."""

    id: Id
    number: Annotated[int, Meta(ge=0, lt=MAX_PIECES)]
    of: Annotated[int, Meta(ge=2, le=MAX_PIECES)]
    text: Annotated[str, Meta(max_length=PIECE_BYTES)]


Rpc = Call | Answer | Notice


def rpc_message(rpc: Rpc, *, salt: bytes) -> MimiContent:
    """Say it. Raises RpcRefused when it is too long for a message."""
    raw = msgspec.json.encode(rpc)
    if len(raw) > MAX_RPC_BYTES:
        raise RpcRefused(f"A call or answer has at most {MAX_RPC_BYTES} bytes in one message.")
    part = SinglePart(content_type=RPC_TYPE, content=raw, disposition=Disposition.UNSPECIFIED)
    return MimiContent(salt=salt, part=part)


def answer_messages(answer: Answer, salts: Iterator[bytes]) -> list[MimiContent]:
    """An answer as one message, or as many pieces.

    Raises RpcRefused `too_large` when there would be too many.
    """
    raw = msgspec.json.encode(answer)
    if len(raw) <= PIECE_BYTES:
        return [rpc_message(answer, salt=next(salts))]
    texts = list(_pieces(raw))
    if len(texts) > MAX_PIECES:
        raise RpcRefused("The answer is too long: ask for fewer days at once.", code="too_large")
    return [
        rpc_message(
            Notice(
                jsonrpc="2.0",
                method="piece",
                params=Raw(msgspec.json.encode(Piece(answer.id, number, len(texts), text))),
            ),
            salt=next(salts),
        )
        for number, text in enumerate(texts)
    ]


def _pieces(raw: bytes) -> Iterator[str]:
    """Cut between characters, none longer than a piece."""
    at = 0
    while at < len(raw):
        end = min(at + PIECE_BYTES, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        yield raw[at:end].decode()
        at = end


def rpc_of(content: MimiContent) -> Rpc | None:
    """What is said, None when the message is none. Raises RpcRefused."""
    part = content.part
    if not isinstance(part, SinglePart) or part.content_type != RPC_TYPE:
        return None
    return decode_rpc(part.content)


def decode_rpc(raw: bytes) -> Rpc:
    """The object of these bytes. Raises RpcRefused."""
    if len(raw) > MAX_RPC_BYTES:
        raise RpcRefused(f"A call or answer has at most {MAX_RPC_BYTES} bytes in one message.")
    try:
        keys = msgspec.json.decode(raw, type=dict[str, Raw])
        kind: type[Call | Answer | Notice] = Notice
        if "id" in keys:
            kind = Call if "method" in keys else Answer
        found = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcRefused(f"This is no JSON-RPC as it is spoken here: {error}.") from error
    if isinstance(found, Answer) and (found.result is msgspec.UNSET) == (
        found.error is msgspec.UNSET
    ):
        raise RpcRefused("An answer has either a result or an error.")
    return found


def piece_of(notice: Notice) -> Piece | None:
    """The stretch of an answer that a notice carries, if it does. Raises RpcRefused."""
    if notice.method != "piece":
        return None
    try:
        piece = msgspec.json.decode(notice.params, type=Piece)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcRefused(f"This is no piece of an answer: {error}.") from error
    if piece.number >= piece.of:
        raise RpcRefused("A piece counts from 0 to one less than there are.")
    return piece
