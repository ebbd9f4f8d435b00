"""What a message does to the history: the first question about any content."""

from enum import StrEnum

from plausch.content.conversation import CONVERSATION_TYPE
from plausch.content.mimi import Disposition, MimiContent, NullPart, SinglePart, leaves
from plausch.content.rpc import RPC_TYPE
from plausch.content.status import STATUS_TYPE
from plausch.content.team import TEAM_TYPE


class Purpose(StrEnum):
    """One word for it; what is not of the other kinds is shown."""

    SHOW = "show"
    """A new entry of the history: text, card, file."""
    EDIT = "edit"
    """New content for the message that `replaces` names."""
    DELETE = "delete"
    """Takes back the message or reaction that `replaces` names."""
    REACTION = "reaction"
    """A sign on the message that `in_reply_to` names."""
    STATUS = "status"
    """A status report."""
    TITLE = "title"
    """About the conversation itself."""
    TEAM = "team"
    """A fact of a business's team."""
    RPC = "rpc"
    """A call to a business's agent, or its answer."""
    NOTHING = "nothing"
    """An empty message that replaces nothing."""


def purpose_of(content: MimiContent) -> Purpose:
    """What the message is for; its parts may still turn out malformed."""
    parts = leaves(content.part)
    types = {part.content_type for part in parts if isinstance(part, SinglePart)}
    if all(isinstance(part, NullPart) for part in parts):
        return Purpose.NOTHING if content.replaces is None else Purpose.DELETE
    if STATUS_TYPE in types:
        return Purpose.STATUS
    if RPC_TYPE in types:
        return Purpose.RPC
    if TEAM_TYPE in types:
        return Purpose.TEAM
    if CONVERSATION_TYPE in types:
        return Purpose.TITLE
    if content.replaces is not None:
        return Purpose.EDIT
    if content.part.disposition == Disposition.REACTION and content.in_reply_to is not None:
        return Purpose.REACTION
    return Purpose.SHOW
