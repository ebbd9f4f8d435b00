"""Whether a conversation is in somebody's hands, by what the team has said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from plausch.agent.team_facts import Errand, InTeam
from plausch.base.ids import ConversationId, DeviceAddress
from plausch.content.mimi import MimiContent
from plausch.content.team import Answering, Assignment, Fact, Label, Note, fact_of
from plausch.sdk import Team

ROOM, OTHER = ConversationId(b"r" * 16), ConversationId(b"o" * 16)
KIM = "mimi://localhost/d/linde/0123456789abcdef"
GONE = "mimi://localhost/d/linde/fedcba9876543210"
NOW_S = 1_000


@dataclass
class Said:
    """A team that has said so much."""

    said: Sequence[Fact]
    members: tuple[DeviceAddress, ...] = (DeviceAddress.parse_uri(KIM),)

    told: list[MimiContent] = field(default_factory=list)

    async def facts(self) -> Sequence[Fact]:
        return self.said

    async def say(self, content: MimiContent) -> None:
        self.told.append(content)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], False),
        ([Label(ROOM, "VIP", True)], False),
        ([Assignment(ROOM, KIM)], True),
        ([Assignment(OTHER, KIM)], False),
        ([Assignment(ROOM, GONE)], False),
        ([Answering(ROOM, KIM, NOW_S + 1)], True),
        ([Answering(ROOM, KIM, NOW_S)], False),
        ([Answering(ROOM, GONE, NOW_S + 1)], False),
        ([Answering(OTHER, KIM, NOW_S + 1)], False),
        ([Answering(ROOM, KIM, NOW_S), Assignment(ROOM, KIM)], True),
    ],
)
async def test_taken(facts: list[Fact], expected: bool) -> None:
    assert await InTeam(cast(Team, Said(facts)), KIM).is_taken({ROOM}, NOW_S) is expected


@pytest.mark.parametrize(
    ("facts", "is_again", "told"),
    [
        ([Label(ROOM, "Answer by hand", True)], True, 0),
        ([Label(ROOM, "Answer by hand", True)], False, 2),
        ([Label(ROOM, "VIP", True)], True, 2),
        ([Label(ROOM, "Answer by hand", False)], True, 2),
        ([Label(OTHER, "Answer by hand", True)], True, 2),
    ],
)
async def test_an_errand_that_comes_again_is_one_note_until_the_label_goes(
    facts: list[Fact], is_again: bool, told: int
) -> None:
    said = Said(facts)
    errand = Errand(ROOM, b"n" * 16, "Please answer.", "Answer by hand", NOW_S, is_again)
    await InTeam(cast(Team, said), KIM).ask(errand)
    assert len(said.told) == told


def test_former_agents_are_all_but_this_one() -> None:
    team = cast(Team, Said([]))
    assert InTeam(team, KIM).former_agents() == frozenset()
    assert InTeam(team, KIM, lambda: frozenset({KIM, GONE})).former_agents() == {GONE}


async def test_an_errand_is_a_note_and_a_label_of_its_conversation() -> None:
    said = Said([])
    errand = Errand(ROOM, b"n" * 16, "Please answer by hand.", "Answer by hand", NOW_S)
    await InTeam(cast(Team, said), KIM).ask(errand)
    assert [fact_of(one) for one in said.told] == [
        Note(ROOM, b"n" * 16, "Please answer by hand.", KIM, NOW_S),
        Label(ROOM, "Answer by hand", True),
    ]


async def test_labels_are_taken_from_conversations_that_have_them() -> None:
    said = Said(
        [
            Label(ROOM, "Answer by hand", True),
            Label(ROOM, "Wants a person", False),
            Label(ROOM, "VIP", True),
            Label(OTHER, "Answer by hand", True),
        ]
    )
    labels = {"Answer by hand", "Wants a person"}
    await InTeam(cast(Team, said), KIM).unmark({ROOM}, labels)
    assert [fact_of(one) for one in said.told] == [Label(ROOM, "Answer by hand", False)]
