"""What the team says of a conversation, as far as the agent heeds it; what it tells the team."""

from collections.abc import Callable, Collection, Set
from dataclasses import dataclass
from typing import Protocol

from plausch.base.ids import ConversationId
from plausch.content.team import Answering, Assignment, Fact, Label, Note, team_message
from plausch.sdk import Team
from plausch.sdk.composing import new_salt


@dataclass(frozen=True, slots=True)
class Errand:
    """What a person has to do in a conversation: a sentence, and the word that marks it in the
    inbox. The same errand has the same `identifier`, so that telling it twice tells it once.
    `is_again`: of the same kind as one of a moment ago."""

    conversation: ConversationId
    identifier: bytes
    sentence: str
    label: str
    at_s: int
    is_again: bool = False


class Colleagues(Protocol):
    """The people of the business, as the agent knows them."""

    async def is_taken(self, conversations: Collection[ConversationId], now_s: int) -> bool:
        """Whether a member of staff cares for one of some conversations at a moment."""
        ...

    def former_agents(self) -> frozenset[str]:
        """Devices that were the agent before this one (URIs): what they said, no person said."""
        ...

    async def ask(self, errand: Errand) -> None:
        """Ask them to do something. On return it is on disk. Raises PlauschError."""
        ...

    async def unmark(self, conversations: Collection[ConversationId], labels: Set[str]) -> None:
        """Take these labels away from conversations that have them. Raises PlauschError."""
        ...


@dataclass(frozen=True, slots=True)
class InTeam:
    """Those who are in the team conversation; `own` is the agent's device (URI), `agents` says
    which others were the agent."""

    team: Team
    own: str
    agents: Callable[[], frozenset[str]] = frozenset

    def former_agents(self) -> frozenset[str]:
        """Devices that were the agent before this one (URIs)."""
        return self.agents() - {self.own}

    async def is_taken(self, conversations: Collection[ConversationId], now_s: int) -> bool:
        """Whether somebody of the team has taken a conversation, or is answering there just now.

        Whose device is gone cares for nothing any more.
        """
        members = {member.uri for member in self.team.members}
        for fact in await self.team.facts():
            match fact:
                case Assignment(of, device) if of in conversations and device in members:
                    return True
                case Answering(of, device, until_s) if of in conversations and device in members:
                    if until_s > now_s:
                        return True
        return False

    async def ask(self, errand: Errand) -> None:
        """As a note of the conversation, and a label by which it is found; an errand that comes
        again is no second note as long as the label is there."""
        room, at_s = errand.conversation, errand.at_s
        mark = Label(room, errand.label, True)
        if errand.is_again and mark in await self.team.facts():
            return
        facts: tuple[Fact, ...] = (
            Note(room, errand.identifier, errand.sentence, self.own, at_s),
            mark,
        )
        for fact in facts:
            await self.team.say(team_message(fact, salt=new_salt()))

    async def unmark(self, conversations: Collection[ConversationId], labels: Set[str]) -> None:
        """Take these labels away from conversations that have them."""
        for fact in await self.team.facts():
            is_label = isinstance(fact, Label) and fact.is_on and fact.label in labels
            if isinstance(fact, Label) and is_label and fact.conversation in conversations:
                off = Label(fact.conversation, fact.label, False)
                await self.team.say(team_message(off, salt=new_salt()))
