"""What the team has said of a conversation, as far as the agent heeds it."""

from collections.abc import Callable, Collection, Coroutine
from typing import Any

from plausch.base.ids import ConversationId
from plausch.content.team import Answering, Assignment
from plausch.sdk import Team

IsTaken = Callable[[Collection[ConversationId], int], Coroutine[Any, Any, bool]]
"""Whether a member of staff cares for one of some conversations at a moment."""


def taken_by(team: Team) -> IsTaken:
    """Whether somebody of the team has taken a conversation, or is answering there just now.

    Whose device is gone cares for nothing any more.
    """

    async def is_taken(conversations: Collection[ConversationId], now_s: int) -> bool:
        members = {member.uri for member in team.members}
        for fact in await team.facts():
            match fact:
                case Assignment(of, device) if of in conversations and device in members:
                    return True
                case Answering(of, device, until_s) if of in conversations and device in members:
                    if until_s > now_s:
                        return True
        return False

    return is_taken
