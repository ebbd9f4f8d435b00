"""The team conversation: found, begun, spoken in, and nothing that people see."""

import asyncio
import secrets

from cast import PATIENCE_S, Town, expected, until
from plausch.base.ids import ConversationId
from plausch.content.mimi import Disposition, MimiContent, SinglePart
from plausch.content.rpc import RPC_TYPE, Call, Notice, Raw, rpc_message
from plausch.content.team import Assignment, Fact, Label, team_message
from plausch.content.text import text_message
from plausch.sdk import Client, Kind, ProblemFound, Said, Team, TeamSpoke
from plausch.sdk.composing import new_salt
from plausch.sdk.team import Listening
from unit.sdk.talks import core_of, eventually, live_of, second_device

CALL = Call("2.0", "abcdefgh", "agent.status", Raw(b"{}"))
LABEL = Label(ConversationId(bytes(16)), "VIP", True)


async def linde(town: Town) -> tuple[Client, Client, Team, Team]:
    """A business with an agent's and a staff's device, both in the team conversation."""
    agent = await town.person("linde", kind="business")
    staff = await town.connect(await second_device(town, agent, "staff"))
    await core_of(staff).greeted.wait()
    team = await agent.team()
    await until(lambda: bool(staff._device.directory.teams()), staff)
    other = await staff.team()
    await eventually(lambda: len(team.members) == 2)
    return agent, staff, team, other


async def heard(listening: Listening) -> Said:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(listening)


async def until_facts(team: Team, wanted: list[Fact]) -> None:
    """Wait for what the team is to have said."""
    async with asyncio.timeout(PATIENCE_S):
        while list(await team.facts()) != wanted:
            await asyncio.sleep(0.01)


async def test_it_is_begun_once_and_every_device_finds_the_same(town: Town) -> None:
    agent, staff, team, other = await linde(town)
    assert set(team.members) == set(other.members) == {agent.device, staff.device}
    again = await agent.team()
    assert again._live is team._live
    first, second = await asyncio.gather(agent.team(), agent.team())
    assert first._live is second._live is team._live


async def test_it_is_begun_once_by_a_device_that_is_alone(town: Town) -> None:
    agent = await town.person("linde", kind="business")
    first, second = await asyncio.gather(agent.team(), agent.team())
    assert first._live is second._live
    sent = await first.say(rpc_message(CALL, salt=new_salt()))
    async with asyncio.timeout(PATIENCE_S):
        assert await sent.accepted() > 0


async def test_the_facts_are_as_they_stand_wherever_they_are_asked_for(town: Town) -> None:
    agent, staff, team, other = await linde(town)
    assert list(await team.facts()) == []
    room = ConversationId(bytes(range(16)))
    kim = Assignment(room, staff.device.uri)
    for fact in (LABEL, kim):
        await (await other.say(team_message(fact, salt=new_salt()))).accepted()
    await until_facts(team, [LABEL, kim])
    nobody = Assignment(room, "")
    await (await other.say(team_message(nobody, salt=new_salt()))).accepted()
    await until_facts(team, [LABEL])
    assert list(await Team(agent._device, team._live).facts()) == [LABEL], "read from the beginning"


async def test_what_is_said_by_rpc_is_handed_to_the_program_and_is_no_message(town: Town) -> None:
    agent, staff, team, other = await linde(town)
    listening = team.said()
    await (await other.say(rpc_message(CALL, salt=new_salt()))).accepted()
    said = await heard(listening)
    assert (said.device, said.rpc) == (staff.device, CALL)
    assert abs(said.accepted_at_ms - core_of(agent).clock.now_ms()) < 60_000
    for client in (agent, staff):
        assert client.conversations() == []
        assert await core_of(client).messages.unhandled(10) == []
        room = client.conversation(team._live.id)
        assert await room.history() == []
    assert await listening.waiting() is False, "what was handed out is not handed out twice"


async def test_what_was_not_dealt_with_comes_again(town: Town) -> None:
    _, _, team, other = await linde(town)
    await (await other.say(rpc_message(CALL, salt=new_salt()))).accepted()
    assert (await heard(team.said())).rpc == CALL
    listening = team.said()
    assert (await heard(listening)).rpc == CALL
    await listening.settle()
    assert await team.said().waiting() is False


async def test_what_a_device_says_itself_is_not_handed_to_it(town: Town) -> None:
    _, _, team, other = await linde(town)
    seq = await (await team.say(rpc_message(CALL, salt=new_salt()))).accepted()
    await eventually(lambda: other._live.kept.cursor >= seq)
    assert (await heard(other.said())).rpc == CALL
    assert await team.said().waiting() is False


async def test_a_fact_of_the_team_is_kept_and_shown_to_nobody(town: Town) -> None:
    agent, staff, team, other = await linde(town)
    told = agent.events()
    await (await other.say(team_message(LABEL, salt=new_salt()))).accepted()
    assert (await expected(told, TeamSpoke)).conversation_id == team._live.id
    for client in (agent, staff):
        rows = await core_of(client).messages._select("WHERE kind = 'team'")
        assert [row.kind for row in rows] == [Kind.TEAM]
        assert await client.conversation(team._live.id).history() == []


async def test_strangers_and_other_conversations_have_no_door(town: Town) -> None:
    """The same bytes from a guest, and from the business's device outside the team, are nothing."""
    agent, staff, team, _ = await linde(town)
    guest = await town.person("anna")
    talk = await guest.conversation_with("linde@localhost")
    for content in (rpc_message(CALL, salt=new_salt()), team_message(LABEL, salt=new_salt())):
        await (await talk.send(content)).accepted()
    mine = agent.conversation(talk.id)
    await (await talk.send(text_message("hello", salt=new_salt()))).accepted()
    await until(lambda: live_of(agent, talk).kept.cursor >= 4, agent)
    await (await mine.send(rpc_message(CALL, salt=new_salt()))).accepted()
    await until(lambda: live_of(guest, talk).kept.cursor >= 5, guest)
    assert [one.text for one in await mine.history()] == ["hello"]
    assert await team.said().waiting() is False
    for client in (agent, staff, guest):
        assert await core_of(client).spoken.oldest(10) == []


async def test_what_is_no_rpc_is_a_problem_and_nothing_else(town: Town) -> None:
    agent, _, team, other = await linde(town)
    part = SinglePart(
        content_type=RPC_TYPE, content=b'{"jsonrpc":"1.0"}', disposition=Disposition.UNSPECIFIED
    )
    broken = MimiContent(salt=secrets.token_bytes(16), part=part)
    problems = agent.events()
    await other.say(broken)
    told = await expected(problems, ProblemFound)
    assert (told.code, "JSON-RPC" in told.sentence) == ("bad_rpc", True)
    assert await team.said().waiting() is False


async def test_a_group_that_everybody_left_is_no_team(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    group = await anna.create_group("Chess", ["cem@localhost"])
    await until(lambda: group.id in core_of(cem).lives, cem)
    await cem.conversation(group.id).leave()
    await until(lambda: group.participants == (anna.address,), anna)
    team = await anna.team()
    assert team._live.id != group.id
    assert [one.id for one in anna.conversations()] == [group.id]


async def test_notices_are_heard_as_well(town: Town) -> None:
    _, _, team, other = await linde(town)
    notice = Notice("2.0", "changed", Raw(b'{"what":"bookings"}'))
    await other.say(rpc_message(notice, salt=new_salt()))
    assert (await heard(team.said())).rpc == notice
