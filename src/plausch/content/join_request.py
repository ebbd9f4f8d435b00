"""Asking to join a group whose invitation link one was given.

A part of our own, `application/vnd.plausch.join-request+cbor`: a map of the group's id and the
link's secret, beside a sentence that everyone can read (chooseOne). It is sent to the admin whom
the link names, in the direct conversation with them; nobody gets in by it alone.
"""

from dataclasses import dataclass

from plausch.base.ids import CONVERSATION_ID_BYTES, ConversationId
from plausch.content import cbor
from plausch.content.conversation import SECRET_BYTES
from plausch.content.errors import ContentError
from plausch.content.mimi import MimiContent, MultiPart, Semantics, SinglePart, leaves
from plausch.content.text import text_part

JOIN_REQUEST_TYPE = "application/vnd.plausch.join-request+cbor"


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Which group, and the secret of the link that was followed."""

    conversation: ConversationId
    secret: bytes


def join_request_message(request: JoinRequest, words: str, *, salt: bytes) -> MimiContent:
    """Ask; `words` is what clients show that do not know the part. Raises ContentError."""
    part = SinglePart(
        content_type=JOIN_REQUEST_TYPE,
        content=cbor.encode(
            {"conversation": bytes(request.conversation), "secret": request.secret}
        ),
    )
    return MimiContent(
        salt=salt,
        part=MultiPart(semantics=Semantics.CHOOSE_ONE, parts=(text_part(words), part)),
    )


def join_request_of(content: MimiContent) -> JoinRequest | None:
    """What is asked for; None when it asks for nothing, or is malformed: then its words are all
    that there is."""
    for part in leaves(content.part):
        if isinstance(part, SinglePart) and part.content_type == JOIN_REQUEST_TYPE:
            try:
                return _parse(part.content)
            except ContentError:
                return None
    return None


def _parse(raw: bytes) -> JoinRequest:
    fields = cbor.expect_map(cbor.decode(raw), "A request to join")
    conversation = cbor.expect(fields.get("conversation"), bytes, "A group's id")
    secret = cbor.expect(fields.get("secret"), bytes, "A link's secret")
    if len(conversation) != CONVERSATION_ID_BYTES or len(secret) != SECRET_BYTES:
        raise ContentError("A request to join names no group.")
    return JoinRequest(ConversationId(conversation), secret)
