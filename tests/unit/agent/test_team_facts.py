"""Whether a conversation is in somebody's hands, by what the team has said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest

from plausch.agent.team_facts import taken_by
from plausch.base.ids import ConversationId, DeviceAddress
from plausch.content.team import Answering, Assignment, Fact, Label
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

    async def facts(self) -> Sequence[Fact]:
        return self.said


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
    assert await taken_by(cast(Team, Said(facts)))({ROOM}, NOW_S) is expected
