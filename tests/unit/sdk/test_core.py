"""The core: memory is what the vault holds, waiters hear, tasks end."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town, expected, settled
from crooked import Crooked
from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.content.fork import EpochMark
from plausch.db.interface import ConstraintViolated, StorageUnavailable
from plausch.mls.credential import Credential, CredentialJudge
from plausch.sdk import Client, ProblemFound
from plausch.sdk.conversation import Conversation
from plausch.sdk.core import EPOCHS_REMEMBERED, Core, Live
from plausch.sdk.errors import ConversationBroken, ServerRefused, Unreachable
from plausch.sdk.vault.conversations import KeptConversation
from plausch.wire import frames as f
from unit.sdk.full_disk import nothing_written, refused
from unit.sdk.identities import Person
from unit.sdk.tunnel import core_of, into_tunnel, live_of

ROOM = ConversationId(b"r" * 16)
ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")


@pytest.fixture
async def anna(town: Town) -> AsyncIterator[Client]:
    """She knows Cem and has no connection."""
    await (await town.register("cem")).close()
    client = await into_tunnel(town, "cem")
    yield client
    await client.close()


@pytest.fixture
def core(anna: Client) -> Core:
    return core_of(anna)


@pytest.fixture
async def live(anna: Client) -> Live:
    return live_of(await anna.conversation_with("cem@localhost"))


# --- a conversation in memory ----------------------------------------------------------------


class Epoch:
    """What a live conversation reads of a group."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.epoch_authenticator = epoch.to_bytes(8, "big")


@given(st.lists(st.integers(0, 60), unique=True).map(sorted))
def test_the_newest_epochs_are_remembered_and_no_others(epochs: list[int]) -> None:
    one = Live(KeptConversation(ROOM, "open", False, "", ()))
    for number in epochs:
        one.remember_epoch(Epoch(number))  # type: ignore[arg-type]
        one.remember_epoch(Epoch(number))  # type: ignore[arg-type]
    newest = epochs[-EPOCHS_REMEMBERED:]
    assert one.authenticators == {epoch: epoch.to_bytes(8, "big") for epoch in newest}


def test_others_are_the_participants_without_oneself() -> None:
    members = tuple(DeviceAddress(ANNA, digit * 16) for digit in "ab")
    one = Live(KeptConversation(ROOM, "open", False, "", members, invited=(CEM,)))
    assert one.id == ROOM
    assert one.others(ANNA) == [CEM]
    assert one.others(CEM) == [ANNA]


async def test_a_core_says_whose_device_it_is(anna: Client, core: Core) -> None:
    assert (core.address, core.device) == (anna.address, anna.device)
    assert core.trust.device(core.credential) == anna.device
    assert core.room_uri(ROOM) == f"mimi://localhost/r/{ROOM.hex()}"
    assert core.now_s() == core.clock.now_ms() // 1000
    core.set_mailbox(7)
    assert core.own.mailbox == 7


# --- changing --------------------------------------------------------------------------------


async def test_a_change_that_fails_leaves_what_the_vault_holds(core: Core, live: Live) -> None:
    async with core.changing(live):
        before = (await core.group(live)).epoch_authenticator
    with pytest.raises(LocalError, match="no"):
        async with core.changing(live):
            live.kept.title = "half a change"
            live.kept.cursor = 99
            group = await core.group(live)
            group.encrypt(b"never sent", b"")
            raise LocalError("no")
    assert live.group is None, "a group that has moved on without the vault is never used again"
    assert (live.kept.title, live.kept.cursor) == ("", 0)
    async with core.changing(live):
        assert (await core.group(live)).epoch_authenticator == before


async def test_no_key_is_used_for_two_messages_when_a_write_fails(
    town: Town, core: Core, live: Live
) -> None:
    """The ciphertext whose keys could not be written never leaves; the next has the same keys.

    Different plaintexts under one key would be the end of secrecy, so the first must be nowhere.
    """
    with refused(town.home("anna"), "UPDATE ON conversation"), pytest.raises(ConstraintViolated):
        await encrypted(core, live, b"one")
    two = await encrypted(core, live, b"two")
    three = await encrypted(core, live, b"three")
    assert two != three
    again = Core(core.vault, core.own, core.transport, core.trust, core.feed, core.clock)
    await again.load()
    four = await encrypted(again, again.lives[live.id], b"two")
    assert four != two, "a restart goes on behind what was written"


async def encrypted(core: Core, live: Live, plaintext: bytes) -> bytes:
    async with core.changing(live):
        group = await core.group(live)
        ciphertext = group.encrypt(plaintext, core.mark(group).digest)
        await core.vault.write(core.save_group(live, epoch_moved=False))
    return ciphertext


async def test_a_cancelled_change_is_taken_back(core: Core, live: Live) -> None:
    begun = asyncio.Event()

    async def change() -> None:
        async with core.changing(live):
            live.kept.title = "half a change"
            begun.set()
            await asyncio.Event().wait()

    changing = asyncio.create_task(change())
    await begun.wait()
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)
    assert live.kept.title == ""
    assert not live.lock.locked()


async def test_one_changes_at_a_time(core: Core, live: Live) -> None:
    inside: list[int] = []

    async def change(number: int) -> None:
        async with core.changing(live):
            inside.append(number)
            await asyncio.sleep(0)
            assert inside[-1] == number

    await asyncio.gather(*(change(number) for number in range(10)))
    assert len(inside) == 10


async def test_a_change_that_fails_while_closing_reads_no_vault(core: Core, live: Live) -> None:
    await core.close()
    await core.vault.close()
    with pytest.raises(LocalError, match="no"):
        async with core.changing(live):
            raise LocalError("no")


async def test_without_a_group_nothing_can_be_done(core: Core, live: Live) -> None:
    live.group = None
    await core.vault.write([core.conversations.forget_group(live.id)])
    with pytest.raises(ConversationBroken, match="not a member"):
        async with core.changing(live):
            await core.group(live)
    assert core.save_group(live, epoch_moved=True) == []


async def test_everything_is_loaded_again(core: Core, live: Live) -> None:
    again = Core(core.vault, core.own, core.transport, core.trust, core.feed, core.clock)
    await again.load()
    assert list(again.lives) == [live.id]
    loaded = again.lives[live.id]
    async with core.changing(live), again.changing(loaded):
        mine, theirs = await core.group(live), await again.group(loaded)
        assert again.mark(theirs) == core.mark(mine)
        assert core.mark(mine) == EpochMark.of(0, mine.epoch_authenticator)
        assert loaded.authenticators == {0: mine.epoch_authenticator}


# --- judging ---------------------------------------------------------------------------------


@pytest.fixture
async def online(town: Town, wire: Crooked) -> Client:
    """Anna with a connection that a test may make lie."""
    return await town.person("anna", url=wire.url)


def credentials_of(people: Sequence[Client]) -> list[tuple[Credential, bytes]]:
    cores = [core_of(client) for client in people]
    return [(core.credential, core.own.device_key.public) for core in cores]


async def test_strangers_are_looked_up_while_judging(
    town: Town, wire: Crooked, online: Client
) -> None:
    """An operation over leaves of several strangers is begun again after each look-up."""
    strangers = credentials_of(await town.people("cem", "ben", "dora"))
    begun = []

    def operate(judge: CredentialJudge) -> str:
        begun.append(1)
        for credential, key in strangers:
            judge(credential, key, "member")
        return "good"

    assert await core_of(online).judged(operate) == "good"
    asked = [frame.name for frame in wire.sent if isinstance(frame, f.GetAccount)]
    assert asked[-3:] == ["cem", "ben", "dora"]
    assert len(begun) == 4
    assert await online.problems() == []


async def test_who_does_not_exist_is_asked_for_once(town: Town, wire: Crooked) -> None:
    """A forged leaf of nobody: one question, one problem, refused; never a loop."""
    anna = await town.person("anna", url=wire.url)
    events = anna.events()
    nobody = Person("nobody")
    with pytest.raises(Exception, match="could not be looked up"):
        await core_of(anna).judged(lambda judge: judge(nobody.credential(), nobody.key(), "member"))
    asked = [one for one in wire.sent if isinstance(one, f.GetAccount) and one.name == "nobody"]
    assert len(asked) == 1
    problem = await expected(events, ProblemFound)
    assert problem.code == "unknown_account"
    assert await anna.problems() == [problem.sentence]


async def test_judging_strangers_needs_a_connection(core: Core) -> None:
    stranger = Person("stranger")
    with pytest.raises(Unreachable):
        await core.judged(lambda judge: judge(stranger.credential(), stranger.key(), "member"))


# --- telling ---------------------------------------------------------------------------------


async def test_a_problem_is_told_after_it_is_kept(town: Town, anna: Client, core: Core) -> None:
    events = anna.events()
    with nothing_written(town.home("anna")), pytest.raises(StorageUnavailable):
        await core.report(ROOM, 3, ConversationBroken("The log is torn."))
    await core.report(ROOM, 4, ConversationBroken("The log is torn here."))
    told = await expected(events, ProblemFound)
    assert told == ProblemFound(ROOM, "conversation_broken", "The log is torn here.")
    assert await anna.problems() == ["The log is torn here."]


# --- waiting ---------------------------------------------------------------------------------


async def test_a_waiter_hears_once_whoever_asks(core: Core) -> None:
    one, same, other = core.waiter(b"a"), core.waiter(b"a"), core.waiter(b"b")
    assert one is same
    core.fulfil(b"a", 5)
    core.fulfil(b"a", 6)
    core.disappoint(b"a", Unreachable("too late"))
    assert await one == 5
    assert not other.done()


async def test_who_waits_is_told_what_prevents_it(core: Core) -> None:
    waiter = core.waiter(b"a")
    core.disappoint(b"a", ConversationBroken("The log is torn."))
    core.fulfil(b"a", 6)
    with pytest.raises(ConversationBroken):
        await waiter
    assert core.waiter(b"a") is not waiter, "the next attempt may succeed"


async def test_who_has_stopped_waiting_disturbs_nobody(core: Core) -> None:
    for end in (lambda: core.fulfil(b"a", 5), lambda: core.disappoint(b"a", Unreachable("no"))):
        core.waiter(b"a").cancel()
        end()
    core.fulfil(b"never asked for", 1)
    core.disappoint(b"never asked for", Unreachable("no"))


# --- tasks -----------------------------------------------------------------------------------


async def test_closing_ends_tasks_and_waiters(core: Core) -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async def never() -> None:
        ended.append("never")

    core.spawn(work())
    waiter = core.waiter(b"a")
    await asyncio.sleep(0)
    await core.close()
    core.spawn(never())
    await asyncio.sleep(0)
    assert ended == ["work"]
    with pytest.raises(Unreachable, match="goes out next time"):
        await waiter


async def test_a_task_that_fails_as_foreseen_becomes_an_event(anna: Client, core: Core) -> None:
    async def fail() -> None:
        raise ServerRefused("No.", code="bad_request", fault=ConversationBroken.fault)

    events = anna.events()
    core.spawn(fail())
    told = await expected(events, ProblemFound)
    assert told == ProblemFound(None, "bad_request", "No.")


async def test_a_task_that_fails_otherwise_is_a_defect_and_shown_as_one(core: Core) -> None:
    shown: list[dict[str, object]] = []
    told = asyncio.Event()

    def show(_: object, about: dict[str, object]) -> None:
        shown.append(about)
        told.set()

    asyncio.get_running_loop().set_exception_handler(show)

    async def fail() -> None:
        raise ZeroDivisionError

    core.spawn(fail())
    await asyncio.wait_for(told.wait(), PATIENCE_S)
    (about,) = shown
    assert isinstance(about["exception"], ZeroDivisionError)


async def test_a_group_is_read_from_the_vault_once(town: Town) -> None:
    """Both devices of a talk end in the same epoch, whatever was dropped from memory between."""
    anna, cem = await town.people("anna", "cem")
    mine = await anna.conversation_with("cem@localhost")
    await (await mine.send_text("hello")).accepted()
    await settled(anna, cem)
    (theirs,) = cem.conversations()
    marks = [await mark_of(client, one) for client, one in ((anna, mine), (cem, theirs))]
    assert marks[0] == marks[1]
    live = live_of(mine)
    live.group = None
    assert await mark_of(anna, mine) == marks[0]
    group = live.group
    async with core_of(anna).changing(live):
        assert await core_of(anna).group(live) is group


async def mark_of(client: Client, conversation: Conversation) -> EpochMark:
    core = core_of(client)
    async with core.changing(live_of(conversation)):
        return core.mark(await core.group(live_of(conversation)))
